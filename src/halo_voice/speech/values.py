"""Values as a model writes them (ISO dates, times, telephones) in the words of a read-back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time

from halo_voice.speech.hours import clock
from halo_voice.speech.readback import day_words, telephone


def said_date(value: str, now: datetime) -> str | None:
    """«2026-12-03» is «четверг, третье декабря»; None for what is no date."""
    try:
        found = date.fromisoformat(value)
    except ValueError:
        return None
    return day_words(found, now.date())


def said_time(value: str, _now: datetime) -> str | None:
    """«15:30», also with seconds, is «пятнадцать тридцать»; None for what is no time."""
    try:
        found = time.fromisoformat(value)
    except ValueError:
        return None
    return clock(f"{found.hour}:{found.minute:02d}", "nom")


def said_phone(value: str, _now: datetime) -> str | None:
    """A Russian number with its area, in groups; None for any other."""
    found = telephone(value)
    return None if found is None else found.text


READERS: Mapping[str, Callable[[str, datetime], str | None]] = {
    "date": said_date,
    "time": said_time,
    "phone": said_phone,
}
"""By the kinds that `core.tools.ToolSpec.spoken` names."""
