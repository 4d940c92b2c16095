"""Numbers that count something: money, percent, units, fractions, ranges, and bare numbers."""

from __future__ import annotations

import re

from halo_voice.speech.cases import (
    case_of,
    each_of,
    governed,
    labelled,
    noun_after,
    noun_beyond,
    owned,
    owner,
)
from halo_voice.speech.genders import gender_of
from halo_voice.speech.nouns import DOTTED, KOPECK, METRE, MINUTE, MULTIPLIERS, ROUBLE, UNITS, YEAR
from halo_voice.speech.numerals import (
    CARDINAL_MAX,
    Case,
    Gender,
    Noun,
    cardinal,
    count,
    decimal,
    digits,
    fraction,
)

NUMBER = r"\d{1,3}(?: \d{3}){1,4}(?!\d)(?:[.,]\d{1,2}(?!\d))?|\d++(?:[.,]\d{1,4}(?![\d]))?"
_UNIT = "|".join(re.escape(unit) for unit in sorted(UNITS, key=len, reverse=True)).replace(
    r"\ ", " ?"
)
_MULTIPLIER = r"(?:тыс|млн|млрд|трлн)\b\.?|(?:тысяч|миллион|миллиард)[а-яё]{0,3}\b"
_AMOUNT = re.compile(
    rf"(?P<sign>(?<![\w)])[+−-](?=\d))?(?P<front>[$€£] ?(?=\d))?(?<![\w.,])(?P<a>{NUMBER})"
    rf"(?: ?[-–—] ?(?P<b>{NUMBER}))?"
    rf"(?: ?(?P<times>{_MULTIPLIER}))?"
    rf"(?: ?(?P<unit>{_UNIT})(?![а-яёa-zА-ЯЁ²³\d]))?"
    r"(?P<dot>\.(?!\d))?"
)  # fmt: skip
_KOPECKS = re.compile(r" (?P<kop>\d{1,2}) ?коп(?:\.|ее?к[а-я]{0,2})?(?![а-яё])")
_FRACTION = re.compile(r"(?<![\w/.,])(?:(\d{1,3}) )?(\d{1,2})/(\d{1,3})(?![\w/])")
_SIZE = re.compile(
    r"(?:(?<=\d)|(?<=\d м)|(?<=\d [см]м)) ?(?:[xх×*]|умножить на) ?(?=\d)", re.I
)  # «2 м x 1,6 м»
_OF_TWO = re.compile(r"(?<![\w/.,-])(?P<one>\d{3})/(?P<two>\d{2})(?![\w/])")  # «120/80»
_DOTTED_VERSION = re.compile(r"(?<![\w.])\d{1,4}(?:\.\d{1,4}){2,5}(?![\w])")
# «для детей 3–7 лет», «в возрасте 3-5 лет»
_AGES = re.compile(
    r"(?P<who>(?<!\w)(?:дет(?:ей|и|ям)|малышей|ребят|подростков|возраст[ае]?) )"
    r"(?P<low>\d{1,2}) ?[-–—] ?(?=\d{1,2} (?:лет|года)(?!\w))",
    re.I,
)
_SHIFTS = re.compile(
    r"(?P<head>(?<!\w)(?:график|смен|режим)[а-яё]{0,2}(?: работы)?:? )(?P<on>\d)/(?=\d(?![\w/]))",
    re.I,
)
_TWO_MEMORIES = re.compile(r"(?<![\w/.,])(\d{1,2})/(?=\d{2,4} ?[ГТGT][БбBb]\b)")  # «8/256 ГБ»
# «iPhone 14 128 ГБ», «12 8/256 ГБ»
_MEMORY = re.compile(
    r"(?P<model>(?<=[A-Za-z] )\d{1,3}) (?=(?:\d{1,2}/)?(?:16|32|64|128|256|512) ?[ГТGT][БбBb])"
)
# «1.500 руб.», «12,500 руб.», «1.500,00 руб.»: thousands; a rate may have three decimals.
_GROUPED = re.compile(
    r"(?<![\w.,])[1-9]\d{0,2}(?:[.,]\d{3}){1,3}"
    r"(?=(?:[.,]\d\d)? ?(?:₽|руб|р\b|\$|€)(?!\.? (?:за кило|в минуту)|ля\b))"
)
_DISTANCES = (UNITS["км"], METRE, MINUTE)  # «в пяти километрах»
_AFTER_HALVES = {
    form: noun
    for noun in (*UNITS.values(), YEAR)
    if " " not in noun.one[1]
    for form in (noun.one[1], noun.many[1])
}
# «5,5 часа» as it is written is «пять с половиной часов» as it is said.
_HALVES = re.compile(
    r"(?<![\w.,])(?P<number>(?:\d{1,6}(?:[.,]\d{1,2})? ?[-–—] ?)?(?P<whole>\d{1,6})[.,]50? )"
    rf"(?P<noun>{'|'.join(sorted(_AFTER_HALVES))})(?![а-яё])"
)


