"""The company's day, time and working hours in Russian words, for the model."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache

from halo_voice.core.hours import Hours

WEEKDAYS = (
    "понедельник", "вторник", "среда", "четверг", "пятница", "суббота", "воскресенье",
)  # fmt: skip
MONTHS = (
    "января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа", "сентября",
    "октября", "ноября", "декабря",
)  # fmt: skip


def utc_now() -> datetime:
    return datetime.now(UTC)


class Clock:
    """The time where the company is."""

    def __init__(self, hours: Hours, now: Callable[[], datetime] = utc_now) -> None:
        self._hours = hours
        self._zone = timezone(timedelta(hours=hours.utc_hours))
        self._now = now

    def now(self) -> datetime:
        return self._now().astimezone(self._zone)

    def briefing(self) -> str:
        """For the instructions of every turn: it changes at midnight, and where a day's work begins
        and ends."""
        now = self.now()
        if not any(self._hours.week):
            return _today(now.date())
        there = "открыто" if self._hours.open_at(now) else "закрыто"
        return f"{_today(now.date())} {self._worked(now)} Сейчас {there}."

    def told(self) -> str:
        """Day, time and hours, for whoever asks."""
        now = self.now()
        parts = [f"Сейчас {day(now)}, {now:%H:%M}."]
        if any(self._hours.week):
            parts.append(self._worked(now))
            parts.append("Часы работы: " + "; ".join(map(_hours, WEEKDAYS, self._hours.week)) + ".")
        return " ".join(parts)

    def _worked(self, now: datetime) -> str:
        today = self._hours.week[now.weekday()]
        return f"Сегодня работаем {today}." if today else "Сегодня не работаем."


@lru_cache(4)  # every turn asks
def _today(today: date) -> str:
    return f"Сегодня {day(today)}. Завтра {day(today + timedelta(days=1))}."


def day(moment: date) -> str:
    """«понедельник, 2 марта 2026 года»."""
    month = MONTHS[moment.month - 1]
    return f"{WEEKDAYS[moment.weekday()]}, {moment.day} {month} {moment.year} года"


def _hours(day: str, hours: str) -> str:
    return f"{day} {hours or 'выходной'}"
