"""What came of many calls: counts that can be added up, and the failures by their seeds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

from halo_voice.hunt.play import Outcome

BIG = 1_000  # calls in which every fault class has to strike


@dataclass(frozen=True, slots=True)
class Failure:
    """A call that broke something."""

    seed: int
    backend: bool
    habit: str
    breaches: tuple[str, ...]


@dataclass
class Tally:
    """Sums over calls. `broken` counts the calls that broke an invariant, by its number."""

    calls: int = 0
    virtual_ms: int = 0
    turns: int = 0
    struck: Counter[str] = field(default_factory=Counter)
    habits: Counter[str] = field(default_factory=Counter)
    broken: Counter[int] = field(default_factory=Counter)
    failures: list[Failure] = field(default_factory=list)

    def count(self, outcome: Outcome) -> None:
        self.calls += 1
        self.virtual_ms += outcome.virtual_ms
        self.turns += outcome.turns
        self.struck.update(outcome.struck)
        self.habits[outcome.habit] += 1
        self.broken.update(outcome.invariants)
        if outcome.breaches:
            told = tuple(map(str, outcome.breaches))
            self.failures.append(Failure(outcome.seed, outcome.backend, outcome.habit, told))

    def add(self, other: Tally) -> None:
        self.calls += other.calls
        self.virtual_ms += other.virtual_ms
        self.turns += other.turns
        self.struck += other.struck
        self.habits += other.habits
        self.broken += other.broken
        self.failures = sorted([*self.failures, *other.failures], key=lambda each: each.seed)

    def silent(self, classes: Collection[str]) -> list[str]:
        """The fault classes that never struck, in a run big enough for all to strike."""
        if self.calls < BIG:
            return []
        return sorted(name for name in classes if not self.struck[name])
