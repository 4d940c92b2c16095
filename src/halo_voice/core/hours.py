"""When somebody is there: the hours of a company, or of whom its calls are transferred to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

_DAY = 24 * 60


@dataclass(frozen=True, slots=True)
class Hours:
    """When the company works. `week`: Monday to Sunday, «9:00–21:00», "" for a day off; all empty:
    nothing is told. `utc_hours`: its clocks, east of Greenwich."""

    utc_hours: float = 3.0
    week: tuple[str, ...] = ("",) * 7

    def open_at(self, moment: datetime) -> bool:
        """Whether somebody is there; always where nothing is told. Who opens at 22:00 and closes at
        6:00 works through the night."""
        if not any(self.week):
            return True
        here = moment.astimezone(timezone(timedelta(hours=self.utc_hours)))
        minute, day = here.hour * 60 + here.minute, here.weekday()
        return _within(self.week[day], minute) or _within(self.week[day - 1], minute + _DAY)


def _within(hours: str, minute: int) -> bool:
    if not hours:
        return False
    begin, end = (minutes(part) for part in hours.split("–"))
    return begin <= minute < (end if end > begin else end + _DAY)


def minutes(clock: str) -> int:
    """Of «9:30», since midnight."""
    hour, _, minute = clock.partition(":")
    return int(hour) * 60 + int(minute)
