"""What goes past the spool: it is worth nothing later, or must not happen unless all can see it."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import datetime
from typing import TypeVar

from halo_voice.core.desk import Desk
from halo_voice.core.dials import Dials
from halo_voice.core.editions import Editions
from halo_voice.core.errors import StoreError, StoreUnavailable
from halo_voice.core.history import CallRow, Figures, Wanted
from halo_voice.core.money import Cost
from halo_voice.core.ports import Store, TurnRecord
from halo_voice.core.tools import ToolRecord, ToolStart, ToolState
from halo_voice.core.trace import Traces
from halo_voice.store.attempt import attempt

Answer = TypeVar("Answer")


class Past:
    """The methods of `Store` that are the store's own, for a store around it.

    `_away`: the fault with which the store is known not to write; the one around it sets it.
    """

    def __init__(self, store: Store, *, patience_s: float) -> None:
        self._store = store
        self._patience_s = patience_s
        self._away: StoreError | None = None
        self._closed = False

    async def spend(self, day: str, writer: str, cost: Cost) -> Cost:
        """As the store; who spends keeps its figure, and comes again."""
        self._reach()
        return await self._store.spend(day, writer, cost)

    async def begin_tool(self, start: ToolStart) -> tuple[ToolRecord, bool]:
        """As the store: what other processes cannot see must not happen."""
        self._reach()
        return await self._soon(self._store.begin_tool(start))

    async def move_tool(
        self, call_id: str, turn: int, key: str, state: ToolState, result: str = ""
    ) -> tuple[ToolRecord, bool]:
        """As the store; who knows better comes again."""
        self._reach()
        return await self._soon(self._store.move_tool(call_id, turn, key, state, result))

    async def tools(self, call_id: str) -> list[ToolRecord]:
        self._check()
        return await self._soon(self._store.tools(call_id))

    async def ping(self) -> None:
        """As the store: a conversation that lives from the spool is not a store that works."""
        self._check()
        await self._store.ping()

    def hurry(self) -> None:
        self._store.hurry()

    @property
    def desk(self) -> Desk:
        desk: Desk = self._store.desk  # type: ignore[attr-defined]
        return desk

    @property
    def editions(self) -> Editions:
        editions: Editions = self._store.editions  # type: ignore[attr-defined]
        return editions

    @property
    def dials(self) -> Dials:
        dials: Dials = self._store.dials  # type: ignore[attr-defined]
        return dials

    @property
    def traces(self) -> Traces:
        traces: Traces = self._store.traces  # type: ignore[attr-defined]
        return traces

    async def find_calls(self, wanted: Wanted, *, limit: int, after: str = "") -> list[CallRow]:
        found: list[CallRow] = await self._store.find_calls(wanted, limit=limit, after=after)
        return found

    async def open_turns(self, since: datetime, *, limit: int) -> list[TurnRecord]:
        turns: list[TurnRecord] = await self._store.open_turns(since, limit=limit)
        return turns

    async def figures(
        self, since: datetime, until: datetime, *, utc_hours: float, turns_max: int
    ) -> Figures:
        figures: Figures = await self._store.figures(
            since, until, utc_hours=utc_hours, turns_max=turns_max
        )
        return figures

    async def _soon(self, answer: Awaitable[Answer]) -> Answer:
        result, fault = await attempt(answer, self._patience_s)
        if fault is not None:
            raise fault
        return result  # type: ignore[no-any-return]

    def _reach(self) -> None:
        if self._closed or self._away is not None:
            raise StoreUnavailable

    def _check(self) -> None:
        if self._closed:
            raise StoreUnavailable("The store is closed.")
