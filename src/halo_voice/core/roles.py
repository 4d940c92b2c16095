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
    """The phrases of one answer so far."""

    def __init__(self) -> None:
        self._told: set[tuple[str, ...]] = set()
        self._last: tuple[str, ...] = ()
        self._known = False  # the last one was told before

    def again(self, phrase: str) -> bool:
        """Whether the answer goes round: a phrase twice in a row, or two that were told already.
        One alone may be meant: «Маникюр: цена у мастера. Педикюр: цена у мастера.»"""
        said = tuple(words(phrase))
        known = len(said) >= _WORDS_MIN and said in self._told
        circles = known and (self._known or said == self._last)
        self._told.add(said)
        self._last, self._known = said, known
        return circles
