"""What a list of calls shows and searches, made of a call's turns when it ends."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import Stemmer

from halo_voice.core.ports import Outcome, TurnRecord

WORDS_MAX = 2_000  # different ones of one call
WORD_LETTERS_MAX = 64
"""PostgreSQL refuses a word of more than 2,046 bytes, and with it the end of the call."""

_WORD = re.compile(r"[a-zа-я0-9]+")
_russian = Stemmer.Stemmer("russian")


@dataclass(frozen=True, slots=True)
class Digest:
    """`words`: the stems of all that was said, each once, with a space between."""

    words: str
    turns: int
    apologies: int
    slowest_ms: int | None


def digest_of(turns: Sequence[TurnRecord], late_texts: Iterable[str] = ()) -> Digest:
    """The digest of a call that is over."""
    said: dict[str, None] = {}
    for turn in turns:
        for text in (turn.user_text, turn.revised_text, turn.reply):
            said.update(dict.fromkeys(stems(text)))
    for text in late_texts:
        said.update(dict.fromkeys(stems(text)))
    audible = [turn.latency["audible_ms"] for turn in turns if "audible_ms" in turn.latency]
    return Digest(
        words=" ".join(list(said)[:WORDS_MAX]),
        turns=len(turns),
        apologies=sum(turn.outcome is Outcome.APOLOGISED for turn in turns),
        slowest_ms=max(audible, default=None),
    )


def stems(text: str) -> list[str]:
    """The words of a text as they are compared: lower case, ё as е, without endings;
    of an endless one its beginning."""
    words = _WORD.findall(text.lower().replace("ё", "е"))
    cut: list[str] = _russian.stemWords([word[:WORD_LETTERS_MAX] for word in words])
    return cut
