"""Cuts Markdown into headings, search words and paragraphs, whatever way headings are written.

People who write a FAQ in a text editor make a line bold, underline it, or write «Вопрос:»; all of
that heads what follows as `##` does. Else the whole FAQ is one answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from halo_voice.knowledge.inline import plain

SEARCH_MARK = "\0"
TITLE_CHARS_MAX = 120

_PREFACE = re.compile(r"\A---\n(?:\w[\w-]*:.*\n){1,40}---\n")  # what a site's program wants to know
_COMMENT = re.compile(r"<!--(.*?)(?:-->|\Z)", re.DOTALL)
_SEARCHED = re.compile(r"\s*ищут\s*:(.*)", re.DOTALL | re.IGNORECASE)
_HEADING = re.compile(r"(#{1,6})\s+(.*?)\s*#*\s*$")
_UNDERLINE = re.compile(r" {0,3}(=+|-{2,})\s*$")
_RULE = re.compile(r"\s*(?:[-*_=]\s*){3,}$")
_BOLD = re.compile(r"\s*(?:\d+[.)]\s+)?(\*\*|__)(?=\S)((?:(?!\1).)+)\1\s*:?(.*)$")
_SKIP = r"[\s*_]*+"
_ASKS = re.compile(
    rf"{_SKIP}(?:вопрос|в){_SKIP}\d*+{_SKIP}:{_SKIP}([^?]+\?){_SKIP}(.*)$", re.IGNORECASE
)
_ANSWERS = re.compile(rf"{_SKIP}(?:ответ|о){_SKIP}\d*+{_SKIP}:{_SKIP}", re.IGNORECASE)
_BOLD_LEVEL = 7  # below any `#`


@dataclass(frozen=True, slots=True)
class Heading:
    """`said`: it may tell something by itself, so it is spoken as well."""

    level: int
    text: str
    said: bool = False


def blocks(markdown: str) -> Iterator[Heading | str]:
    """In order; search words are a string that begins with the mark."""
    lines: list[str] = []
    asked = False  # «Вопрос:» stands above, so «Ответ:» is no word of the answer
    for line in _lines(markdown):
        underline = _UNDERLINE.match(line)
        if underline and len(lines) == 1 and _is_title(lines[0]):
            yield Heading(1 if "=" in underline[1] else 2, plain(lines.pop()))
            continue
        headed = _headed(line)
        alone = headed is not None or line.startswith(SEARCH_MARK) or bool(_RULE.match(line))
        if lines and (alone or not line.strip()):
            yield "\n".join(lines)
            lines = []
        if headed is not None:
            heading, rest = headed
            asked = heading.text.endswith("?")
            yield heading
            line = rest
        elif alone:
            if line.startswith(SEARCH_MARK):
                yield line
            continue
        if asked and not lines:
            line = _ANSWERS.sub("", line, count=1) if _ANSWERS.match(line) else line
        if line.strip():
            lines.append(line)
    if lines:
        yield "\n".join(lines)


def _lines(markdown: str) -> list[str]:
    def search_words(comment: re.Match[str]) -> str:
        words = _SEARCHED.match(comment[1])
        return f"\n\n{SEARCH_MARK}{' '.join(words[1].split())}\n\n" if words else "\n"

    text = _PREFACE.sub("", markdown.replace(SEARCH_MARK, "").replace("\r\n", "\n"))
    return _COMMENT.sub(search_words, text).splitlines()


def _headed(line: str) -> tuple[Heading, str] | None:
    """The heading that the line begins with, and what of the line follows it."""
    if heading := _HEADING.match(line):
        return Heading(len(heading[1]), plain(heading[2])), ""
    if (asks := _ASKS.match(line)) and len(asks[1]) <= TITLE_CHARS_MAX:
        return Heading(_BOLD_LEVEL, plain(asks[1])), asks[2]
    if (bold := _BOLD.match(line)) and _is_title(bold[2]):
        title, rest = plain(bold[2]), bold[3].strip()
        if title.endswith("?") or not rest:
            return Heading(_BOLD_LEVEL, title.strip(" :"), said=not title.endswith("?")), rest
    return None


def _is_title(line: str) -> bool:
    plain_line = line.strip()
    return len(plain_line) <= TITLE_CHARS_MAX and plain_line[-1:] not in (".", "!", ",", ";", "|")
