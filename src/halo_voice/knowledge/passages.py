"""Markdown to passages: a heading with as much of its text as can be spoken as one answer.

`<!-- ищут: … -->` below a heading adds words that callers use and the text does not: they are
searched and never spoken. Any other comment is neither.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import takewhile

from halo_voice.core.profile import Document
from halo_voice.core.sentences import sentences
from halo_voice.knowledge.blocks import SEARCH_MARK, Heading, blocks
from halo_voice.knowledge.implied import implied
from halo_voice.knowledge.inline import plain
from halo_voice.knowledge.prices import PRICED, PRICED_LAST
from halo_voice.knowledge.tables import cells, is_group, rule_of, told

PASSAGE_CHARS = 500
"""A section longer than this becomes several passages, cut between paragraphs, or sentences."""

PRICES_MIN = 3
"""So many lines with a price each are a price list: who asks for one price hears that one."""

_PRICE_NAME = re.compile(r"цен[аы]|стоимость|тариф|руб|₽", re.IGNORECASE)
_LABEL = re.compile(r"\s*(\*\*|__)[^*_]{1,60}(?::\1|\1\s*:)")  # «**Адрес:** Мира, 5»
_BEFORE_PRICE = re.compile(r"\s[-–—]+\s|:\s|\.{3}|\d")
_LETTERS = re.compile(r"[^\W\d_]{2}")
_TELLS = re.compile(r"\d|:\s*\w|\s[—–-]\s")
_LIST_ITEM = re.compile(r"\s*(?:[-*+•·▪●◦–—]|\d+[.)])\s+")


Paragraph = tuple[str, str]
"""What is said; and of what is a passage by itself, as a price is, what it is about: else ""."""


@dataclass(frozen=True, slots=True)
class Section:
    """A passage before it is ranked: what is spoken, and what it is found by `beside` that.

    `searched`: somebody wrote search words for it.
    """

    source: str
    title: str
    text: str
    beside: str
    searched: bool = False

    @property
    def found_by(self) -> str:
        """All of its words."""
        return " ".join(filter(None, (self.beside, self.title, self.text)))


def sections(document: Document) -> Iterator[Section]:
    """The passages of one file in order. Headings above a heading help to find its text."""
    headings: list[Heading] = []
    paragraphs: list[Paragraph] = []
    searched: list[str] = []

    def finished(following: Heading | None = None) -> Iterator[Section]:
        title = headings[-1].text if headings else ""
        leaf = following is None or bool(headings and following.level <= headings[-1].level)
        if headings and not paragraphs and leaf and _says_all(headings[-1]):
            paragraphs.append((_ended(title), ""))
        above = " ".join(heading.text for heading in headings[:-1])
        for text, about in _groups(paragraphs):
            words = searched or implied(title, text)
            beside = " ".join(filter(None, (above, about, *words)))
            yield Section(document.source, title, text, beside, bool(searched))
        paragraphs.clear()
        searched.clear()

    for block in blocks(document.text):
        if isinstance(block, Heading):
            yield from finished(block)
            headings = [h for h in headings if h.level < block.level] + [block]
            if block.said:
                paragraphs.append((_ended(block.text), ""))
        elif block.startswith(SEARCH_MARK):
            searched.append(block.strip(SEARCH_MARK))
        else:
            paragraphs += _spoken(block)
    yield from finished()


def _says_all(heading: Heading) -> bool:
    """«## Часы работы: 9:00–21:00» without a text below is an answer, «## Услуги» is none."""
    return not heading.text.endswith("?") and bool(_TELLS.search(heading.text))


def _spoken(block: str) -> Iterator[Paragraph]:
    """The block as running text, a table as its rows."""
    lines = block.splitlines()
    rule = rule_of(lines)
    if not rule:
        yield from _running(lines)
        return
    rows = list(takewhile(lambda line: "|" in line, lines[rule + 1 :]))
    names = [plain(cell) for cell in cells(lines[rule - 1])]
    table, said, group = [], [], ""
    for row in ([plain(cell) for cell in cells(line)] for line in rows):
        if is_group(row):
            group = f"{row[0].strip(' :')}: "
        elif text := told(names, row):
            table.append(row)
            said.append(group + text)
    priced = len(said) >= PRICES_MIN and any(map(_PRICE_NAME.search, names))
    alone = priced or _is_price_list(said)
    yield from _running(lines[: rule - 1])
    for row, text in zip(table, said, strict=True):
        yield _ended(text), next(filter(_LETTERS.search, row), text) if alone else ""
    yield from _running(lines[rule + 1 + len(rows) :])


def _running(lines: Iterable[str]) -> Iterator[Paragraph]:
    """Lines as one paragraph, a list's items as sentences; those of a price list stand alone."""
    said: list[str] = []
    items = 0
    for line in lines:
        item = _LIST_ITEM.match(line)
        text = plain(line[item.end() :] if item else line)
        new = item or _LABEL.match(line) or (said and PRICED_LAST.search(said[-1]))
        if said and text and not (new and not text[0].islower()) and not item:
            said[-1] = f"{said[-1]} {text}"
        elif text:
            said.append(text)
            items += bool(new) or bool(PRICED_LAST.search(text))
    if items >= PRICES_MIN and _is_price_list(said[len(said) - items :]):
        yield from ((_ended(text), _BEFORE_PRICE.split(text)[0] or text) for text in said)
    elif said:
        yield _ended(" ".join([*map(_parted, said[:-1]), said[-1]])), ""


def _is_price_list(said: list[str]) -> bool:
    priced = sum(bool(PRICED.search(text)) for text in said)
    return priced >= PRICES_MIN and 4 * priced >= 3 * len(said)


def _parted(text: str) -> str:
    return text if text[-1] in ".!?…:;," else f"{text}."


def _ended(text: str) -> str:
    return text if not text or text[-1] in ".!?…:" else text + "."


def _groups(paragraphs: Iterable[Paragraph]) -> Iterator[Paragraph]:
    group = ""
    for paragraph, about in paragraphs:
        for piece in _pieces(paragraph):
            if group and (about or len(group) + 1 + len(piece) > PASSAGE_CHARS):
                yield group, ""
                group = ""
            if about:
                yield piece, about
            else:
                group = f"{group} {piece}".strip()
    if group:
        yield group, ""


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
