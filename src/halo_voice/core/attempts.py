"""What came of the questions to models, and what of them was in vain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Fate(StrEnum):
    """What came of one question to one model. All but `USED` were paid for in vain, all or part."""

    USED = "used"
    OUTRUN = "outrun"
    """Another model had a word first."""
    SILENT = "silent"
    """No first word in time."""
    FAILED = "failed"
    """An error before its first word, or nothing that can be spoken."""
    TORN = "torn"
    """Its answer broke off, or stalled, after the first word."""
    ENDLESS = "endless"
    """Stopped at the limit, of characters or of time."""
    WITHHELD = "withheld"
    """It held what must not be said, all or from some phrase on."""
    UNWANTED = "unwanted"
    """The caller's words had changed, a newer turn came, the caller broke in or is gone."""


@dataclass(frozen=True, slots=True)
class Attempted:
    """One question to one model, when it is over. What nobody was told of it, in characters:
    `wasted_chars` of its answer; `wasted_prompt_chars` of the question, if nothing was used."""

    model: str
    fate: Fate
    wasted_chars: int = 0
    wasted_prompt_chars: int = 0


@dataclass(frozen=True, slots=True)
class Spent:
    """All attempts at one turn's answer: how many, and what of them was in vain."""

    attempts: int = 0
    wasted_chars: int = 0
    wasted_prompt_chars: int = 0

    @classmethod
    def on(cls, attempts: Sequence[Attempted]) -> Spent:
        return cls(
            len(attempts),
            sum(each.wasted_chars for each in attempts),
            sum(each.wasted_prompt_chars for each in attempts),
        )


NOTHING_SPENT = Spent()
