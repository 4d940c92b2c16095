"""The mutants as data: which guard is removed, what it protects, and who is to notice."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
FILES = sorted(Path(__file__).parent.glob("*.toml"))
SCENARIO = "scenario/voximplant_scenario_ASR.js"
HUNTS = ("", "scenario", "backend")


class Rotten(Exception):
    """A mutant that can no longer be made: its old text is gone, or stands there twice."""


@dataclass(frozen=True, slots=True)
class Change:
    """One replacement in one file; `old` stands there exactly once."""

    file: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Mutant:
    """The project without one guard, or without the two that stand for one another.

    `protects` names faults and invariants of docs/reliability.md. `hunt` says which simulated calls
    look for it: "scenario" alone, with the real "backend", or "" for none; `tests` are node ids
    of pytest for what calls cannot reach. `survives` is why nobody is expected to notice.
    """

    id: str
    guard: str
    protects: str
    changes: tuple[Change, ...]
    hunt: str = ""
    tests: tuple[str, ...] = ()
    survives: str = ""

    @property
    def of_scenario(self) -> bool:
        """Only the scenario differs, so its text can be given to the simulator."""
        return all(change.file == SCENARIO for change in self.changes)


def mutants() -> list[Mutant]:
    """All of them, in the order of the table. Raises `Rotten`."""
    found = [mutant for file in FILES for mutant in _of(file)]
    twice = {m.id for m in found if sum(m.id == other.id for other in found) > 1}
    if twice:
        raise Rotten(f"two mutants of one name: {', '.join(sorted(twice))}")
    return found


def mutated(mutant: Mutant, root: Path = ROOT) -> dict[str, str]:
    """The texts of the files that the mutant changes, by their paths. Raises `Rotten`."""
    texts: dict[str, str] = {}
    for change in mutant.changes:
        text = texts.get(change.file) or (root / change.file).read_text("utf-8")
        times = text.count(change.old)
        if times != 1:
            raise Rotten(f"{mutant.id}: found {times} times in {change.file}: {change.old!r}")
        texts[change.file] = text.replace(change.old, change.new)
    return texts


def _of(file: Path) -> list[Mutant]:
    read = tomllib.loads(file.read_text("utf-8"))
    return [_mutant(fields, read.get("file", "")) for fields in read["mutant"]]


def _mutant(fields: dict, file: str) -> Mutant:
    changes = [{"file": file, **change} for change in fields.pop("changes")]
    tests = tuple(fields.pop("tests", ()))
    made = Mutant(changes=tuple(Change(**c) for c in changes), tests=tests, **fields)
    if made.hunt not in HUNTS or not (made.hunt or made.tests):
        raise Rotten(f"{made.id}: nobody looks for it")
    return made
