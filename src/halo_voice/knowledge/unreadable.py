"""What is told of a file that cannot be used."""

from __future__ import annotations


class Unreadable(Exception):
    """The file holds nothing that can be used; the words say why and what to do. `line`: where."""

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.line = line
