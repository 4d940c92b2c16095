"""Where a Russian sentence ends: full stops that close it, and those that only shorten a word."""

from __future__ import annotations

import re

# Stand before a name or a number: the sentence always goes on.
_BEFORE_A_NAME = (
    "ул пр просп пр-т пр-кт пер пл наб ш б-р бул пос дер д г гор обл р-н корп к стр кв оф эт под"
    " мкр им св ст тел доб моб см ср напр т тт п пп рис табл гл разд акад проф ген гр тов ред"
    " инд зд вл ком лит ж/д а/я зав зам дир абон мед авт ак адм эл каб мкрн доп"
)
# Stand after a number or end a list: a capital letter after them opens a sentence.
_AFTER_A_NUMBER = (
    "руб р коп тыс млн млрд мин сек ч час шт экз г гг в вв м см км кг гр л др проч т.д т.п"
    " мес чел нед уп лет вкл ед ок макс раб"
)
_NAMING = frozenset(_BEFORE_A_NAME.split())
_COUNTING = frozenset(_AFTER_A_NUMBER.split())
SHORTENED = _NAMING | _COUNTING
"""Words that a full stop may shorten, in lower case, without that stop."""

_SHORT_PAIR = re.compile(r"(?:[а-яёa-z]{1,2}\.)+[а-яёa-z]{1,2}")
_OPENERS = "«(\"'„“[—–- "
_AFTER_AN_AMOUNT = "₽%°/$€£"  # «5 тыс. ₽»
_CLOSERS = "»)\"'”“]"
_LAST = ".!?…" + _CLOSERS  # a sentence's last word ends in one of these


def sentences(text: str) -> list[str]:
    """The sentences of `text` in order; joined by single spaces they are the text again.

    White space is collapsed, nothing else is changed. A text without an end is one sentence.
    """
    found: list[str] = []
    words: list[str] = []
    tokens = text.split()
    for token, following in zip(tokens, [*tokens[1:], ""], strict=False):
        words.append(token)
        if not following or (token[-1] in _LAST and ends(words, following)):
            found.append(" ".join(words))
            words = []
    return found


def whole_sentences(text: str) -> str:
    """What a torn text says up to its last finished sentence; "" if none is finished."""
    found = sentences(text)
    if found and not _finished(found[-1].rstrip(_CLOSERS)):
        found.pop()
    return " ".join(found)


def _finished(sentence: str) -> bool:
    """Whether the last sentence of a torn text may be said: «Адрес: ул.» may not."""
    if sentence[-1:] != ".":
        return sentence[-1:] in ("!", "?", "…")
    before, _, last = sentence.lower().rstrip(". ").rpartition(" ")
    word, before = last.lstrip(_OPENERS), before.rpartition(" ")[2].lstrip(_OPENERS)
    listed = word in ("д", "п") and before == "т."  # «и т. д.»
    counted = word in _COUNTING and _counts(before)  # «в 2024 г.»
    return listed or counted or word not in _NAMING


def ends(words: list[str], following: str) -> bool:
    """Whether the last of `words` closes their sentence, seeing the beginning of what follows."""
    bare = words[-1].rstrip(_CLOSERS)
    first = following.lstrip(_OPENERS)[:1]
    if bare.endswith(("!", "?")):
        told = bare != words[-1] or following[:1] in "—–-"
        return not told or _opens(first)
    if not bare.endswith((".", "…")) or not _opens(first):
        return False
    if bare.endswith(("…", "...")):
        return True
    if len(words) > 1 and not bare.strip("."):  # «ул. .»
        words = words[:-1]
    return not _shortened(words[-1].rstrip(_LAST).lstrip(_OPENERS), words, first)


def _opens(first: str) -> bool:
    """Whether a sentence may open with this letter; "" stands for a dash alone."""
    return bool(first) and not first.islower() and first not in _AFTER_AN_AMOUNT


def _shortened(word: str, words: list[str], first: str) -> bool:
    """Whether the full stop after `word` belongs to the word alone."""
    before = words[-2].lower() if len(words) > 1 else ""
    low = word.lower()
    if word.isdigit():  # «1. Доставка» numbers a sentence, «5. 10.» is a date
        return len(words) == 1 or first.isdigit()
    if low in _COUNTING and _counts(before):
        return first.isdigit()
    if low in ("д", "п") and before == "т.":  # «и т. д. Мы …»
        return first.isdigit()
    if low in ("м", "с") and not _counts(before):  # «м. Таганская», «с. Покровское»
        return True
    if low in _NAMING:
        return True
    if low in _COUNTING:
        return first.isdigit()
    if len(word) == 1 and word.isalpha():  # an initial; «е» of «т. е.»
        return word.isupper() or before == "т."
    return _SHORT_PAIR.fullmatch(low) is not None


def _counts(before: str) -> bool:
    """Whether the word before an abbreviation is a number or itself an abbreviation of one.

    Without its full stop «в» is a preposition: «в г. Москве».
    """
    return before[-1:].isdigit() or (before[-1:] == "." and before.rstrip(".") in _COUNTING)
