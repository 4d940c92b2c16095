"""An empty place for a store, and the clock of whoever opens one there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from halo_voice.core.ports import Store
from halo_voice.store import open_store


class Clock:
    """A wall clock that moves when it is told to."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 22, 12, 0, 0, 250_000, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def advance(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


class Place:
    """An empty place for a store; `open` opens one more store on it, closed with the test."""

    def __init__(self, kind: str, url: str, clock: Clock) -> None:
        self.kind, self.url, self.clock = kind, url, clock
        self.opened: list[Store] = []

    async def open(self, busy_ms: int = 5000) -> Store:
        """A store here; its patience outlasts the stalls of a busy test machine's disk."""
        store = await open_store(self.url, busy_ms=busy_ms, now=self.clock)
        self.opened.append(store)
        return store
