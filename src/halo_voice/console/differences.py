"""What has changed between two texts of an assistant, line by line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

from halo_voice.core.editions import PROFILE, Content

CONTEXT = 2
COMPARED_MAX = 4_000_000
"""Lines of the one times lines of the other; what is more is shown as all gone and all new."""

SHOWN_MAX = 1_000
"""Lines of one text's difference."""

Kind = Literal["same", "gone", "new", "gap"]


@dataclass(frozen=True, slots=True)
class Line:
    """A line, with its number in the newer text, or in the older one where it is gone."""

    kind: Kind
    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Changed:
    """A text that differs. `name`: `PROFILE` or a paper's."""

    name: str
    lines: tuple[Line, ...]
    more: bool

    @property
    def gone(self) -> int:
        return sum(line.kind == "gone" for line in self.lines)

    @property
    def new(self) -> int:
        return sum(line.kind == "new" for line in self.lines)


def differences(older: Content, newer: Content) -> list[Changed]:
    """The texts that differ, the profile first. Bounded, but not quick: belongs on a thread."""
    names = {PROFILE, *(p.name for p in older.papers), *(p.name for p in newer.papers)}
    found = []
    for name in sorted(names):
        before, after = older.text(name) or "", newer.text(name) or ""
        lines = list(_lines(before.splitlines(), after.splitlines())) if before != after else []
        if lines or (older.text(name) is None) != (newer.text(name) is None):
            found.append(Changed(name, tuple(lines[:SHOWN_MAX]), len(lines) > SHOWN_MAX))
    return found


def _lines(before: list[str], after: list[str]) -> Iterator[Line]:
    for number, group in enumerate(_groups(before, after)):
        if number:
            yield Line("gap", 0, "")
        for kind, low, high, new_low, new_high in group:
            if kind == "equal":
                yield from _each("same", after, new_low, new_high)
            else:
                yield from _each("gone", before, low, high)
                yield from _each("new", after, new_low, new_high)


def _groups(before: list[str], after: list[str]) -> Iterator[list[tuple[str, int, int, int, int]]]:
    if len(before) * len(after) > COMPARED_MAX:
        yield [("replace", 0, len(before), 0, len(after))]
        return
    yield from SequenceMatcher(None, before, after).get_grouped_opcodes(CONTEXT)


def _each(kind: Kind, lines: list[str], low: int, high: int) -> Iterator[Line]:
    for number in range(low, high):
        yield Line(kind, number + 1, lines[number])
