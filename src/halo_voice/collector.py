"""Python's cycle collector in steps so small that no caller waits for one.

By itself it looks, at moments of its own choosing, through all that has come alive since: up to
tens of milliseconds, in which every call of the process stands still. A call leaves no cycles
behind; pages and libraries do. So what is young is looked through ten times a second and then set
aside, and the rest in a moment without calls.
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

LONGEST_S = 3_600.0
"""So long everything waits for such a moment."""


class Collector:
    """`live` says how many calls there are. For the one event loop of a process."""

    def __init__(self, live: Callable[[], int]) -> None:
        self._live = live
        self._everything_s = 0.0  # when it was looked through
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
        waited_s = self._loop.time() - self._everything_s
        if waited_s >= (LONGEST_S if self._live() else QUIET_S):
            self._look_through_everything()
        else:
            gc.collect(0)
            gc.freeze()
        self._next = self._loop.call_later(YOUNG_S, self._step)

    def _look_through_everything(self) -> None:
        gc.unfreeze()
        gc.collect()
        gc.freeze()
        self._everything_s = self._loop.time()
