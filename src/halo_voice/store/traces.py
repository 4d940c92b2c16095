"""Traces of calls: `core.trace.Traces` in memory, and on a database."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.dialects import postgresql, sqlite

from halo_voice.core.trace import Trace
from halo_voice.store.database import Database, Session
from halo_voice.store.schema import Moment, WordList, Words, calls, traces
from halo_voice.store.words import keepable


class MemoryTraces:
    """Forgets with the process. `check` raises while the store is to fail; `known`: of which calls
    a trace is kept."""

    def __init__(self, check: Callable[[], None], known: Callable[[str], bool]) -> None:
        self._check = check
        self._known = known
        self._traces: dict[str, list[Trace]] = {}

    async def keep(self, call_id: str, trace: Trace) -> None:
        self._check()
        if self._known(call_id := keepable(call_id)):
            kept = self._traces.setdefault(call_id, [])
            if all(each.begun_at != trace.begun_at for each in kept):
                kept.append(Trace(trace.begun_at, tuple(map(keepable, trace.lines))))
                kept.sort(key=lambda each: each.begun_at)

    async def of(self, call_id: str) -> list[Trace]:
        self._check()
        return list(self._traces.get(keepable(call_id), ()))


class SqlTraces:
    """On SQLite or PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, call_id: str, trace: Trace) -> None:
        values = {"of_call": call_id, "begun_at": trace.begun_at, "lines": tuple(trace.lines)}
        statement = _keep(self._database.dialect)

        def transaction(session: Session) -> None:
            session.rows(statement, values)

        await self._database.note(transaction)

    async def of(self, call_id: str) -> list[Trace]:
        await self._database.noted()
        rows = await self._database.read(lambda s: s.rows(_of(), {"of_call": call_id}))
        return [Trace(*row) for row in rows]


_of_call = bindparam("of_call", type_=Words())


@cache
def _keep(dialect: str) -> Any:
    """Unless the call is not there (any more): its words may have been erased meanwhile."""
    new = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}[dialect](traces)
    row = select(
        calls.c.call_id,
        bindparam("begun_at", type_=Moment()),
        bindparam("lines", type_=WordList()),
    ).where(calls.c.call_id == _of_call)
    return new.from_select(["call_id", "begun_at", "lines"], row).on_conflict_do_nothing()


@cache
def _of() -> Any:
    found = select(traces.c.begun_at, traces.c.lines).where(traces.c.call_id == _of_call)
    return found.order_by(traces.c.begun_at)
