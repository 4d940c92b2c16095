"""What a sloping line behind a unit means: «₽/мес.», «ккал/100 г», «2 р/день»."""

from __future__ import annotations

import re

from halo_voice.speech.amounts import closes

_TIMES = {
    "мес": "в месяц", "месяц": "в месяц", "ч": "в час", "час": "в час", "день": "в день",
    "дн": "в день", "сут": "в сутки", "сутки": "в сутки", "год": "в год", "нед": "в неделю",
    "неделю": "в неделю", "неделя": "в неделю", "мин": "в минуту", "минуту": "в минуту",
    "минута": "в минуту", "сек": "в секунду", "с": "в секунду", "ночь": "за ночь",
    "смену": "за смену", "смена": "за смену",
}  # fmt: skip
_THINGS = {
    "кв. м": "квадратный метр", "кв.м": "квадратный метр", "м²": "квадратный метр",
    "м2": "квадратный метр", "м³": "кубический метр", "м3": "кубический метр",
    "куб. м": "кубический метр", "куб.м": "кубический метр", "м": "метр", "км": "километр",
    "кг": "килограмм", "г": "грамм", "т": "тонну", "л": "литр", "мл": "миллилитр",
    "шт": "штуку", "чел": "человека", "эт": "этаж", "уп": "упаковку", "экз": "экземпляр",
    "га": "гектар", "кВт·ч": "киловатт-час", "кВт ч": "киловатт-час", "кВтч": "киловатт-час",
    "Гкал": "гигакалорию", "человек": "человека",
    "человека": "человека", "ребёнка": "ребёнка", "пог. м": "погонный метр",
    "п. м": "погонный метр", "п.м": "погонный метр",
}  # fmt: skip
_PER = "|".join(re.escape(per) for per in sorted({*_TIMES, *_THINGS}, key=len, reverse=True))
_MONEY = r"₽|\$|€|%|руб|р|рубл[а-яё]{1,3}|коп|копе[а-яё]{2,4}|долл|доллар[а-яё]{0,2}|евро"
_MASS = r"ккал|кг|г|мг|мкг|мл|л|м³|м3|шт|чел|раз[а]?|человек[а]?|штук[аи]?"
_RATE = re.compile(
    r"(?:(?<=\d)|(?<=\d )|(?<=тыс\. )|(?<![а-яёА-ЯЁ])(?=[₽$€%]|руб|коп|долл|евро))"
    rf"(?P<unit>(?P<money>{_MONEY})|{_MASS})(?P<stop>\.?) ?/ ?"
    rf"(?:(?P<per>{_PER})(?![\w²³])(?P<end>\.(?!\d))?"
    r"|(?P<number>(?=[\dA-Za-z№]|[а-яё]{1,4}\. ?\d))"
    r"|(?P<word>[а-яё]{4,20})(?![а-яё]))"
)
_PLURAL = ("ов", "ев", "ей", "ах", "ам", "ых", "их")
# «3 р. в сутки», «2 р/день»: so few are no roubles.
_OFTEN = re.compile(
    r"(?<![\d.,])(?P<number>(?:[1-9] ?[-–] ?)?[1-9]) ?р\.?"
    r"(?P<per> в (?:день|недел|сутк|месяц)| ?/ ?(?:день|дн|нед|сут|мес))"
)

_PRICED = frozenset("цена стоимость плата стоит стоят плати платить за тариф аренда итого".split())


def rates(text: str) -> str:
    """The rates of `text` with «в», «за» and «на» for the line."""
    if "/" in text or " р" in text or "р." in text:
        text = _OFTEN.sub(_often, text)
    return _RATE.sub(_rate, text) if "/" in text else text


def _often(found: re.Match[str]) -> str:
    if found.string[: found.start()].rstrip(" :").rpartition(" ")[2].lower() in _PRICED:
        return found[0]
    return f"{found['number']} раз{found['per']}"


def _rate(found: re.Match[str]) -> str:
    money, per, word = found["money"], found["per"], found["word"]
    unit = found["unit"] + found["stop"]
    over = "за" if money else "на"
    if found["number"] is not None:
        return f"{unit} {over} "
    if word:
        if not money or word.endswith(_PLURAL):  # «рублей/долларов»
            return found[0]
        return f"{unit} за {_accusative(word)}"
    said = _TIMES.get(per) or f"{over} {_THINGS[per]}"
    return (
        f"{unit} {said}{found['end'] if found['end'] and closes(found.string, found.end()) else ''}"
    )


def _accusative(word: str) -> str:
    return word[:-1] + {"а": "у", "я": "ю"}.get(word[-1], word[-1])
