"""How an assistant calls people: what it says first, when, as which number. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from halo_voice.core.hours import Hours
from halo_voice.core.zones import RUSSIA, zones_of

WEEK = ("9:00–20:00",) * 5 + ("10:00–18:00",) * 2
"""Within what the strictest law allows (230-FZ: 8–22 on weekdays, 9–20 on others)."""

AHEAD_DAYS = 8

CALLING: Mapping[str, str] = {
    "farewell": "Спасибо за разговор. До свидания!",
    "bye_key": "Спасибо, до свидания!",
    "bye_turns": "К сожалению, время нашего разговора подошло к концу. Спасибо, до свидания!",
    "bye_silence": "Я вас не слышу. Извините за беспокойство, до свидания!",
    "bye_failure": "Извините, у нас технические неполадки. До свидания!",
    "bye_idle": "К сожалению, у нас не получается поговорить. Извините, до свидания!",
}
"""Texts of a call that the company makes, instead of the usual ones: nobody is thanked for calling,
or asked to call again."""


@dataclass(frozen=True, slots=True)
class Outbound:
    """`greeting` opens a call that the person answers; `message` is what an answering machine
    hears, "" for a silent end. `caller_id`: the rented number that they see; "": the deployment's
    first. `detect_ms`: so long a machine is listened for, 0: not at all. `week`: Monday to Sunday,
    when people may be called by their own clock, "" for a day without calls. `clocks`: beginnings
    of numbers (digits) and their hours east of Greenwich; `unknown`: the clocks of Russian numbers
    that tell nothing of theirs."""

    greeting: str = (
        "Здравствуйте! Это автоматический голосовой ассистент компании {company}. "
        "Вам удобно сейчас говорить?"
    )
    message: str = ""
    caller_id: str = ""
    detect_ms: int = 4_000
    week: tuple[str, ...] = WEEK
    clocks: Mapping[str, float] = field(default_factory=dict)
    unknown: tuple[float, ...] = RUSSIA

    def zones(self, number: str, own: float | None = None) -> tuple[float, ...]:
        """The clocks that may be this number's; `own`: its clock where it is known."""
        return (own,) if own is not None else zones_of(number, self.clocks, self.unknown)

    def open_at(self, zones: tuple[float, ...], now: datetime) -> bool:
        """Whether it is a permitted hour on every one of these clocks. Where none is known: no."""
        if not zones or not any(self.week):
            return False
        return all(Hours(each, self.week).open_at(now) for each in zones)

    def next_open(self, zones: tuple[float, ...], now: datetime) -> datetime | None:
        """When that will be, to the half hour; None: not within a week."""
        begin = now.replace(minute=now.minute // 30 * 30, second=0, microsecond=0)
        steps = (begin + timedelta(minutes=30 * n) for n in range(1, AHEAD_DAYS * 48))
        return next((each for each in steps if self.open_at(zones, each)), None)

    def daily_utc(self, zones: tuple[float, ...]) -> tuple[str, str] | None:
        """The hours of UTC, as `HH:MM:SS`, in which a call may be permitted on some day of the
        week; None: there are none. What a single day is stricter in is seen when it is dialled."""
        monday = datetime(2026, 11, 2, tzinfo=timezone.utc)  # noqa: UP017 - any Monday
        week = [timedelta(days=day) for day in range(7)]
        times = [monday + timedelta(minutes=30 * n) for n in range(48)]
        halves = [n for n in range(48) if any(self.open_at(zones, times[n] + d) for d in week)]
        if not halves:
            return None
        # The window may go past midnight of UTC: it begins behind the longest gap.
        first = next((n for n in halves if (n - 1) % 48 not in halves), 0)
        after = (*range(first, 48), *range(first))
        last = next((n for n in after if (n + 1) % 48 not in halves), 47)
        return _clock(first), _clock(last + 1)


def _clock(half: int) -> str:
    return f"{half // 2 % 24:02}:{half % 2 * 30:02}:00"
