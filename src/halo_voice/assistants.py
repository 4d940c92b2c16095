"""Each profile joined with its model, its texts, its guard and its voice; renewed with its files.

What costs time (reading the files, indexing, looking for what the company publishes) is done at the
start, and after that in a process of its own: `python -m halo_voice.assistants` reads the folder
and writes what it made to its output. A call that has begun keeps what it began with.
"""

from __future__ import annotations

import asyncio
import contextlib
import pickle
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import structlog

from halo_voice.calls.switchboard import Switchboard
from halo_voice.calls.words import Words
from halo_voice.core import voices
from halo_voice.core.editions import Content, Editions, contents_of, numbers_in_force
from halo_voice.core.errors import ConfigurationError, StoreError
from halo_voice.core.guard import Published, guards_of, new_canary, published_of
from halo_voice.core.ports import Meter
from halo_voice.core.profile import Profile, Profiles
from halo_voice.core.tools import Toolbox
from halo_voice.knowledge.briefing import Briefing
from halo_voice.knowledge.index import CompanyTexts
from halo_voice.knowledge.meanings import Meanings
from halo_voice.llm.guarded import GuardedModel
from halo_voice.llm.offline import OfflineAssistant
from halo_voice.llm.provider import Provider
from halo_voice.profiles import (
    Changes,
    Files,
    InForce,
    files_of,
    load_in_force,
    load_profiles,
    origins_of,
)
from halo_voice.speech.spoken import spoken

RENEW_S_MAX = 300
"""So long, in seconds, the other process may read the folder."""

_log = structlog.get_logger(__name__)


# Who begins again with the same texts need not read them again. Given up with the first renewal.
_texts_of = lru_cache(maxsize=4)(CompanyTexts)


@dataclass(frozen=True, slots=True)
class Prepared:
    """Profiles, and by their names what was made of their texts."""

    profiles: Profiles
    texts: Mapping[str, CompanyTexts]
    published: Mapping[str, Published]

    @classmethod
    def of(cls, profiles: Profiles) -> Prepared:
        return cls(
            profiles,
            {each.name: _texts_of(each.documents) for each in profiles},
            {each.name: Published.by(each) for each in profiles},
        )


class Assistants:
    """Makes words and voices for profiles, all on the same `providers` and with one canary."""

    def __init__(
        self,
        providers: Sequence[Provider],
        *,
        secret: Sequence[str],
        max_tokens: int,
        meter: Meter,
        meanings: Meanings | None = None,
    ) -> None:
        """`secret`: what must never be said. `max_tokens`: of one answer. `meanings`: finds texts
        by what is meant, for the profiles that want it."""
        self._providers = providers
        self._secret = secret
        self._max_tokens = max_tokens
        self._meter = meter
        self._meanings = meanings
        self._canary = new_canary()

    def words(self, prepared: Prepared, *, draft: bool = False) -> dict[str, Words]:
        """For each profile: the models that all share, and its own offline assistant as the net.
        A `draft` finds texts by their words alone: nobody pays for what is not published."""
        guards = guards_of(
            prepared.profiles, self._secret, canary=self._canary, published=prepared.published
        )
        found: dict[str, Words] = {}
        for profile in prepared.profiles:
            texts = prepared.texts[profile.name]
            model = GuardedModel([*self._providers, OfflineAssistant(texts, profile.texts)])
            brief = self._briefing(profile, texts, draft)
            asks = brief if brief is not None and brief.asks else None
            found[profile.name] = Words(
                model,
                net=model.last,
                max_tokens=self._max_tokens,
                guard=guards[profile.name],
                meter=self._meter,
                inform=brief,
                ready=None if asks is None else asks.ready,
                foresee=None if asks is None else asks.foresee,
            )
        return found

    def _briefing(self, profile: Profile, texts: CompanyTexts, draft: bool) -> Briefing | None:
        if not self._providers or not len(texts):
            return None  # the offline assistant searches by itself
        meanings = None if draft else self._meanings
        return Briefing(texts, nearness=None if meanings is None else meanings.of(profile, texts))

    def voices(self, prepared: Prepared) -> dict[str, Callable[[str], str]]:
        """For each profile: text in words, as the engine of its voice wants it."""
        return {
            each.name: partial(spoken, engine=voices.vendor(each.voice.name), words=each.words)
            for each in prepared.profiles
        }


