"""Python's cycle collector in steps so small that no caller waits for one.

By itself it looks, at moments of its own choosing, through all that has come alive since: up to
tens of milliseconds, in which every call of the process stands still. A call's stream leaves no
cycles behind; requests, pages and libraries may. So what is young is looked through ten times a
second and then set aside, and everything in a moment without calls, or when it has become much.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager

YOUNG_S = 0.1
"""Between two looks at what is young: less than a millisecond each."""

QUIET_S = 60.0
"""Between two looks at everything while there is no call."""

COUNT_S = 10.0
MORE_MAX = 200_000
"""Objects, some 20 MB, by which what was set aside may grow before everything is looked through,
calls or not; it may double, too. They are counted every `COUNT_S` seconds."""


class Collector:
    """`live` says how many calls there are. For the one event loop of a process."""

    def __init__(self, live: Callable[[], int]) -> None:
        self._live = live
        self._everything_s = self._counted_s = 0.0  # when it was looked through, and counted
        self._aside = 0  # objects that were set aside then
        self._next: asyncio.TimerHandle | None = None

    @contextmanager
    def collecting(self) -> Iterator[None]:
        """Instead of Python, in the running loop. What is alive now is taken to stay so."""
        self._loop = asyncio.get_running_loop()
        self._look_through_everything()
        gc.disable()
        self._step()
        try:
            yield
        finally:
            if self._next is not None:
                self._next.cancel()
            gc.enable()
            gc.unfreeze()

    def _step(self) -> None:
        now_s = self._loop.time()
        if (not self._live() and now_s >= self._everything_s + QUIET_S) or self._is_much(now_s):
            self._look_through_everything()
        else:
            gc.collect(0)
            gc.freeze()
        self._next = self._loop.call_later(YOUNG_S, self._step)

    def _is_much(self, now_s: float) -> bool:
        """Counting takes about a millisecond for a hundred calls."""
        if now_s < self._counted_s + COUNT_S:
            return False
        self._counted_s = now_s
        return gc.get_freeze_count() > max(self._aside + MORE_MAX, 2 * self._aside)

    def _look_through_everything(self) -> None:
        gc.unfreeze()
        gc.collect()
        gc.freeze()
        self._everything_s = self._counted_s = self._loop.time()
        self._aside = gc.get_freeze_count()
