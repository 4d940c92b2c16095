"""Counts in English for operators: «1 call», «2 calls». Pure."""

from __future__ import annotations


def counted(number: int, one: str, many: str = "") -> str:
    """`number` and what is counted. `many`: of several, where that is not `one` with an s."""
    return f"{number} {one}" if number == 1 else f"{number} {many or one + 's'}"


def verb(number: int, one: str, many: str) -> str:
    """What so many do: «1 call is», «2 calls are»."""
    return one if number == 1 else many
