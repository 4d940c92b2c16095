"""Lines of a text without markup to Markdown: paragraphs, and questions that head what follows."""

from __future__ import annotations

import re
from collections.abc import Iterable

TITLE_CHARS_MAX = 120

_BULLET = re.compile(r"\s*(?:[•·▪●◦–—]|[-*+]|\d{1,2}[.)])\s+")
_ENDED = re.compile(r"[.!?…:;»)]\s*$")
_TORN = re.compile(r"(?<=[а-яёa-z])[-\u00ad]$")  # «достав-» at the end of a line


def of_lines(lines: Iterable[str]) -> str:
    """Markdown of lines that a page or a text editor has broken.

    A blank line ends a paragraph; so does a full stop before a capital, and a list's item. A line
    that is a question by itself heads what follows.
    """
    blocks: list[str] = []
    begun = ""
    for line in lines:
        text = " ".join(line.split())
        item = bool(_BULLET.match(line))
        new = not text or item or _is_question(text) or (_ENDED.search(begun) and _opens(text))
        if begun and new:
            blocks.append(begun)
            begun = ""
        if _is_question(text):
            blocks.append(text)
        elif text:
            begun = _joined(begun, text)
    if begun:
        blocks.append(begun)
    return "\n\n".join(map(heading_or_text, blocks))


def heading_or_text(text: str, *, headings: bool = True) -> str:
    """One line of Markdown that means nothing but itself: no other heading, no comment."""
    plain = " ".join(text.split()).replace("<!--", "‹!--").lstrip("#").strip()
    return f"## {plain}" if headings and _is_question(plain) else plain


def _is_question(text: str) -> bool:
    alone = text.endswith("?") and text.count("?") == 1 and not re.search(r"[.!…]\s", text)
    return alone and len(text) <= TITLE_CHARS_MAX


def _opens(text: str) -> bool:
    return not text[:1].islower()


def _joined(begun: str, text: str) -> str:
    if _TORN.search(begun) and text[:1].islower():
        return begun[:-1] + text
    return f"{begun} {text}".strip()
