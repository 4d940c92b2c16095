"""Which branches of the scenario tests reach: `python -m tests.branches`.

The tests of its table and whole calls of the suite (`suite.py`), then drawn calls: seeds from 0 on
with the stand-in, and a tenth of them with the real app. What nobody took is listed with
`--missing`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from halo_voice.hunt.play import one_call
from tests.branches.instrument import Branch, instrumented
from tests.branches.suite import number_of, taken_by_tests

SCENARIO = Path("scenario/voximplant_scenario_ASR.js")


def taken_by(seeds: range, text: str, *, backend: bool) -> set[int]:
    """The numbers of the branches that these calls took."""
    taken: set[int] = set()
    for seed in seeds:
        call = one_call(seed, scenario=text, backend=backend).call
        taken.update(*(number_of(line.what) for line in call.trace))
    return taken


def show(branches: list[Branch], taken: set[int], *, missing: bool) -> None:
    """The share, and what is left."""
    left = [branch for number, branch in enumerate(branches) if number not in taken]
    if missing:
        print("\n".join(map(str, left)))
    share = len(taken) / len(branches)
    print(f"scenario: {len(taken)} of {len(branches)} branches, {share:.1%}")


def main() -> int:
    asked = argparse.ArgumentParser(prog="python -m tests.branches", description=__doc__)
    asked.add_argument("--calls", type=int, default=1000)
    asked.add_argument("--missing", action="store_true", help="list what nobody took")
    asked.add_argument("--least", type=float, default=0.0, help="fail below this share, 0..1")
    given = asked.parse_args()
    text, branches = instrumented(SCENARIO)
    taken = taken_by_tests(text)
    show(branches, taken, missing=False)
    taken |= taken_by(range(given.calls), text, backend=False)
    taken |= taken_by(range(given.calls // 10), text, backend=True)
    show(branches, taken, missing=given.missing)
    return int(len(taken) < given.least * len(branches))


if __name__ == "__main__":
    sys.exit(main())
