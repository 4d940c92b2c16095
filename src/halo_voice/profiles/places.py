"""Where in a TOML file a key stands: `tomllib` reads values and forgets their lines."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from itertools import takewhile

# In the order in which they are tried; any other character is a piece of its own.
_PIECE = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}|\'\'\'.*?\'{3,5}'  # strings over several lines
    r'|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\''
    r"|\#[^\n]*|\n|[\[\]{}=.,]|[^\s\[\]{}=.,\"'#]+|.",
    re.DOTALL,
)

Path = tuple[str | int, ...]


class Places:
    """The lines of a file that `tomllib` has read, by the path of the key: `("asr", "model")`."""

    def __init__(self, text: str) -> None:
        self._lines: dict[Path, int] = {}
        table: Path = ()
        counted: dict[Path, int] = {}
        for line, header, keys in _statements(text):
            if header == 2:
                number = counted.get(keys, -1) + 1
                counted[keys] = number
                table = (*keys, number)
                self._lines.setdefault(keys, line)
            elif header:
                table = keys
            path = table if header else (*table, *keys)
            for length in range(1, len(path) + 1):
                self._lines.setdefault(path[:length], line)

    def line(self, path: Path) -> int:
        """The line of the key, or of the nearest one above it; 1 for what is missing altogether."""
        for length in range(len(path), 0, -1):
            if found := self._lines.get(tuple(path[:length])):
                return found
        return 1


def _statements(text: str) -> Iterator[tuple[int, int, Path]]:
    """Each table header and each key: its line, the header's brackets (0 for a key), its names."""
    for line, pieces in _logical_lines(text):
        brackets = len(list(takewhile(lambda piece: piece == "[", pieces)))
        names = takewhile(lambda piece: piece not in "=]", pieces[brackets:])
        yield line, brackets, tuple(_name(piece) for piece in names if piece != ".")


def _logical_lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """The pieces of each statement, with the line it begins on; a value may go over many lines."""
    line, depth = 1, 0
    begun, pieces = 1, []
    for piece in _PIECE.findall(f"{text}\n"):
        if piece == "\n" and not depth:
            if pieces:
                yield begun, pieces
            pieces = []
        elif not piece.isspace() and not piece.startswith("#"):
            begun = begun if pieces else line
            pieces.append(piece)
            depth += (piece in "[{") - (piece in "]}")
        line += piece.count("\n")


def _name(piece: str) -> str:
    """A key without its quotes and escapes."""
    if piece[0] in "\"'":
        return next(iter(tomllib.loads(f"{piece} = 0")))
    return piece
