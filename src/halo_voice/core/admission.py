"""Whether one more call may begin: how many there are, and what its number has had lately. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol

from halo_voice.core.profile import number_digits

BUSY = "busy"
"""The reason of a refused call's end, and what the scenario is told."""

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

LONGEST = timedelta(minutes=15)
"""A call whose end nobody reported is taken for over after so long."""

WITHHELD = "withheld"

Why = Literal["lines", "number_calls", "number_hour", "number_minutes"]


class Past(Protocol):
    """A call as far as admission goes. Times are UTC."""

    @property
    def call_id(self) -> str: ...
    @property
    def started_at(self) -> datetime: ...
    @property
    def ended_at(self) -> datetime | None: ...
    @property
    def duration_ms(self) -> int | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberLimits:
    """For one caller's number; 0: no limit. Minutes are those of the last 24 hours."""

    together: int = 2
    per_hour: int = 10
    minutes_per_day: int = 30

    @property
    def any(self) -> bool:
        return bool(self.together or self.per_hour or self.minutes_per_day)


def bucket_of(caller: str) -> str:
    """What the calls of one number have in common: a digest, or the one bucket of all callers whose
    number is not known. A number is the same however it is written."""
    digits = number_digits(caller)
    if not digits:
        return WITHHELD
    return hashlib.sha256(digits.encode()).hexdigest()[:16]


def over(
    past: Iterable[Past], limits: NumberLimits, now: datetime, *, beginning: int = 0
) -> Why | None:
    """Which limit one more call of the number would break; None if it may begin.

    `past`: its calls of the last 24 hours, those that were refused left out. `beginning`: calls of
    it that are about to begin and are not among them.
    """
    live, recent, had = beginning, beginning, timedelta()
    for call in past:
        lasted = _lasted(call, now)
        live += call.ended_at is None and now - call.started_at < LONGEST
        recent += now - call.started_at < HOUR
        had += lasted if now - call.started_at < DAY else timedelta()
    if limits.together and live >= limits.together:
        return "number_calls"
    if limits.per_hour and recent >= limits.per_hour:
        return "number_hour"
    if limits.minutes_per_day and had >= timedelta(minutes=limits.minutes_per_day):
        return "number_minutes"
    return None


def _lasted(call: Past, now: datetime) -> timedelta:
    """How long the call was up, or has been until now."""
    if call.duration_ms is not None:
        return timedelta(milliseconds=call.duration_ms)
    return min((call.ended_at or now) - call.started_at, LONGEST)
