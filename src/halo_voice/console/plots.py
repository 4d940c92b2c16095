"""Bars of the figures page, in the units of a drawing that stretches with the page."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from halo_voice.core.history import Day

WIDTH = 1000
HEIGHT = 100
GAP = 0.2  # of a bar's place


@dataclass(frozen=True, slots=True)
class Column:
    """One bar, and what it stands for."""

    name: str
    x: float
    width: float
    y: float
    height: float
    value: int
    day: Day | None = None


def columns(names: Sequence[str], values: Sequence[int]) -> list[Column]:
    """Bars side by side; the highest fills the drawing."""
    place = WIDTH / max(1, len(names))
    most = max([1, *values])
    return [
        Column(
            name,
            round(number * place + place * GAP / 2, 2),
            round(place * (1 - GAP), 2),
            round(HEIGHT - HEIGHT * value / most, 2),
            round(HEIGHT * value / most, 2),
            value,
        )
        for number, (name, value) in enumerate(zip(names, values, strict=True))
    ]


def bars_of(names: Sequence[str], days: Mapping[str, Day]) -> list[Column]:
    """Calls of each day, days without calls too."""
    known = [days.get(name, Day(name)) for name in names]
    drawn = columns(names, [day.calls for day in known])
    return [
        Column(each.name, each.x, each.width, each.y, each.height, each.value, day)
        for each, day in zip(drawn, known, strict=True)
    ]


def hour_bars(hours: Sequence[int]) -> list[Column]:
    """Calls by the hour of the day."""
    return columns([f"{hour}:00" for hour in range(len(hours))], hours)


def percentile(taken: Sequence[int], share: float) -> int:
    """Of sorted values: the least that so many (0..1) do not exceed."""
    return taken[max(0, math.ceil(share * len(taken)) - 1)]
