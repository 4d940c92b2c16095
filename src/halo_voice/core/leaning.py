"""Whether a question names what it asks about, or leans on one before it: «сколько это стоит?».

A search by words alone would answer such a question with the first price it meets.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

BEFORE_MAX = 3
"""A subject that was named longer ago, in messages, is not meant any more."""

_WORD = re.compile(r"[a-zа-я0-9]+")
_AND = re.compile(
    r",?\s(?:и|а)(?:\s(?:еще|ещё|также))?\s(?=(?:сколько|почем|когда|где|как|какая|какой|какие|какое"
    r"|до скольки|во сколько|есть ли|можно ли|можно)\b)",
    re.IGNORECASE,
)
_PRONOUNS = """
это этот эта эти этого этой этих этому этим этом он она оно они его ее их него нее них нему ней ним
нем там туда оттуда
"""
_ASKING = """
сколько скольки стоит стоят стоить стоило обойдется обойдутся выйдет цена цены цену ценник стоимость
почем когда долго срок сроки времени где как какой какая какое какие какого какую каком почему зачем
чего что насколько находится делается займет занимает длится
"""
_BESIDE = """
а и ну или же то тогда у вас вам мне мы меня для на в о об про с от по за до из к будет есть можно
нужно надо ли бы примерно вообще скажите подскажите пожалуйста еще все сама сам так вот там руб
рублей денег деньгам
"""
PRONOUNS = frozenset(_PRONOUNS.split())
ASKING = frozenset(_ASKING.split())
"""Ask for a price, a time, a place or a way, of whatever it is."""

_EMPTY = PRONOUNS | ASKING | frozenset(_BESIDE.split())


def names_nothing(question: str) -> bool:
    """Whether the question asks something of what it does not name."""
    said = plain_words(question)
    return bool(said) and _EMPTY.issuperset(said) and any(word in ASKING for word in said)


def halves(question: str) -> tuple[str, str] | None:
    """The two questions of «сколько стоит люстра и когда её привезут»; None: it is one."""
    parts = _AND.split(question)
    if len(parts) != 2 or not all(len(plain_words(part)) > 1 for part in parts):
        return None
    return parts[0], parts[1]


def points_back(question: str) -> bool:
    """Whether a word of the question stands for something that was said before."""
    return not PRONOUNS.isdisjoint(plain_words(question))


def subject_before(asked: Sequence[str]) -> str:
    """The newest of the messages before the last that names something; "" if there is none."""
    before = reversed(asked[-1 - BEFORE_MAX : -1])
    return next((question for question in before if not names_nothing(question)), "")


def plain_words(text: str) -> list[str]:
    """All words: lower case, ё as е."""
    return _WORD.findall(text.lower().replace("ё", "е"))
