"""Whether the caller agrees to what was read back. Yes only if nothing else was said."""

from __future__ import annotations

import re
from collections.abc import Sequence

from halo_voice.core.speakable import words

_YES_WORDS = """
да ага угу верно правильно точно подтверждаю согласен согласна конечно хорошо давайте давай
записывайте записывай оформляйте бронируйте отменяйте отправляйте идет подходит устраивает окей ок
именно
"""
_BESIDE_WORDS = """
все это я ну вот совершенно абсолютно пожалуйста спасибо большое мне меня вас нас вам можно ладно
отлично супер тогда уже по так
"""
_YES = frozenset(_YES_WORDS.split())
_BESIDE = frozenset(_BESIDE_WORDS.split())
# Disbelief, dismissal, or a thought that is not over: this «да» agrees to nothing.
_NO_YES = re.compile(r"\bда (?:ну|ладно|я|это я так)\b")
_CANCELS = "отмен"
_DOES = ("запис", "оформ", "брон", "отправ")
_WORDS_MAX = 8


def agrees(said: str, question: str) -> bool:
    """A yes to `question` and nothing that could change it: «да, но в четыре» is none, nor is
    «да?», «да ну вас», nor «отменяйте» where something was to be booked."""
    if "?" in said:
        return False
    heard = [word.replace("ё", "е") for word in words(said)]
    if not 0 < len(heard) <= _WORDS_MAX:
        return False
    meant = _NO_YES.sub("", " ".join(heard)).split()
    yes = any(word in _YES for word in meant) or heard[-2:] == ["все", "так"]
    known = all(word in _YES or word in _BESIDE for word in heard)
    return yes and known and not _is_contrary(heard, question.lower())


def _is_contrary(heard: Sequence[str], asked: str) -> bool:
    """Whether who is asked to book something cancels, or the other way about."""
    if _CANCELS not in asked:
        return any(word.startswith(_CANCELS) for word in heard)
    return any(word.startswith(stem) and stem not in asked for word in heard for stem in _DOES)


def heard_out(reply: str, heard: str | None) -> bool:
    """Whether the caller heard what he is asked to confirm, but for its last word or two."""
    return heard is None or len(heard) >= len(reply) - 12


def digits_said(value: str, runs: Sequence[str]) -> bool:
    """Whether the digits of a value are among those that the caller said, in `runs` of digits.

    Within a run they may stand anywhere: «заказ сорок два ноль семь».
    """
    digits = "".join(c for c in value if c in "0123456789")
    return bool(digits) and any(digits in run for run in runs)
