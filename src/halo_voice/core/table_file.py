"""Rows as a file for spreadsheets (CSV), in which no cell is ever a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

BOM = "\ufeff"  # without it a spreadsheet reads Cyrillic as something else
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")


def harmless(value: object) -> str:
    """The cell as text: what a spreadsheet would take for a formula begins with an apostrophe."""
    text = "" if value is None else str(value).replace("\x00", "")
    bare = text.lstrip(" \u00a0\u200b\ufeff")
    # Full-width signs are taken for the others by some.
    risky = bare.startswith((*_FORMULA, "＝", "＋", "－", "＠"))
    return f"'{text}" if risky or text.startswith(_FORMULA) else text


def lines(rows: Iterable[Iterable[object]]) -> str:
    """Rows as text with semicolons, as a Russian spreadsheet expects them."""
    written = io.StringIO()
    writer = csv.writer(written, delimiter=";", quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    for row in rows:
        writer.writerow([harmless(value) for value in row])
    return written.getvalue()
