"""Marked personal data for tests, and everything that a process writes while they run."""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import pytest
import structlog

from halo_voice import logs

MARKERS = {
    "phone": ("89167770001", "9167770001", "916 777", "916 777-00-01"),
    "card": ("4276550044443336", "4276 5500 4444 3336"),
    "email": ("marker.mail@example.ru", "marker.mail"),
    "passport": ("4508 987654", "987654"),
    "name": ("Маркеров", "Markerov"),
    "caller_id": ("79167770002", "7770002"),
    "words": ("тайное слово",),
}
"""What is planted, by kind, in the forms in which it might come out."""

SPOKEN = (
    "Я Маркеров, тайное слово, карта 4276 5500 4444 3336, паспорт 4508 987654, "
    "почта marker.mail@example.ru, номер соседа 8 916 777-00-01"
)
CALLER = "+79167770002"
DISPLAY_NAME = "Markerov\r\n<script>alert(1)</script>"
MASKED = ("phone", "card", "email", "passport")


def found(text: str, *, but: tuple[str, ...] = ()) -> list[str]:
    """The markers that occur in `text`."""
    forms = [form for kind, forms in MARKERS.items() if kind not in but for form in forms]
    return [form for form in forms if form.casefold() in text.casefold()]


@contextmanager
def written(form: str, secrets: Iterable[str] = ()) -> Iterator[io.StringIO]:
    """Everything that goes to the log and to stderr meanwhile, at the level that tells most."""
    out = io.StringIO()
    root = logging.getLogger()
    handlers, level, lines = root.handlers[:], root.level, structlog.configure

    def configure(**how: object) -> None:
        # Else the loggers of all modules would go on writing here.
        lines(**{**how, "cache_logger_on_first_use": False})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stderr", out)
        patch.setattr(sys, "stdout", out)
        patch.setattr(structlog, "configure", configure)
        try:
            logs.set_up(form, "debug", secrets)
            yield out
        finally:
            structlog.reset_defaults()
            root.handlers[:], root.level = handlers, level
            logging.getLogger().setLevel(level)
