"""The store on a database: each method of the port is one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import Executable, Select

from halo_voice.core.errors import StoreError
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
from halo_voice.core.tools import ToolRecord, ToolStart, ToolState
from halo_voice.store.database import Database, Session
from halo_voice.store.desk import SqlDesk
from halo_voice.store.dials import SqlDials
from halo_voice.store.editions import SqlEditions
from halo_voice.store.ended import digest_call
from halo_voice.store.faults import NO_SUCH_CALL, NO_SUCH_TOOL, NO_SUCH_TURN
from halo_voice.store.history import History
from halo_voice.store.moments import replayable
from halo_voice.store.statements import OF_CALLS, OF_MODELS, Statements
from halo_voice.store.traces import SqlTraces
from halo_voice.store.words import finite

# One claim in so many also removes expired nonces, up to 1,000 of them: always more than came.
_CLAIMS_PER_PURGE = 64

# Nobody's ear waits for the report of a call that is over.
_END_WITHIN_S = 0.1


class SqlStore:
    """`core.ports.Store` on SQLite or PostgreSQL. `now` gives the UTC time."""

    def __init__(self, database: Database, *, now: Callable[[], datetime]) -> None:
        self._database = database
        self._statements = Statements(database.dialect)
        self._history = History(database)
        self.desk = SqlDesk(database, now)
        self.editions = SqlEditions(database, now)
        self.dials = SqlDials(database, now)
        self.traces = SqlTraces(database)
        self._now = replayable(now)
        self._claims = count()

    async def open_call(self, start: CallStart) -> CallRecord:
        now = self._now()
        over = {"ended_at": now, "end_reason": start.refused, "duration_ms": 0, "turns_reported": 0}
        values: dict[str, Any] = {
            "call_id": start.call_id,
            "caller": start.caller,
            "called": start.called,
            "profile": start.profile,
            "profile_version": start.profile_version,
            "scenario_version": start.scenario_version,
            "direction": start.direction,
            "started_at": now,
            "late_texts": (),
            "bucket": start.bucket,
            **_named(OF_CALLS, Cost()),
            **(over if start.refused else {}),
        }

        def transaction(session: Session) -> CallRecord:
            row = _one(session, self._statements.open_call, values)
            if row is not None and start.refused:
                digest_call(session, self._database.dialect, CallRecord(*row))
            if row is None:
                row = self._call(session, start.call_id)
            if row is None:
                raise StoreError(NO_SUCH_CALL)
            return CallRecord(*row)

        if start.refused:  # of several statements
            return await self._database.write(transaction)
        return await self._database.write_at_once(transaction)

    async def find_call(self, call_id: str) -> CallRecord | None:
        def transaction(session: Session) -> CallRecord | None:
            row = self._call(session, call_id)
            return None if row is None else CallRecord(*row)

        return await self._database.read(transaction)

    async def accept_turn(
        self,
        call_id: str,
        turn: int,
        user_text: str,
        confidence: float | None,
        *,
        text_cut: bool = False,
        within_s: float = 0.0,
    ) -> TurnRecord:
        values = {
            "of_call": call_id,
            "of_turn": turn,
            "user_text": user_text,
            "confidence": finite(confidence),
            "text_cut": text_cut,
            "now": self._now(),
        }

        def transaction(session: Session) -> TurnRecord:
            row = _one(session, self._statements.accept_turn, values)
            if row is None:
                row = self._turn(session, call_id, turn)
            if row is None:
                raise StoreError(NO_SUCH_CALL)
            return TurnRecord(*row)

        return await self._database.write_at_once(transaction, within_s=within_s)

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
        within_s: float = 0.0,
    ) -> TurnRecord:
        if outcome is Outcome.PENDING:
            raise ValueError("a turn is settled with an outcome, and pending is none")
        values = {
            "of_call": call_id,
            "of_turn": turn,
            "outcome": outcome.value,
            "reply": reply,
            "action": action,
            "source": source,
            "settled_at": self._now(),
            "model_ms": model_ms,
            "reply_cut": reply_cut,
            "attempts": spent.attempts,
            "wasted_chars": spent.wasted_chars,
            "wasted_prompt_chars": spent.wasted_prompt_chars,
            **_named(OF_MODELS, cost or Cost()),
        }

        def transaction(session: Session) -> TurnRecord:
            row = _one(session, self._statements.settle_turn, values)
            if row is None:
                row = self._turn(session, call_id, turn)
            if row is None:
                raise StoreError(NO_SUCH_TURN)
            return TurnRecord(*row)

        return await self._database.write_at_once(transaction, within_s=within_s)

    async def note_turn(self, note: TurnNote) -> None:
        if not -(2**63) <= note.turn < 2**63:
            return  # no turn has such a number
        values = {
            "of_call": note.call_id,
            "of_turn": note.turn,
            "also_heard": note.heard,
            "also_revised": note.revised_text,
            "also_latency": note.latency,
        }

        def transaction(session: Session) -> None:
            session.rows(self._statements.note_turn, values)

        await self._database.note(transaction)

    async def turns(self, call_id: str) -> list[TurnRecord]:
        await self._database.noted()
        rows = await self._rows(self._statements.turns_of_call, {"of_call": call_id})
        return [TurnRecord(*row) for row in rows]

    async def end_call(self, end: CallEnd) -> bool:
        now = self._now()
        values = {
            "of_call": end.call_id,
            "ended_at": now,
            "end_reason": end.reason,
            "duration_ms": end.duration_ms,
            "turns_reported": end.turns,
            "late_texts": end.late_texts,
            **_named(OF_CALLS, end.cost),
        }

        def transaction(session: Session) -> bool:
            closed = _one(session, self._statements.end_call, values)
            if closed is None:
                return False
            session.rows(self._statements.abandon_turns, {"of_call": end.call_id, "now": now})
            digest_call(session, self._database.dialect, CallRecord(*closed))
            return True

        return await self._database.write(transaction, within_s=_END_WITHIN_S)

    async def keep_recording_text(self, call_id: str, text: str) -> None:
        values = {"of_call": call_id, "recording_text": text}

        def transaction(session: Session) -> None:
            kept = _one(session, self._statements.keep_recording_text, values)
            if kept is None:
                raise StoreError(NO_SUCH_CALL)

        await self._database.write_at_once(transaction)

    async def claim_nonce(self, nonce: str, ttl_s: float) -> bool:
        now = self._now()
        values = {"nonce": nonce, "expires_at": now + timedelta(seconds=ttl_s), "now": now}
        purge = next(self._claims) % _CLAIMS_PER_PURGE == 0

        def transaction(session: Session) -> bool:
            if purge:
                session.rows(self._statements.purge_nonces, {"now": now})
            taken = _one(session, self._statements.claim_nonce, values)
            return taken is not None

        return await self._database.write_at_once(transaction, synced=False, mine=True)

    async def recent_calls(self, limit: int) -> list[CallRecord]:
        rows = await self._rows(self._statements.recent_calls, {"at_most": max(0, limit)})
        return [CallRecord(*row) for row in rows]

    async def calls_of(self, bucket: str, since: datetime) -> list[CallRecord]:
        rows = await self._rows(self._statements.calls_of, {"of_bucket": bucket, "since": since})
        return [CallRecord(*row) for row in rows]

    async def open_calls(self, since: datetime, before: datetime, limit: int) -> list[CallRecord]:
        values = {"since": since, "before": before, "at_most": max(0, limit)}
        rows = await self._rows(self._statements.open_calls, values)
        return [CallRecord(*row) for row in rows]

    async def find_calls(self, wanted: Wanted, *, limit: int, after: str = "") -> list[CallRow]:
        return await self._history.find_calls(wanted, limit=limit, after=after)

    async def open_turns(self, since: datetime, *, limit: int) -> list[TurnRecord]:
        return await self._history.open_turns(since, limit=limit)

    async def figures(
        self, since: datetime, until: datetime, *, utc_hours: float, turns_max: int
    ) -> Figures:
        return await self._history.figures(since, until, utc_hours=utc_hours, turns_max=turns_max)

    async def spend(self, day: str, writer: str, cost: Cost) -> Cost:
        values = {"day": day, "writer": writer, **_named(OF_CALLS, cost)}

        def transaction(session: Session) -> Cost:
            session.rows(self._statements.spend, values)
            whole = _one(session, self._statements.spent, {"of_day": day})
            return Cost(*(int(figure or 0) for figure in whole or ()))

        return await self._database.write_at_once(transaction, synced=False)

    async def begin_tool(self, start: ToolStart) -> tuple[ToolRecord, bool]:
        values = {
            "call_id": start.call_id,
            "turn": start.turn,
            "key": start.key,
            "tool": start.tool,
            "arguments": start.arguments,
            "effect": start.effect,
            "state": start.state.value,
            "result": "",
            "started_at": self._now(),
            "ended_at": None,
        }

        def transaction(session: Session) -> tuple[ToolRecord, bool]:
            row = _one(session, self._statements.begin_tool, values)
            if row is not None:
                return ToolRecord(*row), True
            return self._tool(session, start.call_id, start.turn, start.key), False

        return await self._database.write_at_once(transaction, mine=True)

    async def move_tool(
        self, call_id: str, turn: int, key: str, state: ToolState, result: str = ""
    ) -> tuple[ToolRecord, bool]:
        values = {"of_call": call_id, "of_turn": turn, "of_key": key}
        values |= {"now": self._now(), "new_result": result}

        def transaction(session: Session) -> tuple[ToolRecord, bool]:
            row = _one(session, self._statements.move_tool[state], values)
            if row is not None:
                return ToolRecord(*row), True
            return self._tool(session, call_id, turn, key), False

        return await self._database.write_at_once(transaction, mine=True)

    async def tools(self, call_id: str) -> list[ToolRecord]:
        rows = await self._rows(self._statements.tools_of_call, {"of_call": call_id})
        return [ToolRecord(*row) for row in rows]

    async def ping(self) -> None:
        values = {"name": "ping", "pinged_at": self._now()}
        await self._rows(self._statements.find_call, {"of_call": ""})
        await self._database.write_at_once(
            lambda session: session.rows(self._statements.ping, values)
        )

    def hurry(self) -> None:
        self._database.hurry()

    async def close(self) -> None:
        await self._database.close()

    async def _rows(self, statement: Select[Any], values: dict[str, Any]) -> list[Sequence[Any]]:
        return await self._database.read(lambda session: session.rows(statement, values))

    def _call(self, session: Session, call_id: str) -> Sequence[Any] | None:
        return _one(session, self._statements.find_call, {"of_call": call_id})

    def _tool(self, session: Session, call_id: str, turn: int, key: str) -> ToolRecord:
        values = {"of_call": call_id, "of_turn": turn, "of_key": key}
        row = _one(session, self._statements.find_tool, values)
        if row is None:
            raise StoreError(NO_SUCH_TOOL)
        return ToolRecord(*row)

    def _turn(self, session: Session, call_id: str, turn: int) -> Sequence[Any] | None:
        values = {"of_call": call_id, "of_turn": turn}
        return _one(session, self._statements.find_turn, values)


def _named(names: Sequence[str], cost: Cost) -> dict[str, int]:
    """The columns of what was spent."""
    return {name: getattr(cost, name) for name in names}


def _one(
    session: Session, statement: Executable, values: Mapping[str, Any]
) -> Sequence[Any] | None:
    """The row of a statement that gives one or none."""
    rows = session.rows(statement, values)
    return rows[0] if rows else None
