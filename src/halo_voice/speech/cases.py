"""Which case the words around a number ask for: the preposition before it, the noun after it."""

from __future__ import annotations

import re

from halo_voice.speech.genders import is_feminine, is_of_many
from halo_voice.speech.numerals import Case

_GOVERNED: dict[str, Case] = {
    **dict.fromkeys(
        "от до без из у около после для кроме с со свыше более больше менее меньше порядка "
        "течение продолжение протяжении вместо возле против ради среди позднее позже раньше ранее "
        "дороже дешевле выше ниже старше младше дольше длиннее короче быстрее тяжелее размере "
        "количестве объёме объеме достигает достигнет из-за из-под подле вокруг накануне "
        "стоимости цены суммы нет нету хватает хватит хватило хватало "
        "пределах внутри сверх помимо вне относительно насчёт насчет".split(),
        "gen",
    ),
    **dict.fromkeys("к ко благодаря согласно равен равна равно равны вопреки".split(), "dat"),
    **dict.fromkeys(
        "в во на за через по про спустя сквозь под стоит стоят стоить стоил стоила стоило стоили "
        "заплатить заплатите оплатить оплатите внести внесите перевести подождите ждать ждите "
        "займёт займет занимает составит составляет составил составила сэкономите получите "
        "потратите вернём вернули добавьте доплатите доплатить платите платить купите закажите "
        "заказали берите взяли длится продлится прибавьте купили заказать выбрали "
        "списали начислили начислим превышает превысит накопили накопите спишут спишем "
        "вернут начислят начислит".split(),
        "acc",
    ),
    **dict.fromkeys("между над перед".split(), "ins"),
    **dict.fromkeys("о об обо при".split(), "pre"),
}  # fmt: skip
_FILLERS = frozenset(
    "примерно ровно всего целых лишь только даже все ещё уже приблизительно ориентировочно "
    "следующие последние ближайшие почти".split()
)
_COORDINATED = re.compile(
    r"\d[\d ]{0,12}(?:[.,:]\d{1,3})? ?(?:-го|-й|%|₽|[а-яё]{1,12}\.?)?"
    r"(?P<link> ?, | (?:и|или|либо|да) )\Z"
)
# A comma joins numbers only in a list that goes on to «и»: not «с 12 до 16, 450 ₽».
_LISTED = r"\d[\d ]{0,12}(?:[.,:]\d{1,3})?(?: ?(?:-го|-й|%|₽|[а-яё]{1,12}\.?))?"
_LIST_GOES_ON = re.compile(rf"{_LISTED}(?:, {_LISTED}){{0,6}},? (?:и|или|либо) \d")
_JOINED = re.compile(r"\d[\d ]{0,12} ?[а-яё]{1,8}\.? \Z")
_LOOK_BACK = 56
_LABELS = frozenset(
    "дом дома доме дому домом корпус корпусе квартира квартиры квартире квартиру офис офисе "
    "строение подъезд подъезде кабинет кабинете комната комнате номер номера номере рейс рейса "
    "заказ заказа платформа этаж владение помещение станция маршрут автобус автобусе трамвай "
    "троллейбус пункт шаг страница вариант школа школы школе тариф добавочный телефон зал "
    "версия версии версию код павильон секция линия путь вагон место места".split()
)
_ADJECTIVE = re.compile(
    r"[а-яё]{2,}(?:ых|их|ые|ие|ым|им|ыми|ими|ого|его|ому|ему|ую|юю|ая|яя"
    r"|ое|ый|ий|ой|ей)"
)
_NEXT = re.compile(r" ([а-яё]+)(?: ([а-яё]+))?", re.I)
_NOT_NOUNS = frozenset(
    "и или плюс равно в во на с со к ко по до от за из у о об для при не что как это а но то вы мы "
    "я он она там тут нам вам сам всем тем чем рядом уже ещё будет есть было чтобы если когда под "
    "над через после около всегда можно нужно".split()
)

_WHERE = ("в", "во", "на")
_PART = re.compile(r"\d{1,6} из \d")


def governed(text: str, place: int, *, joined: bool = False) -> Case | None:
    """The case that the words before `place` ask for, None if they ask for none.

    `joined` is for a smaller unit that goes on with a number («2 ч 30 мин»).
    """
    tail = text[max(0, place - _LOOK_BACK) : place].lower()
    listed = None
    for _ in range(3):
        before = _COORDINATED.search(tail)
        if before and "," in before["link"]:
            if listed is None:
                listed = _LIST_GOES_ON.match(text, place) is not None
            before = before if listed else None
        elif before:
            listed = True
        before = before or (_JOINED.search(tail) if joined else None)
        if not before:
            break
        tail = tail[: before.start()]
    words = tail.rstrip("«( ").split(" ")
    spaced = len(tail) != len(tail.rstrip("«( "))
    if not spaced:
        return None
    while words and words[-1] in _FILLERS:
        words.pop()
    word = words[-1].lstrip("«(") if words else ""
    # «в двух из трёх случаев», but «за два из трёх дней»
    return "pre" if word in _WHERE and _PART.match(text, place) else _GOVERNED.get(word)


