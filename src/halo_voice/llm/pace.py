"""How long a model usually takes to its first piece: a running quantile of its last answers."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque


class Pace:
    """The 90th percentile of the last `keep` answers. Times in seconds."""

    def __init__(self, *, keep: int = 64, enough: int = 16, share: float = 0.9) -> None:
        """`enough`: with fewer answers nothing is known."""
        self._keep = keep
        self._enough = enough
        self._share = share
        self._order: deque[float] = deque()
        self._sorted: list[float] = []

    def add(self, seconds: float) -> None:
        if len(self._order) == self._keep:
            oldest = self._order.popleft()
            del self._sorted[bisect_left(self._sorted, oldest)]
        self._order.append(seconds)
        insort(self._sorted, seconds)

    @property
    def usual_s(self) -> float | None:
        """Of ten answers, nine had begun by then; None while too few are known."""
        count = len(self._sorted)
        return self._sorted[int(count * self._share)] if count >= self._enough else None
