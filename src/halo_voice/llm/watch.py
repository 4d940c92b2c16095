"""The clock of one answer: one timer, however many tokens, that notices a silent server."""

from __future__ import annotations

import asyncio
import math


class Watch:
    """Calls `expired` when the moment set by `until` passes while somebody waits.

    Putting the moment off costs an assignment and a comparison: a timer that rings early looks at
    it and goes back to sleep. Times are those of the event loop, in seconds.
    """

    __slots__ = ("_due", "_end", "_rings", "_timer", "loop")

    def __init__(self, loop: asyncio.AbstractEventLoop, end: float) -> None:
        """`end`: when it rings even while nobody waits."""
        self.loop = loop
        self._end = end
        self._due = math.inf
        self._rings = math.inf
        self._timer: asyncio.TimerHandle | None = None

    def expired(self) -> None:
        """The moment has passed."""
        raise NotImplementedError

    def until(self, due: float) -> None:
        """Somebody waits now, till `due` at the latest."""
        self._due = due
        if due < self._rings:
            self._ring_at(due)

    def pause(self) -> None:
        """Nobody waits: only the end of the whole answer counts."""
        self._due = math.inf

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._rings = math.inf

    def _ring_at(self, when: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._rings = when
        self._timer = self.loop.call_at(when, self._ring)

    def _ring(self) -> None:
        self._timer = None
        self._rings = math.inf
        due = min(self._due, self._end)
        if self.loop.time() < due:
            self._ring_at(due)
        else:
            self.expired()
