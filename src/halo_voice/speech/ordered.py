"""Numbers with an ending («5-й», «2-х», «3-дневный») and numbers that order («на 2 этаже»)."""

from __future__ import annotations

import re
from typing import Literal

from halo_voice.speech.cases import governed
from halo_voice.speech.nouns import KILOMETRE
from halo_voice.speech.numerals import Case, cardinal, ordinal

_SUFFIX = re.compile(
    r"(?<![\w.,])(?P<number>\d{1,6})-(?P<end>ый|ий|ой|й|ая|я|ое|ее|е|ого|его|го|ому|ему|му|ым"
    r"|им|ом|ем|м|ую|ю|ые|ых|х|ыми|ми|ей|ти|и)"
    r"(?![а-яё-])(?: (?P<next>[А-ЯЁа-яё]+))?"
)
_GLUED = re.compile(
    r"(?<![\w.,/-])(?P<number>\d{1,6})(?=(?:ый|ий|ой|й|ая|я|ое|е|ого|го|ому|му|ым|ом|ую|ю|ые|ых"
    r"|х|ыми|ми|ти|м(?= (?:этаж|подъезд|корпус|класс|мест|дом)е))(?:-[а-яё]{4}|(?! ?\d)(?![\w/-])))"
)
# Of «5-тиэтажный», «8-миместный» and «2-хместный» the letters before the word, which may itself
# begin so («10-типовой», «7-минутный», «2-ходовый»).
_COMPOUND = re.compile(
    r"(?<![\w.,])(?:(?P<first>\d{1,3})[-–])?(?P<number>\d{1,4})(?P<half>,5)?(?P<percent>%)?-(?:(?:ти|и|ми|[её]?х)-"
    r"|ти(?!пов|пн|раж|тул)|(?<=[78]-)ми(?!н|лл|ль|кр|ров)|[её]?х(?=[бвгджзклмнпрстфцчшщ]))?"
    r"(?P<rest>[а-яё]{4,}|(?<=%-)[а-яё]{1,3}(?![а-яё]))"
)
_APART = re.compile(
    r"(?<=\d)-(?:х|ти|ми) (?=(?:мест|этаж|комнат|дневн|летн|часов|минут|месячн|недельн|процентн"
    r"|кратн|разов|литров|метров|балльн|ступенчат|слойн|створчат|звёздочн|ярусн|спальн)[а-яё]{0,3}"
    r"(?:ый|ий|ая|яя|ое|ее|ого|его|ой|ей|ому|ему|ую|юю|ым|им|ые|ие)(?![а-яё]))"
)
_NOUN = re.compile(
    r"(?<![\w.,:-])(?:(?P<first>\d{1,3})(?P<link> ?[-–] ?| и | или | по ))?"
    r"(?P<number>\d{1,3}) "
    r"(?P<noun>(?:этаж|подъезд|класс|курс|ряд|сезон|раунд|тур|квартал)(?:е|у|а|ом)?"
    r"|(?:этаж|класс|курс|подъезд)(?:ах|и|ы|ам|ов|ей)|мест(?:о|е|у|ом)|полугоди(?:е|и|я|ю|ем)|пут(?:ь|и|ём)|лини(?:я|и|ю|ей)|очеред[ьи]"
    r"|смен[аеуы])(?![а-яё])(?P<far> от )?"
    r"(?P<year> (?:две тысячи|года|этого|текущего|прошлого)(?!\w))?"
)
_KILOMETRE = re.compile(
    r"(?<![\w.,-])(?P<number>\d{1,3})(?:-(?:й|м|го|му)"
    r"|(?= ?(?:км|километр[а-яё]{0,2}) (?:(?:МКАД|ККАД|КАД|ЦКАД)\b"
    r"|[А-ЯЁ][а-яё]{2,20}ого шоссе(?!\w)))) ?(?:км|километр[а-яё]{0,2})(?!\w)"
)
_LEFT = re.compile(r"\b(?:оста\w+|свобод\w+|есть|имеется|доступ\w+|всего|только|ещё|еще) \Z", re.I)
_FIXED: dict[str, tuple[Case, str]] = {
    "ый": ("nom", "m"), "ий": ("nom", "m"), "ая": ("nom", "f"), "я": ("nom", "f"),
    "ое": ("nom", "n"), "ее": ("nom", "n"), "ого": ("gen", "m"), "его": ("gen", "m"),
    "го": ("gen", "m"), "ому": ("dat", "m"), "ему": ("dat", "m"), "му": ("dat", "m"),
    "ым": ("ins", "m"), "им": ("ins", "m"), "ом": ("pre", "m"), "ем": ("pre", "m"),
    "ую": ("acc", "f"), "ю": ("acc", "f"), "ые": ("nom", "pl"), "ых": ("gen", "pl"),
    "ыми": ("ins", "pl"),
}  # fmt: skip
# «врач 1-й категории»
_OF_FEMININE = re.compile(
    r"(?:категори|степен|групп|очеред|лини|смен|стади|позици|част|свежест|ступен|попытк|секци"
    r"|необходимост)[а-яё]?[иы](?![а-яё])"
)
_FEMININE_END = ("е", "и", "ы", "ой", "ей")


