"""Numbers as callers say them: «двадцать пять» and «25» are one, «восемь девятьсот» two."""

from __future__ import annotations

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
