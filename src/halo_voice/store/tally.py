"""What calls came to, by day and hour of the asker's time zone."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from halo_voice.core.history import Day, Figures

CALLS_OF_LATENCIES = 600
"""Latencies are those of the turns of so many calls: the newest."""


class Hour(NamedTuple):
    """Calls that began in one hour of the day, 0 to 23, whatever the day."""

    hour: int
    calls: int
    duration_ms: int = 0


def figures_of(
    days: Iterable[Day],
    hours: Iterable[Hour],
    ends: Mapping[str, int],
    newest: Iterable[tuple[Mapping[str, int], str]],
) -> Figures:
    """Figures of all; days and hours may come in pieces. `ends`: how many calls ended with each
    reason. `newest`: latency and source of turns."""
    summed: dict[str, list[int]] = {}  # by the day: the counts of `Day`
    for day in days:
        counts = (day.calls, day.duration_ms, day.turns, day.apologies, day.slow, day.micros)
        known = summed.setdefault(day.day, [0] * len(counts))
        for place, count in enumerate(counts):
            known[place] += count
    by_hour, hours_ms = [0] * 24, [0] * 24
    for hour, calls, duration_ms in hours:
        by_hour[hour] += calls
        hours_ms[hour] += duration_ms
    stages: dict[str, list[int]] = {}
    sources: Counter[str] = Counter()
    for latency, source in newest:
        sources[source] += bool(source)
        for stage, ms in latency.items():
            stages.setdefault(stage, []).append(ms)
    return Figures(
        days=tuple(Day(day, *counts) for day, counts in sorted(summed.items())),
        ends=_most_first(ends),
        hours=tuple(by_hour),
        hours_ms=tuple(hours_ms),
        latencies={stage: tuple(sorted(taken)) for stage, taken in stages.items()},
        sources=_most_first(sources),
    )


def place_of(moment: datetime, utc_hours: float) -> tuple[str, int]:
    """The day and the hour of a UTC time where it is `utc_hours` later."""
    local = moment + timedelta(hours=utc_hours)
    return local.date().isoformat(), local.hour


def latencies_of(texts: Iterable[str]) -> list[dict[str, int]]:
    """Of many turns, as the database has them: read as one text, which is four times as fast."""
    found: list[dict[str, int]] = json.loads(f"[{','.join(texts)}]")
    return found


def _most_first(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(Counter({name: count for name, count in counts.items() if count}).most_common())
