"""Whether the caller agrees to what was read back. Yes only if nothing else was said."""

from __future__ import annotations

import re
from collections.abc import Sequence

from halo_voice.core.speakable import words

_YES_WORDS = """
да ага угу верно правильно точно подтверждаю согласен согласна конечно хорошо давайте давай идет
подходит устраивает окей ок именно
"""
_BESIDE_WORDS = """
все это я ну вот совершенно абсолютно пожалуйста спасибо большое мне меня вас нас вам можно ладно
отлично супер тогда уже по так
"""
_YES = frozenset(_YES_WORDS.split())
_BESIDE = frozenset(_BESIDE_WORDS.split())
# Disbelief, dismissal, or a thought that is not over: this «да» agrees to nothing.
_NO_YES = re.compile(r"\bда (?:ну|ладно|я|это я так)\b")
# «Записывайте», «да, запишите»: a yes, where just that was asked, or at least not its opposite.
_COMMANDS = tuple(
    (re.compile(rf"(?:{told})(?:те)?"), re.compile(asked), only)
    for told, asked, only in (
        ("(?:за)?пи(?:сывай|ши)", "запи", False),
        ("оформ(?:ляй|и)", "оформ", False),
        ("(?:за)?бронируй|(?:за)?резервируй", "брон|резерв", False),
        ("отправ(?:ляй|ь)", "отправ", False),
        ("зака(?:зывай|жи)", "заказ", False),
        ("отмен(?:яй|и)|аннулируй", "отмен|аннул", True),
        ("перен(?:о|е)си|(?:по|из)?меняй|измени", "перено[сш]|перен[её]с|помен|измен", True),
    )
)
_CANCELS = re.compile("отмен|аннул")
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
    commands = [word for word in heard if any(told.fullmatch(word) for told, _, _ in _COMMANDS)]
    yes = bool(commands) or any(word in _YES for word in meant) or heard[-2:] == ["все", "так"]
    known = all(word in _YES or word in _BESIDE or word in commands for word in heard)
    return yes and known and all(_is_asked(word, question.lower()) for word in commands)


def _is_asked(command: str, question: str) -> bool:
    """Whether a command fits: who is asked to book something may not cancel, nor the other way
    about."""
    for told, asked, only in _COMMANDS:
        if told.fullmatch(command):
            return bool(asked.search(question)) or not (only or _CANCELS.search(question))
    return False


def heard_out(reply: str, heard: str | None) -> bool:
    """Whether the caller heard what he is asked to confirm, but for its last word or two."""
    return heard is None or len(heard) >= len(reply) - 12


def digits_said(value: str, runs: Sequence[str]) -> bool:
    """Whether the digits of a value are among those that the caller said, in `runs` of digits.

    Within a run they may stand anywhere: «заказ сорок два ноль семь».
    """
    digits = "".join(c for c in value if c in "0123456789")
    return bool(digits) and any(digits in run for run in runs)
