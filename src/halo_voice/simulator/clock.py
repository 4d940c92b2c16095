"""The session's time: a heap of what is due, jumped through, or waited for in the event loop."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Protocol

from halo_voice.simulator.virtual_loop import VirtualLoop

if TYPE_CHECKING:
    from halo_voice.simulator.faults import Dice

Action = Callable[[], object]
SET_MS = (60_000, 3_600_000)  # by how much at least, and at most


class Timer:
    """One thing that is due. `cancel()` may be called at any time, also afterwards."""

    __slots__ = ("action", "due_ms")

    def __init__(self, due_ms: int, action: Action) -> None:
        self.due_ms = due_ms
        self.action: Action | None = action

    def cancel(self) -> None:
        self.action = None


class Wall:
    """What the machine's clock shows to a session: its own time, until somebody sets it (F58)."""

    def __init__(self, dice: Dice) -> None:
        self._dice = dice
        self._off_ms = 0

    def shows(self, now: int, told: str) -> int:
        """The milliseconds at a step of the session. `told`: of what it is told."""
        if self._dice.strikes("F58", told):
            drawn = self._dice.delay_ms("F58", -1, 1)
            self._off_ms = round(math.copysign(SET_MS[0], drawn) + drawn * (SET_MS[1] - SET_MS[0]))
        return now + self._off_ms


class Clock(Protocol):
    """Milliseconds since the session began. Things due at one moment keep their order."""

    now: int

    def after(self, delay_ms: float, action: Action) -> Timer: ...

    def take(self) -> Timer | None:
        """What `next` would give, if that needs no waiting."""

    async def next(self) -> Timer | None:
        """The next thing that is due, with `now` moved to it; None when nothing ever will be."""


class VirtualClock:
    """Jumps from one thing to the next. Stands still while somebody awaits something real."""

    def __init__(self) -> None:
        self.now = 0
        self._heap: list[tuple[int, int, Timer]] = []
        self._count = 0

    def after(self, delay_ms: float, action: Action) -> Timer:
        due = self.now + round(delay_ms) if delay_ms > 0 else self.now
        timer = Timer(due, action)
        self._count += 1
        heappush(self._heap, (due, self._count, timer))
        return timer

    def take(self) -> Timer | None:
        heap = self._heap
        while heap:
            due, _, timer = heappop(heap)
            if timer.action is not None:
                if due > self.now:
                    self.now = due
                return timer
        return None

    async def next(self) -> Timer | None:
        return self.take()


class RealClock(VirtualClock):
    """The same heap at the pace of the event loop; other tasks may add to it at any time.

    In a `virtual_loop.VirtualLoop` that pace is virtual, and everybody in the loop shares it.
    """

    def __init__(self) -> None:
        super().__init__()
        self._loop = loop = asyncio.get_running_loop()
        self._time = loop.time
        self._leap = loop.leap if isinstance(loop, VirtualLoop) else _no_leap
        self._began = self._looked_s = loop.time()
        self._passed = 0  # ms from the beginning until then
        self._waiting: asyncio.Future[None] | None = None

    def after(self, delay_ms: float, action: Action) -> Timer:
        passed = self._elapsed()
        if passed > self.now:
            self.now = passed
        timer = super().after(delay_ms, action)
        if self._waiting is not None:
            self._wake()
        return timer

    def take(self) -> Timer | None:
        heap = self._heap
        while heap:
            passed = self._elapsed()
            if heap[0][0] <= passed:
                if passed > self.now:
                    self.now = passed
                timer = heappop(heap)[2]
                if timer.action is not None:
                    return timer
            elif not self._leap(self._began + heap[0][0] / 1000):
                return None
        return None

    async def next(self) -> Timer | None:
        # A future and a timer of the loop: thousands of times a call, a timeout's context is dear.
        while True:
            timer = self.take()
            if timer:
                return timer
            self._waiting = self._loop.create_future()
            due = self._began + self._heap[0][0] / 1000 if self._heap else None
            alarm = None if due is None else self._loop.call_at(due, self._wake)
            try:
                await self._waiting
            finally:
                self._waiting = None
                if alarm is not None:
                    alarm.cancel()

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    def _elapsed(self) -> int:
        now_s = self._time()
        if now_s != self._looked_s:
            # A millisecond that is due has come, whatever the fractions of seconds add up to.
            self._passed = math.floor((now_s - self._began) * 1000 + 1e-3)
            self._looked_s = now_s
        return self._passed


def _no_leap(_: float) -> bool:
    """In the world's time one has to wait."""
    return False
