"""Groups of calls to figures in the asker's time zone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import NamedTuple

from halo_voice.core.history import Day, Figures

CALLS_OF_LATENCIES = 600
"""Latencies are those of the turns of so many calls: the newest."""


class Group(NamedTuple):
    """Calls that began in the half hour from `slot` (UTC) on.

    The counts are in the order of `Day`'s fields; the last one says how many go on.
    """

    slot: datetime
    calls: int = 1
    duration_ms: int = 0
    turns: int = 0
    apologies: int = 0
    slow: int = 0
    micros: int = 0
    ongoing: int = 1


def figures_of(
    groups: Iterable[Group],
    ends: Mapping[str, int],
    newest: Iterable[tuple[Mapping[str, int], str]],
    utc_hours: float,
) -> Figures:
    """Figures of all the groups. `ends`: how many calls ended with each reason. `newest`:
    latency and source of turns."""
    away = timedelta(hours=utc_hours)
    days: dict[int, list[int]] = {}  # by the day's ordinal: the counts of `Day`
    hours, hours_ms = [0] * 24, [0] * 24
    for slot, *counts, _ in groups:
        local = slot + away
        day = days.setdefault(local.toordinal(), [0] * len(counts))
        for place, count in enumerate(counts):
            day[place] += count
        hours[local.hour] += counts[0]
        hours_ms[local.hour] += counts[1]
    stages: dict[str, list[int]] = {}
    sources: Counter[str] = Counter()
    for latency, source in newest:
        sources[source] += bool(source)
        for stage, ms in latency.items():
            stages.setdefault(stage, []).append(ms)
    return Figures(
        days=tuple(
            Day(date.fromordinal(day).isoformat(), *counts) for day, counts in sorted(days.items())
        ),
        ends=_most_first(ends),
        hours=tuple(hours),
        hours_ms=tuple(hours_ms),
        latencies={stage: tuple(sorted(taken)) for stage, taken in stages.items()},
        sources=_most_first(sources),
    )


def _most_first(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(Counter({name: count for name, count in counts.items() if count}).most_common())