def amounts(text: str) -> str:
    """Every number of `text` in words, in the case that its place asks for."""
    if "лет" in text:
        text = _AGES.sub(r"\g<who>от \g<low> до ", text)
    text = _MEMORY.sub(r"\g<model>, ", _GROUPED.sub(lambda m: re.sub("[.,]", "", m[0]), text))
    text = _DOTTED_VERSION.sub(_version, text)
    if "/" in text:
        text = _TWO_MEMORIES.sub(r"\1 на ", _SHIFTS.sub(r"\g<head>\g<on> через ", text))
        text = _OF_TWO.sub(r"\g<one> на \g<two>", _FRACTION.sub(_fraction, text))
    text = _SIZE.sub(" на ", text)
    if ",5" in text or ".5" in text:
        text = _HALVES.sub(_halves, text)
    return _AMOUNT.sub(_amount, _with_kopecks(text))


def _halves(found: re.Match[str]) -> str:
    """The number with the form of its noun that «с половиной» and «полтора» ask for."""
    noun, whole = _AFTER_HALVES[found["noun"]], int(found["whole"])
    before = governed(found.string, found.start())
    if not whole:
        return found[0]
    if before not in (None, "acc"):
        return found["number"] + noun.plural(before)
    return found["number"] + (noun.one[1] if whole == 1 else noun.after(whole, "nom"))


def _with_kopecks(text: str) -> str:
    """«390 руб. 50 коп.» as one amount: «390,50 руб.»"""
    return _ROUBLES_KOPECKS.sub(lambda m: f"{m['a']},{int(m['kop']):02d} руб", text)


_ROUBLES_KOPECKS = re.compile(
    r"(?P<a>\d{1,3}(?: \d{3}){1,3}(?!\d)|(?<!\d)\d{1,12}) ?(?:₽|руб(?:\.|л[а-яё]{1,3})?"
    r"|р\.)" + _KOPECKS.pattern
)


def _version(found: re.Match[str]) -> str:
    return " точка ".join(cardinal(int(part)) for part in found[0].split("."))


_SAID = {"24/7": "круглосуточно", "50/50": "пятьдесят на пятьдесят"}
_SHIFT_WORDS = {"5/2": "пять через два", "2/2": "два через два", "3/3": "три через три",
                "6/1": "шесть через один"}  # fmt: skip


_NAME_BEFORE = re.compile(r"(?:[А-ЯЁ][а-яё-]+(?<!ем)(?<!ет)(?<!ют)(?<!ик),?|дом|корпус|этаж|№) \Z")


def _fraction(found: re.Match[str]) -> str:
    whole, top, bottom = found[1], int(found[2]), int(found[3])
    if found[0] in _SAID:
        return _SAID[found[0]]
    if found[0] in _SHIFT_WORDS and not _NAME_BEFORE.search(found.string, 0, found.start()):
        return _SHIFT_WORDS[found[0]]
    if labelled(found.string, found.start()) or bottom < 2 or top >= bottom or bottom > 100:
        first = f"{cardinal(int(whole))} " if whole else ""
        return f"{first}{cardinal(top)} дробь {cardinal(bottom)}"
    case = governed(found.string, found.start()) or "nom"
    said = fraction(top, bottom, case)
    if whole and found[2] == "1" and found[3] == "2":
        return f"{whole},5"
    return f"{cardinal(int(whole), case)} и {said}" if whole else said


def _amount(found: re.Match[str]) -> str:
    key = (found["front"] or "").strip() or found["unit"] or ""
    noun = UNITS.get(key) or UNITS.get(key.replace(" м", ". м").replace("..", "."))
    dot = found["dot"] or ""
    if dot and key in DOTTED and not closes(found.string, found.end("dot")):
        dot = ""
    before = governed(found.string, found.start(), joined=key in ("коп", "мин", "сек", "см", "г"))
    if (
        noun in _DISTANCES
        and f" {found.string[max(0, found.start() - 3) : found.start()]}".lower().endswith(" в ")
    ):
        before = "pre"
    elif before == "acc" and (noun or found["times"]) and _is_each(found):
        before = "dat"
    sign = {"+": "плюс ", "-": "минус ", "−": "минус "}.get(found["sign"] or "", "")
    if found["times"]:
        said = _multiplied(found, noun, before)
    elif noun:
        said = _measured(found, noun, before)
    else:
        said = _bare(found, before)
        return sign + said + dot
    tail = " Цельсия" if key in ("°C", "°С") else ""
    return sign + said + tail + dot


def _is_each(found: re.Match[str], noun: str = "") -> bool:
    whole, part = _parts(found["a"])
    return not found["b"] and not part and each_of(found.string, found.start(), whole, noun)


def closes(text: str, end: int) -> bool:
    """Whether the full stop that ends at `end` also ends the sentence."""
    rest = text[end : end + 3].lstrip(" »)")
    return not rest or rest[0].isupper()


def _parts(number: str) -> tuple[int, str]:
    whole, _, part = re.sub(r" ", "", number).replace(".", ",").partition(",")
    return int(whole[:15]), part


