"""Telephone numbers as digits that can be compared."""

from __future__ import annotations


def number_digits(number: str) -> str:
    """A telephone number as comparable digits: `8 (495) …`, `+7 495 …` and a SIP address agree."""
    digits = "".join(c for c in number.removeprefix("sip:").partition("@")[0] if c in "0123456789")
    russian = len(digits) == 11 and digits[0] == "8" and "+" not in number
    return "7" + digits[1:] if russian else digits
