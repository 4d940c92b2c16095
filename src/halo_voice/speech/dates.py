"""Dates, years and centuries in words."""

from __future__ import annotations

import re

from halo_voice.speech.cases import governed, labelled
from halo_voice.speech.nouns import CENTURY, YEAR
from halo_voice.speech.numerals import Case, cardinal, ordinal

MONTHS = "января февраля марта апреля мая июня июля августа сентября октября ноября декабря".split()
_MONTH = "|".join(MONTHS)
_SHORT_MONTHS = {
    "янв": 1, "фев": 2, "февр": 2, "мар": 3, "апр": 4, "июн": 6, "июл": 7, "авг": 8,
    "сен": 9, "сент": 9, "окт": 10, "ноя": 11, "нояб": 11, "дек": 12,
}  # fmt: skip
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_YEAR_TAIL = r"(?:,? (?P<year>[12]\d{3}|\d\d(?= ?(?:г\.|года\b)))(?: ?(?:года?|г\b\.?))?(?![\d:]))?"
_NUMERIC = re.compile(
    rf"(?<![\d.,])(?P<day>{_DAY})\.(?P<month>0[1-9]|1[0-2]|[1-9](?=\.(?:19|20)\d\d))"
    rf"(?:\.(?P<year>(?:19|20)\d\d|\d\d))?(?!\d|[.,]\d)(?! ?(?:₽|%|руб|кг|км|м\b|млн|тыс"
    rf"|л\b))"
    r"(?: ?(?:года|г\b\.?))?"
)
_ISO = re.compile(
    rf"(?<![\d-])(?P<year>(?:19|20)\d\d)-(?P<month>0[1-9]"
    rf"|1[0-2])-(?P<day>{_DAY})(?![\d-])"
)
_SLASHED = re.compile(
    rf"(?<![\w.,/])(?P<day>{_DAY})/(?P<month>0?[1-9]|1[0-2])/(?P<year>(?:19|20)\d\d)(?![\w/])"
)
_SPELT = re.compile(
    rf"(?<![\d.,:])(?P<listed>(?:{_DAY}, )+(?={_DAY},? (?:и|или) ))?"
    rf"(?:(?P<from>{_DAY})(?:-го)? ?(?P<link>[-–—]|,|и|по|или|до) ?)?"
    rf"(?P<day>{_DAY})(?:-(?:го|е|ого|ое|му|м))? (?P<month>{_MONTH})(?![а-яё])" + _YEAR_TAIL,
    re.I,
)
_MOVED = re.compile(rf"(?<!\w)(?P<since>со? )(?P<day>{_DAY}) (?=на {_DAY} (?:{_MONTH}))", re.I)
_SHORT_MONTH_NAMES = "|".join(sorted(_SHORT_MONTHS, key=len, reverse=True))
_SHORT_MONTH = re.compile(
    rf"(?<![\d.,])(?P<day>{_DAY}) (?P<month>{_SHORT_MONTH_NAMES})\b\.?",
    re.I,
)
_FULL_FROM = re.compile(rf"(?<![\d.,])({_DAY}) ?[-–—] ?(?={_DAY} (?:{_MONTH}))")
_DAY_OF = re.compile(
    rf"(?<![\d.,])(?:(?P<from>{_DAY})(?:-го)? (?P<link>по|до) )?"
    rf"(?P<day>{_DAY})(?:-(?:го|е|м|му))? (?P<noun>числ(?:а|о"
    rf"|у|ом|е))\b"
)
_YEAR = re.compile(
    r"(?<![\d.,])(?:(?P<from>[12]\d{3}) ?(?P<link>[-–—]|и|по) ?)?(?P<year>[12]\d{3})"
    r"(?:-(?:й|го|м|му))? ?"
    r"(?P<noun>годами|годах|годам|годов|годом|годы|года|году|годе|год|гг\."
    r"|г\.(?! ?/))(?![а-яё])"
)
_YEAR_SUFFIX = re.compile(r"(?<![\d.,])(?P<year>(?:19|20)\d\d)-(?P<end>й|го|м|му)(?![а-яё])")
_NOMINATIVE = re.compile(
    r"(?:сегодня|завтра|вчера|послезавтра|сейчас|это|дата[а-яё ]{0,20}:?"
    r"|число:?) ?(?:уже |[—-] )?\Z",
    re.I,
)
# «на среду, 17 июня»: the date is in the case of its day
_ON_DAY = re.compile(
    r"(?<!\w)(?P<to>на|по|к|ко) (?:понедельник|вторник|сред|четверг|пятниц|суббот|воскресень)"
    r"[уюе]?,? \Z",
    re.I,
)
# «1 января и 9 мая — выходные»
_DAY_OFF = re.compile(r"[^.!?]{0,40} — (?:это )?(?:выходн|праздн|нерабоч|санитарн)")
_DATE = (
    rf"{_DAY}(?: (?:{_MONTH})(?![а-яё])|\.(?:0[1-9]|1[0-2])(?![\d.,]\d|\d| ?(?:₽|%|руб|кг|км|м\b)))"
)
_SPAN = re.compile(rf"(?<![\d.,-])(?P<a>{_DATE}) ?[-–—] ?(?P<b>{_DATE})")
_ROMAN_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}
_LOOKALIKE = str.maketrans("ХІ", "XI")
_CENTURY = re.compile(
    r"(?<![\w])(?:(?P<from>[IVXХІ]{1,5}) ?(?P<link>[-–—]|и) ?)?(?P<roman>[IVXХІ]{1,5}) "
    r"(?P<noun>веками|веках|веков|веком|века|веке|веку|век|вв\.|в\.)(?![а-яё])"
)
_ROMAN = re.compile(
    r"(?<![\w])(?P<roman>[IVX]{1,5})(?= (?P<noun>квартал|этап|групп|степен|категори|очеред"
    r"|тур|раунд|международн|всероссийск|съезд|сезон|том|част"
    r"|класс)(?P<end>[а-яё]{0,3})(?![а-яё]))"
)
_ROMAN_AFTER = re.compile(
    r"(?P<name>(?<![а-яё])(?:[Гг]лав|[Чч]аст|[Рр]аздел|[Тт]ип|[Эё]тап|[Тт]ом|[Сс]тепен"
    r"|[Кк]атегори|[Гг]рупп)[а-яё]{0,3} )(?P<roman>[IVX]{1,5})(?!\w)"
)
_MONARCH = re.compile(
    r"(?P<name>(?:Пётр|Петр|Петра|Петру|Петре|Петром|Николай|Николая|Николаю|Александр"
    r"|Александра|Александру|Павел|Павла|Иван|Ивана|Людовик|Людовика|Екатерина|Екатерины"
    r"|Екатерине|Екатерину|Екатериной|Елизавета|Елизаветы)) (?P<roman>[IVX]{1,5})(?!\w)"
)


