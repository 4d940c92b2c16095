"""Calls whose end nobody reported, and what became known of them later."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, delete, select, update

from halo_voice.core.ports import CallRecord
from halo_voice.store.ended import Connected, recount, slot_of
from halo_voice.store.schema import calls, rollups


class Orphaned:
    """Of an `Archive`, with its connections. Raises `StoreError`s only."""

    def __init__(
        self,
        rows: Callable[[Select[Any]], Sequence[Any]],
        write: Callable[[Callable[[Connection], Any]], Any],
    ) -> None:
        self._rows = rows
        self._write = write

    def ended_as(self, reason: str, since: datetime, limit: int) -> list[CallRecord]:
        """Calls that have ended since then for this reason, the oldest first."""
        query = (
            select(*calls.c)
            .where(calls.c.ended_at >= since, calls.c.end_reason == reason)
            .order_by(calls.c.ended_at, calls.c.call_id)
        )
        return [CallRecord(*row) for row in self._rows(query.limit(limit))]

    def complete(self, call: CallRecord, reason: str, duration_ms: int | None) -> bool:
        """How a call ended, if it still stands as in `call`; the figures follow. False if not."""
        lasted = call.duration_ms if duration_ms is None else duration_ms
        after = replace(call, end_reason=reason, duration_ms=lasted)
        which = (calls.c.call_id == call.call_id) & (calls.c.end_reason == call.end_reason)
        change = update(calls).where(which).values(end_reason=reason, duration_ms=lasted)

        slot = (rollups.c.slot == slot_of(call.started_at)) & (
            rollups.c.end_reason == call.end_reason
        )
        empty = delete(rollups).where(slot, rollups.c.calls == 0)

        def complete(connection: Connection) -> bool:
            changed = connection.execute(change).rowcount > 0
            if changed:
                recount(Connected(connection), connection.dialect.name, call, after)
                connection.execute(empty)
            return changed

        return bool(self._write(complete))
