"""The sums of BM25 over the passages: of few in lists, of many in arrays.

Arrays cost more than they save where there are few passages, as most companies have, and a server
that needs none does not load them.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from heapq import nlargest
from typing import Protocol

ARRAYS_FROM = 1_000  # passages; `python -m benchmarks.knowledge_search`

Addend = tuple[float, "array[int]"]
"""What is added, and to the sums of which passages: each of them once."""


class Sums(Protocol):
    """Over passages that are numbered from 0 on."""

    def add(self, addends: Iterable[Addend]) -> Sequence[float]:
        """The sum of each passage."""
        ...

    def best(self, sums: Sequence[float], limit: int) -> list[int]:
        """The passages of the highest sums above 0, the best first; ties in their order."""
        ...


class Lists:
    def __init__(self, passages: int) -> None:
        self._passages = passages

    def add(self, addends: Iterable[Addend]) -> list[float]:
        sums = [0.0] * self._passages
        for more, numbers in addends:
            for number in numbers:
                sums[number] += more
        return sums

    def best(self, sums: Sequence[float], limit: int) -> list[int]:
        held = [number for number, each in enumerate(sums) if each]
        return nlargest(limit, held, key=sums.__getitem__)


def sums_over(passages: int) -> Sums:
    """Whichever is faster for so many."""
    if passages < ARRAYS_FROM:
        return Lists(passages)
    from halo_voice.knowledge.arrays import Arrays

    return Arrays(passages)
