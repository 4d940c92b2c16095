"""An event loop whose time jumps: whatever waits by its clock runs as fast as it can."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar, TypeVarTuple

BEGINNING_S = 86_400.0  # a machine that has just been started would be an odd one
STUCK_S = 20.0  # of real time with nothing due and nothing coming

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class Stuck(RuntimeError):
    """Everybody waits, nothing is due and nothing comes from outside: it would wait for ever."""


class VirtualLoop(asyncio.SelectorEventLoop):
    """Jumps to the next timer whenever nothing is ready, so that a second costs no time.

    The clock stands while a job of `run_in_executor` or `asyncio.to_thread` is at work, or whoever
    else says so by `held`. A real connection is looked at, but not waited for: it would lose every
    race against a timer. `time()` is in seconds and begins at the same moment in every loop, so
    what a program does in it can be repeated.
    """

    def __init__(self) -> None:
        self._now_s = BEGINNING_S
        self._held = 0
        self._jumper = _Jumper(self)
        super().__init__(self._jumper)

    def time(self) -> float:
        return self._now_s

    def leap(self, when_s: float) -> bool:
        """Moves the clock to a moment, as the loop would if a timer of the caller's were due then
        and nothing else: False when anybody else has something to do until then, or may have."""
        busy = self._ready or self._held or self._stopping or self._jumper.connected
        if busy or (
            self._scheduled and self._scheduled[0].when() <= when_s + self._clock_resolution
        ):
            return False
        self._now_s += max(0.0, when_s - self._now_s)
        return True

    @contextmanager
    def held(self) -> Iterator[None]:
        """The clock stands: somebody works whom the loop cannot see, a thread or a real server."""
        self._held += 1
        try:
            yield
        finally:
            self._held -= 1

    def run_in_executor(
        self, executor: Any, func: Callable[[*Ts], T], *args: *Ts
    ) -> asyncio.Future[T]:
        future = super().run_in_executor(executor, func, *args)
        self._held += 1
        future.add_done_callback(self._let_go)
        return future

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:  # noqa: ARG002
        with self.held():  # the threads end in real time
            await super().shutdown_default_executor()

    def _let_go(self, _: asyncio.Future[Any]) -> None:
        self._held -= 1


class _Jumper(selectors.BaseSelector):
    """The loop's selector: where another one would sleep, it moves the clock."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop
        self._real = selectors.DefaultSelector()
        self._watched = 0

    @property
    def connected(self) -> bool:
        """Whether there is anything to look at but the loop's own way to be woken."""
        return self._watched > 1

    def select(self, timeout: float | None = None) -> list[Any]:
        ready = self._real.select(0) if self._watched > 1 or self._loop._held else []
        if ready or (timeout is not None and timeout <= 0):
            return ready
        loop = self._loop
        if timeout is None or loop._held:
            ready = self._real.select(STUCK_S)
            if not ready and not loop._held:
                raise Stuck("nothing is due and nothing comes")
            return ready
        loop._now_s += timeout
        return ready

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        key = self._real.register(fileobj, events, data)
        self._watched += 1
        return key

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        key = self._real.unregister(fileobj)
        self._watched -= 1
        return key

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.modify(fileobj, events, data)

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._real.get_map()

    def close(self) -> None:
        self._real.close()


def run_virtually(coroutine: Coroutine[Any, Any, T]) -> T:
    """Like `asyncio.run`, in a VirtualLoop. `place_call(…, real_time=True)` in it, the application
    that it calls and the model behind that share one clock, which takes no time."""
    results: list[T] = []

    async def run() -> None:  # without a result: the runner shows its task, a whole call, as text
        results.append(await coroutine)

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(run())
    return results[0]
