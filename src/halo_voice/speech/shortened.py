"""Abbreviations in words: addresses («ул. Лесная, д. 5»), «т. е.», «тел.»."""

from __future__ import annotations

import re
from collections.abc import Callable

from halo_voice.speech.acronyms import ACRONYMS
from halo_voice.speech.cases import governed
from halo_voice.speech.nouns import CLAUSES, PLACES, QUARTER, VILLAGE
from halo_voice.speech.numerals import Case, Noun, cardinal

_PLAIN = {
    "т. е.": "то есть", "и т. д.": "и так далее", "и т. п.": "и тому подобное",
    "и др.": "и другие", "и пр.": "и прочее", "т. к.": "так как", "т. н.": "так называемый",
    "в т. ч.": "в том числе", "напр.": "например", "мин.": "минут",
    "до н. э.": "до нашей эры", "н. э.": "нашей эры", "б/у": "бывший в употреблении",
    "ж/д": "железнодорожный", "а/я": "абонентский ящик",
    "м.": "метро", "моб.": "мобильный", "им.": "имени",
    "гор.": "городской", "раб.": "рабочий", "тел./факс": "телефон и факс", "и/или": "и или",
    "с/у": "санузел", "в/о": "высшее образование", "ок.": "около", "макс.": "максимум",
    "ср.": "средний", "ул. ": "улица ", "м-н": "магазин", "кол-во": "количество",
    "вкл.": "включительно", "пн.": "понедельник", "эл. почта": "электронная почта",
    "по МСК": "по московскому времени", "МСК": "по Москве",
    "эл.": "электронный", "р/с": "расчётный счёт", "ед.": "единица", "стр.": "страница",
    "доп.": "дополнительный", "г-н": "господин", "г-жа": "госпожа",
    "ИП": "индивидуальный предприниматель",
    "за кв. м": "за квадратный метр", "за м²": "за квадратный метр", "за шт.": "за штуку",
    "за кг": "за килограмм", "в нед.": "в неделю", "в мес.": "в месяц", "в сут.": "в сутки",
    "в теч.": "в течение", "гг.": "годы", "проф.": "профессор", "св.": "свыше",
}  # fmt: skip
for _unsure in ("мин.", "ср.", "ул. ", "стр.", "пн.", "м.", "ед.", "гор.", "раб.", "св."):
    del _PLAIN[_unsure]
_PLAIN_KEYS = {re.sub(r"[  .]", "", key).lower(): said for key, said in _PLAIN.items()}


def _pattern(key: str) -> str:
    # With a full stop inside, «т.е.», «т. е.» and «т.е» are the same.
    return re.escape(key).replace(r"\.\ ", r"\.? ?").replace(r"\ ", " ")


