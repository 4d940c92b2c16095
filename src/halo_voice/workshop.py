"""Where assistants are worked on: drafts held against the loader and asked, editions published.

Reading, checking and indexing happen in a process of their own, one piece of work at a time; what
is asked goes to the models that live calls have, without a tool, and not at all when little is left
of the day's money.
"""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path

from halo_voice.assistants import Assistants, Prepared, Renewal, elsewhere
from halo_voice.calls.budget import Budget
from halo_voice.calls.switchboard import Switchboard
from halo_voice.core import voices
from halo_voice.core.editions import PROFILE, Content, Editions, Origin, contents_of
from halo_voice.core.errors import ConfigurationError
from halo_voice.core.ports import Store
from halo_voice.core.profile import Profile, Texts
from halo_voice.core.workshop import Checked, Fault, Folder, Heard, Notice, Preview, TooMuch
from halo_voice.profiles import Files, files_of
from halo_voice.profiles.in_russian import in_russian
from halo_voice.profiles.keys import key_lines

ANSWER_S = 6.0
QUESTION_CHARS_MAX = 300
SHARE_MAX = 0.8
"""Of the day's cap on models; what is left of it belongs to the callers."""

KNOWN_MAX = 8
"""So many checked texts are remembered."""

_FAULT = re.compile(
    r"(?:(?P<file>[^:]+?)(?::(?P<line>\d+))?: )?(?:(?P<key>[\w.\[\]-]+): )?(?P<told>.*)", re.DOTALL
)


class Workshop:
    """`core.workshop.Workshop`, on the parts that answer live calls."""

    def __init__(
        self,
        folder: Path,
        assistants: Assistants,
        renewal: Renewal,
        store: Store,
        budget: Budget,
    ) -> None:
        self._folder = folder
        self._assistants = assistants
        self._renewal = renewal
        self._store = store
        self._editions: Editions = store.editions  # type: ignore[attr-defined]
        self._budget = budget
        self._reading = asyncio.Lock()
        self._asking = asyncio.Lock()
        self._folders: tuple[Files, Mapping[str, Folder]] = ({}, {})
        self._known: OrderedDict[tuple[object, ...], Prepared | Sequence[str]] = OrderedDict()

    @property
    def standing(self) -> Mapping[str, int]:
        return self._renewal.standing

    @property
    def left_out(self) -> Sequence[str]:
        return self._renewal.faults

    async def folders(self) -> Mapping[str, Folder]:
        async with self._reading:
            files = await asyncio.to_thread(files_of, self._folder)
            if files != self._folders[0]:
                found = await elsewhere("origins", self._folder)
                self._folders = files, {name: Folder(*each) for name, each in found.items()}
            return self._folders[1]

    def keys(self, text: str) -> list[int]:
        return list(key_lines(text))

    async def check(self, name: str, content: Content) -> Checked:
        prepared = await self._prepared(name, content)
        if isinstance(prepared, Prepared):
            profile = prepared.profiles.default
            return Checked((), profile.version, self._preview(prepared, profile))
        folder = (await self.folders()).get(name)
        return Checked(tuple(_fault(told, folder, content) for told in prepared), "", None)

    async def ask(self, name: str, content: Content, question: str) -> Heard | None:
        prepared = await self._prepared(name, content)
        if not isinstance(prepared, Prepared):
            return None
        words, spoken = (
            self._assistants.words(prepared, draft=True),
            self._assistants.voices(prepared),
        )
        board = Switchboard(
            prepared.profiles, words, self._store, spoken=spoken, budget=self._budget
        )
        loop = asyncio.get_running_loop()
        begun = loop.time()
        say = await board.ask(question[:QUESTION_CHARS_MAX], ANSWER_S)
        return Heard(say.text, say.source, round((loop.time() - begun) * 1000))

    async def ask_both(
        self, name: str, contents: Sequence[Content], question: str
    ) -> list[Heard | None]:
        if self._asking.locked():
            raise TooMuch("busy")
        if self._budget.share >= SHARE_MAX:
            raise TooMuch("spent")
        async with self._asking:
            return [await self.ask(name, content, question) for content in contents]

    async def publish(
        self,
        name: str,
        number: int,
        content: Content,
        *,
        by: str,
        origin: Origin,
        of: int = 0,
        draft: str | None = None,
    ) -> bool:
        checked = await self.check(name, content)
        if checked.faults:
            return False
        published = await self._editions.publish(
            name, number, content, by=by, origin=origin, version=checked.version, of=of, draft=draft
        )
        self._renewal.wake()
        return published

    async def _prepared(self, name: str, content: Content) -> Prepared | Sequence[str]:
        """What was made of it beside all that is in force, or its faults."""
        async with self._reading:
            files = await asyncio.to_thread(files_of, self._folder)
            numbers = self._renewal.standing
            key = (name, content, tuple(files.items()), tuple(sorted(numbers.items())))
            if key not in self._known:
                self._known[key] = await self._made(name, content, numbers)
            self._known.move_to_end(key)
            while len(self._known) > KNOWN_MAX:
                self._known.popitem(last=False)
            return self._known[key]

    async def _made(
        self, name: str, content: Content, numbers: Mapping[str, int]
    ) -> Prepared | Sequence[str]:
        contents = await contents_of(self._editions, numbers) | {name: content}
        try:
            made: Prepared = await elsewhere("draft", self._folder, contents, name)
        except ConfigurationError as error:
            return error.faults
        return made

    def _preview(self, prepared: Prepared, profile: Profile) -> Preview:
        spoken = self._assistants.voices(prepared)[profile.name]
        notices = []
        for field in fields(Texts):
            value = getattr(profile.texts, field.name)
            for text in value if isinstance(value, tuple) else (value,):
                read = spoken(text)
                notices.append(Notice(field.name, text, read if read != text else ""))
        return Preview(
            greeting=notices[0],
            notices=tuple(notices[1:]),
            voice=profile.voice.name,
            progressive=profile.voice.progressive,
            realtime=voices.realtime(profile.voice.name),
            recogniser=profile.asr.capabilities.title,
            interim=profile.asr.interim,
            turns=profile.limits.turns,
            numbers=profile.numbers,
            default=profile.default,
            persona=profile.persona,
            passages=len(prepared.texts[profile.name]),
        )


def _fault(told: str, folder: Folder | None, content: Content) -> Fault:
    """A loader's line in parts: which of the texts, which line of it, which key, what is wrong."""
    found = _FAULT.fullmatch(told)
    assert found is not None, "every line fits"
    name = (found["file"] or "").rpartition("/")[2]
    paper = content.paper(name)
    if folder is not None and name == folder.file:
        of: str | None = PROFILE
    else:
        of = None if paper is None else name
    message = found["told"]
    return Fault(
        of, name, int(found["line"] or 0), found["key"] or "", message, in_russian(message)
    )