def hyphened(text: str) -> str:
    """«2ой», «3х дней» and «5-ти этажный» with the hyphens that belong there."""
    return _APART.sub("-", _GLUED.sub(r"\g<number>-", text))


def ordered(text: str) -> str:
    """Ordinals and compounds of `text` in words."""
    text = _KILOMETRE.sub(_kilometre, text)
    return _NOUN.sub(_noun, _COMPOUND.sub(_compound, _SUFFIX.sub(_suffix, text)))


def _suffix(found: re.Match[str]) -> str:
    number, end, following = int(found["number"]), found["end"], found["next"] or ""
    tail = f" {following}" if following else ""
    return _with_end(number, end, following, governed(found.string, found.start())) + tail


_NEUTER_ENDS = ("ание", "ение", "яние", "ятие", "ытие", "ствие")  # «1-е занятие»


def _with_end(number: int, end: str, following: str, before: Case | None) -> str:
    if end in ("х", "ти", "и", "ми") and not (end == "х" and (number % 10 == 0 or number > 1900)):
        if end == "ми" and number % 10 in (7, 8):
            return cardinal(number, "gen")
        return cardinal(number, "ins" if end == "ми" else "gen")
    if end == "х":
        return ordinal(number, "pre" if before == "acc" else "gen", "pl")
    if end == "е":
        if number % 10 == 0 and following.startswith("год"):
            return ordinal(number, "nom", "pl")
        plural = following.endswith(("ы", "и")) or following.endswith(("ые", "ие"))
        plural = plural and not following.endswith(_NEUTER_ENDS)
        return ordinal(number, "nom", "pl" if plural else "n")
    if end == "м":
        case: Case = "pre" if before in ("acc", "pre") else "dat" if before == "dat" else "ins"
        return ordinal(number, case)
    if end in ("й", "ой", "ей"):
        oblique = before in ("acc", "gen", "pre", "dat", "ins") or end == "ей"
        oblique = oblique or _OF_FEMININE.match(following) is not None
        if (oblique and following.lower().endswith(_FEMININE_END)) or end == "ей":
            return ordinal(number, "gen", "f")
        return ordinal(number)
    case, gender = _FIXED[end]
    return ordinal(number, case, gender)  # type: ignore[arg-type]


_PREFIXES = {1: "одно", 40: "сорока", 90: "девяносто", 100: "сто", 1000: "тысяче"}


def _compound(found: re.Match[str]) -> str:
    number, rest = int(found["number"]), found["rest"]
    if found["percent"] and len(rest) < 4:
        rest = "процентн" + _PERCENT_ENDS.get(rest, rest.removeprefix("н"))
    if number == 0:
        return found[0]
    first = _prefix(int(found["first"])) + "-" if found["first"] else ""
    if found["half"]:
        return (
            f"{first}полутора{rest}"
            if number == 1
            else f"{cardinal(number, 'gen')} с половиной {rest}"
        )
    return first + _prefix(number) + rest


_PERCENT_ENDS = {"й": "ый", "я": "ая", "е": "ое", "го": "ого", "му": "ому", "м": "ом", "ю": "ую",
                 "х": "ых"}  # fmt: skip