_PLAIN_RE = re.compile(
    r"(?<![\w.-])(?:"
    + "|".join(_pattern(key) for key in sorted(_PLAIN, key=len, reverse=True))
    + r")(?![\w-])",
    re.I,
)
# Before a number: «д. 5», «кв. 17а»; the stop may be missing after those that are no words.
_NUMBERED = "корп|строен|стр|кв|оф|под|пав|эт|пом|вл|каб|ком|лит|доб|тел|д|к"
_BEFORE_NUMBER = re.compile(
    rf"(?<![\w])(?P<word>{_NUMBERED})(?:\. ?"
    rf"| )(?=№? ?[+(]?\d)"
    rf"(?P<number>\d{{1,4}}(?: ?[а-гА-Г](?![\w-]))?"
    rf"(?:/\d{{1,3}}[а-г]?|[кс]\d{{1,2}})?(?![\d(.-]))?",
)
_IN_ADDRESS = re.compile(
    r"(?<![а-яё])(?:дом|корпус|строение|подъезд|этаж|владение|(?:д|к|корп|стр|под|эт|вл)\.?)"
    r" ?\d{1,4}(?:[а-г]|/\d{1,3})?\Z",
    re.I,
)
_SQUARE = re.compile(r"(?<![\w])кв\. ?метр(?P<end>|а|у|ом|е|ы|ов|ам|ами|ах)(?![\w])")
# «на ул. Мира и пр. Победы»: no «и прочее», and both in one case
_TWO_STREETS = re.compile(
    r"(?P<street>(?<!\w)(?:[Уу]л|пр|просп|пер|пл|наб|б-р|бул)\. (?:[А-ЯЁ]|\d)[^.!?]{0,40} (?:и|с) )"
    r"(?P<word>пр|ул|просп|пер|пл|наб|б-р|бул)\. ?(?=[А-ЯЁ])"
)
_ACCOUNT = re.compile(r"(?<![\w/])(?P<word>Л/с|(?<!\d )л/с)\.?(?![\w/])")
_ACCOUNTS = Noun(
    "m",
    ("лицевой счёт", "лицевого счёта", "лицевому счёту", "лицевой счёт", "лицевым счётом",
     "лицевом счёте"),
    ("",) * 6,
)  # fmt: skip
# «ст. 25», «п. 3.2 договора»: parts of a paper, each of the next.
_CLAUSE = re.compile(
    r"(?<![\w.-])(?P<word>[Пп]п?|[Сс]т|[Гг]л|[Рр]азд|[Рр]ис|[Тт]абл|[Пп]рил|[Чч](?=\. ?\d+ ст))\. ?"
    r"(?P<number>\d{1,4}(?:\.\d{1,3}){0,3})(?![\w/])"
)
_WITHIN = re.compile(r"(?<!\w)(?:пп?|ч|гл|разд)\. ?\d[\d.]*,? \Z", re.I)
_QUARTER = re.compile(r"(?<![\w.,])(?P<number>[1-4]) ?кв\. (?=(?:19|20)\d\d(?!\d))")
_SPOON = re.compile(r"(?<=\d )(?P<kind>ст|ч)\. ?лож[а-яё]{1,3}(?!\w)")
_FEE = re.compile(r"(?<!\w)(?P<word>[Аа]бон)\. (?=плат(?P<end>а|ы|у|е|ой)(?!\w))")
_FEE_ENDS = {"а": "ая", "у": "ую"}
_MEDICAL = re.compile(r"(?<!\w)мед\. (?=наук)")
_MADE = re.compile(r"(?<=\d{4}) ?г\. ?(?P<what>[вр])\.(?!\w)")
_MADE_NOUNS = {"в": "выпуска", "р": "рождения"}
_STATION = re.compile(r"(?<![\w])ст\. ?м\. ?")
_POSTCODE = re.compile(r"(?<![\d.,-])(?<!индекс )(?P<code>\d{6})(?=, ?(?:г\.|город |Россия|РФ))")
_LIMIT = re.compile(r"(?<![\w])(?<!\d )(?P<word>[Мм]ин|[Мм]акс)\. (?=(?P<noun>вес\b|[а-яё]{4,}))")
_AT_LEAST = re.compile(r"(?<![\w])(?<!\d )(?P<word>[Мм]ин)\. (?=\d)")
_SEE = re.compile(r"(?<![\w.-])(?P<word>С|(?<!\d )с)м\.(?! ?[-×])(?!\w)")
_WORKING = re.compile(r"(?<![\w])раб\. ?(?P<noun>день|дня|дней|дн\.?)(?!\w)")
_WORKING_DAYS = {"день": "рабочий день", "дня": "рабочих дня"}
_LETTERED = re.compile(r"(?<![\w])лит\. ?(?=[А-Я](?!\w))")
_PHONE = re.compile(r"(?<![\w.])(?P<sign>[Тт])\.:? ?(?=(?:\+7|8)[ (-]?\d)")
_ROOMS = re.compile(r"(?<=\d)-(?:комн\.?(?P<flat> кв\.)?|к\.?(?= кварт))(?!\w)")
_FEW = re.compile(r"(?<![\d.,])(?:\d*[02-9])?[234] ?\Z")
_ONE = re.compile(r"(?<![\d.,])(?:\d*[02-9])?1 ?\Z")
_SQUARE_ENDS = {"": "ый", "а": "ого", "у": "ому", "ом": "ым", "е": "ом",
                "ы": "ые", "ов": "ых", "ам": "ым", "ами": "ыми", "ах": "ых"}  # fmt: skip
