"""What a caller said as a value: a telephone, a day, a time, a quantity, with words to read back.

None whenever the whole utterance was not understood: a wrong value that is repeated with
confidence is worse than a second question.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Generic, TypeVar

from halo_voice.speech import heard
from halo_voice.speech.dates import MONTHS
from halo_voice.speech.hours import clock
from halo_voice.speech.numerals import cardinal, decimal, group, ordinal

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Readback(Generic[Value]):
    """`text` says `value` in words, for «… Верно?»."""

    value: Value
    text: str


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_POLITE = _set(
    "ну вот так да это мой моя мне меня пожалуйста значит давайте давай можно запишите "
    "записывайте пишите хорошо ага угу эээ э будет хочу хотел хотела бы лучше наверное удобно"
)
_PHONE_FILLERS = _POLITE | _set("номер телефон телефона телефоне мобильный сотовый по")
_DAY_FILLERS = _POLITE | _set("на в во к ко число дату день")
_TIME_FILLERS = _POLITE | _set("на в во к ко ровно время приду приеду подъеду")
_QUANTITY_FILLERS = _POLITE | _set("нужно надо нам возьму всего ровно количество")
_WEEKDAYS = (
    "понедельник", "вторник", "среда", "четверг", "пятница", "суббота", "воскресенье",
)  # fmt: skip
_WEEKDAY_FORMS = {
    "понедельник": 0, "вторник": 1, "среда": 2, "среду": 2, "четверг": 3, "пятница": 4,
    "пятницу": 4, "суббота": 5, "субботу": 5, "воскресенье": 6,
}  # fmt: skip
_NEAR = {"сегодня": 0, "завтра": 1, "послезавтра": 2, "послепослезавтра": 3}
_MONTHS = {month: number for number, month in enumerate(MONTHS, 1)}
_SPANS = {"день": 1, "дня": 1, "дней": 1, "неделю": 7, "недели": 7, "недель": 7}
_YEARS = _set("года год г")
_DAY_PARTS = {
    # the part of the day, the hours that are said in it, what is added to them
    "утра": {**{h: h for h in range(3, 12)}},
    "дня": {12: 12, **{h: h + 12 for h in range(1, 6)}, **{h: h for h in range(12, 18)}},
    "вечера": {**{h: h + 12 for h in range(4, 12)}, **{h: h for h in range(16, 24)}},
    "ночи": {12: 0, 10: 22, 11: 23, **{h: h for h in range(5)}, 23: 23},
}
_HOUR_WORDS = _set("час часа часов часам ч")
_MINUTE_WORDS = _set("минута минуты минут минуту мин")


def telephone(text: str) -> Readback[str] | None:
    """A Russian telephone number with its area: the value is `+7` and ten digits."""
    # Commas come from pauses, or from nowhere: both readings are tried.
    with_pauses = [t for t in heard.words_and_pauses(text) if t not in _PHONE_FILLERS]
    plain = [t for t in with_pauses if t != heard.PAUSE]
    plus = plain[:1] == ["плюс"] or "+" in text
    return _russian(with_pauses, plus) or _russian(plain, plus)


def _russian(tokens: list[str], plus: bool) -> Readback[str] | None:
    tokens = tokens[1:] if tokens[:1] == ["плюс"] else tokens
    digits = heard.dictated(tokens)
    if digits is None:
        return None
    if len(digits) == 11 and digits[0] == ("7" if plus else digits[0]) and digits[0] in "78":
        country, digits = ("плюс семь" if digits[0] == "7" else "восемь"), digits[1:]
    elif len(digits) == 10 and not plus:
        country = "восемь"
    else:
        return None
    if digits[0] not in "34589":  # no area of the Russian plan begins otherwise
        return None
    groups = (digits[:3], digits[3:6], digits[6:8], digits[8:])
    return Readback("+7" + digits, ", ".join([country, *map(group, groups)]))


def day(text: str, today: date) -> Readback[date] | None:
    """A day from `today` on; one without a year is the next such day."""
    tokens = [t for t in heard.words(text) if t not in _DAY_FILLERS]
    found = _near(tokens, today) or _dated(tokens, today)
    return None if found is None else Readback(found, day_words(found, today))


def day_words(found: date, today: date) -> str:
    """A day as it is read back, with its year where that is another one."""
    number, month = ordinal(found.day, "nom", "n"), MONTHS[found.month - 1]
    said = f"{_WEEKDAYS[found.weekday()]}, {number} {month}"
    if found.year != today.year:
        said += f" {ordinal(found.year, 'gen')} года"
    return said


def _near(tokens: list[str], today: date) -> date | None:
    if len(tokens) == 1 and tokens[0] in _NEAR:
        return today + timedelta(_NEAR[tokens[0]])
    if len(tokens) == 1 and tokens[0] in _WEEKDAY_FORMS:
        ahead = (_WEEKDAY_FORMS[tokens[0]] - today.weekday()) % 7
        # «В пятницу» on a Friday is today for one caller and next week for another.
        return today + timedelta(ahead) if ahead else None
    if len(tokens) > 1 and tokens[0] == "через" and tokens[-1] in _SPANS:
        count = heard.number(tokens[1:-1]) if len(tokens) > 2 else 1
        return today + timedelta(count * _SPANS[tokens[-1]]) if count and count < 400 else None
    return None


def _dated(tokens: list[str], today: date) -> date | None:
    if len(tokens) in (2, 3) and tokens[-1] == "числа":
        number = heard.order(tokens[:-1])
        return _next_of_month(number, today) if number else None
    place = next((n for n, token in enumerate(tokens) if token in _MONTHS), 0)
    number = heard.order(tokens[:place]) if place else None
    if number is None:
        return None
    month, rest = _MONTHS[tokens[place]], [t for t in tokens[place + 1 :] if t not in _YEARS]
    year = _year(rest)
    if rest and year is None:
        return None
    if year is None:
        year = today.year + ((month, number) < (today.month, today.day))
    return _valid(year, month, number)


def _next_of_month(number: int, today: date) -> date | None:
    month = today.month + (number < today.day)
    return _valid(today.year + month // 13, (month - 1) % 12 + 1, number)


def _valid(year: int, month: int, number: int) -> date | None:
    if not 1 <= number <= monthrange(year, month)[1]:
        return None
    return date(year, month, number)


def _year(tokens: Sequence[str]) -> int | None:
    if len(tokens) == 1 and tokens[0].isdigit() and len(tokens[0]) == 4:
        return int(tokens[0]) if 2000 <= int(tokens[0]) < 2100 else None
    if list(tokens[:2]) == ["две", "тысячи"]:
        number = heard.order(tokens[2:])
        return 2000 + number if number else None
    return None


def time_of_day(text: str, *, earliest_hour: int = 8) -> Readback[time] | None:
    """A time. Without «утра» or «вечера» an hour before `earliest_hour` is one after noon."""
    tokens = [t for t in heard.words(text) if t not in _TIME_FILLERS]
    part = next((t for t in tokens if t in _DAY_PARTS), None)
    if part and tokens[-1] != part:
        return None
    found = _clock([t for t in tokens if t != part])
    if found is None:
        return None
    hour, minute = found
    if part:
        if hour not in _DAY_PARTS[part]:
            return None
        hour = _DAY_PARTS[part][hour]
    elif 1 <= hour < earliest_hour and hour + 12 < 24 and "00" not in tokens[:1]:
        hour += 12
    return Readback(time(hour, minute), clock(f"{hour}:{minute:02d}", "nom"))


def _clock(tokens: list[str]) -> tuple[int, int] | None:
    if tokens in (["полдень"], ["полночь"]):
        return (12 if tokens[0] == "полдень" else 0), 0
    special = _half(tokens) or _before_hour(tokens) or _past_hour(tokens)
    if special:
        return special
    for size in (1, 2):
        hour = 1 if tokens[:1] in (["час"], ["часу"]) else heard.number(tokens[:size])
        rest = tokens[size:]
        if hour is None or not 0 <= hour <= 23:
            continue
        if size == 1 and rest and (longer := heard.number(tokens[:2])) and longer <= 23:
            continue
        minute = _minute([t for t in rest if t not in _HOUR_WORDS])
        if minute is not None:
            return hour, minute
    return None


def _minute(tokens: list[str]) -> int | None:
    counted = tokens[-1:] != [] and tokens[-1] in _MINUTE_WORDS
    if counted:
        tokens = tokens[:-1]
        if not tokens:
            return None
    if not tokens or tokens in (["ноль", "ноль"], ["00"]):
        return 0
    exact = tokens[0] == "ноль" or tokens[0].isdigit()
    minute = heard.number(tokens[1:] if tokens[0] == "ноль" else tokens)
    if minute in range(1, 10) and not (exact or counted):
        return None  # «двадцать пять» is not 20:05
    return minute if minute is not None and 1 <= minute <= 59 else None


def _half(tokens: list[str]) -> tuple[int, int] | None:
    """«Половина шестого», «полшестого»: half of the sixth hour, half past five."""
    if len(tokens) == 2 and tokens[0] in ("половина", "половине", "половину", "пол"):
        name = tokens[1]
    elif len(tokens) == 1 and tokens[0].startswith("пол"):
        name = tokens[0].removeprefix("пол").removeprefix("-")
    else:
        return None
    return _of_hour(name, 30)


def _past_hour(tokens: list[str]) -> tuple[int, int] | None:
    """«Четверть шестого», «пятнадцать минут шестого»."""
    if len(tokens) == 2 and tokens[0] == "четверть":
        return _of_hour(tokens[1], 15)
    if len(tokens) > 2 and tokens[-2] in _MINUTE_WORDS and not tokens[-1].isdigit():
        minute = heard.number(tokens[:-2])
        return _of_hour(tokens[-1], minute) if minute and minute < 60 else None
    return None


def _of_hour(name: str, minute: int) -> tuple[int, int] | None:
    hour = None if name.isdigit() else heard.order([name])
    return ((hour - 1) or 12, minute) if hour and hour <= 12 else None


def _before_hour(tokens: list[str]) -> tuple[int, int] | None:
    """«Без пятнадцати шесть», «без четверти час»."""
    if len(tokens) < 3 or tokens[0] != "без":
        return None
    hour = 1 if tokens[-1] in ("час", "часа") else heard.number(tokens[-1:])
    middle = [t for t in tokens[1:-1] if t not in _MINUTE_WORDS]
    minutes = 15 if middle == ["четверти"] else heard.number(middle)
    if not hour or hour > 12 or not minutes or minutes > 30:
        return None
    return (hour - 1) or 12, 60 - minutes


def quantity(text: str) -> Readback[Decimal] | None:
    """How much or how many, with at most one word for what is counted; the word is read back."""
    tokens = [t for t in heard.words(text.replace(".", ",")) if t not in _QUANTITY_FILLERS]
    if not tokens:
        return None
    for end in (len(tokens), len(tokens) - 1):
        value = _amount(tokens[:end], text)
        noun = " ".join(tokens[end:])
        if value is not None and not noun.isdigit() and heard.simple(noun) is None:
            return Readback(value, " ".join(filter(None, (_said(value, tokens[:end]), noun))))
    return None


def _amount(tokens: list[str], text: str) -> Decimal | None:
    if len(tokens) == 1 and tokens[0] in ("полтора", "полторы", "полутора"):
        return Decimal("1.5")
    if len(tokens) == 1 and tokens[0] in ("полкило", "пол-литра", "поллитра", "полметра"):
        return Decimal("0.5")
    if len(tokens) == 1 and tokens[0] in ("десяток", "дюжина", "дюжину"):
        return Decimal(10 if tokens[0] == "десяток" else 12)
    if len(tokens) > 2 and tokens[-2:] == ["с", "половиной"]:
        whole = heard.number(tokens[:-2])
        return None if whole is None else Decimal(whole) + Decimal("0.5")
    if len(tokens) == 2 and all(map(str.isdigit, tokens)):
        written = f"{tokens[0]},{tokens[1]}"
        return Decimal(written.replace(",", ".")) if written in text.replace(".", ",") else None
    whole = heard.number(tokens)
    return None if whole is None else Decimal(whole)


def _said(value: Decimal, tokens: list[str]) -> str:
    if value == value.to_integral_value() and "с" not in tokens:
        gender = "f" if tokens[-1] in ("одна", "одну", "две") else "m"
        return cardinal(int(value), "acc" if tokens[-1] == "одну" else "nom", gender)
    if tokens[0].isalpha() or "-" in tokens[0]:
        return " ".join(tokens)
    whole, _, part = str(value).partition(".")
    return decimal(int(whole), part[:4], "nom")