def _prefix(number: int) -> str:
    """«двух», «сорока», «сто», as a compound begins."""
    prefix = _PREFIXES.get(number)
    if prefix is None:
        parts = cardinal(number, "gen").split()
        joined = [_PREFIXES.get(100) if part == "ста" else part for part in parts]
        prefix = "".join(part or "" for part in joined)
        prefix = prefix.replace("девяноста", "девяносто").replace("одного", "одно")
        if len(parts) > 1 and parts[0] == "тысячи":
            prefix = prefix.replace("тысячи", "тысяче")
    return prefix


def _kilometre(found: re.Match[str]) -> str:
    """«на 25 км МКАД» is at a post, «25 км от МКАД» a distance."""
    case = governed(found.string, found.start()) or "nom"
    if case == "acc":
        case = "pre"
    return f"{ordinal(int(found['number']), case)} {KILOMETRE.single(case)}"


_PLURAL: tuple[tuple[tuple[str, ...], Case], ...] = (
    (("ах",), "pre"), (("ам",), "dat"), (("ов", "ей"), "gen"), (("и", "ы"), "nom"),
)  # fmt: skip


def _noun(found: re.Match[str]) -> str:
    number, noun = int(found["number"]), found["noun"]
    tail = f" {noun}{found['far'] or ''}{found['year'] or ''}"
    before = governed(found.string, found.start())
    last = number % 10 if number % 100 not in range(11, 15) else 0
    if noun.startswith(("этаж", "класс", "курс", "подъезд")):
        many = next((case for ends, case in _PLURAL if noun.endswith(ends)), None)
        if many:
            return _several(found, many, before)
    if noun == "место" and _LEFT.search(found.string, 0, found.start()):
        return found[0]
    if found["far"] and noun.startswith("квартал"):
        return found[0]  # «в 1 квартале от метро»
    counts = noun.endswith(("а", "я")) and not noun.startswith(("смен", "лини"))
    if counts and before != "gen" and (1 < last < 5 or found["first"]) and not found["year"]:
        return found[0]  # «2 этажа» counts
    if noun == "места" or (noun.endswith(("и", "ы")) and 2 <= last <= 4 and before in (None,)):
        return found[0]
    if noun.startswith(("лини", "смен", "очеред")):
        return _both(found, _feminine_case(noun, before), "f") + tail
    gender: Literal["m", "n"] = "n" if noun.startswith(("мест", "полугоди")) else "m"
    ends: tuple[tuple[tuple[str, ...], Case], ...] = (
        (("ом", "ём", "ем"), "ins"), (("у", "ю"), "dat"), (("а", "я"), "gen"),
    )  # fmt: skip
    case = next((case for ends, case in ends if noun.endswith(ends)), "nom")
    if noun.endswith("и") or (noun.endswith("е") and noun != "полугодие"):
        case = "gen" if before == "gen" else "dat" if before == "dat" else "pre"
    return _both(found, case, gender) + tail


def _several(found: re.Match[str], case: Case, before: Case | None) -> str:
    """«1–4 классы» and «для 1–4 классов» are ordered; «11 классов» and «5 этажей» counted."""
    if not found["first"] or (case == "gen" and (before is None or found["noun"] == "этажей")):
        return found[0]
    range_of = found["link"].strip() in ("-", "–")
    tail = f" {found['noun']}{found['far'] or ''}{found['year'] or ''}"
    return _both(found, case, "pl" if range_of else "m") + tail


def _both(found: re.Match[str], case: Case, gender: Literal["m", "f", "n", "pl"]) -> str:
    """The number, and the one that a hyphen put before it, as ordinals."""
    last = ordinal(int(found["number"]), case, gender)
    if not found["first"]:
        return last
    if found["link"] == " по ":  # «с 1 по 4 класс»
        gender = "m" if gender == "pl" else gender
        since = ordinal(int(found["first"]), "gen", gender)
        return f"{since} по {ordinal(int(found['number']), 'acc', gender)}"
    link = "-" if found["link"].strip() in ("-", "–") else found["link"]
    return f"{ordinal(int(found['first']), case, gender)}{link}{last}"


def _feminine_case(noun: str, before: Case | None) -> Case:
    if noun.endswith(("ю", "у")):
        return "acc"
    if noun.endswith(("е", "и", "ы")):
        return "pre"
    return (
        "acc" if before == "acc" and noun.endswith("ь") else "ins" if noun.endswith("й") else "nom"
    )
