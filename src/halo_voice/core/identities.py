"""Tells what a dictated number is: a bank card, a passport, a telephone, SNILS, INN, or none."""

from __future__ import annotations

from itertools import accumulate
from typing import Literal

from halo_voice.core.dictation import Run

Kind = Literal["card", "card_code", "passport", "phone", "email", "snils", "inn"]

_CARD_LENGTHS = frozenset((13, 15, 16, 18, 19))
_PASSPORT_GROUPS = frozenset(
    ((4, 6), (2, 2, 6), (2, 2, 3, 3), (4, 3, 3), (2, 2, 2, 2, 2), (4, 2, 2, 2), (10,))
)
_AREAS = ("495", "496", "498", "499", "812", "800")
_FREE_OF_CHARGE = ("8800", "7800", "8804", "7804")


def kind_of(run: Run, said: str, *, alone: bool = True) -> Kind | None:
    """What the numbers of `run` are. `said`: what they were called, "" for nothing, `order` for
    what is nobody's identity. `alone`: nothing else was said right before or after them."""
    digits = run.digits
    if said == "card_code":
        return "card_code" if len(digits) in (3, 4) else None
    if _card(run, said):
        return "card"
    named = _named(run, said)
    if named is not None or said == "order" or is_date(run):
        return named
    if _telephone(run, said, alone):
        return "phone"
    if len(digits) == 11 and _lengths(run) in ((3, 3, 3, 2), (11,)) and snils_checks(digits):
        return "snils"
    if alone and _passport(run):
        return "passport"
    if alone and _lengths(run) == (12,) and inn_checks(digits):
        return "inn"
    return None


def luhn_checks(digits: str) -> bool:
    """Whether the last digit is the check digit of the others, as on bank cards."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def snils_checks(digits: str) -> bool:
    """Whether the last two of eleven digits are the check number of a SNILS."""
    total = sum(int(digit) * (9 - place) for place, digit in enumerate(digits[:9]))
    return total % 101 % 100 == int(digits[9:])


def inn_checks(digits: str) -> bool:
    """Whether the last two of twelve digits are the check digits of a person's INN."""
    for weights in ((7, 2, 4, 10, 3, 5, 9, 4, 6, 8), (3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8)):
        total = sum(int(d) * w for d, w in zip(digits, weights, strict=False))
        if total % 11 % 10 != int(digits[len(weights)]):
            return False
    return True


def _named(run: Run, said: str) -> Kind | None:
    """What it is by its name alone; a recogniser's wrong or missing digit does not matter."""
    count = len(run.digits)
    if said == "passport" and (count >= 6 or (count == 4 and _series(run.digits))):
        return None if is_date(run) else "passport"
    if said == "snils" and count >= 9:
        return "snils"
    if said == "inn" and count >= 10:
        return "inn"
    return None


def _lengths(run: Run) -> tuple[int, ...]:
    return tuple(map(len, run.groups))


def _said_lengths(run: Run) -> tuple[int, ...]:
    """As `_lengths`, a zero together with what follows it: «ноль восемь» is 08."""
    lengths: list[int] = []
    zero = False
    for group in run.groups:
        if zero:
            lengths[-1] += len(group)
        else:
            lengths.append(len(group))
        zero = not group.strip("0") and not zero
    return tuple(lengths)


def _card(run: Run, said: str) -> bool:
    digits, count = run.digits, len(run.digits)
    if run.plus:
        return False
    if said == "card" and count >= 7 and not is_date(run):
        return True
    if count not in _CARD_LENGTHS or not _issued(digits):
        return False
    if luhn_checks(digits):
        return count > 13 or said != "order"
    # A digit was misheard: nothing else is dictated in so many groups.
    dictated = len(run.groups) >= 4 and not all(group.endswith("00") for group in run.groups)
    return dictated and count > 13 and said != "order"


def _issued(digits: str) -> bool:
    """Whether a bank's card begins so: Mir, Visa, Mastercard, Maestro, UnionPay, Amex."""
    if digits[0] == "2":
        return 2200 <= int(digits[:4]) <= 2204 or 2221 <= int(digits[:4]) <= 2720
    if digits[0] == "3":
        return len(digits) == 15 and digits[1] in "47"
    return digits[0] in "456" and len(digits) != 15 and (len(digits) != 13 or digits[0] == "4")


def is_free_of_charge(run: Run) -> bool:
    """A company's telephone, never a person's."""
    return len(run.digits) == 11 and run.digits.startswith(_FREE_OF_CHARGE)


def is_date(run: Run) -> bool:
    """A day with its month and year, or years one after the other."""
    if _lengths(run) in ((2, 2, 4), (1, 2, 4), (2, 1, 4), (1, 1, 4), (2, 2, 2)):
        day, month, year = map(int, run.groups)
        return day <= 31 and month <= 12 and (1900 <= year <= 2100 or year < 40 or year > 90)
    return len(run.groups) > 1 and all(
        len(group) == 4 and 1900 <= int(group) <= 2100 for group in run.groups
    )


def _telephone(run: Run, said: str, alone: bool) -> bool:
    digits, count = run.digits, len(run.digits)
    ends = set(accumulate(_lengths(run)))
    if is_free_of_charge(run):
        return False
    if run.plus and 10 <= count <= 15:
        return True
    if count == 11 and digits[0] in "78" and digits[1] in "34589" and _lengths(run)[0] != 3:
        return alone or 1 in ends or len(run.groups) == 1
    if said == "phone":
        return 6 <= count <= 15
    if count == 10 and alone:
        if digits[0] == "9" and (3 in ends or len(run.groups) == 1):
            return True
        if len(run.groups) == 1:
            return digits.startswith(_AREAS)
        return digits[0] in "348" and {3, 6} <= ends
    return False


def _series(digits: str) -> bool:
    """Whether a passport's series may begin so: a region, and the year of the form."""
    return digits[:2] != "00" and (digits[2:4] >= "97" or digits[2:4] <= "29")


def _passport(run: Run) -> bool:
    """A passport that nobody called so: by its length, its groups and its series."""
    digits = run.digits
    if len(digits) != 10 or run.plus or not _series(digits):
        return False
    lengths = _said_lengths(run)
    if lengths == (2, 2, 2, 2, 2) and list(run.groups) == sorted(run.groups):
        return False  # somebody counts
    return lengths in _PASSPORT_GROUPS or set(_lengths(run)) == {1}
