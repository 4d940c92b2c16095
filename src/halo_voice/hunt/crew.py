"""Many calls on many processors: seeds in batches, the tallies added up as they come."""

from __future__ import annotations

import gc
import multiprocessing
import signal
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import takewhile
from pathlib import Path
from threading import Event
from typing import Any

from halo_voice.hunt.play import one_call
from halo_voice.hunt.tally import Tally

BATCH = {True: 10, False: 40}  # calls, with a backend or without: a second's work
WAITING = 4  # batches for each process
LOOK_S = 0.2  # between two looks at whether to stop
GARBAGE = 5_000  # objects between two searches for cycles: a call leaves few


@dataclass(frozen=True, slots=True)
class Hunt:
    """Which calls are to be played. `faults` None: a random third for each call; `habit` "": each
    caller has one of their own."""

    first: int
    calls: int
    scenario: Path
    backend: bool
    faults: tuple[str, ...] | None = None
    habit: str = ""

    @property
    def how(self) -> dict[str, Any]:
        """What `one_call` is to be told beside the seed."""
        names = ("scenario", "backend", "faults", "habit")
        return {name: getattr(self, name) for name in names}

    def batches(self, size: int) -> Iterator[Hunt]:
        """The same calls, so many at a time."""
        end = self.first + self.calls
        for first in range(self.first, end, size):
            yield replace(self, first=first, calls=min(size, end - first))


def play(hunt: Hunt) -> Tally:
    """All calls of a hunt in this process, one after the other."""
    tally = Tally()
    for seed in range(hunt.first, hunt.first + hunt.calls):
        tally.count(one_call(seed, **hunt.how))
    return tally


def tallies(
    hunt: Hunt, jobs: int, stop: Event | None = None, seconds: float | None = None
) -> Iterator[Tally]:
    """The tally of each batch, in their order; fewer of them once `stop` is set.

    After `seconds` no batch is begun but the first. With the iterator its processes are over:
    those that are still at work are killed.
    """
    stop = stop or Event()
    ends = float("inf") if seconds is None else time.monotonic() + seconds
    batches = hunt.batches(BATCH[hunt.backend] if jobs > 1 else 1)
    in_time = takewhile(lambda batch: batch.first == hunt.first or time.monotonic() < ends, batches)
    if jobs > 1:
        yield from _by_processes(in_time, jobs, stop)
        return
    for one in in_time:
        if stop.is_set():
            return
        yield play(one)


def _by_processes(batches: Iterator[Hunt], jobs: int, stop: Event) -> Iterator[Tally]:
    others = multiprocessing.active_children()
    workers = ProcessPoolExecutor(
        jobs, mp_context=multiprocessing.get_context("spawn"), initializer=_begin_work
    )
    working: deque[Future[Tally]] = deque()
    try:
        while not stop.is_set():
            while len(working) < jobs * WAITING and (batch := next(batches, None)) is not None:
                with _deaf_to_ctrl_c():
                    working.append(workers.submit(play, batch))
            if not working:
                return
            wait([working[0]], LOOK_S)
            while working and working[0].done():
                yield working.popleft().result()
    finally:
        if working:
            for process in multiprocessing.active_children():
                if process not in others:
                    process.kill()
        workers.shutdown(cancel_futures=True)


@contextmanager
def ctrl_c() -> Iterator[Event]:
    """Ctrl+C meanwhile sets the event and raises nothing.

    Raised amid the start of a process, it leaves one behind that nobody ends and Python waits for.
    """
    asked = Event()
    before = signal.signal(signal.SIGINT, lambda *_: asked.set())
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _deaf_to_ctrl_c() -> Iterator[None]:
    """A process started meanwhile is deaf to it from its first moment; here it comes afterwards."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin_work() -> None:
    """Ctrl+C is for the process that hands out the work: it ends the others."""
    gc.freeze()  # what was read at the start stays, and need not be searched
    gc.set_threshold(GARBAGE)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