class Renewal:
    """Looks at the folder and at the editions every so many seconds, and gives the switchboard what
    has changed."""

    def __init__(
        self,
        folder: Path,
        assistants: Assistants,
        editions: Editions,
        boxes: Callable[[Profiles], Awaitable[Mapping[str, Toolbox]]] | None = None,
    ) -> None:
        """`boxes` makes the tools of the profiles, and may raise `ConfigurationError`."""
        self._boxes = boxes
        self._folder = folder
        self._assistants = assistants
        self._editions = editions
        self._wanted = asyncio.Event()
        self.switchboard: Switchboard | None = None
        self._seen: Mapping[str, int] = {}  # the editions that were to hold when it looked last
        #: The number of the edition that each assistant has here, 0: its folder's.
        self.standing: Mapping[str, int] = {}
        #: Why some edition does not hold, as faults of its text.
        self.faults: Sequence[str] = ()

    async def begin(self, of_folder: Profiles) -> Prepared:
        """What holds at the start: the newest editions, and the folder where there are none."""
        contents: Mapping[str, Content] = {}
        try:
            numbers = await numbers_in_force(self._editions)
            contents = await contents_of(self._editions, numbers)
        except StoreError as error:  # calls are answered, with what the folder has
            _log.error("editions_unread", code=error.code)
            numbers = {}
        if not contents:
            return Prepared.of(of_folder)
        found = load_in_force(self._folder, contents)
        self._stand(numbers, found)
        return Prepared.of(found.profiles)

    def wake(self) -> None:
        """Look now: something was published here."""
        self._wanted.set()

    async def watch(self, known: Files, every_s: float) -> None:
        """Until it is cancelled. `known`: the files as they were read; 0 seconds: only when it is
        woken. Faults of changed files are told in the log, and what was there stays."""
        changes = Changes(known, self._seen)
        while True:
            await self._sleep(every_s)
            changes.see(await asyncio.to_thread(files_of, self._folder) if every_s else known)
            with contextlib.suppress(StoreError):  # it is asked again
                numbers = await numbers_in_force(self._editions)
                if changes.due(numbers):
                    await self._renew(numbers)
                    changes.taken(numbers)

    async def _sleep(self, every_s: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(every_s or None):
                await self._wanted.wait()
        self._wanted.clear()

    async def _renew(self, numbers: Mapping[str, int]) -> None:
        board = self.switchboard
        assert board is not None, "it is joined before it is watched"
        contents = await contents_of(self._editions, numbers)
        try:
            prepared, found = await elsewhere("in_force", self._folder, contents)
            boxes = None if self._boxes is None else await self._boxes(prepared.profiles)
        except ConfigurationError as error:
            _log.error("profiles_not_renewed", faults=list(error.faults))
            return
        before = {each.name: each.version for each in board.profiles}
        words, voices = self._assistants.words(prepared), self._assistants.voices(prepared)
        board.change(prepared.profiles, words, voices, boxes)
        _texts_of.cache_clear()
        published_of.cache_clear()
        self._stand(numbers, found)
        new = [p.name for p in prepared.profiles if before.get(p.name) != p.version]
        _log.info("profiles_renewed", profiles=new)

    def _stand(self, numbers: Mapping[str, int], found: InForce) -> None:
        self._seen, self.faults = numbers, found.faults
        self.standing = {name: n for name, n in numbers.items() if name in found.held}
        if found.faults:
            _log.error("edition_left_out", faults=list(found.faults))


async def elsewhere(what: str, folder: Path, *given: Any) -> Any:
    """What another process made of the folder, by one of `_WORK`. Raises `ConfigurationError`."""
    command = (sys.executable, "-m", __name__)
    pipe = asyncio.subprocess.PIPE
    child = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe)
    try:
        async with asyncio.timeout(RENEW_S_MAX):
            made, _ = await child.communicate(pickle.dumps((what, folder, *given)))
        # It is our own process that wrote it; nobody else can write into the pipe.
        found: Any = await asyncio.to_thread(pickle.loads, made)
    except (TimeoutError, EOFError, pickle.UnpicklingError) as error:
        raise ConfigurationError([f"{folder}: was not read: {type(error).__name__}"]) from None
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if isinstance(found, _Faults):
        raise ConfigurationError(found.faults)
    return found


@dataclass(frozen=True, slots=True)
class _Faults:
    faults: Sequence[str]


def _in_force(folder: Path, contents: Mapping[str, Content]) -> tuple[Prepared, InForce]:
    found = load_in_force(folder, contents)
    return Prepared.of(found.profiles), found


def _draft(folder: Path, contents: Mapping[str, Content], name: str) -> Prepared:
    """One assistant alone, after its text has been held against all the others'."""
    profile = load_profiles(folder, contents, draft=name).named(name)
    if profile is None:
        raise ConfigurationError([f"{folder}: there is no profile {name} any more"])
    return Prepared.of(Profiles([replace(profile, default=True)]))


_WORK: Mapping[str, Callable[..., Any]] = {
    "in_force": _in_force,
    "draft": _draft,
    "origins": origins_of,
}


def _main() -> None:
    """The other process: takes its work from its input."""
    what, *given = pickle.load(sys.stdin.buffer)  # noqa: S301 - from the process that began it
    try:
        made = _WORK[what](*given)
    except ConfigurationError as error:
        made = _Faults(error.faults)
    sys.stdout.buffer.write(pickle.dumps(made, pickle.HIGHEST_PROTOCOL))


if __name__ == "__main__":
    # By its full name, so that what it makes is of the same classes for whoever reads it.
    from halo_voice import assistants

    assistants._main()
