"""The mark in a caller's words by which the stand-in model knows the turn.

It is a word of letters: a number would have the backend look for a telephone in it, which few turns
of real calls need.
"""

from __future__ import annotations

import re

_BEGINS, _DIGITS = "zq", 8
_LETTERS = str.maketrans("0123456789", "abcdefghij")
_NUMBERS = bytes.maketrans(b"abcdefghij", b"0123456789")
_MARK = re.compile(rb"%b([a-j]{%d})" % (_BEGINS.encode(), _DIGITS))


def mark(number: int) -> str:
    """The word for a turn's number."""
    return _BEGINS + f"{number:0{_DIGITS}}".translate(_LETTERS)


def last_mark(body: bytes) -> int:
    """The number of the last word of that kind in a request's body; -1 if there is none."""
    start = body.rfind(_BEGINS.encode())
    found = _MARK.match(body, start) if start >= 0 else None
    return int(found[1].translate(_NUMBERS)) if found else -1
