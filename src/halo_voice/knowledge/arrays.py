"""`Sums` over many passages, in arrays of numpy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from halo_voice.knowledge.sums import Addend


class Arrays:
    def __init__(self, passages: int) -> None:
        self._passages = passages

    def add(self, addends: Iterable[Addend]) -> Any:
        sums = np.zeros(self._passages)
        for more, numbers in addends:
            sums[np.frombuffer(numbers, np.uintc)] += more
        return sums

    def best(self, sums: Sequence[float], limit: int) -> list[int]:
        order = (-np.asarray(sums)).argsort(kind="stable")[:limit]
        return [number for number in order.tolist() if sums[number]]