def _one(number: str, case: Case, noun: Noun | None) -> str:
    plain = re.sub(r" ", "", number)
    if len(plain.partition(",")[0].partition(".")[0]) > 15:
        return digits(re.sub(r"\D", "", plain)) + (f" {noun.plural('gen')}" if noun else "")
    whole, part = _parts(number)
    if part and noun is ROUBLE:
        kopecks = int(part.ljust(2, "0")[:2])
        roubles = count(whole, case, ROUBLE)
        return f"{roubles} {count(kopecks, case, KOPECK)}" if kopecks else roubles
    if part:
        return decimal(whole, part, case, noun)
    return count(whole, case, noun) if noun else cardinal(whole, case)


def _pair(a: str, b: str, before: Case | None, noun: Noun) -> str:
    """A range: «два-три дня», «от тысячи до тысячи пятисот рублей»."""
    short = " " not in cardinal(min(_parts(a)[0], CARDINAL_MAX)) + cardinal(_parts(b)[0])
    if "," not in a + b and (short or before):
        case = before or "nom"
        many = noun.gender == "pl" and _last(_parts(b)[0]) not in (1, 2, 3, 4)
        first = cardinal(_parts(a)[0], case, "m" if many else noun.gender)  # «три-пять суток»
        return f"{first}{'-' if short else ' — '}{_one(b, case, noun)}"
    if before:
        return f"{_number_only(a, before, noun)} — {_one(b, before, noun)}"
    return f"от {_number_only(a, 'gen', noun)} до {_one(b, 'gen', noun)}"


def _number_only(number: str, case: Case, noun: Noun) -> str:
    whole, part = _parts(number)
    return (
        decimal(whole, part, case, gender=noun.gender)
        if part
        else cardinal(whole, case, noun.gender)
    )


def _measured(found: re.Match[str], noun: Noun, before: Case | None) -> str:
    if found["b"]:
        return _pair(found["a"], found["b"], before, noun)
    if before is None and owned(found.string, found.start(), noun.one[0]):
        before = "gen"
    return _one(found["a"], before or "nom", noun)


def _multiplied(found: re.Match[str], noun: Noun | None, before: Case | None) -> str:
    times = found["times"].rstrip(".")
    short = {"тысяч": "тыс", "миллион": "млн", "миллиард": "млрд"}
    name = next((short[word] for word in ("миллиард", "миллион", "тысяч") if word in times), times)
    scale = MULTIPLIERS[name][0]
    if times == name:  # an abbreviation: its form is ours to choose
        said = _measured(found, scale, before)
    else:
        written = case_of(times, _last(*_parts(found["a"])), before)
        said = _measured(found, scale, written)
    if found["a"] == "1" and not found["b"] and times == name == "тыс":
        said = scale.single(before or "nom")
    return f"{said} {noun.plural('gen')}" if noun else said


def _last(number: int, part: str = "") -> int:
    """What of a number decides the form of its noun: 1, 2 to 4, or more; «полтора» is as two."""
    last = number % 100 if number % 100 in range(11, 15) else number % 10
    return 2 if part and last == 1 else last


def _bare(found: re.Match[str], before: Case | None) -> str:
    text, a, b = found.string, found["a"], found["b"]
    plain = re.sub(r" ", "", b or a)
    if len(plain) > 15 or (b and len(a) > 15):
        return digits(re.sub(r"\D", "", a)) + (", " + digits(re.sub(r"\D", "", b)) if b else "")
    whole, part = _parts(b or a)
    if re.match(r"0\d", a) and not part:
        return digits(a) + (f", {digits(b)}" if b else "")
    if labelled(text, found.start()):
        return _joined_numbers(a, b, "nom")
    noun, adjective = ("", "") if found["dot"] else noun_after(text, found.end("b" if b else "a"))
    before = before if part else before or owner(text, found.start(), noun, adjective, _last(whole))
    if before == "acc" and _is_each(found, noun):
        before = "dat"
    case = case_of(noun, _last(whole, part), before)
    if part or "," in a:
        return _joined_numbers(a, b, case, gender_of(noun, 2, case))
    counted, beyond = (noun, whole) if noun else noun_beyond(text, found.end())
    gender = gender_of(counted, _last(beyond), case)
    said = cardinal(whole, case, gender)
    if b is None:
        return said
    first = cardinal(_parts(a)[0], case, "m" if a == "1" and noun == "детей" else gender)
    if " " not in first + said:
        return f"{first}-{said}"
    if _parts(a)[0] > whole:  # no range
        return f"{cardinal(_parts(a)[0])}, {cardinal(whole)}"
    if before:
        return f"{first} — {said}"
    low, high = (cardinal(_parts(n)[0], "gen", gender) for n in (a, b))
    return f"от {low} до {high}" if _last(whole) == 0 or _last(whole) > 4 else f"{first} — {said}"


def _joined_numbers(a: str, b: str | None, case: Case, gender: Gender = "m") -> str:
    said = [
        decimal(*_parts(n), case, gender=gender)
        if _parts(n)[1]
        else cardinal(_parts(n)[0], case, gender)
        for n in (a, b)
        if n
    ]
    return said[0] if len(said) == 1 else f"{said[0]} — {said[1]}"
