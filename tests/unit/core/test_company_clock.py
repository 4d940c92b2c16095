"""The company's day and hours, as a model is told them with every turn."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from halo_voice.core.clock import Clock
from halo_voice.core.hours import Hours

WEEK = ("9:00–21:00",) * 5 + ("", "22:00–6:00")


@pytest.mark.parametrize(
    ("now", "told"),
    [
        (
            datetime(2026, 11, 27, 17, 59, tzinfo=UTC),
            "Сегодня пятница, 27 ноября 2026 года. Завтра суббота, 28 ноября 2026 года. "
            "Сегодня работаем 9:00–21:00. Сейчас открыто.",
        ),
        (
            datetime(2026, 11, 27, 18, 0, tzinfo=UTC),
            "Сегодня пятница, 27 ноября 2026 года. Завтра суббота, 28 ноября 2026 года. "
            "Сегодня работаем 9:00–21:00. Сейчас закрыто.",
        ),
        (
            datetime(2026, 11, 27, 21, 0, tzinfo=UTC),  # midnight in Moscow
            "Сегодня суббота, 28 ноября 2026 года. Завтра воскресенье, 29 ноября 2026 года. "
            "Сегодня не работаем. Сейчас закрыто.",
        ),
        (
            datetime(2026, 11, 30, 2, 0, tzinfo=UTC),  # five in the morning: the night's work
            "Сегодня понедельник, 30 ноября 2026 года. Завтра вторник, 1 декабря 2026 года. "
            "Сегодня работаем 9:00–21:00. Сейчас открыто.",
        ),
    ],
)
def test_the_briefing_has_the_day_and_whether_somebody_is_there(now, told):
    """Where the company is; it changes with the day, and where work begins and ends."""
    assert Clock(Hours(3.0, WEEK), lambda: now).briefing() == told


def test_without_hours_the_briefing_has_the_day_alone():
    """A profile need not tell when it works."""
    now = datetime(2026, 12, 31, 22, 0, tzinfo=UTC)
    told = "Сегодня пятница, 1 января 2027 года. Завтра суббота, 2 января 2027 года."
    assert Clock(Hours(), lambda: now).briefing() == told
