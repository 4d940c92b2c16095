"""A store that forgets, for tests and demonstrations; it keeps every promise but the disk's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta

from halo_voice.core.admission import BUSY
from halo_voice.core.errors import StoreError, StoreUnavailable
from halo_voice.core.history import CallRow, Figures, Wanted
from halo_voice.core.money import Cost
from halo_voice.core.ports import (
    NOTHING_SPENT,
    Action,
    CallEnd,
    CallRecord,
    CallStart,
    Outcome,
    Spent,
    TurnNote,
    TurnRecord,
)
from halo_voice.core.tools import BEFORE, ENDED, ToolRecord, ToolStart, ToolState
from halo_voice.store.desk import MemoryDesk
from halo_voice.store.dials_in_memory import MemoryDials
from halo_voice.store.editions import MemoryEditions
from halo_voice.store.faults import NO_SUCH_CALL, NO_SUCH_TOOL, NO_SUCH_TURN, TOO_LARGE
from halo_voice.store.moments import replayable
from halo_voice.store.remembered import figures, find_calls, open_turns
from halo_voice.store.traces import MemoryTraces
from halo_voice.store.words import finite, keepable


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


class MemoryStore:
    """`core.ports.Store` in dictionaries. `now` gives the UTC time.

    Nothing is awaited inside a method, so each is atomic on its event loop. `fault` is for tests of
    others: while set, every method raises it.
    """

    def __init__(self, *, now: Callable[[], datetime] = utc_now) -> None:
        self._now = replayable(now)
        self._calls: dict[str, CallRecord] = {}
        self._turns: dict[str, dict[int, TurnRecord]] = {}
        self._nonces: dict[str, datetime] = {}
        self._tools: dict[str, dict[tuple[int, str], ToolRecord]] = {}
        self._spending: dict[str, dict[str, Cost]] = {}  # by day and writer
        self.fault: StoreError | None = None
        self.desk = MemoryDesk(self._now, self._check)
        self.editions = MemoryEditions(self._now, self._check)
        self.dials = MemoryDials(now, self._check)
        self.traces = MemoryTraces(self._check, self._calls.__contains__)

    async def open_call(self, start: CallStart) -> CallRecord:
        self._check()
        call_id = keepable(start.call_id)
        if call_id not in self._calls:
            now = self._now()
            self._calls[call_id] = call = CallRecord(
                call_id=call_id,
                caller=keepable(start.caller),
                called=keepable(start.called),
                profile=keepable(start.profile),
                profile_version=keepable(start.profile_version),
                scenario_version=keepable(start.scenario_version),
                direction=start.direction,
                started_at=now,
                bucket=keepable(start.bucket),
            )
            if start.refused:
                self._calls[call_id] = replace(
                    call,
                    ended_at=now,
                    end_reason=keepable(start.refused),
                    duration_ms=0,
                    turns_reported=0,
                )
            self._turns[call_id] = {}
        return self._calls[call_id]

    async def find_call(self, call_id: str) -> CallRecord | None:
        self._check()
        return self._calls.get(keepable(call_id))

    async def accept_turn(
        self,
        call_id: str,
        turn: int,
        user_text: str,
        confidence: float | None,
        *,
        text_cut: bool = False,
        within_s: float = 0.0,  # noqa: ARG002 - there is no disk
    ) -> TurnRecord:
        self._check()
        _fit(turn)
        call = self._known(call_id)
        turns = self._turns[call.call_id]
        if turn not in turns:
            now = self._now()
            turns[turn] = TurnRecord(
                call_id=call.call_id,
                turn=turn,
                user_text=keepable(user_text),
                confidence=finite(confidence),
                accepted_at=now,
                outcome=Outcome.PENDING if call.open else Outcome.CALLER_GONE,
                settled_at=None if call.open else now,
                text_cut=text_cut,
            )
        return turns[turn]

    async def settle_turn(
        self,
        call_id: str,
        turn: int,
        *,
        outcome: Outcome,
        reply: str,
        action: Action,
        source: str,
        model_ms: int | None = None,
        reply_cut: bool = False,
        spent: Spent = NOTHING_SPENT,
        cost: Cost | None = None,
        within_s: float = 0.0,  # noqa: ARG002 - there is no disk
    ) -> TurnRecord:
        if outcome is Outcome.PENDING:
            raise ValueError("a turn is settled with an outcome, and pending is none")
        self._check()
        turns = self._turns.get(keepable(call_id), {})
        cost = cost or Cost()
        if turn not in turns:
            raise StoreError(NO_SUCH_TURN)
        if turns[turn].outcome is Outcome.PENDING:
            turns[turn] = replace(
                turns[turn],
                outcome=outcome,
                reply=keepable(reply),
                action=action,
                source=keepable(source),
                settled_at=self._now(),
                model_ms=model_ms,
                reply_cut=reply_cut,
                attempts=spent.attempts,
                wasted_chars=spent.wasted_chars,
                wasted_prompt_chars=spent.wasted_prompt_chars,
                tokens_in=cost.tokens_in,
                tokens_out=cost.tokens_out,
                model_micros=cost.model_micros,
            )
        return turns[turn]

    async def note_turn(self, note: TurnNote) -> None:
        self._check()
        turns = self._turns.get(keepable(note.call_id), {})
        if note.turn in turns:
            turns[note.turn] = noted(turns[note.turn], note)

    async def turns(self, call_id: str) -> list[TurnRecord]:
        self._check()
        return [turn for _, turn in sorted(self._turns.get(keepable(call_id), {}).items())]

    async def end_call(self, end: CallEnd) -> bool:
        self._check()
        _fit(end.duration_ms, end.turns)
        call = self._calls.get(keepable(end.call_id))
        if call is None or not call.open:
            return False
        now = self._now()
        self._calls[call.call_id] = replace(
            call,
            ended_at=now,
            end_reason=keepable(end.reason),
            duration_ms=end.duration_ms,
            turns_reported=end.turns,
            late_texts=tuple(keepable(text) for text in end.late_texts),
            **asdict(end.cost),
        )
        turns = self._turns[call.call_id]
        for number, turn in turns.items():
            if turn.outcome is Outcome.PENDING:
                turns[number] = replace(turn, outcome=Outcome.CALLER_GONE, settled_at=now)
        return True

    async def keep_recording_text(self, call_id: str, text: str) -> None:
        self._check()
        call = self._known(call_id)
        self._calls[call.call_id] = replace(call, recording_text=keepable(text))

    async def claim_nonce(self, nonce: str, ttl_s: float) -> bool:
        self._check()
        now = self._now()
        self._nonces = {known: end for known, end in self._nonces.items() if end > now}
        if keepable(nonce) in self._nonces:
            return False
        self._nonces[keepable(nonce)] = now + timedelta(seconds=ttl_s)
        return True

    async def recent_calls(self, limit: int) -> list[CallRecord]:
        self._check()
        newest = sorted(self._calls.values(), key=lambda call: call.started_at, reverse=True)
        return newest[: max(0, limit)]

    async def calls_of(self, bucket: str, since: datetime) -> list[CallRecord]:
        self._check()
        of_bucket = [
            call
            for call in self._calls.values()
            if call.bucket == bucket and call.started_at >= since and call.end_reason != BUSY
        ]
        return sorted(of_bucket, key=lambda call: call.started_at, reverse=True)[:500]

    async def open_calls(self, since: datetime, before: datetime, limit: int) -> list[CallRecord]:
        self._check()
        going_on = [c for c in self._calls.values() if c.open and since <= c.started_at < before]
        return sorted(going_on, key=lambda call: (call.started_at, call.call_id))[:limit]

    async def find_calls(self, wanted: Wanted, *, limit: int, after: str = "") -> list[CallRow]:
        self._check()
        return find_calls(self._calls, self._turns, wanted, limit, after)

    async def open_turns(self, since: datetime, *, limit: int) -> list[TurnRecord]:
        self._check()
        return open_turns(self._calls, self._turns, since, limit)

    async def figures(
        self, since: datetime, until: datetime, *, utc_hours: float, turns_max: int
    ) -> Figures:
        self._check()
        return figures(
            self._calls, self._turns, since, until, utc_hours=utc_hours, turns_max=turns_max
        )

    async def spend(self, day: str, writer: str, cost: Cost) -> Cost:
        self._check()
        _fit(*cost.values())
        writers = self._spending.setdefault(day, {})
        writers[writer] = cost
        return sum(writers.values(), Cost())

    async def begin_tool(self, start: ToolStart) -> tuple[ToolRecord, bool]:
        self._check()
        _fit(start.turn)
        tools = self._tools.setdefault(keepable(start.call_id), {})
        place = start.turn, keepable(start.key)
        new = place not in tools
        if new:
            tools[place] = ToolRecord(
                call_id=keepable(start.call_id),
                turn=start.turn,
                key=place[1],
                tool=keepable(start.tool),
                arguments=keepable(start.arguments),
                effect=start.effect,
                state=start.state,
                result="",
                started_at=self._now(),
            )
        return tools[place], new

    async def move_tool(
        self, call_id: str, turn: int, key: str, state: ToolState, result: str = ""
    ) -> tuple[ToolRecord, bool]:
        self._check()
        tools = self._tools.get(keepable(call_id), {})
        place = turn, keepable(key)
        if place not in tools:
            raise StoreError(NO_SUCH_TOOL)
        moves = tools[place].state in BEFORE[state]
        if moves:
            ended = {"ended_at": self._now(), "result": keepable(result)}
            tools[place] = replace(tools[place], state=state, **(ended if state in ENDED else {}))
        return tools[place], moves

    async def tools(self, call_id: str) -> list[ToolRecord]:
        self._check()
        tools = self._tools.get(keepable(call_id), {}).values()
        return sorted(tools, key=lambda each: (each.turn, each.started_at, each.key))

    async def ping(self) -> None:
        self._check()

    def hurry(self) -> None:
        """Nothing waits here."""

    async def close(self) -> None:
        self.fault = StoreUnavailable("The store is closed.")

    def _check(self) -> None:
        if self.fault is not None:
            raise self.fault

    def _known(self, call_id: str) -> CallRecord:
        call = self._calls.get(keepable(call_id))
        if call is None:
            raise StoreError(NO_SUCH_CALL)
        return call


def noted(turn: TurnRecord, note: TurnNote | TurnRecord) -> TurnRecord:
    """The turn with what the note, or another record of it, knows besides."""
    if note.heard is None and not note.revised_text and not note.latency:
        return turn
    latency = {keepable(name): ms for name, ms in note.latency.items()}
    return replace(
        turn,
        heard=turn.heard if note.heard is None else keepable(note.heard),
        revised_text=keepable(note.revised_text) or turn.revised_text,
        latency={**turn.latency, **latency},
    )


def _fit(*numbers: int) -> None:
    """Refuse what the databases refuse: numbers of more than 64 bits."""
    if any(not -(2**63) <= number < 2**63 for number in numbers):
        raise StoreError(TOO_LARGE)
