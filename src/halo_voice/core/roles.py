"""A model that writes a dialogue instead of an answer: «Ассистент: …», «Пользователь: …».

Weak models name themselves, and go on with what the caller might say next. The first is left out;
with the second the answer has ended. One that says a sentence again goes round in a circle.
"""

from __future__ import annotations

import re

from halo_voice.core.speakable import words

_OURS = re.compile(
    r"[*_\s]*(?:голосовой |ии-)?(?:ассистент|assistant)[*_ ]*:[*_\s]*", re.IGNORECASE
)
_OTHERS = re.compile(r"\W*(?:пользователь|собеседник|клиент|user|human)\W?:", re.IGNORECASE)
_WORDS_MIN = 4
"""A sentence of fewer words may be said twice: «Да. Да, есть.»"""


def without_role(raw: str) -> str:
    """A phrase without the speaker's own name before it."""
    found = _OURS.match(raw)
    return raw[found.end() :] if found else raw


def is_others(phrase: str) -> bool:
    """Whether a phrase is given to the caller."""
    return _OTHERS.match(phrase) is not None


class Told:
    """The sentences of one answer so far."""

    def __init__(self) -> None:
        self._told: set[tuple[str, ...]] = set()

    def again(self, phrase: str) -> bool:
        """Whether the phrase was told in this answer already."""
        said = tuple(words(phrase))
        known = len(said) >= _WORDS_MIN and said in self._told
        self._told.add(said)
        return known
