"""Notices that the event loop stood still, and where: then every call of the process waited.

A timer of the loop beats twenty times a second. A thread looks, seldom, whether it still does: only
somebody outside can tell what the loop is doing while it does not turn.
"""

from __future__ import annotations

import asyncio
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog

BEAT_S = 0.05
LAG_S_MAX = 0.1
"""So late a beat may be, in seconds, before it is an alarm."""

FRAMES = 4  # of the place where it stood still

_log = structlog.get_logger(__name__)


class Pulse:
    """The loop's beat. `blocked` is told of each standstill when it is over, in seconds."""

    def __init__(self, blocked: Callable[[float], None]) -> None:
        self._blocked = blocked
        self._due = 0.0
        self._beat: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop
        self._thread = 0  # the loop's
        self._place: list[str] = []  # where it was seen standing
        self._over = threading.Event()

    @contextmanager
    def beating(self) -> Iterator[None]:
        """Watch the running loop."""
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._over.clear()
        self._next()
        watching = threading.Thread(target=self._watch, name="halo-pulse", daemon=True)
        watching.start()
        try:
            yield
        finally:
            self._over.set()
            if self._beat is not None:
                self._beat.cancel()
            watching.join()

    def forgive(self) -> None:
        """The loop stood still until now, on purpose, and nobody waited for it."""
        self._due = time.monotonic() + BEAT_S

    def _next(self) -> None:
        self._due = time.monotonic() + BEAT_S
        self._beat = self._loop.call_later(BEAT_S, self._turned)

    def _turned(self) -> None:
        late_s = time.monotonic() - self._due
        place, self._place = self._place, []
        if late_s > LAG_S_MAX:
            _log.error("loop_blocked", ms=round(late_s * 1000), at=place)
            self._blocked(late_s)
        self._next()

    def _watch(self) -> None:
        """On a thread of its own: while the beat is overdue, remember where the loop stands."""
        while not self._over.wait(LAG_S_MAX):
            if time.monotonic() > self._due + LAG_S_MAX and not self._place:
                self._place = self._standing()

    def _standing(self) -> list[str]:
        """Places only: values may hold a caller's words."""
        frame = sys._current_frames().get(self._thread)
        if frame is None:
            return []
        frames = traceback.extract_stack(frame, limit=FRAMES)
        return [f"{Path(each.filename).name}:{each.lineno} {each.name}" for each in frames]
