"""Words that callers use for what a text tells in figures and shortened words.

«Чистка — 4500 руб.» holds but one word of «сколько стоит чистка», «пн–пт 9:00–18:00» none of «вы в
среду открыты». Such words are searched with the passage and never spoken, unless somebody wrote
better ones. Every price gets the same, so they weigh little and what is asked for decides.
"""

from __future__ import annotations

import re

_PRICE = re.compile(r"\d\s*(?:₽|р\b|руб)|\bрубл|(?:цен[аы]|стоимость|тариф)[^;]{0,15}: (?:от )?\d")
_PRICE_WORDS = "сколько стоит стоят цена стоимость почем"

_HOURS = re.compile(r"\bс \d\d?(?!\d)|\d:\d\d ?[-–—] ?\d|круглосуточно|24/7|\bс \w+(?: утра)? до ")
_OPEN = re.compile(r"режим|график|час[ыо]в? работы|работаем|открыт|ежедневно|выходн|круглосуточно")
_OPEN_WORDS = (
    "сколько скольки работаете открыты открываетесь закрываетесь принимаете часы график режим"
)

_PLACE = re.compile(r"\b(?:ул|просп|пр-т|пер|ш|наб|б-р)\. ?[а-яё\d]|\bадрес")
_PLACE_WORDS = "адрес где находитесь улица"

_DAYS = ("понедельник", "вторник", "среда", "четверг", "пятница", "суббота", "воскресенье")
_SHORT = {short: at for at, short in enumerate(("пн", "вт", "ср", "чт", "пт", "сб", "вс"))}
_DAY = r"(пн|вт|ср|чт|пт|сб|вс)\b\.?"
_SPAN = re.compile(rf"\b{_DAY}(?: ?[-–—] ?{_DAY})?")
_EVERY_DAY = re.compile(r"\bежедневно|без выходных|круглосуточно|каждый день")


def implied(title: str, text: str) -> list[str]:
    """The words, for a passage with this title and text."""
    low = text.lower()
    headed = f"{title.lower()}. {low}"
    found = []
    if _PRICE.search(low):
        found.append(_PRICE_WORDS)
    if _PLACE.search(headed):
        found.append(_PLACE_WORDS)
    days = {day for span in _SPAN.finditer(low) for day in _between(span)}
    if _HOURS.search(low) and _OPEN.search(headed):
        found.append(_OPEN_WORDS)
        if _EVERY_DAY.search(low):
            days |= set(range(7))
    return [*found, *(_DAYS[day] for day in sorted(days))]


def _between(span: re.Match[str]) -> list[int]:
    first = _SHORT[span[1]]
    last = _SHORT[span[2]] if span[2] else first
    return [at % 7 for at in range(first, last + 1 if last >= first else last + 8)]
