"""F80: cells of an exported file are text, whatever was said."""

from __future__ import annotations

import csv
import io

import pytest

from halo_voice.core.table_file import harmless, lines


@pytest.mark.parametrize(
    "cell",
    [
        '=HYPERLINK("http://evil.example";"x")',
        "+7 999 123",
        "-1+cmd|' /C calc'!A0",
        "@SUM(1)",
        "\t=1+1",
        "\r=1+1",
        "\n=1+1",
        "  =1+1",
        "\ufeff=1+1",
        "\u00a0@x",
        "＝1+1",
        "|x",
        "%0A",
    ],
)
def test_a_formula_becomes_text(cell):
    """F80: whatever a spreadsheet would compute begins with an apostrophe."""
    assert harmless(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "доставка = 300", 'он сказал "да"', "1,25", 7, None])
def test_other_cells_are_left_alone(cell):
    """What is no formula stays as it is."""
    assert harmless(cell) == ("" if cell is None else str(cell))


def test_rows_come_back_as_they_were_given():
    """Semicolons, quotes and line breaks of the words do not break the file."""
    rows = [["a;b", 'c"d', "e\nf\r\ng"], ["", "ё", "\x00x"]]
    back = list(csv.reader(io.StringIO(lines(rows), newline=""), delimiter=";"))
    assert back == [["a;b", 'c"d', "e\nf\r\ng"], ["", "ё", "x"]]