def dates(text: str) -> str:
    """Dates, years and centuries of `text` in words."""
    text = _SHORT_MONTH.sub(lambda m: f"{m['day']} {MONTHS[_short_month(m)]}", text)
    text = _SPAN.sub(_span, text)
    text = _NUMERIC.sub(_numeric, _ISO.sub(_numeric, _SLASHED.sub(_numeric, text)))
    if " на " in text:
        text = _MOVED.sub(_moved, text)
    text = _SPELT.sub(_spelt, text)
    text = _DAY_OF.sub(_day_of, text)
    text = _YEAR_SUFFIX.sub(_year_suffix, _YEAR.sub(_year, text))
    text = _CENTURY.sub(_century, text)
    return _MONARCH.sub(_monarch, _ROMAN_AFTER.sub(_roman_after, _ROMAN.sub(_roman, text)))


def _short_month(found: re.Match[str]) -> int:
    return _SHORT_MONTHS[found["month"].lower()] - 1


def _span(found: re.Match[str]) -> str:
    """«30 апреля – 3 мая» is «с … по …», if nothing else governs it."""
    if governed(found.string, found.start()):
        return found[0]
    return f"с {found['a']} по {found['b']}"


def _case(found: re.Match[str]) -> Case:
    """A date without a preposition says when: «доставим пятого мая»; «сегодня пятое мая»."""
    case = governed(found.string, found.start())
    if case:
        return case
    head = found.string[max(0, found.start() - 32) : found.start()]
    on_day = _ON_DAY.search(head)
    if on_day:
        return "dat" if on_day["to"].lower().startswith("к") else "acc"
    named = _NOMINATIVE.search(head) or _DAY_OFF.match(found.string, found.end())
    return "nom" if named else "gen"


