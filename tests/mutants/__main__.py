"""`python -m tests.mutants`: removes each guard in turn and tells who noticed."""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict
from itertools import groupby

from tests.mutants.hunters import Find, examine, load
from tests.mutants.report import show, watch
from tests.mutants.table import Mutant, Rotten, mutants, mutated

KILLED_MIN = 0.95


def main() -> int:
    """0: enough are killed, each survivor has a reason, and nothing is noticed that is not there;
    1: not so; 2: a mutant cannot be made, or is not there."""
    arguments = _read()
    try:
        chosen = _chosen(arguments.only)
    except Rotten as error:
        print(error, file=sys.stderr)
        return 2
    began = time.monotonic()
    finds = run([*controls(chosen), *chosen], arguments.jobs)
    false, finds = finds[: -len(chosen)], finds[-len(chosen) :]
    if arguments.json:
        print(json.dumps([asdict(find) for find in finds], ensure_ascii=False, indent=1))
    else:
        show(chosen, finds, false, time.monotonic() - began)
    return verdict(chosen, finds, false)


def controls(chosen: Sequence[Mutant]) -> list[Mutant]:
    """The project as it is, before the same hunters: they must find nothing."""
    kinds = sorted({mutant.hunt for mutant in chosen} - {""})
    tests = sorted({test for mutant in chosen for test in mutant.tests})
    calls = [_control(f"{kind} calls", hunt=kind) for kind in kinds]
    # Folder by folder, so that one process does not have all of them to itself at the end.
    named = [_control(kind, tests=tuple(found)) for kind, found in groupby(tests, key=_folder)]
    return [*calls, *named]


def run(chosen: Sequence[Mutant], jobs: int) -> list[Find]:
    """Examine each, so many at once; the finds in the order given."""
    fresh = multiprocessing.get_context("spawn")
    with (
        ProcessPoolExecutor(jobs, mp_context=fresh, initializer=load) as pool,
        watch(len(chosen)) as done,
    ):
        running = [pool.submit(examine, mutant) for mutant in chosen]
        for each in as_completed(running):
            done(each.result())
    return [each.result() for each in running]


def verdict(chosen: Sequence[Mutant], finds: Sequence[Find], false: Sequence[Find]) -> int:
    reasons = {mutant.id: mutant.survives for mutant in chosen}
    alive = [find for find in finds if not find.by]
    if any(find.by or find.broken for find in false):
        return 1
    if any(find.broken or not reasons[find.mutant] for find in alive):
        return 1
    return 0 if len(alive) <= len(finds) * (1 - KILLED_MIN) else 1


def _chosen(only: Sequence[str] | None) -> list[Mutant]:
    """Raises `Rotten`: a mutant that cannot be made ends the run before it begins."""
    known = mutants()
    unknown = set(only or ()) - {mutant.id for mutant in known}
    if unknown:
        raise Rotten(f"no such mutant: {', '.join(sorted(unknown))}")
    chosen = [mutant for mutant in known if not only or mutant.id in only]
    for mutant in chosen:
        mutated(mutant)
    return chosen


def _folder(test: str) -> str:
    return test.partition("::")[0].rpartition("/")[0]


def _control(name: str, **hunters: object) -> Mutant:
    return Mutant(f"no guard removed: {name}", "", "", (), **hunters)  # type: ignore[arg-type]


def _read() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("--only", nargs="+", metavar="ID", help="these mutants and no others")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="at once")
    parser.add_argument("--json", action="store_true", help="print the finds as JSON")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
