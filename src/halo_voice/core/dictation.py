"""Numbers as callers say them: «двадцать пять» and «25» are one, «восемь девятьсот» two."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_SAID = {
    0: "ноль нуль ноля нуля", 1: "один одна одно одну одного", 2: "два две двух",
    3: "три трех", 4: "четыре четырех", 5: "пять пяти", 6: "шесть шести", 7: "семь семи",
    8: "восемь восьми", 9: "девять девяти", 10: "десять десяти",
    11: "одиннадцать одиннадцати", 12: "двенадцать двенадцати", 13: "тринадцать тринадцати",
    14: "четырнадцать четырнадцати", 15: "пятнадцать пятнадцати",
    16: "шестнадцать шестнадцати", 17: "семнадцать семнадцати",
    18: "восемнадцать восемнадцати", 19: "девятнадцать девятнадцати",
    20: "двадцать двадцати", 30: "тридцать тридцати", 40: "сорок сорока",
    50: "пятьдесят пятидесяти", 60: "шестьдесят шестидесяти", 70: "семьдесят семидесяти",
    80: "восемьдесят восьмидесяти", 90: "девяносто девяноста", 100: "сто ста",
    200: "двести двухсот", 300: "триста трехсот", 400: "четыреста четырехсот",
    500: "пятьсот пятисот", 600: "шестьсот шестисот", 700: "семьсот семисот",
    800: "восемьсот восьмисот", 900: "девятьсот девятисот",
}  # fmt: skip
_VALUES = {word: value for value, words in _SAID.items() for word in words.split()}
_MANY = {
    "нуля": 0, "нулей": 0, "единицы": 1, "единички": 1, "двойки": 2, "тройки": 3, "четверки": 4,
    "пятерки": 5, "шестерки": 6, "семерки": 7, "восьмерки": 8, "девятки": 9,
    "единица": 1, "единичка": 1, "двойка": 2, "тройка": 3, "четверка": 4, "пятерка": 5,
    "шестерка": 6, "семерка": 7, "восьмерка": 8, "девятка": 9,
}  # fmt: skip
_ENGLISH = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
    "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14,
    "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20,
    "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
_KNOWN = _VALUES | _ENGLISH
_THOUSAND = frozenset(("тысяча", "тысячу"))  # one, where no «одна» stands before it
_THOUSANDS = _THOUSAND | {"тысячи", "тысяч"}
_NUMBER_WORDS = frozenset((*_KNOWN, *_MANY))
# Said between the parts of one number.
_JOINING = frozenset(
    word
    for line in (
        "номер дальше далее потом затем э эм эээ ээ ну так тире дефис пробел черточка минус плюс",
        "значит вот точка слеш дробь скобка",
    )
    for word in line.split()
)
_TOKEN = re.compile(r"\d+|[^\W\d_]+|[+?!;]")
_DIGIT = re.compile(r"\d")
_WORD = re.compile("[a-zа-яё]+")


def in_digits(words: list[str]) -> list[str]:
    """`words` (as `speakable.words` gives them) with the number words as digits.

    A number takes hundreds, tens and units in that order; what comes out of order begins another.
    """
    found: list[str] = []
    room = 0  # a following number word below it belongs to the same number
    for word in words:
        value = _VALUES.get(word)
        if value is None:
            found.append(word)
            room = 0
            continue
        if 0 < value < room:
            found[-1] = str(int(found[-1]) + value)
        else:
            found.append(str(value))
        room = _room_after(value)
    return found


def _room_after(value: int) -> int:
    if value >= 100:
        return 100
    return 10 if value >= 20 else 0


@dataclass(frozen=True, slots=True)
class Run:
    """Numbers that were said one right after the other, at `start` to `end` of the text.

    `groups` are the digits of each as it was said or written; `plus`: a plus stood before them.
    """

    start: int
    end: int
    groups: tuple[str, ...]
    places: tuple[tuple[int, int], ...]
    plus: bool = False

    @property
    def digits(self) -> str:
        return "".join(self.groups)

    def part(self, first: int, last: int) -> Run:
        """The groups from `first` up to and without `last`."""
        places = self.places[first:last]
        plus = self.plus and first == 0
        start = self.start if first == 0 else places[0][0]
        return Run(start, places[-1][1], self.groups[first:last], places, plus)


def one_of(runs: Sequence[Run]) -> Run:
    """One run of several that follow each other."""
    groups = tuple(group for run in runs for group in run.groups)
    places = tuple(place for run in runs for place in run.places)
    return Run(runs[0].start, runs[-1].end, groups, places, runs[0].plus)


def lowered(text: str) -> str:
    """`text` in lower case with ё as е, every character in its place."""
    low = text.lower()
    if len(low) != len(text):  # «İ» becomes two
        low = "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
    return low.replace("ё", "е")


def numbers_in(low: str, *, least: int = 2) -> bool:
    """Whether a `lowered` text may hold as much as four digits; most texts do not.

    `least`: so many number words are worth a closer look.
    """
    digits = len(_DIGIT.findall(low))
    if digits >= 4:
        return True
    said = _WORD.findall(low)
    if _NUMBER_WORDS.isdisjoint(said):
        return digits >= least
    return digits + sum(word in _NUMBER_WORDS for word in said) >= least


def runs(low: str) -> list[Run]:
    """All numbers of a `lowered` text, those together that nothing but a pause parts."""
    found: list[Run] = []
    reader = _Reader(found.append)
    for token in _TOKEN.finditer(low):
        reader.take(token[0], token.start(), token.end())
    reader.close()
    return found


_Part = tuple[int, int, int]
"""What a number word or a written number is worth, and its place."""


class _Reader:
    """Gathers the groups of one run after the other."""

    def __init__(self, give: Callable[[Run], None]) -> None:
        self._give = give
        self._groups: list[str] = []
        self._places: list[tuple[int, int]] = []
        self._room = 0  # a following number word below it belongs to the same number
        self._parts: list[_Part] = []  # of the last group, as long as thousands may be counted
        self._thousand: tuple[str, int, int] | None = None  # said last; counts if a number follows
        self._plus: int | None = None

    def take(self, token: str, start: int, end: int) -> None:
        if self._thousand is not None:
            self._after_thousand(token)
        value = _KNOWN.get(token)
        if token in _THOUSANDS and (self._parts or token in _THOUSAND):
            self._thousand = (token, start, end)
        elif token.isdigit():
            self._written(_plain(token), start, end)
        elif value is not None and token not in ("нуля", "нулей"):
            self._said(value, start, end)
        elif token in _MANY:
            self._several(_MANY[token], start, end)
        elif token in ("+", "плюс") and not self._groups:
            self._plus = start
        elif token in _JOINING and self._groups:
            self._room, self._parts = 0, []
        else:
            self.close()

    def close(self) -> None:
        """The run is over."""
        if self._groups:
            start = self._places[0][0] if self._plus is None else self._plus
            groups, places = tuple(self._groups), tuple(self._places)
            self._give(Run(start, places[-1][1], groups, places, self._plus is not None))
        self._groups, self._places, self._room, self._plus = [], [], 0, None
        self._parts, self._thousand = [], None

    def _add(self, group: str, start: int, end: int) -> None:
        self._groups.append(group)
        self._places.append((start, end))
        self._room, self._parts = 0, []

    def _more(self, value: int, start: int, end: int) -> None:
        """The last group is larger by so much."""
        self._groups[-1] = str(int(self._groups[-1]) + value)
        self._places[-1] = (self._places[-1][0], end)
        self._parts.append((value, start, end))

    def _written(self, group: str, start: int, end: int) -> None:
        small = len(group) <= 3 and group[0] != "0"
        if self._room == 1000 and small:
            self._more(int(group), start, end)
            self._room = 0
            return
        self._add(group, start, end)
        self._parts = [(int(group), start, end)] if small else []

    def _said(self, value: int, start: int, end: int) -> None:
        if 0 < value < self._room:
            self._more(value, start, end)
        else:
            self._add(str(value), start, end)
            self._parts = [(value, start, end)]
        self._room = _room_after(value)

    def _several(self, value: int, start: int, end: int) -> None:
        """«два нуля» is 00, «тройка» is 3."""
        if self._groups and self._groups[-1] in ("2", "3", "4"):
            self._groups[-1] = str(value) * int(self._groups[-1])
            self._places[-1] = (self._places[-1][0], end)
            self._room, self._parts = 0, []
        else:
            self._add(str(value), start, end)

    def _after_thousand(self, token: str) -> None:
        """«Сто тысяч рублей» is 100 of something, «сто тысяч пять» one group."""
        small = _KNOWN.get(token, 0) > 0 or (token.isdigit() and len(token) <= 3)
        if small or token in _THOUSAND:
            self._count_thousands()
        else:
            self.close()

    def _count_thousands(self) -> None:
        """«Две тысячи двести семь тысяч»: the seven are of the second, which is another group."""
        said, start, end = self._thousand or ("", 0, 0)
        self._thousand = None
        kept, counted = _counted(said, self._parts)
        if self._parts:
            self._groups.pop()
            begin, _ = self._places.pop()
        if kept:
            self._add(str(sum(value for value, _, _ in kept)), begin, kept[-1][2])
        many = sum(value for value, _, _ in counted) or 1
        begin = counted[0][1] if counted else start
        self._add(str(many * 1000), begin, end)
        self._parts, self._room = [(many * 1000, begin, end)], 1000


def _counted(said: str, parts: list[_Part]) -> tuple[list[_Part], list[_Part]]:
    """Of the parts of a number those before a number of thousands, and those that count them: all,
    or the last alone, where there were thousands before."""
    last = parts[-1][0] if parts else 0
    if said in _THOUSAND and (last % 10 != 1 or last == 11):
        return parts, []
    before = len(parts) - 1 if parts[0][0] >= 1000 else 0
    return parts[:before], parts[before:]


def _plain(token: str) -> str:
    return token if token.isascii() else "".join(str(unicodedata.digit(c, 0)) for c in token)
