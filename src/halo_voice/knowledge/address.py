"""Finds the word by which a caller may address the assistant: «до скольки вы работаете, Аристарх?».

Such a word names no subject. Recognisers often write neither capitals nor commas, so a word can be
set off (sure enough by itself) or merely stand at the edge (to be believed if all else fits).
"""

from __future__ import annotations

import re
from itertools import pairwise

from halo_voice.knowledge.words import words

_CUT = re.compile(r"[,;:!?.…]+")
# «в Магадане», «какая погода», «сколько лет»: what follows is asked about, nobody is addressed.
_LEADING_WORDS = """
в во на к ко с со из изо от ото до у за о об обо по про для без под над при через около сколько
какой какая какое какие каком какую какого чей чья чье чьи ваш ваша ваше мой моя мое мои свой своя
свои этот эта это кто что такой такое такая и или
"""
_LEADING = frozenset(_LEADING_WORDS.split())
_ADJECTIVE = re.compile(r"(?:[ыи]й|ая|яя|ое|ее|[ыи]е)$")
_ORDER = re.compile(r"[йи]те$")
_VERB = re.compile(r"(?:ть|ти|чь|[еия]т|[ую]т|ете|ите|ешь|ишь|ло|ли|[аи]л[аи]?)(?:ся|сь)?$")
_DOES = re.compile(r"[еия]тся$")
# «находитесь», «работаете»: who does it is the company, and there is nothing it is done to.
_ALONE = re.compile(r"(?:тесь|^работаете|^отвечаете|^едете|^приедете|^ездите)$")
_DOERS = frozenset(("вы", "ты"))
# No name ends so: plurals, objects, adjectives, verbs.
_NO_NAME = re.compile(r"(?:[ыуюеоэ]|ть|ешь|ишь|[ыи]х|[ыи]м[и]?|ов|ами|ах|жи|ли)$")
_PATRONYMIC = re.compile(r"(?:ович|евич|ильич|мич|нич|овна|евна|ична|ишна)$")
_FOUND = re.compile(r"[a-zа-я0-9]+")


def set_off(question: str) -> tuple[str, ...]:
    """The word, or the name and patronymic, that punctuation divides from the rest; or nothing."""
    cuts = [cut for cut in _CUT.split(question) if cut]
    parts = [part for part in map(words, cuts) if part] if len(cuts) > 1 else []
    if len(parts) < 2:
        return ()
    return next((tuple(part) for part in parts if _is_name(part)), ())


def at_edge(question: str) -> list[tuple[tuple[str, ...], bool]]:
    """The first and the last words of the question where they may be a name.

    With each whether it may as well be what the word before speaks of: «продаёте мебель».
    """
    asked = words(question)
    said = _FOUND.findall(question.lower().replace("ё", "е"))
    before = dict(zip(said[1:], said[:-1], strict=True))
    found = []
    for end in (asked[:2], asked[:1], asked[-2:], asked[-1:]):
        if len(asked) <= len(end) or not _is_name(end):
            continue
        led_by = before.get(end[0], "")
        if not (led_by in _LEADING or _ADJECTIVE.search(led_by) or _DOES.search(led_by)):
            ordered = bool(_ORDER.search(said[0]))
            found.append((tuple(end), ordered or _may_be_object(led_by, end)))
    return found


def subject(question: str) -> str:
    """The word of which the question asks where it is or what it does: «где находится Эверест»."""
    low = question.lower()
    if "тся" not in low:
        return ""
    said = _FOUND.findall(low.replace("ё", "е"))
    return next((word for verb, word in pairwise(said) if _DOES.search(verb)), "")


def _may_be_object(led_by: str, end: list[str]) -> bool:
    """«продаёте мебель», «лечите ли вы сколиоз», «ремонт айфона»; a name in -а after a noun looks
    the same."""
    if len(end) == 2 or not led_by:
        return False
    if led_by in _DOERS:
        return True
    if _VERB.search(led_by):
        return not _ALONE.search(led_by)
    return end[0][-1] in "ая"


def capitalised(question: str) -> frozenset[str]:
    """The words that a capital marks inside the sentence, in lower case."""
    inside = re.findall(r"(?<=[а-яёa-z,] )[А-ЯЁ][а-яё]+", question)
    return frozenset(word.lower().replace("ё", "е") for word in inside)


def _is_name(part: list[str]) -> bool:
    if len(part) == 2:
        return bool(_PATRONYMIC.search(part[1])) and _is_name(part[:1])
    return len(part) == 1 and part[0].isalpha() and not _NO_NAME.search(part[0])
