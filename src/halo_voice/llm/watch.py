"""The clock of one answer: one timer, however many tokens, that notices a silent server."""

from __future__ import annotations

import asyncio
import math
import weakref
from collections.abc import Callable


class Watch:
    """Calls `expired` when the moment set by `until` passes while somebody waits.

    Setting a new moment costs two assignments: a timer that rings early looks at the moment and
    goes back to sleep. The owner is held weakly, so that an answer nobody reads any more can go.
    Times are those of the event loop, in seconds.
    """

    __slots__ = ("_due", "_end", "_expired", "_handle", "_loop", "_rings")

    def __init__(
        self, loop: asyncio.AbstractEventLoop, end: float, expired: Callable[[], None]
    ) -> None:
        self._loop = loop
        self._end = end
        self._due = math.inf
        self._rings = math.inf
        self._handle: asyncio.TimerHandle | None = None
        self._expired = weakref.WeakMethod(expired)

    def until(self, due: float) -> None:
        """Somebody waits now, till `due` at the latest."""
        self._due = due
        if due < self._rings:
            self._ring_at(due)

    def pause(self) -> None:
        """Nobody waits: only the end of the whole answer counts."""
        self._due = math.inf

    def stop(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
        self._rings = math.inf

    def _ring_at(self, when: float) -> None:
        if self._handle is not None:
            self._handle.cancel()
        self._rings = when
        self._handle = self._loop.call_at(when, self._ring)

    def _ring(self) -> None:
        self._handle = None
        self._rings = math.inf
        expired = self._expired()
        if expired is None:
            return
        due = min(self._due, self._end)
        if self._loop.time() < due:
            self._ring_at(due)
        else:
            expired()