_TEL = re.compile(r"(?<![\w])(?P<word>[Тт]ел|[Дд]об)\.(?P<colon>:)?(?!\w)")
_BEFORE_NAME = re.compile(
    r"(?<![\w.])(?P<word>(?i:ул|пр-т|пр-кт|просп|пр|пер|пл|ш|наб|б-р|бул|обл|р-н|мкрн?|пос|с"
    r"|г|м|ст|д))"
    r"(?:(?P<stop>\.) ?| )(?=[«\"]?(?P<name>\d{0,3}-?[А-ЯЁ][а-яё]+"
    r"|\d{1,4}(?:-[а-яё]{1,3})? [А-ЯЁа-яё]))",
)
_AFTER_NAME = re.compile(
    r"(?P<name>[А-ЯЁ][а-яё-]*(?:ая|ой|ую|ий|ого|ом|ый|ое|ому|ский|ском|ского|ская|ской|скую"
    r"|кий|ком|кого|ки|ин|ово|ово))"
    r"(?P<gap> )(?P<word>ул|пр-те|пр-т|пр-кт|просп|пр|пер|пл|ш|наб|б-р|бул|обл|р-н"
    r"|мкрн?)(?P<stop>\.|(?=[  ,]|\Z))(?!\w)"
)
_HOUSE = re.compile(
    r"(?P<head>(?<![а-яё])(?:дом[еаоум]{0,2}|корпус|строение|улица [А-ЯЁ][а-яё-]+,|владение"
    r"|квартира|офис) )"
    r"(?P<number>\d{1,4})(?:(?P<slash>/\d{1,3})| ?(?P<letter>[а-гА-Г])(?![\w])"
    r"|(?P<part>[кс]\d{1,2}))(?![\w])"
)
# Houses whatever stands before them: «Мира, 101с1», «Пушкина, 10/12б».
_HOUSE_ALONE = re.compile(
    r"(?:(?<=[а-яё] )|(?<=[а-яё], ))(?<!код )\d{1,4}(?:[кс]\d{1,2}|/\d{1,3}[а-г])(?!\w)"
)
# «7/16 эт.», «на 7/16 этаже», «этаж 7/16»
_FLOOR_OF = re.compile(
    r"(?<![\w,./])(?P<number>\d{1,3})/(?P<all>\d{1,3}) ?(?P<floor>эт\.|эт(?!\w)|этаже?(?!\w))"
)
_FLOOR_IS = re.compile(
    r"(?P<floor>(?<!\w)(?:[Ээ]таже?|[Ээ]т\.):? )(?P<number>\d{1,3})/(?=\d{1,3}(?![\w/]))"
)
_FLOOR = re.compile(r"(?<![\w,.])(?P<number>\d{1,3})(?:-й)? ?эт\.(?=[  ,.;]|\Z)")
_TITLED = re.compile(
    r"(?P<street>(?:улиц|проспект|площад)[а-яё]{0,2} )(?P<title>Ак|Акад|Ген|Маршала|Марш|Проф"
    r"|Адм)\. (?=[А-ЯЁ])"
)
_TITLES = {"Ак": "Академика", "Акад": "Академика", "Ген": "Генерала", "Марш": "Маршала",
           "Маршала": "Маршала", "Проф": "Профессора", "Адм": "Адмирала"}  # fmt: skip
# Of an abbreviation of several parts, those that are words by themselves tell nothing.
_ORDINARY = frozenset("и в до или с о к а у по за почта".split())
_PARTS = (
    frozenset(
        part
        for written in (*_PLAIN, *PLACES, *ACRONYMS, *_TITLES, "тел", "доб")
        for part in re.findall(r"[а-яё]+", written.lower())
    )
    - _ORDINARY
)


def is_whole(word: str) -> bool:
    """Whether no rule here looks at a Russian word: it is, or belongs to, no abbreviation."""
    return (len(word) == 1 or word[1:].islower()) and word.lower() not in _PARTS


def shortened(text: str) -> str:
    """The abbreviations of `text` in words, in the case that a preposition asks for."""
    for pattern, said in _RULES:
        text = pattern.sub(said, text)
    return text


def _working(found: re.Match[str]) -> str:
    if found["noun"] == "дня" and _ONE.search(found.string, 0, found.start()):
        return "рабочего дня"
    return _WORKING_DAYS.get(found["noun"], "рабочих дней")


def _second_street(found: re.Match[str]) -> str:
    case, word = _case_at(found), found["word"]
    if word != "пр" and case not in ("gen", "dat"):
        return found[0]  # «на ул. Лесную и ул. Садовую»: the name tells
    return f"{found['street']}{PLACES[word].single(case)} "


def _clause(found: re.Match[str]) -> str:
    word = found["word"]
    inside = _WITHIN.search(found.string, max(0, found.start() - 24), found.start())
    if not inside and found.string[: found.start()].rstrip()[-1:].isdigit():
        return found[0]
    noun = CLAUSES[word.lower()].single("gen" if inside else _case_at(found))
    return (
        f"{_like(word, noun)} {' точка '.join(map(cardinal, map(int, found['number'].split('.'))))}"
    )


