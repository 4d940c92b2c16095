"""Telephone numbers as people write them: a Russian one without its country's code is Russian."""

from __future__ import annotations

import pytest

from halo_voice.core.telephones import (
    all_callable,
    callable_number,
    meant_digits,
    sought_digits,
    told_number,
)


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("+7 (495) 123-45-67", "74951234567"), ("8 495 123 45 67", "74951234567"),
        ("9161234567", "79161234567"), ("+375 29 123-45-67", "375291234567"), ("123", None),
        ("", None), ("+7", None), ("0000000000", None), ("(495) 123-45-67", "74951234567"),
        ("916 123-45-67", "79161234567"), ("812 123 45 67", "78121234567"),
        ("343 123-45-67", "73431234567"), ("800 555-35-35", "78005553535"),
        ("534 123-45-67", "75341234567"), ("+8 916 123-45-67", "79161234567"),
        ("+8 (495) 123-45-67", "74951234567"), ("+89161234567", "79161234567"),
        ("+8-343-123-45-67", "73431234567"), ("74951234567", "74951234567"),
        ("+84 95 123 45 67", "84951234567"), ("+852 2123 4567", "85221234567"),
        ("+81 3 1234 5678", "81312345678"), ("+47 21 23 45 67", "4721234567"),
        ("375291234567", None), ("495123456", None), ("7495123456", None), ("+7495123456", None),
        ("1234567890", None), ("8 10 375 29 123-45-67", None),
        ("sip:84951234567@pbx", "74951234567"),
    ],
)  # fmt: skip
def test_a_number_is_read_however_it_is_written(written, number):
    """Digits with the country's code; a foreign one has it behind a plus, or nobody is called."""
    assert callable_number(written) == number


def test_what_is_looked_for_need_not_be_callable():
    """A short number, or one that the store has without its plus."""
    assert meant_digits("495 123-45-67") == "74951234567"
    assert meant_digits("101") == "101"
    assert meant_digits("375291234567") == "375291234567"
    assert meant_digits("halo") == ""


@pytest.mark.parametrize(
    ("typed", "digits"),
    [
        ("8 916 123-45-67", "9161234567"), ("+7 916 123-45-67", "9161234567"),
        ("916 123-45-67", "9161234567"), ("+375 29 123-45-67", "375291234567"),
        ("+7 (999) 000-22", "799900022"), ("123-45", "12345"), ("аноним", ""),
    ],
)  # fmt: skip
def test_a_number_is_found_inside_of_stored_ones(typed, digits):
    """A whole Russian one without what stands before it, for that differs; a part as it is."""
    assert sought_digits(typed) == digits


def test_the_platform_tells_numbers_without_a_plus():
    """With the country's code; a number of ten digits is no Russian one there."""
    assert told_number("79161234567") == "79161234567"
    assert told_number("375291234567") == "375291234567"
    assert told_number("4721234567") == "4721234567"
    assert told_number("sip:+79161234567@example.org") == "79161234567"
    assert {told_number(each) for each in ("", "anonymous", "101", "sip:operator@pbx")} == {None}


def test_numbers_of_ours_are_kept_as_they_are_called():
    """However they are written."""
    assert all_callable(("8 (495) 000-00-00", "(812) 000-00-00")) == (
        "+74950000000",
        "+78120000000",
    )
    with pytest.raises(ValueError, match="'375291234567' is no telephone number"):
        all_callable(("+74950000000", "375291234567"))
