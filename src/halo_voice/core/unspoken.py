"""Parts of a model's answer that are not meant for the caller: thoughts, code, calls as text.

Each reader is given what follows the part's beginning, piece by piece as it comes, and says what
stands behind the part's end. A part that is not closed reaches to the end of the answer.
"""

from __future__ import annotations

import re
from typing import Protocol

TAG = re.compile(r"</?[A-Za-zА-яЁё!?|][^<>]{0,300}>")
TAG_BEGUN = re.compile(r"<(?:/?(?:[A-Za-zА-яЁё!?|][^<>]{0,300})?)?\Z")
SILENT = (
    r"think|thinking|thoughts?|reasoning|reflection|analysis|scratchpad|tool_calls?|function|"
    r"function_calls?|script|style|размышлени[ея]|рассуждени[ея]|мысл[ьи]|анализ"
)
"""What stands between tags of these names is not meant for the caller."""
SILENT_TAG = re.compile(rf"<(/?)(?:{SILENT})\b", re.IGNORECASE)
FENCE = re.compile(r"\s*+(?:```|~~~)")
OBJECT = re.compile(r"\{\s*+[\"']")
OBJECT_BEGUN = re.compile(r"\{\s*+\Z")
_OF_OBJECT = re.compile(r"\\.|[\"{}]", re.DOTALL)
_LINE_READ = 64  # characters of a line of code that are looked at


class Unspoken(Protocol):
    """`gap`: what is left in the part's place."""

    gap: str

    def behind(self, piece: str) -> str | None:
        """What follows the part; None: it goes on."""
        ...


class Thoughts:
    """Up to the closing one of two silent tags."""

    gap = " "

    def __init__(self) -> None:
        self._tail = ""  # may be the beginning of a tag

    def behind(self, piece: str) -> str | None:
        text = self._tail + piece
        for found in TAG.finditer(text):
            silent = SILENT_TAG.match(found[0])
            if silent and silent[1]:
                return text[found.end() :]
        begun = text.rfind("<")
        self._tail = text[begun:] if begun >= 0 and TAG_BEGUN.match(text, begun) else ""
        return None


class Code:
    """Up to the line that closes a fence."""

    gap = ""

    def __init__(self) -> None:
        self._tail = ""
        self._opening = True  # the line with the language's name

    def behind(self, piece: str) -> str | None:
        start = 0
        while (end := piece.find("\n", start)) >= 0:
            line = (self._tail + piece[start:end])[:_LINE_READ]
            self._tail = ""
            start = end + 1
            if self._opening:
                self._opening = False
            elif FENCE.match(line):
                return piece[start:]
        self._tail = (self._tail + piece[start:])[:_LINE_READ]
        return None


class Object:
    """A JSON object, such as a tool's call that was written instead of made. Begins with `{`."""

    gap = " "

    def __init__(self) -> None:
        self._depth = 0
        self._quoted = False
        self._escaping = False  # the piece before ended in a backslash

    def behind(self, piece: str) -> str | None:
        at = 1 if self._escaping and piece else 0
        self._escaping = self._escaping and not piece
        for found in _OF_OBJECT.finditer(piece, at):
            sign = found[0]
            if sign == '"':
                self._quoted = not self._quoted
            elif sign in "{}" and not self._quoted:
                self._depth += 1 if sign == "{" else -1
                if not self._depth:
                    return piece[found.end() :]
        backslashes = len(piece) - len(piece[at:].rstrip("\\")) - at
        self._escaping = self._escaping or backslashes % 2 == 1
        return None
