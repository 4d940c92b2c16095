"""Failing seeds, kept in a file so that they are tried again: what struck, and what it broke."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from halo_voice.hunt.play import Outcome
from halo_voice.hunt.shrink import only
from halo_voice.simulator.faults import Faults, Strike


@dataclass(frozen=True, slots=True)
class Kept:
    """One failure as it was found. `strikes`: what it took, each `F20@3`, fault and occasion."""

    seed: int
    backend: bool
    what: str
    strikes: tuple[str, ...]
    habit: str = ""  # that was asked for

    def faults(self, calm_ms: int) -> Faults:
        """Exactly these strikes."""
        parts = [strike.partition("@") for strike in self.strikes]
        return only([Strike(name, int(at), 0, "") for name, _, at in parts], Faults({}, calm_ms))


def read(path: Path) -> list[Kept]:
    """What the file has. OSError, tomllib.TOMLDecodeError, KeyError and TypeError pass."""
    return [
        Kept(**each | {"strikes": tuple(each["strikes"])})
        for each in tomllib.loads(path.read_text("utf-8")).get("kept", [])
    ]


def keep(path: Path, outcomes: Iterable[Outcome]) -> int:
    """Appends what is not there yet; how many that were. Raises OSError."""
    old = read(path) if path.exists() else []
    known = {(each.seed, each.backend, each.habit) for each in old}
    new = [each for each in outcomes if (each.seed, each.backend, each.asked) not in known]
    with path.open("a", encoding="utf-8") as file:
        file.writelines(map(_written, new))
    return len(new)


def _written(outcome: Outcome) -> str:
    what = str(outcome.breaches[0]).replace("\\", "\\\\").replace('"', '\\"')
    what = " ".join("".join(c if c.isprintable() else " " for c in what).split())
    strikes = ", ".join(f'"{each.fault}@{each.occasion}"' for each in outcome.strikes)
    habit = f'habit = "{outcome.asked}"\n' if outcome.asked else ""
    return (
        f"\n[[kept]]\nseed = {outcome.seed}\nbackend = {str(outcome.backend).lower()}\n{habit}"
        f'what = "{what}"\nstrikes = [{strikes}]\n'
    )
