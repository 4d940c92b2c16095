"""Telephone numbers as digits that can be compared, and that can be called."""

from __future__ import annotations

import re

_FOREIGN = re.compile(r"[1-689][0-9]{9,14}")
_SET_OFF = re.compile(r"\+\s*8[\s(.-]")
"""«+8 916 …»: no country's code is 8 alone, and Vietnam's is +84."""


def number_digits(number: str) -> str:
    """A telephone number as comparable digits: `8 (495) …`, `+7 495 …` and a SIP address agree."""
    digits = "".join(c for c in number.removeprefix("sip:").partition("@")[0] if c in "0123456789")
    russian = len(digits) == 11 and digits[0] == "8" and "+" not in number
    return "7" + digits[1:] if russian else digits


def callable_number(written: str) -> str | None:
    """Digits with the country's code, of what a person has written; None if nobody can be called
    there. Without a plus it is a Russian number, with or without 7 or 8."""
    digits, given = number_digits(written), written.removeprefix("sip:").strip()
    abroad = given.startswith("+")
    if len(digits) == 10 and digits[0] in "34589" and not abroad:
        digits = "7" + digits
    elif len(digits) == 11 and (_SET_OFF.match(given) or digits[:2] in ("83", "89")):
        digits = "7" + digits[1:]  # no country has +83 or +89
    if digits.startswith("7"):
        return digits if len(digits) == 11 else None
    return digits if abroad and _FOREIGN.fullmatch(digits) else None


def meant_digits(written: str) -> str:
    """Digits to look for, of a number that a person has written, a short or a foreign one included;
    "" if it has none."""
    return callable_number(written) or number_digits(written)


def sought_digits(typed: str) -> str:
    """Digits to look for inside of stored numbers, of a whole one or a part of it: a Russian one is
    found by +7, by 8 and without either. "" if there are none."""
    digits = callable_number(typed) or ""
    if digits.startswith("7"):
        return digits[1:]
    return "".join(c for c in typed if c in "0123456789")


def told_number(told: str) -> str | None:
    """As `callable_number`, of a number that the platform tells: with the country's code and
    without a plus. None where it is withheld."""
    return callable_number("+" + number_digits(told))


def all_callable(numbers: tuple[str, ...]) -> tuple[str, ...]:
    """The same numbers, as +74950000000. Raises `ValueError` that names the one that nobody could
    call."""
    digits = [callable_number(number) for number in numbers]
    for number, found in zip(numbers, digits, strict=True):
        if found is None:
            raise ValueError(f"{number!r} is no telephone number: write it as +74950000000")
    return tuple(f"+{found}" for found in digits)
