"""Tables: of Markdown read, of other files written as such; a row is said with its columns' names.

The names stand once above a table, and a passage has one row of it: «5000» alone tells nobody what
costs five thousand.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_RULE = re.compile(r"\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*")
_BAR = re.compile(r"(?<!\\)\|")
_TELLS = re.compile(r"\w")  # «—» in a cell tells nothing


def rule_of(lines: Sequence[str]) -> int:
    """At which line a table's names are divided from its rows; 0: there is none."""
    return next(
        (
            at
            for at, line in enumerate(lines)
            if at and "|" in line and "|" in lines[at - 1] and _RULE.fullmatch(line)
        ),
        0,
    )


def cells(line: str) -> list[str]:
    """The cells of one line."""
    return [cell.replace("\\|", "|").strip() for cell in _BAR.split(line.strip().strip("|"))]


def is_group(row: Sequence[str]) -> bool:
    """Whether the row names what the rows below it are: «Стрижки | | »."""
    return len(row) > 2 and bool(_TELLS.search(row[0])) and not any(map(_TELLS.search, row[1:]))


def told(names: Sequence[str], row: Sequence[str]) -> str:
    """«Товар: люстра; Цена: 3000»; cells that tell nothing are left out."""
    parts = []
    for at, cell in enumerate(row):
        name = names[at].strip(" :") if at < len(names) else ""
        if _TELLS.search(cell):
            parts.append(f"{name}: {cell}" if _TELLS.search(name) else cell)
    return "; ".join(parts)


def written(rows: Iterable[Sequence[str]]) -> str:
    """The rows, the first of them the names, as a table of Markdown."""
    lines = [f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in rows]
    return "\n".join([*lines[:1], "|---|", *lines[1:]])
