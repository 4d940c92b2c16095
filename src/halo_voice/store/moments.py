"""The time at which something is recorded: now, or, if done later, when it was asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime

_asked_at: ContextVar[datetime | None] = ContextVar("asked_at", default=None)


@contextmanager
def recorded_at(moment: datetime) -> Iterator[None]:
    """Inside, every store's clock of this task stands at `moment`."""
    before = _asked_at.set(moment)
    try:
        yield
    finally:
        _asked_at.reset(before)


def replayable(now: Callable[[], datetime]) -> Callable[[], datetime]:
    """The clock `now`, which stands still inside `recorded_at`."""
    return lambda: _asked_at.get() or now()
