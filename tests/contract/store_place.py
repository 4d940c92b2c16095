"""An empty place for a store, and the clock of whoever opens one there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NoReturn

from halo_voice.core.errors import StoreBusy
from halo_voice.core.ports import Store
from halo_voice.store import SpooledStore, open_store
from halo_voice.store.memory import MemoryStore


class Clock:
    """A wall clock that moves when it is told to."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 22, 12, 0, 0, 250_000, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def advance(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


class Refusing(MemoryStore):
    """A store that says it is well and takes nothing."""

    async def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise StoreBusy

    open_call = accept_turn = settle_turn = note_turn = end_call = keep_recording_text = _refuse


class Place:
    """An empty place for a store; `open` opens one more store on it, closed with the test."""

    def __init__(self, kind: str, url: str, clock: Clock, spool: Path) -> None:
        self.kind, self.url, self.clock, self.spool = kind, url, clock, spool
        self.opened: list[Store] = []

    async def open(self, busy_ms: int = 5000) -> Store:
        """A store here; its patience outlasts the stalls of a busy test machine's disk."""
        store = await open_store(self.url, busy_ms=busy_ms, now=self.clock)
        if self.kind == "refused":
            store = Refusing(now=self.clock)
        if self.kind in ("spooled", "refused"):
            store = SpooledStore(store, self.spool, now=self.clock, patience_s=busy_ms / 1000 + 5)
            await store.start()
        self.opened.append(store)
        return store