def _telephone(found: re.Match[str]) -> str:
    return _like(found["word"], PLACES[found["word"].lower()].single(_case_at(found))) + (
        found["colon"] or ""
    )


_IN_A_STREET = re.compile(r"(?<!\w)(?:ул|пр|пер|пл|наб|д|дом|г)\b", re.I)


def _lists(before: str) -> bool:
    """Whether «и пр.» ends a list of things."""
    return "," in before and not _IN_A_STREET.search(before)


_ETC = ("и так далее", "и прочее", "и другие", "и тому подобное")


def _plain(found: re.Match[str]) -> str:
    word = found[0]
    said = _PLAIN_KEYS[re.sub(r"[  .]", "", word).lower()]
    if word.lower().startswith("гг") and found.string[: found.start()].rstrip()[-1:].isdigit():
        return word
    said = _like(word, said)
    rest = found.string[found.end() : found.end() + 3].lstrip(" »)")
    if said == "и прочее" and rest[:1].isupper() and not _lists(found.string[: found.start()]):
        return word  # «Мира и пр. Ленина»
    ends = word.endswith(".") and (not rest or (rest[0].isupper() and said in _ETC))
    return said + "." if ends and said.startswith(("и ", "И ")) else said


def _like(written: str, said: str) -> str:
    return said[0].upper() + said[1:] if written[0].isupper() else said


_OF_A_PLACE = ("угол", "углу", "угла", "пересечение", "пересечении", "районе", "начале", "конце")


def _case_at(found: re.Match[str]) -> Case:
    case = governed(found.string, found.start()) or "nom"
    head = found.string[max(0, found.start() - 14) : found.start()].lower().split()
    head = [word.lstrip("«(") for word in head]
    if head and head[-1] in _OF_A_PLACE:
        return "gen"
    if case == "acc" and head and head[-1] in ("в", "во", "на"):
        return "pre"
    if head and head[-1] == "по":
        return "dat"
    return case


def _account_case(found: re.Match[str]) -> Case:
    """«номер л/с» is of it, «по л/с» to it, «на л/с» onto it."""
    head = found.string[: found.start()].rstrip().rpartition(" ")[2].lower()
    if head in ("номер", "номера", "номеру", "остаток", "баланс"):
        return "gen"
    return "dat" if head == "по" else governed(found.string, found.start()) or "nom"


_WORDS_TOO = frozenset("с г м ш д пр ст пл ".split())
_STREETS = frozenset("ул пр-т пр-кт просп пр пер пл ш наб б-р бул".split())


def _before_name(found: re.Match[str]) -> str:
    word, stop, name = found["word"], found["stop"], found["name"]
    low = word.lower()
    if not stop and low in _WORDS_TOO:
        return found[0]
    if (word[0].isupper() and low in ("с", "м", "д", "ш")) or (not stop and word[0].isupper()):
        return found[0]
    before = found.string[: found.start()].rstrip()
    if before[-1:].isdigit():
        return found[0]
    if low == "д":
        return found[0] if name[0].isdigit() else _like(word, VILLAGE.single(_case_at(found))) + " "
    if name[0].isdigit() and low not in _STREETS:
        return found[0]
    case = _case_at(found)
    if case == "pre" and name.endswith("ую"):
        case = "acc"
    return _like(word, PLACES[low].single(case)) + " "


_ENDINGS: tuple[tuple[tuple[str, ...], Case], ...] = (
    (("ую",), "acc"), (("ого",), "gen"), (("ому",), "dat"), (("ом",), "pre"),
    (("ая", "ий", "ый", "ое", "ин"), "nom"),
)  # fmt: skip


def _limit(found: re.Match[str]) -> str:
    """«мин. сумма» is «минимальная сумма»; before a number it is a minimum."""
    noun = found["noun"]
    end = "ая" if noun.endswith(("а", "я", "сть")) else "ое" if noun[-1] in "ое" else "ый"
    stem = "минимальн" if found["word"].lower() == "мин" else "максимальн"
    return f"{_like(found['word'], stem)}{end} "


def _square(found: re.Match[str]) -> str:
    """«2 кв. метра» are «2 квадратных метра»."""
    few = found["end"] == "а" and _FEW.search(found.string, 0, found.start())
    return f"квадратн{'ых' if few else _SQUARE_ENDS[found['end']]} метр{found['end']}"