def _with_year(year: str | None) -> str:
    return f" {ordinal(_full(year), 'gen')} года" if year else ""


_THIS_CENTURY = 40
"""Years of two digits up to it are of this century: «12.03.85» is a day of birth."""


def _full(year: str) -> int:
    number = int(year)
    return number if len(year) == 4 else number + (2000 if number <= _THIS_CENTURY else 1900)


def _numeric(found: re.Match[str]) -> str:
    if len(found["month"]) == 1 and labelled(found.string, found.start()):  # «версия 1.5.2026»
        return found[0]
    month = MONTHS[int(found["month"]) - 1]
    tail = "." if found[0].endswith(".") and sentence_ends(found) else ""
    day = ordinal(int(found["day"]), _case(found), "n")
    return f"{day} {month}{_with_year(found['year'])}{tail}"


def sentence_ends(found: re.Match[str]) -> bool:
    rest = found.string[found.end() : found.end() + 2].strip()
    return not rest or rest.isupper()


def _spelt(found: re.Match[str]) -> str:
    case = _case(found)
    tail = f" {found['month']}{_with_year(found['year'])}"
    if found["year"] and found[0].endswith(".") and sentence_ends(found):
        tail += "."
    if found["listed"]:
        if labelled(found.string, found.start()):  # «дома 5, 6 и 7 мая»
            return found[0]
        days = [ordinal(int(day), case, "n") for day in re.findall(r"\d+", found["listed"])]
        tail = f" {found['link']} {ordinal(int(found['day']), case, 'n')}{tail}"
        return ", ".join([*days, ordinal(int(found["from"]), case, "n")]) + tail
    day = int(found["day"])
    if found["from"] is None:
        said = ordinal(day, case, "n") + tail
        return said[0].upper() + said[1:] if found["month"][0].isupper() else said  # a street
    first, link = int(found["from"]), found["link"]
    if link in ("по", "до"):
        last: Case = "acc" if link == "по" else "gen"
        return f"{ordinal(first, 'gen', 'n')} {link} {ordinal(day, last, 'n')}{tail}"
    if link in ("и", "или", ","):
        comma = "," if link == "," else f" {link}"
        return f"{ordinal(first, case, 'n')}{comma} {ordinal(day, case, 'n')}{tail}"
    if governed(found.string, found.start()):
        return f"{ordinal(first, case, 'n')}-{ordinal(day, case, 'n')}{tail}"
    return f"с {ordinal(first, 'gen', 'n')} по {ordinal(day, 'acc', 'n')}{tail}"


def _moved(found: re.Match[str]) -> str:
    """«с 5 на 7 мая»: the first day is of the same month."""
    return f"{found['since']}{ordinal(int(found['day']), 'gen', 'n')} "


def _day_of(found: re.Match[str]) -> str:
    by_noun: dict[str, Case] = {"числа": "gen", "числу": "dat", "числом": "ins", "числе": "pre"}
    case = by_noun.get(found["noun"]) or governed(found.string, found.start()) or "nom"
    since = ""
    if found["from"]:
        since = f"{ordinal(int(found['from']), 'gen', 'n')} {found['link']} "
        case = "acc" if found["link"] == "по" else "gen"
    return f"{since}{ordinal(int(found['day']), case, 'n')} {found['noun']}"


_YEAR_NOUN: dict[str, Case] = {"года": "gen", "годом": "ins", "годе": "pre", "год": "nom"}


def _year(found: re.Match[str]) -> str:
    noun, before = found["noun"], governed(found.string, found.start())
    number = int(found["year"])
    if found["from"]:
        return _years(found, before)
    case: Case
    if noun == "году":
        case = "dat" if before == "dat" or _after(found, "по") else "pre"
    elif noun in ("г.", "гг."):
        case = {"acc": "pre", None: "gen"}.get(before, before)  # type: ignore[arg-type]
        case = "acc" if before == "acc" and _after(found, "на", "за", "по") else case
    elif noun not in _YEAR_NOUN:
        return found[0]
    else:
        case = _YEAR_NOUN[noun]
    word = noun
    if noun in ("г.", "гг."):
        word = "году" if case == "pre" else YEAR.single(case)
        word += "." if sentence_ends(found) else ""
    return f"{ordinal(number, case)} {word}"