_ONES = (1, 1000, 10**6)


def each_of(text: str, place: int, number: int, noun: str = "") -> bool:
    """Whether «по» asks for the dative of `number`: «по одному билету», «по тысяче рублей»."""
    if not f" {text[max(0, place - 3) : place]}".lower().endswith(" по "):
        return False
    if noun.endswith(("у", "ю")):
        return number % 10 == 1 and number % 100 != 11 and not is_feminine(noun)
    return number in _ONES


# «цена 1 билета» is of one ticket; «цена 1 тысяча» and «вес 1 тонна» tell how much.
_MONEY = "рубл|копе|доллар|евро|фунт|тысяч|милли[оа]|трилли|процент"
_PROPERTIES: dict[str, re.Pattern[str]] = {
    **dict.fromkeys(("цена", "цену", "стоимость"), re.compile(_MONEY)),
    "тариф": re.compile(rf"{_MONEY}|мега|гига|тера|минут"),
    **dict.fromkeys(("вес", "масса"), re.compile("тонн|центнер|(?:кило|милли|микро)?грамм|кило")),
    **dict.fromkeys(
        ("длительность", "продолжительность", "возраст", "срок"),
        re.compile("минут|секунд|недел|сут|лет|дн|ден|час|год|месяц"),
    ),
}


def owned(text: str, place: int, noun: str) -> bool:
    """Whether the words before `place` name a property of what is counted: «вес 1 упаковки»."""
    own = _PROPERTIES.get(text[max(0, place - 24) : place].lower().rstrip().rpartition(" ")[2])
    return own is not None and own.match(noun) is None


_OF_ONE = frozenset(
    "рубля доллара процента часа дня года месяца метра литра грамма килограмма человека ребёнка"
    " ребенка билета".split()
)


def owner(text: str, place: int, noun: str, adjective: str, last: int) -> Case | None:
    """The genitive, if so asks such a property and the noun after a number up to 4 agrees."""
    if last == 1 and (adjective.endswith(("ого", "его")) or noun in _OF_ONE):
        return "gen"
    if not noun or last > 4 or not owned(text, place, noun):
        return None
    singular = last == 1 and noun.endswith(("а", "я", "ы", "и"))
    return "gen" if singular or not noun.endswith(("а", "я", "ы", "и", "о", "е")) else None


def labelled(text: str, place: int) -> bool:
    """Whether the number at `place` is the name of a thing: «дом 2», «вариант 1»."""
    tail = text[max(0, place - 24) : place].lower().rstrip()
    return tail.rpartition(" ")[2].lstrip("«(,") in _LABELS


def noun_after(text: str, place: int) -> tuple[str, str]:
    """The noun that the number before `place` counts, and the adjective before it; "" if none."""
    found = _NEXT.match(text, place)
    if not found:
        return "", ""
    first, second = found[1].lower(), (found[2] or "").lower()
    if first in _NOT_NOUNS:
        return "", ""
    if second and second not in _NOT_NOUNS and _ADJECTIVE.fullmatch(first) and first != "дней":
        return second, first
    return first, ""


_BEYOND = re.compile(r" (?P<link>до|или|и|из) (?P<number>\d{1,6}) (?P<noun>[а-яё]+)")


def noun_beyond(text: str, place: int) -> tuple[str, int]:
    """The noun that two numbers share, "" if none: «от 1 до 3 недель», «2 из 5 заявок».

    And the number that it stands in, 0 for the genitive of the plural.
    """
    found = _BEYOND.match(text, place)
    if not found:
        return "", 0
    return found["noun"], 0 if found["link"] == "из" else int(found["number"])


def case_of(noun: str, last: int, before: Case | None) -> Case:
    """The case of a number that ends in `last` (1 to 20), seen from its noun and the governor."""
    if last == 1:
        return _case_of_one(noun, before)
    for ends, shortest, case in _PLURAL_ENDINGS:
        if noun.endswith(ends) and len(noun) > shortest:
            return case
    few = 2 <= last <= 4
    if before is None and few and is_of_many(noun):
        return "gen"
    if before == "acc" and few and noun in ("человек", "людей", "детей", "гостей", "взрослых"):
        return "gen"
    return before or "nom"


_PLURAL_ENDINGS: tuple[tuple[tuple[str, ...], int, Case], ...] = (
    (("ами", "ями", "ьми"), 4, "ins"),
    (("ам", "ям"), 3, "dat"),
    (("ах", "ях"), 3, "pre"),
)


def _case_of_one(noun: str, before: Case | None) -> Case:
    if before == "acc" and noun.endswith(("а", "я")):
        return "gen"  # «за 1 человека»
    if before == "acc" and noun.endswith(("е", "и")) and not noun.endswith(("ие", "сутки")):
        return "pre"  # «в 1 отделении», but «на 1 занятие»
    if before == "acc" and noun.endswith(("ому", "дню", "часу", "рублю")):
        return "dat"
    if before == "gen" and noun.endswith(("ом", "ем", "ём", "ой", "ью")):
        return "ins"
    if before is None and noun.endswith(("у", "ю")):
        return "acc"
    return before or "nom"
