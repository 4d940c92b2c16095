"""Lines of a text without markup to Markdown: paragraphs, lists, and what heads them.

Who writes without markup still shows what belongs together: by blank lines, capitals, bullets, and
by pressing Enter long before the edge. A program that breaks long lines does so at the edge only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from halo_voice.knowledge.prices import PRICED, PRICED_LAST

TITLE_CHARS_MAX = 120

_HEAD_CHARS_MAX = 60
_MARK_CHARS_MAX = 20  # «Вопрос 12:»
_WIDTH_MIN = 60
"""A break is the writer's own if the next word had had room, in a text of this width or a wider."""

_BULLET = re.compile(r"\s*(?:[•·▪●◦–—]|[-*+]|\d{1,2}[.)])\s+")
_NUMBER = re.compile(r"\s*\d{1,2}[.)]\s+")
_ASKED = re.compile(r"^(?:[•·▪●◦–—*+-]\s+|\d{1,3}[.)]\s+|(?:вопрос|в)(?:\s*\d+)?\s*:\s*)+", re.I)
_ENDED = re.compile(r"[.!?…:;»)]\s*$")
_CLOSED = re.compile(r"[.!?…;,]\s*$")
_TORN = re.compile(r"(?<=[а-яёa-z])[-\u00ad]$")  # «достав-» at the end of a line
_CAPITALS = re.compile(r"[А-ЯЁ]{3}")


def of_lines(lines: Iterable[str]) -> str:
    """Markdown of lines that a page or a text editor has broken.

    A blank line ends a paragraph; so does a full stop before a capital, and a list's item. A line
    that is a question by itself heads what follows, as do capitals, a lone line, and one that ends
    with a colon; nothing is lost if nothing follows.
    """
    return "\n\n".join(_headed(_parts(list(lines))))


def heading_or_text(text: str, *, headings: bool = True) -> str:
    """One line of Markdown that means nothing but itself: no other heading, no comment."""
    plain = " ".join(text.split()).replace("<!--", "‹!--").lstrip("#").strip()
    return f"## {_ASKED.sub('', plain)}" if headings and _is_question(plain) else plain


def _parts(lines: list[str]) -> Iterator[tuple[str, bool]]:
    """Paragraphs and items, and whether a blank line or the beginning stands before each."""
    begun, last, apart, blank = "", "", True, True
    width = max([_WIDTH_MIN, *map(len, lines)])
    for line in lines:
        text = " ".join(line.split())
        item = bool(_BULLET.match(line))
        new = not text or item or _is_question(text) or _is_question(begun)
        new = new or _capitals(begun) != _capitals(text) or _parted(begun, last, text, width)
        if begun and new:
            yield begun, apart
            begun = ""
        if text and not begun:
            apart = blank
        begun, last, blank = _joined(begun, text), text, not text
    if begun:
        yield begun, apart


def _parted(begun: str, last: str, text: str, width: int) -> bool:
    """Whether the line begins something new, though no blank line says so."""
    if not begun or not text:
        return False
    room = len(last) + 1 + len(text.split()[0]) <= width and not last.endswith(",")
    if room and PRICED_LAST.search(last) and PRICED_LAST.search(text):
        return True  # a price list, be it without capitals
    if _TORN.search(last) or not _opens(text):
        return False
    return bool(_ENDED.search(begun)) or (room and not text[0].isdigit())


def _headed(parts: Iterable[tuple[str, bool]]) -> Iterator[str]:
    """The parts as blocks of Markdown; items that follow each other are one list."""
    found = list(parts)
    items: list[str] = []
    for at, (text, apart) in enumerate(found):
        following = found[at + 1] if at + 1 < len(found) else None
        head = _head(text, apart=apart, following=following)
        bullet = None if head else _BULLET.match(text)
        listed = bullet is not None and not _NUMBER.match(text)
        if listed or (not head and PRICED.search(text) and len(text) <= TITLE_CHARS_MAX):
            items.append(
                f"- {heading_or_text(text[bullet.end() if bullet else 0 :], headings=False)}"
            )
            continue
        if items:
            yield "\n".join(items)
            items = []
        yield head or heading_or_text(text)
    if items:
        yield "\n".join(items)


def _head(text: str, *, apart: bool, following: tuple[str, bool] | None) -> str:
    """The part as a heading of Markdown; "" if it is none, or heads nothing."""
    plain = heading_or_text(text)
    if plain.startswith("## "):
        return plain
    if following is None or len(text) > _HEAD_CHARS_MAX or _CLOSED.search(text):
        return ""
    told, told_apart = following
    if PRICED.search(text) or not _opens(text) or _is_question(told):
        return ""
    if _capitals(text) and not _capitals(told):
        return f"**{plain}**" if re.search(r"\d", text) else f"# {plain}"
    heads = text.endswith(":") or (told_apart and not _is_lone(told))
    if apart and (heads or (_is_item(told) and not _BULLET.match(text))):
        number = _NUMBER.match(text)
        return f"## {plain[number.end() :]}" if number else f"**{plain.rstrip(':')}**"
    return ""


def _is_lone(text: str) -> bool:
    """Whether the part looks like such a line itself: then neither heads the other."""
    return len(text) <= _HEAD_CHARS_MAX and not _CLOSED.search(text) and not _BULLET.match(text)


def _is_item(part: str) -> bool:
    """Of a list of prices or of anything."""
    return bool(_BULLET.match(part) or PRICED_LAST.search(part))


def _capitals(text: str) -> bool:
    return len(text) <= _HEAD_CHARS_MAX and bool(_CAPITALS.search(text)) and text == text.upper()


def _is_question(text: str) -> bool:
    if not text.endswith("?") or len(text) > TITLE_CHARS_MAX + _MARK_CHARS_MAX:
        return False
    asked = _ASKED.sub("", text)
    alone = asked.count("?") == 1 and not re.search(r"[.!…]\s", asked)
    return alone and len(asked) <= TITLE_CHARS_MAX


def _opens(text: str) -> bool:
    return not text[:1].islower()


def _joined(begun: str, text: str) -> str:
    if _TORN.search(begun) and text[:1].islower():
        return begun[:-1] + text
    return f"{begun} {text}".strip()
