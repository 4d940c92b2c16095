"""One thing that was looked at: what is right with it, or what is wrong and what helps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """`said`: what was found. `cure`: what to do; "" when nothing is wrong."""

    name: str
    said: str
    cure: str = ""

    @property
    def ok(self) -> bool:
        return not self.cure

    def __str__(self) -> str:
        return f"{self.name}: {self.said}" + (f" → {self.cure}" if self.cure else "")


def broken(name: str, faults: Iterable[str], cure: str) -> list[Check]:
    """One line for each fault."""
    return [Check(name, fault.rstrip("."), cure) for fault in faults]
