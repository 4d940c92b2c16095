"""Leaves out of a failure every strike of a fault that it does not need."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from halo_voice.hunt.play import Outcome, one_call
from halo_voice.simulator.faults import Faults, Strike, When

RUNS_MAX = 200


def shrink(failure: Outcome, *, runs: int = RUNS_MAX, **how: Any) -> Outcome:
    """A call of the same seed with as few strikes as still break one of the same invariants.

    `how` as for `one_call`; at most so many calls are played. The failure itself when not even it
    can be had again from its strikes.
    """
    left = runs
    best = failure

    def breaks(strikes: Sequence[Strike]) -> bool:
        nonlocal left, best
        left -= 1
        tried = one_call(
            failure.seed, backend=failure.backend, faults=only(strikes, failure.faults), **how
        )
        if tried.invariants & failure.invariants:
            best = tried
            return True
        return False

    if breaks(failure.strikes):
        reduced(failure.strikes, lambda strikes: left > 0 and breaks(strikes))
    return best


def only(strikes: Sequence[Strike], faults: Faults) -> Faults:
    """Faults that strike at just these occasions."""
    at: dict[str, list[int]] = defaultdict(list)
    for strike in strikes:
        at[strike.fault].append(strike.occasion)
    return Faults({name: When(at=tuple(sorted(at[name]))) for name in at}, faults.until_ms)


def reduced(strikes: Sequence[Strike], breaks: Callable[[Sequence[Strike]], bool]) -> list[Strike]:
    """Delta debugging: a part of `strikes` for which `breaks` still holds and of which none can be
    left out alone. `breaks` holds for the whole."""
    kept, parts = list(strikes), 2
    if kept and breaks([]):
        return []
    while len(kept) > 1:
        size = -(-len(kept) // parts)
        for start in range(0, len(kept), size):
            rest = kept[:start] + kept[start + size :]
            if rest and breaks(rest):
                kept, parts = rest, max(parts - 1, 2)
                break
        else:
            if size == 1:
                break
            parts = min(parts * 2, len(kept))
    return kept
