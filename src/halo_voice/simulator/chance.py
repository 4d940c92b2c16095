"""Chance from a seed: one stream per subject, so that one more draw here changes nothing there."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spread:
    """A delay in milliseconds, drawn from a log-normal distribution: continuous, with a long tail.

    About two thirds of the draws lie within `median_ms` divided and multiplied by `e**sigma`.
    """

    median_ms: float
    sigma: float = 0.3

    def draw(self, rng: random.Random) -> float:
        if self.median_ms <= 0:
            return 0.0
        return rng.lognormvariate(math.log(self.median_ms), self.sigma)


class Chance:
    """The random streams of one call."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._streams: dict[str, random.Random] = {}

    def stream(self, subject: str) -> random.Random:
        found = self._streams.get(subject)
        if found is None:
            found = self._streams[subject] = random.Random(f"{self.seed}/{subject}")
        return found

    def draw(self, subject: str, spread: Spread) -> float:
        return spread.draw(self.stream(subject))
