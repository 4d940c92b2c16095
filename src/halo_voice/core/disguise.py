"""Reads Russian through what hides it from a reader of letters, and from no listener.

A voice takes «записа́ла» and «запис+ала» as a place of stress, and says a Latin «a» within a
Russian word as the Cyrillic one that it looks like.
"""

from __future__ import annotations

import re

_STRESS = re.compile("\u0301|\\+(?=[аеёиоуыэюя])", re.IGNORECASE)
_LATIN = re.compile("[a-záéóý]")
_MIXED = re.compile(r"\b(?=\w*[а-яё])(?=\w*[a-záéóý])\w+")
_LOOK_ALIKE = str.maketrans("aáeéoóyýcpxkmthb", "ааееооуусрхкмтнв")


def unstressed(text: str) -> str:
    """`text` without marks of stress: the accent, and a plus before a vowel."""
    return _STRESS.sub("", text) if "+" in text or "\u0301" in text else text


def undisguised(low: str) -> str:
    """A lowered text without Latin letters in Russian words, as far as they look like Russian."""
    if _LATIN.search(low) is None:
        return low
    return _MIXED.sub(lambda word: word[0].translate(_LOOK_ALIKE), low)
