"""The mark in a caller's words by which the stand-in model knows the turn.

It is a word of Russian letters, as a caller's are: a number would have the backend look for a
telephone in it, a foreign word would have it think about the caller's language.
"""

from __future__ import annotations

import re

_BEGINS, _DIGITS = "щю", 8
_LETTERS = str.maketrans("0123456789", "абвгдежзик")
_NUMBERS = str.maketrans("абвгдежзик", "0123456789")
_MARK = re.compile(f"{_BEGINS}([а-зик]{{{_DIGITS}}})")
_RAW, _ESCAPED = _BEGINS.encode(), _BEGINS.encode("unicode_escape")
_ESCAPED_BYTES = 6 * (len(_BEGINS) + _DIGITS)


def mark(number: int) -> str:
    """The word for a turn's number."""
    return _BEGINS + f"{number:0{_DIGITS}}".translate(_LETTERS)


def last_mark(body: bytes) -> int:
    """The number of the last word of that kind in a request's body; -1 if there is none."""
    if (start := body.rfind(_RAW)) >= 0:
        word = body[start : start + _ESCAPED_BYTES].decode("utf-8", "ignore")
    else:  # JSON whose letters are escaped, as some clients write it
        start = max(body.rfind(_ESCAPED), 0)
        word = body[start : start + _ESCAPED_BYTES].decode("unicode_escape", "ignore")
    found = _MARK.match(word)
    return int(found[1].translate(_NUMBERS)) if found else -1
