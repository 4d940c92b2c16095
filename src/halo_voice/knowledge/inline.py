"""A line of Markdown as words: without emphasis, links and marks, and without what is struck."""

from __future__ import annotations

import re

_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_STRUCK = re.compile(r"~~[^~]{1,300}~~")  # the price that was
_STARS = re.compile(r"(?<!\d)\*+|\*+(?! ?\d)")  # «6*4» is no emphasis
_UNDERSCORE = re.compile(r"(?<!\w)_+|_+(?!\w)")
_ESCAPE = re.compile(r"\\(?=[^\w\s]|\s|$)")


def plain(line: str) -> str:
    """The words of the line."""
    line = _STRUCK.sub("", _LINK.sub(r"\1", line)).replace("`", "")
    line = _UNDERSCORE.sub("", _STARS.sub("", line))
    return " ".join(_ESCAPE.sub("", line).lstrip("> ").split())
