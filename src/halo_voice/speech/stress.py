"""The user's dictionary: how a word is said, with its stress in the markup of the engine."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

ACUTE = "\u0301"
_VOWELS = "аеёиоуыэюяАЕЁИОУЫЭЮЯ"
_WRITTEN = re.compile(rf"([{_VOWELS}]){ACUTE}|(?<![\w+])\+?(?!)|\+([{_VOWELS}])")
_PLUS = re.compile(rf"(?<=[а-яёА-ЯЁ])\+([{_VOWELS}])|(?<!\w)\+([{_VOWELS}])(?=[а-яё])")
_MARKED = re.compile(rf"([{_VOWELS}]){ACUTE}")


def marked(text: str, engine: str) -> str:
    """`text` with its stresses («замо́к» or «зам+ок») as the engine wants them, else without.

    Yandex takes `+` before the vowel, VoxTTS an acute accent after it; others neither.
    """
    if ACUTE not in text and "+" not in text:
        return text
    plain = _PLUS.sub(lambda m: (m[1] or m[2]) + ACUTE, text)
    low = engine.lower()
    if low.startswith("yandex"):
        return _MARKED.sub(r"+\1", plain).replace(ACUTE, "")
    return plain if low.startswith("vox") else plain.replace(ACUTE, "")


def with_words(text: str, words: Mapping[str, str]) -> str:
    """`text` with the company's words said its way; a longer entry wins, letter case is ignored."""
    if not words:
        return text
    pattern, known = _compiled(tuple(sorted(words.items())))
    return pattern.sub(lambda m: _like(m[0], known[m[0].lower()]), text)


@lru_cache(64)
def _compiled(words: tuple[tuple[str, str], ...]) -> tuple[re.Pattern[str], dict[str, str]]:
    known = {word.lower(): said for word, said in words if word.strip()}
    ordered = sorted(known, key=len, reverse=True)
    pattern = "|".join(map(re.escape, ordered)) or r"(?!)"
    return re.compile(rf"(?<![\w+{ACUTE}])(?:{pattern})(?![\w{ACUTE}])", re.I), known


def _like(written: str, said: str) -> str:
    if written[:1].isupper() and not written.isupper():
        return said[:1].upper() + said[1:]
    return said
