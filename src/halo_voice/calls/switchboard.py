"""The live calls of this process, and the way back for calls that another process began."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace

import structlog

from halo_voice.calls.account import Account
from halo_voice.calls.admission import Admission
from halo_voice.calls.budget import Budget
from halo_voice.calls.call import Call
from halo_voice.calls.errands import Errands
from halo_voice.calls.handovers import Handovers
from halo_voice.calls.listener import Listener, Uncounted
from halo_voice.calls.purse import Purse
from halo_voice.calls.standing import Report, Standing
from halo_voice.calls.turn import Heard
from halo_voice.calls.words import Words
from halo_voice.core.admission import BUSY, Why, bucket_of
from halo_voice.core.alarms import Alarms
from halo_voice.core.context import told_of
from halo_voice.core.dialogue import Say
from halo_voice.core.errors import (
    CallClosed,
    CallRefused,
    Stopping,
    StoreError,
    StoreFull,
    UnknownCall,
)
from halo_voice.core.money import Cost
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
from halo_voice.core.sessions import LOST
from halo_voice.core.telephones import told_number
from halo_voice.core.tools import Toolbox
from halo_voice.core.transcript import Transcript
from halo_voice.core.versions import standing
from halo_voice.core.versions import transfers as can_transfer

IDLE_S_MAX = 15 * 60
"""A call that nobody asked about for so long is let go of; the store still has it."""

PAST_MAX = 20
"""So many versions of assistants that hold no more are remembered for calls that began with one."""

LOOK_S = 10.0
"""All live calls are looked at no more often than this, in seconds."""

FAILURES = {
    **{name: name for name in ("voice_down", "recogniser_down", "backend_down", "scenario_error")},
    LOST: "call_lost",
}
"""Reasons of a call's end, and the alarms that they are."""

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
        budget: Budget | None = None,
        admission: Admission | None = None,
        alarms: Alarms | None = None,
        toolboxes: Mapping[str, Toolbox] | None = None,
    ) -> None:
        """By each profile's name: `words` finds its answers, `spoken` writes numbers out for its
        voice, `toolboxes` has its tools. Without `budget` and `admission` nothing is counted, and
        every call is let in."""
        self.meter = meter or Uncounted()
        self.alarms = alarms or Alarms()
        self.profiles = profiles
        self._words = words
        self._store = store
        self._budget = budget or Budget()
        self._admission = admission or Admission(store)
        self._spoken = spoken or {}
        self._toolboxes = toolboxes or {}
        self._past: dict[tuple[str, str], Standing] = {}  # by name and version, the newest last
        self._live: dict[str, Call] = {}
        self._looked_at = -LOOK_S  # for calls to let go of
        self._outliving: list[Errands] = []  # tools that run on after their calls
        self._stopping = False
        self.when_over: Callable[[str], Awaitable[None]] | None = None  # told of what is to be read

    def __len__(self) -> int:
        return len(self._live)

    def busy(self, call_id: str) -> bool:
        """Whether the call is being served here now."""
        call = self._live.get(call_id)
        return call is not None and call.busy

    def change(
        self,
        profiles: Profiles,
        words: Mapping[str, Words],
        spoken: Mapping[str, Callable[[str], str]],
        toolboxes: Mapping[str, Toolbox] | None = None,
    ) -> None:
        """New calls get these; one that has begun keeps what it began with, and so does one that
        is taken up from the store later, as long as this process remembers it (`PAST_MAX`)."""
        new = {(profile.name, profile.version) for profile in profiles}
        for profile in self.profiles:
            if (profile.name, profile.version) not in new:
                self._past[profile.name, profile.version] = self._standing(profile)
        for old in list(self._past)[:-PAST_MAX]:
            del self._past[old]
        self.profiles, self._words, self._spoken = profiles, words, spoken
        self._toolboxes = self._toolboxes if toolboxes is None else toolboxes

    async def start(self, start: CallStart, *, admit: bool = True) -> Profile:
        """A call begins (or its start is repeated). Not `admit`: it is over already, and recorded.

        Raises `CallRefused`, `CallClosed`, `StoreError`.
        """
        profile = self.profiles.named(start.profile) or self.profiles.of_number(start.called)
        start = replace(
            start,
            profile=profile.name,
            profile_version=profile.version,
            bucket=bucket_of(start.caller),
        )
        self._let_go_of_idle()
        with self._admission.beginning(start):
            if admit and start.call_id not in self._live:
                why = await self._admission.why_not(start, len(self._live))
                if why is not None:
                    await self._refuse(start, why)
                    raise CallRefused(profile.texts.bye_busy)
            try:
                record = await self._store.open_call(start)
            except StoreFull:  # nothing more can be kept: who calls now is put off
                raise CallRefused(profile.texts.bye_busy) from None
            if not record.open:
                if record.end_reason == BUSY:
                    raise CallRefused(profile.texts.bye_busy)
                raise CallClosed
            context = "" if start.call_id in self._live else await self._context(record)
            if start.call_id not in self._live:
                self._live[start.call_id] = self._call(record, [], context)
                stands = standing(start.scenario_version)
                _log.info(
                    "call_started", call_id=start.call_id, profile=profile.name, scenario=stands
                )
                if stands != "current":
                    _log.warning("scenario_version", alarm=True, call_id=start.call_id)
                    self.alarms.raised("scenario_version")
        return self._live[start.call_id].dialogue.profile

    async def _refuse(self, start: CallStart, why: Why) -> None:
        """Write the call down as refused; that it was must not depend on the store."""
        self.meter.refused(why)
        try:
            await self._store.open_call(replace(start, refused=BUSY))
        except StoreError as error:
            _log.warning("refusal_unwritten", call_id=start.call_id, code=error.code)

    async def attach(self, listener: Listener, start: CallStart, *, opens: bool) -> Call:
        """The call whose stream `listener` is from now on. `opens`: it begins if nobody knows it.

        Raises `UnknownCall`, `CallRefused`, `CallClosed`, `StoreError`.
        """
        try:
            call = await self.reach(start.call_id)
        except (UnknownCall, StoreError):
            # A store that cannot be read takes a call's start all the same, into its spool.
            if not opens:
                raise
            await self.start(start)
            call = await self.reach(start.call_id)
        call.attach(listener)
        return call

    async def take(self, call_id: str, heard: Heard, notes: Sequence[TurnNote] = ()) -> TurnRecord:
        """Answer a turn of a call. `notes`: what became known of earlier ones.

        Raises `UnknownCall`, `CallClosed`, `TurnConflict`, `Stopping`, `StoreError`.
        """
        call = await self.reach(call_id)
        for note in notes:
            call.note(note.turn, note.heard, note.latency)
        try:
            return await call.take(heard)
        except asyncio.CancelledError:
            if self._stopping:
                raise Stopping from None
            raise

    async def answer(self, user_text: str, deadline_s: float) -> str:
        """The words of one turn outside any call."""
        return (await self.ask(user_text, deadline_s)).text

    async def ask(self, user_text: str, deadline_s: float) -> Say:
        """One turn outside any call, with the default profile and no tool: nothing is kept."""
        standing = self._standing(self.profiles.default)._replace(box=None)
        dialogue = standing.dialogue(Transcript())
        asked = dialogue.messages(1, dialogue.masked(1, user_text))
        due = asyncio.get_running_loop().time() + deadline_s
        words = standing.words.paid_by(Purse(self._budget))
        draft = words.begin(dialogue, asked, due)
        try:
            say = await draft.writing
        finally:
            draft.drop()
        said = "" if say.outcome is Outcome.APOLOGISED else say.text
        Account(self.meter).add(draft.settle(), said)
        if say.outcome is Outcome.APOLOGISED:
            _log.warning("question_unanswered")
        return say

    async def end(self, end: CallEnd, notes: Sequence[TurnNote] = ()) -> Report:
        """The call's final report, and what the call cost. Raises `UnknownCall`."""
        call = self._live.get(end.call_id)
        if call is None:  # this process may have restarted
            with contextlib.suppress(UnknownCall, CallClosed, StoreError):
                call = await self._find(end.call_id)
        rest = Cost()
        if call is not None:
            for note in notes:
                call.note(note.turn, note.heard, note.latency)
            call.close()
            await call.finish()
            purse = call.words.purse
            await purse.settled()
            rest = purse.rest(end.duration_ms, _characters(call) if end.duration_ms else 0)
            end = replace(end, cost=purse.spent + rest)
        late = await self._masked(end.call_id, end.late_texts)
        stored = await self._store.end_call(replace(end, late_texts=late))
        if not stored:
            known = await self._store.find_call(end.call_id)
            if known is None:
                raise UnknownCall
            end = replace(end, cost=known.cost)
        self._live.pop(end.call_id, None)
        ended = () if call is None else (call.words.errands,)
        self._outliving = [each for each in (*self._outliving, *ended) if each and each.busy]
        wished = call is None or call.dialogue.context or call.dialogue.refused(late)
        if self.when_over is not None and wished:
            await self.when_over(end.call_id)
        if stored:
            self._budget.add(rest)
            self._warn_of(end)
            _log.info("call_ended", call_id=end.call_id, reason=end.reason, turns=end.turns)
        return Report(stored, end.cost)

    def _warn_of(self, end: CallEnd) -> None:
        """A call that ended for a fault, or in which something failed that its caller got over."""
        failed = {FAILURES[each] for each in (end.reason, *end.faults) if each in FAILURES}
        for alarm in sorted(failed):
            _log.error("call_failed", call_id=end.call_id, why=alarm, alarm=True)
            self.alarms.raised(alarm)

    async def hang_up(self, call_id: str) -> bool:
        """End a call from here, outside a turn. True if the line was told; False: its next turn,
        or stream, in this process ends it. Raises `UnknownCall`, `CallClosed`, `StoreError`.
        """
        told = (await self.reach(call_id)).hang_up()
        _log.info("call_dismissed", call_id=call_id, told=told)
        return told

    async def drain(self, longest_s: float) -> None:
        """Let every turn under way be answered, and every stream go, within so many seconds.

        What is not answered by then is given up: it is asked again elsewhere.
        """
        self._stopping = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(longest_s):
                await asyncio.gather(*(call.drain() for call in list(self._live.values())))

    async def close(self) -> None:
        """Write what is known of the live calls; they go on elsewhere."""
        for call in self._live.values():
            call.abandon()
        working = [call.words.errands for call in self._live.values() if call.words.errands]
        waiting = (*self._live.values(), *self._outliving)
        await asyncio.gather(*(each.finish() for each in waiting))
        await asyncio.gather(*(each.stop(over=False) for each in working))
        await asyncio.gather(*(each.stop(over=True) for each in self._outliving))
        self._live.clear()

    async def _masked(self, call_id: str, texts: Sequence[str]) -> tuple[str, ...]:
        """Words of a call that were heard too late for a turn, without what its profile masks."""
        if not texts:
            return ()
        call, record = self._live.get(call_id), None
        if call is None:
            with contextlib.suppress(StoreError):  # the end itself has a spool
                record = await self._store.find_call(call_id)
        profile = self.profiles.named(record.profile) if record else None
        privacy = (call.dialogue.profile if call else profile or self.profiles.default).privacy
        return tuple(map(privacy.masked, texts))

    async def reach(self, call_id: str) -> Call:
        """The live call. Raises `UnknownCall`, `CallClosed`, `StoreError`."""
        return self._live.get(call_id) or await self._find(call_id)

    async def _find(self, call_id: str) -> Call:
        """The call from the store: this process may have restarted, or another one began it."""
        record = await self._store.find_call(call_id)
        if record is None:
            raise UnknownCall
        if not record.open:
            raise CallClosed
        turns = await self._store.turns(call_id)
        call = self._call(record, turns, await self._context(record))
        if call.words.errands is not None:
            await call.words.errands.reload()
        if call.dialogue.profile.operators:
            await call.handovers.reload()
        return self._live.setdefault(call_id, call)  # somebody else may have been faster

    async def _context(self, record: CallRecord) -> str:
        """What a model is told of whom the company called; "" of a caller. Raises `StoreError`."""
        if record.direction != "outgoing":
            return ""
        dial = await self._store.dials.dial_of_call(record.call_id)  # type: ignore[attr-defined]
        return told_of({} if dial is None else dial.data)

    def _call(self, record: CallRecord, turns: Sequence[TurnRecord], context: str) -> Call:
        begun = self._as_begun(record)
        box = begun.box
        spent = sum((turn.cost for turn in turns), Cost())
        able, most = can_transfer(record.scenario_version), begun.profile.limits.transfers
        transfers = lambda: able and len(handovers) < most  # noqa: E731
        errands = None
        if box is not None:
            own = {"meter": self.meter, "transfers": transfers}
            errands = Errands(record.call_id, record.caller, box, self._store, **own)
        known = None if errands is None else errands.records
        handovers = Handovers(record.call_id, self._store, known)
        transcript = Transcript.of(turns, known)
        caller = (told_number(record.caller) or "") if record.direction == "incoming" else None
        call = Call(
            record.call_id,
            begun.dialogue(transcript, context=context, caller=caller, transfers=transfers),
            words=begun.words.paid_by(Purse(self._budget, spent), errands),
            store=self._store,
            meter=self.meter,
        )
        call.handovers = handovers
        return call

    def _as_begun(self, record: CallRecord) -> Standing:
        """What the call began with; what holds now where this process does not remember that."""
        profile = self.profiles.named(record.profile) or self.profiles.default
        if (profile.name, profile.version) == (record.profile, record.profile_version):
            return self._standing(profile)
        past = self._past.get((record.profile, record.profile_version))
        return past or self._standing(profile)

    def _standing(self, profile: Profile) -> Standing:
        name, spoken = profile.name, self._spoken.get(profile.name, str)
        return Standing(profile, self._words[name], spoken, self._toolboxes.get(name))

    def _let_go_of_idle(self) -> None:
        """Called with each new call, so that calls whose end was never reported do not pile up."""
        now = asyncio.get_running_loop().time()
        if now < self._looked_at + LOOK_S:
            return
        self._looked_at = now
        oldest = now - IDLE_S_MAX
        for call_id in [i for i, c in self._live.items() if c.used_at < oldest and not c.busy]:
            del self._live[call_id]


def _characters(call: Call) -> int:
    """Of the greeting and the answers; the scenario's other sentences are not known here."""
    return len(call.dialogue.profile.texts.greeting) + call.dialogue.transcript.characters
