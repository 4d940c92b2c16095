"""What lint has to say: findings with their place, and the wording of a missing name."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from halo_voice.simulator.surface import surface
from halo_voice.simulator.typenames import TypeNames


@dataclass(frozen=True, order=True)
class Finding:
    """One violation. Line and column count from 1, the column in characters."""

    line: int
    column: int
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.line}:{self.column}: {self.message} [{self.rule}]"


@dataclass(frozen=True)
class LintReport:
    """All findings in order of lines, and notes on what could not be checked."""

    path: Path
    findings: tuple[Finding, ...]
    notes: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        return not self.findings

    def __str__(self) -> str:
        return "\n".join([*(f"{self.path}:{f}" for f in self.findings), *self.notes])


def absent(name: str, script_names: Collection[str] = ()) -> str:
    """The message for a name that the platform lacks, with the existing name that was meant.

    `script_names` are the names that the scenario declares anywhere.
    """
    owner, _, leaf = name.rpartition(".")
    if owner in surface().interfaces:
        fields = sorted(TypeNames(surface()).fields(owner))
        close = difflib.get_close_matches(leaf, fields, 1, 0.5)
        hint = f"did you mean {owner}.{close[0]}?" if close else f"it has {', '.join(fields)}"
        return f"{name} does not exist; {hint}"
    if name in script_names:
        return f"{name} does not exist here; it is declared in another function"
    meant = surface().nearest(name)
    if meant is None and not owner:
        meant = next(iter(difflib.get_close_matches(name, script_names, 1, 0.8)), None)
    return f"{name} does not exist" + (f"; did you mean {meant}?" if meant else "")


def merged(*passes: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings of all passes; a later pass speaks only of lines that no earlier one named."""
    kept: list[Finding] = []
    for findings in passes:
        known = {finding.line for finding in kept}
        kept += [finding for finding in dict.fromkeys(findings) if finding.line not in known]
    return tuple(sorted(set(kept)))
