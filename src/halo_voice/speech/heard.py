"""Numbers in heard words: which number a word is, and which numbers a run of words makes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import get_args

from halo_voice.speech.numerals import Case, cardinal, ordinal

READ_MAX = 400
"""Characters of an utterance that are read; a longer one is not a number."""

PAUSE = ","
"""Stands between words where `words_and_pauses` saw punctuation."""

_SIMPLE = (*range(20), *range(20, 100, 10), *range(100, 1000, 100))
_SCALES = {"тысяч": 1000, "миллион": 1_000_000}
_REPEATED = {
    "нол": 0, "нул": 0, "единиц": 1, "двойк": 2, "тройк": 3, "четверк": 4, "пятерк": 5,
    "шестерк": 6, "семерк": 7, "восьмерк": 8, "девятк": 9,
}  # fmt: skip
_WORD = re.compile(r"\d+|[а-яa-z]+(?:-[а-яa-z]+)*")


def words(text: str) -> list[str]:
    """The words and digit groups of an utterance, lower case, ё as е; none if it is too long."""
    if len(text) > READ_MAX:
        return []
    return _WORD.findall(text.lower().replace("ё", "е"))


def words_and_pauses(text: str) -> list[str]:
    """The words with `PAUSE` where a comma or a full stop stood."""
    parts = re.split(r"[,.;]", text) if len(text) <= READ_MAX else []
    tokens = [token for part in parts for token in (PAUSE, *words(part))]
    return tokens[1:]


@cache
def _cardinals() -> dict[str, int]:
    known = {
        cardinal(number, case, gender).replace("ё", "е"): number
        for number in _SIMPLE
        for case in get_args(Case)
        for gender in ("f", "n", "m")
    }
    return known | {"нуль": 0, "раз": 1}


@cache
def _ordinals() -> dict[str, int]:
    return {
        ordinal(number, case, gender).replace("ё", "е"): number
        for number in (*range(1, 20), *range(20, 100, 10))
        for case in get_args(Case)
        for gender in ("f", "n", "m")
    }


def simple(word: str) -> int | None:
    """The number of one word, in any case: «двумстам» is 200. «раз» counts as one."""
    return _cardinals().get(word)


def order(tokens: Sequence[str]) -> int | None:
    """The ordinal of one or two words: «двадцать пятого» is 25; digits are taken as they are."""
    if len(tokens) == 1:
        token = tokens[0].removesuffix("-го").removesuffix("-е")
        return int(token) if token.isdigit() and len(token) < 3 else _ordinals().get(token)
    if len(tokens) == 2 and (tens := simple(tokens[0])) in range(20, 100, 10):
        ones = _ordinals().get(tokens[1])
        return tens + ones if tens and ones and ones < 10 else None
    return None


def number(tokens: Sequence[str]) -> int | None:
    """The one whole number that all the words make, None if they make none or several."""
    total, group, room = 0, 0, 1000
    scale_max, last = 10**9, False
    for token in tokens:
        scale = next((v for stem, v in _SCALES.items() if token.startswith(stem)), None)
        if scale:
            if scale >= scale_max or (last and not group):
                return None
            total += (group or 1) * scale
            group, room, scale_max, last = 0, 1000, scale, False
            continue
        value = int(token) if token.isdigit() and len(token) < 10 else simple(token)
        if value is None or token in ("раз",) or not _fits(value, token, room):
            return None
        group, last = group + value, True
        room = 1 if token.isdigit() else _room(value)
    return total + group if tokens else None


def _fits(value: int, token: str, room: int) -> bool:
    """Whether a word may follow in a number that has `room` below its last word."""
    return (room == 1000) if token.isdigit() else value < room and (value > 0 or room == 1000)


def _room(value: int) -> int:
    if value == 0:
        return 1
    return 100 if value >= 100 else 10 if value >= 20 else 1


def dictated(tokens: Sequence[str]) -> str | None:
    """The digits of a dictated number, None if a word of it is no number.

    Words join as far as they can («девятьсот шестнадцать» is 916, «два нуля» is 00); `PAUSE`
    keeps them apart.
    """
    groups: list[str] = []
    room = 1
    for token in tokens:
        many = next((d for stem, d in _REPEATED.items() if token.startswith(stem)), None)
        value = None if token in ("нуля", "нулей") else simple(token)
        if token == PAUSE:
            room = 1
        elif token.isdigit():
            groups.append(token)
            room = 1
        elif value is not None:
            if 0 < value < room:
                groups[-1] = str(int(groups[-1]) + value)
            else:
                groups.append(str(value))
            room = _room(value)
        elif many is not None and groups and groups[-1] in ("2", "3", "4"):
            groups[-1] = str(many) * int(groups[-1])
            room = 1
        elif many is not None:
            groups.append(str(many))
            room = 1
        else:
            return None
    return "".join(groups)
