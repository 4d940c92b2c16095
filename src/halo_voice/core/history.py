"""What is asked of calls afterwards: which of them, what each came to, all in figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from halo_voice.core.ports import CallRecord, TurnRecord

SLOW_MS = 2_500
"""From the caller's last sound to the answer: a turn that takes longer was slow."""

OPEN = "open"
"""Instead of a reason of a call's end: it has not ended."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which calls; what is empty does not matter. Times are UTC, `until` is not included.

    `words`: each of them (or a longer word that begins with its stem) was said by the caller or by
    the assistant, in a call that has ended. `number`: the caller's or the called one, or digits of
    it, as a person writes them. `end_reason`: why it ended, or `OPEN`. `slow`: a turn took longer
    than `SLOW_MS`.
    """

    words: str = ""
    number: str = ""
    since: datetime | None = None
    until: datetime | None = None
    profile: str = ""
    end_reason: str = ""
    slow: bool = False
    apologies: bool = False


@dataclass(frozen=True, slots=True)
class CallRow:
    """A call in a list. `slowest_ms`: caller's last sound to audible, of its slowest turn; None
    where it is not known, or the call has not ended."""

    call: CallRecord
    turns: int
    apologies: int
    slowest_ms: int | None


@dataclass(frozen=True, slots=True)
class Day:
    """The calls that began on one day of the asker's time zone, `day` as `2026-11-27`."""

    day: str
    calls: int = 0
    duration_ms: int = 0
    turns: int = 0
    apologies: int = 0
    slow: int = 0  # calls with a slow turn
    micros: int = 0


@dataclass(frozen=True, slots=True)
class Figures:
    """Calls of some time. `ends`: how many ended with each reason. `hours`: calls by the day's
    hour, 0 to 23, and `hours_ms` how long they were. Of the newest turns, `latencies`: for each
    stage of `TurnNote.latency`, sorted; `sources`: how many were answered by whom."""

    days: tuple[Day, ...] = ()
    ends: Mapping[str, int] = field(default_factory=dict)
    hours: tuple[int, ...] = (0,) * 24
    hours_ms: tuple[int, ...] = (0,) * 24
    latencies: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    sources: Mapping[str, int] = field(default_factory=dict)


class History(Protocol):
    """The store as the console reads it. Raises `StoreError`s only."""

    async def find_calls(self, wanted: Wanted, *, limit: int, after: str = "") -> list[CallRow]:
        """The newest first; of those, the ones behind the call `after`."""
        ...

    async def open_turns(self, since: datetime, *, limit: int) -> list[TurnRecord]:
        """Turns of the `limit` newest calls that go on and began since then, each call's in order;
        what was noted of them last may be missing yet."""
        ...

    async def figures(
        self, since: datetime, until: datetime, *, utc_hours: float, turns_max: int
    ) -> Figures:
        """Calls that began then; latencies of their newest turns, `turns_max` at most."""
        ...
