"""Markdown to passages: a heading with as much of its text as can be spoken as one answer.

`<!-- ищут: … -->` below a heading adds words that callers use and the text does not: they are
searched and never spoken. Any other comment is neither.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

from halo_voice.core.profile import Document
from halo_voice.core.sentences import sentences

PASSAGE_CHARS = 500
"""A section longer than this becomes several passages, cut between paragraphs, or sentences."""

_COMMENT = re.compile(r"<!--(.*?)(?:-->|\Z)", re.DOTALL)
_SEARCHED = re.compile(r"\s*ищут\s*:(.*)", re.DOTALL | re.IGNORECASE)
_HEADING = re.compile(r"(#{1,6})\s+(.*?)\s*#*\s*$")
_LIST_ITEM = re.compile(r"\s*(?:[-*+]|\d+[.)])\s+")
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_UNDERSCORE = re.compile(r"(?<!\w)_+|_+(?!\w)")
_SEARCH_MARK = "\0"


@dataclass(frozen=True, slots=True)
class Section:
    """A passage before it is ranked: what is spoken, and what it is found by."""

    source: str
    title: str
    text: str
    found_by: str


def sections(document: Document) -> Iterator[Section]:
    """The passages of one file in order. Headings above a heading help to find its text."""
    headings: list[tuple[int, str]] = []
    paragraphs: list[str] = []
    searched: list[str] = []

    def finished() -> Iterator[Section]:
        title = headings[-1][1] if headings else ""
        above = " ".join(heading for _, heading in headings[:-1])
        for text in _groups(paragraphs):
            found_by = " ".join((above, title, *searched, text))
            yield Section(document.source, title, text, found_by)
        paragraphs.clear()
        searched.clear()

    for block in _blocks(document.text):
        if block.startswith(_SEARCH_MARK):
            searched.append(block.strip(_SEARCH_MARK))
        elif heading := _HEADING.match(block):
            yield from finished()
            level = len(heading[1])
            headings = [h for h in headings if h[0] < level] + [(level, _plain(heading[2]))]
        else:
            paragraphs.append(_spoken(block))
    yield from finished()


def _blocks(markdown: str) -> Iterator[str]:
    """Headings, search words and paragraphs, each as one string."""

    def search_words(comment: re.Match[str]) -> str:
        words = _SEARCHED.match(comment[1])
        return f"\n\n{_SEARCH_MARK}{' '.join(words[1].split())}\n\n" if words else "\n"

    lines: list[str] = []
    for line in _COMMENT.sub(search_words, markdown.replace(_SEARCH_MARK, "")).splitlines():
        alone = _HEADING.match(line) or line.startswith(_SEARCH_MARK)
        if lines and (alone or not line.strip()):
            yield "\n".join(lines)
            lines = []
        if alone:
            yield line
        elif line.strip():
            lines.append(line)
    if lines:
        yield "\n".join(lines)


def _spoken(paragraph: str) -> str:
    """The paragraph as running text; a list's items become sentences."""
    sentences: list[str] = []
    for line in paragraph.splitlines():
        item = _LIST_ITEM.match(line)
        text = _plain(line[item.end() :] if item else line)
        if item and sentences and sentences[-1][-1] not in ".!?…:;,":
            sentences[-1] += "."
        if text:
            sentences.append(text)
    text = " ".join(sentences)
    return text if not text or text[-1] in ".!?…:" else text + "."


def _plain(line: str) -> str:
    line = _LINK.sub(r"\1", line).replace("*", "").replace("`", "")
    return " ".join(_UNDERSCORE.sub("", line).lstrip("> ").split())


def _groups(paragraphs: list[str]) -> Iterator[str]:
    group = ""
    for paragraph in (piece for each in paragraphs for piece in _pieces(each)):
        if group and len(group) + 1 + len(paragraph) > PASSAGE_CHARS:
            yield group
            group = paragraph
        else:
            group = f"{group} {paragraph}".strip()
    if group:
        yield group


def _pieces(paragraph: str) -> Iterator[str]:
    """The paragraph, or as many whole sentences at a time as fit; a longer one is cut at a word."""
    if len(paragraph) <= PASSAGE_CHARS:
        yield from filter(None, [paragraph])
        return
    begun = ""
    for sentence in sentences(paragraph):
        for part in textwrap.wrap(sentence, PASSAGE_CHARS) or [""]:
            if begun and len(begun) + 1 + len(part) > PASSAGE_CHARS:
                yield begun
                begun = ""
            begun = f"{begun} {part}".strip()
    if begun:
        yield begun
