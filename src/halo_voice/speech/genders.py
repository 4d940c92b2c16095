"""Which gender a counted noun has, as far as its form beside the number tells it."""

from __future__ import annotations

import re

from halo_voice.speech.numerals import Case, Gender

# «1 запись» is feminine, «1 день» is not: the endings that tell, then the nouns that must be known.
_SOFT_ENDS = ("жь", "шь", "чь", "щь", "пь", "вь", "знь", "сть", "пись", "сеть", "связь", "дочь")
_SOFT_OTHERS = ("гость", "тесть", "червь")
_SOFT = frozenset(
    "акварель бандероль боль бутыль вермишель вертикаль вуаль газель гантель гастроль горизонталь "
    "даль дверь деталь диагональ ель карусель капель колыбель консоль магистраль мебель медаль "
    "метель мозоль модель мораль мысль обитель отрасль панель пастель педаль постель прибыль пыль "
    "роль соль спираль сталь фасоль форель цель шаль шинель щель эмаль "
    "автомагистраль кровать мать мечеть нефть нить память печать плеть рукоять скатерть смерть "
    "треть четверть грудь лошадь медь очередь площадь прядь сельдь тетрадь грязь мазь ось рысь "
    "смесь гавань голень гортань зелень ладонь мигрень осень печень пристань сирень степень "
    "ступень тень ткань тварь утварь хворь".split()
)
_NEUTER = frozenset("авто время знамя имя интервью меню пламя племя семя такси темя".split())
_MASCULINE = frozenset("кофе евро эспрессо капучино латте американо дядя юноша судья".split())
_MEN = re.compile(r"(?:мужчин|дедушк|дяд|юнош|судь|слуг|старшин|пут)[аыияей]{1,2}")
_DAYS = ("сутки", "суток", "суткам", "сутками", "сутках")
_CHILDREN = ("детей", "ребят")  # «двое детей», but «для двух детей»
_AT_A_NEUTER = ("ении", "ании", "янии", "ятии", "ытии", "твии", "овии")  # «на 1 занятии»
_FEMININE_PLURALS = ("ций", "сий", "зий", "иц", "ок", "ек")
_OTHER_PLURALS = ("лиц", "яиц", "человек", "яблок", "окошек")
# Before «е» and in the plural the noun must be known: «на 1 карте», «за 2–5 минут».
_STEMS = (
    r"(?:недел|минут|секунд|тысяч|комнат|квартир|пар|ламп|люстр|групп|цифр|букв|карт|страниц|улиц"
    r"|цен|машин|услуг|книг|тонн|касс|смен|зон|анкет|камер|процедур|капсул|капел|капл|палат|клиник"
    r"|поликлиник|больниц|гостиниц|аптек|единиц|таблиц|школ|тем|проб|норм|форм|схем"
    r"|программ|стен|сторон|ампул|доз|корзин|лент|систем|баз|бригад|команд"
    r"|кабин|витрин)"
)
_OF_MANY = re.compile(rf"{_STEMS}ь?|кол[её]с|окон|мест|дел|слов|писем|кресел|блюд|[а-яё]{{1,20}}ий")
_FEMININE = re.compile(
    rf"{_STEMS}(?:|ь|е|у|ю|ам|ами|ах|ям|ями|ях)"
    r"|(?:шту|копе[йе]|упаков|бутыл|короб|пач|бан|таблет|заяв|точ|останов|пол|скид|лож|покуп|поезд"
    r"|достав|посыл|парков|попыт|справ|карточ|ячей|чаш|тарел|порц|кноп|плит|стой|площад|круж|сум)к"
    r"(?:е|у|ам|ами|ах)"
    r"|(?:стать|сем|скам)(?:е|ю|ье|ей|ям|ями|ях)"
    r"|[а-яё]{0,20}(?:ци|зи|си)(?:ям|ями|ях)|(?:лини|парти|сери|категори|преми|компани|верси)"
    r"(?:й|ям|ями|ях)"
    r"|(?:част|област|ноч|кроват|двер|модел|запис|площад|очеред|вещ|сет|детал|скорост|стат|ступен)"
    r"(?:ей|ьми|ям|ями|ях|ам|ами|ах)"
)


def is_of_many(noun: str) -> bool:
    """Whether a noun is the genitive of the plural: «(уборка двух) комнат»."""
    if noun.endswith(("ей", "ов", "ев", *_FEMININE_PLURALS)):
        return noun not in ("суток", *_CHILDREN)
    return _OF_MANY.fullmatch(noun) is not None


def gender_of(noun: str, last: int, case: Case) -> Gender:
    """The gender of a noun beside a number that ends in `last`, in the number's case."""
    if noun in _DAYS:
        return "pl" if 1 <= last <= 4 else "m"
    if noun in _CHILDREN and 2 <= last <= 4 and case == "nom":
        return "pl"
    if noun in _MASCULINE or _MEN.fullmatch(noun):
        return "m"
    if last == 1:
        return _gender_of_one(noun, case)
    if 2 <= last <= 4 and case in ("nom", "acc"):
        return "f" if noun.endswith(("ы", "и", "ые", "ие")) else "m"
    return "f" if is_feminine(noun) else "m"


def is_feminine(noun: str) -> bool:
    """Of a form that could be of either gender: «(по одной) карте», «(две-пять) заявок»."""
    if noun.endswith(_FEMININE_PLURALS):
        return not noun.endswith(_OTHER_PLURALS)
    return _FEMININE.fullmatch(noun) is not None


def _is_soft(noun: str) -> bool:
    if noun.endswith(_SOFT_ENDS):
        return not noun.endswith(_SOFT_OTHERS)
    return noun in _SOFT


def _gender_of_one(noun: str, case: Case) -> Gender:
    if case in ("nom", "acc"):
        if noun in _NEUTER or noun.endswith(("о", "е")):
            return "n"
        if noun.endswith("ь"):
            return "f" if _is_soft(noun) else "m"
        return "f" if noun.endswith(("а", "я") if case == "nom" else ("у", "ю")) else "m"
    if case in ("gen", "pre"):
        if noun.endswith(("ы", "и")):
            return "m" if case == "pre" and noun.endswith(_AT_A_NEUTER) else "f"
    elif case == "dat":
        if noun.endswith(("е", "и")):
            return "f"
    elif noun.endswith(("ой", "ей", "ью")):
        return "f"
    return "f" if is_feminine(noun) else "m"