def _after(found: re.Match[str], *prepositions: str) -> bool:
    head = found.string[max(0, found.start() - 4) : found.start()].lower().split()
    return bool(head) and head[-1] in prepositions


def _years(found: re.Match[str], before: Case | None) -> str:
    first, last = int(found["from"]), int(found["year"])
    end = "." if found["noun"] == "гг." and sentence_ends(found) else ""
    if found["link"] == "по":
        return f"{ordinal(first, 'gen')} по {ordinal(last, 'acc')} год{end}"
    case: Case = "pre" if before == "acc" or found["noun"] in ("годах",) else before or "nom"
    word = {"nom": "годы", "gen": "годов", "dat": "годам", "ins": "годами"}.get(case, "годах")
    link = " и " if found["link"] == "и" else " — "
    return f"{ordinal(first, case)}{link}{ordinal(last, case)} {word}{end}"


def _year_suffix(found: re.Match[str]) -> str:
    case: Case = {"й": "nom", "го": "gen", "м": "pre", "му": "dat"}[found["end"]]  # type: ignore[assignment]
    return ordinal(int(found["year"]), case)


def roman(text: str) -> int:
    """The value of a Roman numeral of I, V, X, 0 if it is none."""
    values = [_ROMAN_VALUES[char] for char in text]
    total = sum(-v if after > v else v for v, after in zip(values, [*values[1:], 0], strict=True))
    tens, ones = divmod(total, 10)
    right = "X" * tens + ("", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX")[ones]
    return total if right == text else 0


_CENTURY_NOUN: dict[str, Case] = {
    "век": "nom", "века": "gen", "веке": "pre", "веку": "dat", "веком": "ins",
}  # fmt: skip


def _century(found: re.Match[str]) -> str:
    number = roman(found["roman"].translate(_LOOKALIKE))
    first = roman(found["from"].translate(_LOOKALIKE)) if found["from"] else 0
    if not number or (found["from"] and not first):
        return found[0]
    noun, before = found["noun"], governed(found.string, found.start())
    if noun in ("в.", "вв."):
        case: Case = "pre" if before == "acc" else before or "gen"
        end = "." if sentence_ends(found) else ""
        word = (CENTURY.single(case) if noun == "в." else CENTURY.plural(case)) + end
    else:
        plural: dict[str, Case] = {"веках": "pre", "веками": "ins", "веков": "gen"}
        case = plural.get(noun) or _CENTURY_NOUN[noun]
        if noun == "века" and first and before is None:
            case = "nom"
        word = noun
    link = " и " if found["link"] == "и" else " — "
    return (f"{ordinal(first, case)}{link}" if first else "") + f"{ordinal(number, case)} {word}"


def _roman(found: re.Match[str]) -> str:
    number = roman(found["roman"])
    feminine = found["noun"] in ("групп", "степен", "категори", "очеред", "част")
    case = governed(found.string, found.start()) or "nom"
    end = found["end"]
    if case == "acc" and end in ("е", "и", "ом"):
        case = "pre"
    if case == "nom" and end in ("а", "ы", "и") and found["noun"] != "групп":
        case = "gen"
    if not number:
        return found[0]
    return ordinal(number, case, "f" if feminine else "m")


def _roman_after(found: re.Match[str]) -> str:
    number = roman(found["roman"])
    return found["name"] + cardinal(number) if number else found[0]


def _monarch(found: re.Match[str]) -> str:
    number, name = roman(found["roman"]), found["name"]
    if not number:
        return found[0]
    feminine = name.startswith("Е")
    ends: dict[str, Case] = (
        {"а": "nom", "ы": "gen", "е": "dat", "у": "acc", "й": "ins"}
        if feminine
        else {"а": "gen", "я": "gen", "у": "dat", "ю": "dat", "м": "ins", "е": "pre"}
    )
    case = ends.get(name[-1], "nom") if name != "Николай" else "nom"
    return f"{name} {ordinal(number, case, 'f' if feminine else 'm').capitalize()}"
