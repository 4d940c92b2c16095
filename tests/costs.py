"""What work costs, whatever the machine: processor time of this thread, without the collector's,
and against a piece of work that every machine is given."""

from __future__ import annotations

import gc
import re
import time
from collections.abc import Callable

_TEXT = "сколько стоит доставка 42 люстры " * 400
_WORD = re.compile(r"\w+|\d+")
_USUAL_S = 0.0045  # of the yardstick, on a machine that nobody would call slow


def cost_s(work: Callable[[], object], *, tries: int = 1) -> float:
    """The least of `tries`, in s of this thread."""
    gc.disable()
    try:
        return min(_once_s(work) for _ in range(tries))
    finally:
        gc.enable()


def costs_less(work: Callable[[], object], limit_s: float, *, tries: int = 3) -> bool:
    """Whether `work` needs less than `limit_s` of a usual machine in one of `tries`. A machine that
    is slow at this moment is given more, in proportion to what it needs for the yardstick."""
    return any(cost_s(work) < limit_s * max(1.0, _slowness()) for _ in range(tries))


def _slowness() -> float:
    return cost_s(_yardstick, tries=2) / _USUAL_S


def _once_s(work: Callable[[], object]) -> float:
    began = time.thread_time()
    work()
    return time.thread_time() - began


def _yardstick() -> int:
    return sum(len(found[0]) for found in _WORD.finditer(_TEXT.casefold())) + sum(
        ord(sign) & 3 for sign in _TEXT
    )
