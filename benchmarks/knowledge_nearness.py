"""How long the search by vectors takes: `python -m benchmarks.knowledge_nearness`.

Directions drawn at random, each question near one of them. It prints, in ms of the wall clock, the
search, and how many of the questions found their passage first.
"""

from __future__ import annotations

import time

import numpy as np

from halo_voice.knowledge.vectors import Directions, direction

QUESTIONS = 300
NOISE = 1.5


def main() -> None:
    drawn = np.random.default_rng(1)
    for passages, dimensions in ((60, 1024), (1_000, 1024), (10_000, 1024), (10_000, 1536)):
        rows = drawn.standard_normal((passages, dimensions)).astype(np.float32)
        known = Directions({number: row.tolist() for number, row in enumerate(rows)})
        took, first = [], 0
        for _ in range(QUESTIONS):
            meant = int(drawn.integers(passages))
            asked = direction((rows[meant] + NOISE * drawn.standard_normal(dimensions)).tolist())
            began = time.perf_counter()
            found = known.nearest(asked, 6)
            took.append((time.perf_counter() - began) * 1000)
            first += found[0][0] == meant
        took.sort()
        middle, late = took[QUESTIONS // 2], took[QUESTIONS * 99 // 100]
        print(
            f"{passages:6} passages of {dimensions} dimensions: {middle:.2f} ms, p99 {late:.2f}; "
            f"{first / QUESTIONS:.0%} found"
        )


if __name__ == "__main__":
    main()
