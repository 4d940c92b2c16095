"""The live calls of this process, and the way back for calls that another process began."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import structlog

from halo_voice.calls.call import Call
from halo_voice.calls.listener import Listener, Uncounted
from halo_voice.calls.turn import Heard
from halo_voice.calls.words import Words
from halo_voice.core.dialogue import Dialogue
from halo_voice.core.errors import CallClosed, UnknownCall
from halo_voice.core.ports import (
    CallEnd,
    CallRecord,
    CallStart,
    Meter,
    Outcome,
    Store,
    TurnNote,
    TurnRecord,
)
from halo_voice.core.profile import Profile, Profiles
from halo_voice.core.transcript import Transcript

IDLE_S_MAX = 15 * 60
"""A call that nobody asked about for so long is let go of; the store still has it."""

LOOK_S = 10.0
"""All live calls are looked at no more often than this, in seconds."""

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
        meter: Meter | None = None,
    ) -> None:
        """By each profile's name: `words` finds its answers, `spoken` writes numbers out for its
        voice."""
        self.meter = meter or Uncounted()
        self.profiles = profiles
        self._words = words
        self._store = store
        self._spoken = spoken or {}
        self._live: dict[str, Call] = {}
        self._looked_at = -LOOK_S  # for calls to let go of
        self._finding: dict[str, asyncio.Lock] = {}

    def __len__(self) -> int:
        return len(self._live)

    async def start(self, start: CallStart) -> Profile:
        """A call begins (or its start is repeated). Raises `CallClosed`, `StoreError`."""
        profile = self.profiles.of_number(start.called)
        record = await self._store.open_call(
            replace(start, profile=profile.name, profile_version=profile.version)
        )
        if not record.open:
            raise CallClosed
        self._let_go_of_idle()
        if start.call_id not in self._live:
            self._live[start.call_id] = self._call(record, [])
            _log.info("call_started", call_id=start.call_id, profile=profile.name)
        return self._live[start.call_id].dialogue.profile

    async def attach(self, listener: Listener, start: CallStart, *, opens: bool) -> Call:
        """The call whose stream `listener` is from now on. `opens`: it begins if nobody knows it.

        Raises `UnknownCall`, `CallClosed`, `StoreError`.
        """
        try:
            call = await self._reach(start.call_id)
        except UnknownCall:
            if not opens:
                raise
            await self.start(start)
            call = await self._reach(start.call_id)
        call.attach(listener)
        return call

    async def take(self, call_id: str, heard: Heard, notes: Sequence[TurnNote] = ()) -> TurnRecord:
        """Answer a turn of a call. `notes`: what became known of earlier ones.

        Raises `UnknownCall`, `CallClosed`, `TurnConflict`, `StoreError`.
        """
        call = await self._reach(call_id)
        for note in notes:
            call.note(note.turn, note.heard, note.latency)
        return await call.take(heard)

    async def answer(self, user_text: str, deadline_s: float) -> str:
        """One turn outside any call, with the default profile: nothing is kept."""
        dialogue = self._dialogue(self.profiles.default, Transcript())
        asked = Transcript().messages(self.profiles.default.persona, user_text, before=1)
        due = asyncio.get_running_loop().time() + deadline_s
        draft = self._words[self.profiles.default.name].begin(dialogue, asked, due)
        try:
            say = await draft.writing
        finally:
            draft.drop()
        if say.outcome is Outcome.APOLOGISED:
            _log.warning("question_unanswered")
        return say.text

    async def end(self, end: CallEnd, notes: Sequence[TurnNote] = ()) -> bool:
        """The call's final report. True if it is the first one. Raises `UnknownCall`."""
        call = self._live.get(end.call_id)
        if call is None and notes:
            with contextlib.suppress(UnknownCall, CallClosed):
                call = await self._find(end.call_id)
        if call is not None:
            for note in notes:
                call.note(note.turn, note.heard, note.latency)
            call.close()
            await call.finish()
        stored = await self._store.end_call(end)
        if not stored and await self._store.find_call(end.call_id) is None:
            raise UnknownCall
        self._live.pop(end.call_id, None)
        if stored:
            _log.info("call_ended", call_id=end.call_id, reason=end.reason, turns=end.turns)
        return stored

    async def drain(self, longest_s: float) -> None:
        """Let every turn under way be answered, and every stream go, within so many seconds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(longest_s):
                await asyncio.gather(*(call.drain() for call in list(self._live.values())))

    async def close(self) -> None:
        """Write what is known of the live calls; they go on elsewhere."""
        for call in self._live.values():
            call.abandon()
        await asyncio.gather(*(call.finish() for call in self._live.values()))
        self._live.clear()

    async def _reach(self, call_id: str) -> Call:
        return self._live.get(call_id) or await self._find(call_id)

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
            meter=self.meter,
        )

    def _dialogue(self, profile: Profile, transcript: Transcript) -> Dialogue:
        return Dialogue(profile, transcript, spoken=self._spoken.get(profile.name, str))

    def _let_go_of_idle(self) -> None:
        """Called with each new call, so that calls whose end was never reported do not pile up."""
        now = asyncio.get_running_loop().time()
        if now < self._looked_at + LOOK_S:
            return
        self._looked_at = now
        oldest = now - IDLE_S_MAX
        for call_id in [i for i, c in self._live.items() if c.used_at < oldest and not c.busy]:
            del self._live[call_id]
