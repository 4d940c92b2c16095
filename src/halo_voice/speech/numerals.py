"""Russian numbers in words, in any case and gender, and what a number asks of the noun it counts.

`rutextnorm` has the words and their declension; gender, accusative and ordinals are added here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from rutextnorm import number_to_ordinal_words, number_to_words, number_to_words_case

Case = Literal["nom", "gen", "dat", "acc", "ins", "pre"]
Gender = Literal["m", "f", "n", "pl"]
"""`pl` of what has no singular: «одни сутки», «двое суток»."""

CARDINAL_MAX = 10**15 - 1
"""Beyond it a number is read digit by digit."""

_CASES: tuple[Case, ...] = ("nom", "gen", "dat", "acc", "ins", "pre")
_THEIRS = {"gen": "gen", "dat": "dat", "ins": "instr", "pre": "prep"}
_ONE_TWO = {"f": {"один": "одна", "два": "две"}, "n": {"один": "одно"}, "m": {},
            "pl": {"один": "одни", "два": "двое", "три": "трое", "четыре": "четверо"}}  # fmt: skip
_ONES = {"одного": "одних", "одному": "одним", "одним": "одними", "одном": "одних"}
_ORDINAL = {
    "m": {"nom": "ый ий", "gen": "ого ьего", "dat": "ому ьему", "acc": "ый ий", "ins": "ым ьим",
          "pre": "ом ьем"},
    "f": {"nom": "ая ья", "gen": "ой ьей", "dat": "ой ьей", "acc": "ую ью", "ins": "ой ьей",
          "pre": "ой ьей"},
    "n": {"nom": "ое ье", "gen": "ого ьего", "dat": "ому ьему", "acc": "ое ье", "ins": "ым ьим",
          "pre": "ом ьем"},
    "pl": {"nom": "ые ьи", "gen": "ых ьих", "dat": "ым ьим", "acc": "ые ьи", "ins": "ыми ьими",
           "pre": "ых ьих"},
}  # fmt: skip
_DIGITS = "ноль один два три четыре пять шесть семь восемь девять".split()
_TENTHS = {1: 10, 2: 100, 3: 1000, 4: 10_000}
_GROUPS = {5: (3, 2), 6: (3, 3), 7: (3, 2, 2), 8: (4, 4), 10: (3, 3, 2, 2), 11: (1, 3, 3, 2, 2)}


@dataclass(frozen=True, slots=True)
class Noun:
    """A noun that is counted: six cases of the singular, then of the plural."""

    gender: Gender
    one: tuple[str, ...]
    many: tuple[str, ...]
    few: str = ""
    """The form after 2, 3 and 4 where it is not the genitive («два квадратных метра»)."""
    animate: bool = False
    """Whether one of it in the accusative is as in the genitive («за одного человека»)."""

    def single(self, case: Case) -> str:
        return self.one[_CASES.index(case)]

    def plural(self, case: Case) -> str:
        return self.many[_CASES.index(case)]

    def after(self, number: int, case: Case) -> str:
        """The form that stands after `number` («два рубля», «к пяти рублям»)."""
        if number >= 1000 and number % 1000 == 0:
            return self.plural("gen")
        last = number % 10 if number % 100 not in range(11, 15) else 0
        if last == 1:
            return self.single(case)
        if case not in ("nom", "acc"):
            return self.plural(case)
        if 2 <= last <= 4:
            return self.few or self.single("gen")
        return self.plural("gen")


@lru_cache(8192)
def cardinal(number: int, case: Case = "nom", gender: Gender = "m") -> str:
    """`number` (0 to `CARDINAL_MAX`) in words: cardinal(2, "nom", "f") is «две»."""
    if case in ("nom", "acc"):
        words = number_to_words(number).split()
        words[-1] = _ONE_TWO[gender].get(words[-1], words[-1])
        if case == "acc":
            words = [{"одна": "одну", "тысяча": "тысячу"}.get(word, word) for word in words]
        return " ".join(words)
    words = number_to_words_case(number, _THEIRS[case]).split()
    if gender == "f" and number % 10 == 1 and number % 100 != 11:
        words[-1] = "одной"
    if gender == "pl":
        words[-1] = _ONES.get(words[-1], words[-1])
    return " ".join(words)


@lru_cache(8192)
def ordinal(number: int, case: Case = "nom", gender: Literal["m", "f", "n", "pl"] = "m") -> str:
    """`number` as an ordinal: ordinal(5, "gen") is «пятого»."""
    words = number_to_ordinal_words(number).split()
    if len(words) > 1 and words[-1] == "тысячный":  # «двух тысячный»
        words[-2:] = [words[-2] + words[-1]]
    last = words[-1]
    if case == "nom" and gender == "m":
        return " ".join(words)
    ending = _ORDINAL[gender][case].split()[last.endswith("ий")]
    if ending in ("ый", "ий"):
        ending = last[-2:]
    words[-1] = last[:-2] + ending
    return " ".join(words)


def digits(text: str) -> str:
    """Digit by digit; many of them in groups with a pause between."""
    said = [_DIGITS[int(digit)] for digit in text if digit in "0123456789"]
    if len(said) < 5:
        return " ".join(said)
    sizes = _GROUPS.get(len(said)) or (3,) * (len(said) // 3 + (len(said) % 3 > 0))
    groups, start = [], 0
    for size in sizes:
        groups.append(" ".join(said[start : start + size]))
        start += size
    return ", ".join(group for group in groups if group)


def group(text: str) -> str:
    """Up to three digits as one number, leading zeros said: «05» is «ноль пять»."""
    zeros = len(text) - len(text.lstrip("0"))
    rest = text[zeros:]
    return " ".join(["ноль"] * zeros + ([cardinal(int(rest))] if rest else []))


def count(number: int, case: Case, noun: Noun) -> str:
    """The number with its noun: count(21, "gen", рубль) is «двадцати одного рубля»."""
    if noun.animate and case == "acc" and number in (1, 2, 3, 4):
        case = "gen"
    return f"{cardinal(number, case, noun.gender)} {noun.after(number, case)}"


def decimal(
    whole: int, part: str, case: Case, noun: Noun | None = None, *, gender: Gender = "m"
) -> str:
    """A number with a fraction, 1 to 4 digits of `part`: «полтора килограмма», «две десятых»."""
    gender = noun.gender if noun else gender
    if part.rstrip("0") == "":
        return count(whole, case, noun) if noun else cardinal(whole, case, gender)
    if part.rstrip("0") == "5" and whole > 0:
        return _with_half(whole, case, gender, noun)
    of_what = f" {noun.single('gen')}" if noun else ""
    tenths = _TENTHS[len(part)]
    said = (
        f"{cardinal(whole, case, 'f')} {_share('цел', whole, case)} "
        f"{cardinal(int(part), case, 'f')} {_share_ordinal(tenths, int(part), case)}"
    )
    return said + of_what


def _with_half(whole: int, case: Case, gender: Gender, noun: Noun | None) -> str:
    straight = case in ("nom", "acc")
    if whole == 1:
        said = ("полторы" if gender == "f" else "полтора") if straight else "полутора"
        if noun is None:
            return said
        return f"{said} {noun.single('gen') if straight else noun.plural(case)}"
    said = f"{cardinal(whole, case, gender)} с половиной"
    return f"{said} {noun.after(whole, case)}" if noun else said


def _share(stem: str, number: int, case: Case) -> str:
    if number % 10 == 1 and number % 100 != 11:
        return stem + _ORDINAL["f"][case].split()[0]
    return stem + _ORDINAL["pl"]["gen" if case in ("nom", "acc") else case].split()[0]


def _share_ordinal(tenths: int, number: int, case: Case) -> str:
    if tenths == 10_000:
        return _share("десятитысячн", number, case)
    stem = {10: "десят", 100: "сот", 1000: "тысячн"}[tenths]
    return _share(stem, number, case)


_NAMED_SHARES: dict[int, tuple[str, Sequence[str]]] = {
    # one share in six cases; the stem's forms after 2, 3, 4
    2: ("", ("половина", "половины", "половине", "половину", "половиной", "половине")),
    3: ("", ("треть", "трети", "трети", "треть", "третью", "трети")),
    4: ("", ("четверть", "четверти", "четверти", "четверть", "четвертью", "четверти")),
}
_FEW_SHARES = {3: ("трети", "третей", "третям", "трети", "третями", "третях"),
               4: ("четверти", "четвертей", "четвертям", "четверти", "четвертями",
                   "четвертях")}  # fmt: skip


def fraction(top: int, bottom: int, case: Case) -> str:
    """«половина», «две трети», «пять восьмых»."""
    place = _CASES.index(case)
    if top == 1 and bottom in _NAMED_SHARES:
        return _NAMED_SHARES[bottom][1][place]
    if bottom in _FEW_SHARES and 2 <= top <= 4:
        return f"{cardinal(top, case, 'f')} {_FEW_SHARES[bottom][place]}"
    if top % 10 == 1 and top % 100 != 11:
        return f"{cardinal(top, case, 'f')} {ordinal(bottom, case, 'f')}"
    shares: Case = "gen" if case in ("nom", "acc") else case
    return f"{cardinal(top, case, 'f')} {ordinal(bottom, shares, 'pl')}"