def _after_name(found: re.Match[str]) -> str:
    name, word = found["name"], found["word"].replace("пр-те", "пр-т")
    case: Case = next((case for ends, case in _ENDINGS if name.endswith(ends)), "nom")
    if name.endswith("ой"):
        before = governed(found.string, found.start())
        case = {"gen": "gen", "acc": "pre", "dat": "dat", "pre": "pre"}.get(before or "", "gen")  # type: ignore[assignment]
    rest = found.string[found.end() : found.end() + 3].strip()
    stop = "." if found["stop"] and (not rest or rest[0].isupper()) else ""
    return name + " " + PLACES[word].single(case) + stop


def _floor_of(found: re.Match[str]) -> str:
    """«7/16 эт.» as «7-й этаж из 16», of a house with sixteen."""
    number, floors = found["number"], found["all"]
    if int(number) > int(floors):
        return found[0]
    end, floor = ("м", "этаже") if found["floor"] == "этаже" else ("й", "этаж")
    return f"{number}-{end} {floor} из {floors}"


def _before_number(found: re.Match[str]) -> str:
    word, number = found["word"], found["number"]
    stop = "." in found[0][len(word) : len(word) + 1]
    before = found.string[: found.start()].rstrip()
    if not stop and word in ("к", "под", "д", "с", "стр", "вл", "ком", "тел", "эт"):
        address = before.endswith(",") or re.search(r"(?:дом|д\.?) \d+[а-г]?\Z", before[-12:])
        if not address or word in ("под",):
            return found[0]
    after_number = before[-1:].isdigit() and not _IN_ADDRESS.search(before[-20:])
    if after_number and stop and word in ("эт", "кв"):
        return found[0]
    if word == "стр" and not re.search(r"\d[а-яА-Я]?,?\Z", before):
        noun = "страница" if _case_at(found) == "nom" else "странице"
    else:
        noun = PLACES[word].single(_case_at(found))
    if word in ("тел", "доб") or not number:
        return f"{_like(word, noun)} {number or ''}"
    return f"{noun} {_house(number)}"


def _house(number: str) -> str:
    """«5», «5а», «5/2», «5к2» as they are said."""
    found = re.match(r"(\d+) ?(?:([а-гА-Г])|/(\d+)([а-г]?)|([кс])(\d+))?", number)
    if not found:
        return number
    said = cardinal(int(found[1]))
    if found[2]:
        return f"{said} {found[2].lower()}"
    if found[3]:
        return f"{said} дробь {cardinal(int(found[3]))}" + (f" {found[4]}" if found[4] else "")
    if found[5]:
        return f"{said} {'корпус' if found[5] == 'к' else 'строение'} {cardinal(int(found[6]))}"
    return said


_RULES: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (_POSTCODE, r"индекс \g<code>"),
    (_LIMIT, _limit),
    (_AT_LEAST, r"\g<word>имум "),
    (_QUARTER, lambda m: f"{m['number']} {QUARTER.single(_case_at(m))} "),
    (_SPOON, r"\g<kind>. л"),
    (_FEE, lambda m: f"{m['word']}ентск{_FEE_ENDS.get(m['end'], 'ой')} "),
    (_MEDICAL, "медицинских "),
    (_MADE, lambda m: f" года {_MADE_NOUNS[m['what']]}"),
    (_STATION, lambda m: f"{PLACES['ст'].single(_case_at(m))} метро "),
    (_TWO_STREETS, _second_street),
    (_ACCOUNT, lambda m: _like(m["word"], _ACCOUNTS.single(_account_case(m)))),
    (_PLAIN_RE, _plain),
    (_SEE, r"\g<word>мотрите"),
    (_CLAUSE, _clause),
    (_LETTERED, "литера "),
    (_WORKING, _working),
    (_PHONE, lambda m: f"{_like(m['sign'], 'телефон')} "),
    (_ROOMS, lambda m: f"-комнатная{' квартира' if m['flat'] else ''}"),
    (_SQUARE, _square),
    (_FLOOR_OF, _floor_of),
    (_FLOOR_IS, r"\g<floor>\g<number> из "),
    (_FLOOR, lambda m: f"{m['number']}-й этаж"),
    (_BEFORE_NAME, _before_name),
    (_AFTER_NAME, _after_name),
    (_TITLED, lambda m: f"{m['street']}{_TITLES[m['title']]} "),
    (_BEFORE_NUMBER, _before_number),
    (_TEL, _telephone),
    (_HOUSE, lambda m: m["head"] + _house(m[0][len(m["head"]) :])),
    (_HOUSE_ALONE, lambda m: _house(m[0])),
)
"""From the most particular on: each leaves words behind."""
