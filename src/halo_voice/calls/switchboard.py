"""The live calls of this process, and the way back for calls that another process began."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence

import structlog

from halo_voice.calls.call import Call, Heard
from halo_voice.calls.words import Words
from halo_voice.core.dialogue import Dialogue
from halo_voice.core.errors import CallClosed, UnknownCall
from halo_voice.core.ports import CallEnd, CallRecord, CallStart, Outcome, Store, TurnRecord
from halo_voice.core.profile import Profile, Profiles
from halo_voice.core.transcript import Transcript

IDLE_S_MAX = 15 * 60
"""A call that nobody asked about for so long is let go of; the store still has it."""

_log = structlog.get_logger(__name__)


class Switchboard:
    """Finds the call, the profile and the model for whatever arrives."""

    def __init__(
        self,
        profiles: Profiles,
        words: Mapping[str, Words],
        store: Store,
        *,
        spoken: Mapping[str, Callable[[str], str]] | None = None,
    ) -> None:
        """By each profile's name: `words` finds its answers, `spoken` writes numbers out for its
        voice."""
        self.profiles = profiles
        self._words = words
        self._store = store
        self._spoken = spoken or {}
        self._live: dict[str, Call] = {}
        self._finding: dict[str, asyncio.Lock] = {}

    def __len__(self) -> int:
        return len(self._live)

    async def start(
        self, call_id: str, *, caller: str, called: str, scenario_version: str
    ) -> Profile:
        """A call begins (or its start is repeated). Raises `CallClosed`, `StoreError`."""
        profile = self.profiles.of_number(called)
        record = await self._store.open_call(
            CallStart(
                call_id=call_id,
                caller=caller,
                called=called,
                profile=profile.name,
                profile_version=profile.version,
                scenario_version=scenario_version,
            )
        )
        if not record.open:
            raise CallClosed
        self._let_go_of_idle()
        if call_id not in self._live:
            self._live[call_id] = self._call(record, [])
            _log.info("call_started", call_id=call_id, profile=profile.name)
        return self._live[call_id].dialogue.profile

    async def take(self, call_id: str, heard: Heard) -> TurnRecord:
        """Answer a turn of a call. Raises `UnknownCall`, `CallClosed`, `TurnConflict`."""
        call = self._live.get(call_id) or await self._find(call_id)
        return await call.take(heard)

    async def answer(self, user_text: str, deadline_s: float) -> str:
        """One turn outside any call, with the default profile: nothing is kept."""
        dialogue = self._dialogue(self.profiles.default, Transcript())
        asked = Transcript().messages(self.profiles.default.persona, user_text, before=1)
        say = await self._words[self.profiles.default.name].find(dialogue, asked, deadline_s)
        if say.outcome is Outcome.APOLOGISED:
            _log.warning("question_unanswered")
        return say.text

    async def end(self, end: CallEnd) -> bool:
        """The call's final report. True if it is the first one. Raises `UnknownCall`."""
        stored = await self._store.end_call(end)
        if not stored and await self._store.find_call(end.call_id) is None:
            raise UnknownCall
        self._live.pop(end.call_id, None)
        if stored:
            _log.info("call_ended", call_id=end.call_id, reason=end.reason, turns=end.turns)
        return stored

    async def _find(self, call_id: str) -> Call:
        """The call from the store: this process may have restarted, or another one began it."""
        async with self._finding.setdefault(call_id, asyncio.Lock()):
            try:
                if call_id in self._live:
                    return self._live[call_id]
                record = await self._store.find_call(call_id)
                if record is None:
                    raise UnknownCall
                if not record.open:
                    raise CallClosed
                self._live[call_id] = self._call(record, await self._store.turns(call_id))
                return self._live[call_id]
            finally:
                self._finding.pop(call_id, None)

    def _call(self, record: CallRecord, turns: Sequence[TurnRecord]) -> Call:
        profile = self.profiles.named(record.profile) or self.profiles.default
        return Call(
            record.call_id,
            self._dialogue(profile, Transcript.of(turns)),
            words=self._words[profile.name],
            store=self._store,
        )

    def _dialogue(self, profile: Profile, transcript: Transcript) -> Dialogue:
        return Dialogue(profile, transcript, spoken=self._spoken.get(profile.name, str))

    def _let_go_of_idle(self) -> None:
        """Called with each new call, so that calls whose end was never reported do not pile up."""
        oldest = time.monotonic() - IDLE_S_MAX
        for call_id in [i for i, c in self._live.items() if c.used_at < oldest and not c.busy]:
            del self._live[call_id]
