"""Python's cycle collector in steps so small that no caller waits for one.

By itself it looks, at moments of its own choosing, through all that has come alive since: up to
tens of milliseconds, in which every call of the process stands still. A call's stream leaves no
cycles behind; requests, pages and libraries may. So what is young is looked through ten times a
second and then set aside, and everything in a moment without calls, or when it has become much.
"""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

YOUNG_S = 0.1
"""Between two looks at what is young: as a rule half a millisecond each."""

COUNT_S = 10.0
MORE_MAX = 500_000
QUIET_MORE = 25_000
"""Blocks of memory (an object has two or three) by which what is alive may grow before everything
is looked through: while there are calls, when it may double, too, and while there are none. They
are counted every `COUNT_S` seconds: Python knows their number, that of what was set aside it would
have to count, for milliseconds."""


class Collector:
    """`live` says how many calls there are, and `stood` is told when everything was looked through
    while there was none: the loop stood still for a tenth of a second. For the one loop of a
    process."""

    def __init__(self, live: Callable[[], int], stood: Callable[[], object]) -> None:
        self._live = live
        self._stood = stood
        self._counted_s = 0.0
        self._alive = 0  # blocks, when everything was looked through
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
        gc.collect(0)
        gc.freeze()
        if self._loop.time() >= self._counted_s + COUNT_S:
            self._count()
        self._next = self._loop.call_later(YOUNG_S, self._step)

    def _count(self) -> None:
        self._counted_s = self._loop.time()
        live = self._live()
        more = max(MORE_MAX, self._alive) if live else QUIET_MORE
        if sys.getallocatedblocks() > self._alive + more:
            self._look_through_everything()
            if not live:
                self._stood()

    def _look_through_everything(self) -> None:
        gc.unfreeze()
        gc.collect()
        gc.freeze()
        self._alive = sys.getallocatedblocks()
