"""Days of the week and times of the day in words."""

from __future__ import annotations

import re

from halo_voice.speech.cases import governed
from halo_voice.speech.dates import sentence_ends
from halo_voice.speech.nouns import HOUR, MINUTE, SECOND
from halo_voice.speech.numerals import Case, cardinal, count

DAYS = {
    "пн": ("понедельник", "понедельника", "понедельнику"),
    "вт": ("вторник", "вторника", "вторнику"),
    "ср": ("среда", "среды", "среде"), "чт": ("четверг", "четверга", "четвергу"),
    "пт": ("пятница", "пятницы", "пятнице"), "сб": ("суббота", "субботы", "субботе"),
    "вс": ("воскресенье", "воскресенья", "воскресенью"),
}  # fmt: skip
_DAY_NAME = "|".join(DAYS)
_DAYS_RANGE = re.compile(
    rf"(?<!\w)({_DAY_NAME})\b\.? ?[-–—] ?({_DAY_NAME})(?!\w)\.?(?P<hours>,?:? )?", re.I
)
_DAY_ALONE = re.compile(
    rf"(?<!\w)(?:(?P<prep>в|во|до|с|к|по|на|от"
    rf"|после) )?(?P<day>{_DAY_NAME})\b(?P<dot>\.?)(?!\w)(?=[  ,.:;!?)]|\Z)",
    re.I,
)

# What follows a day that is written without a stop: «сб с десяти», «сб, вс — выходной».
_WORKED = re.compile(
    rf"(?:(?:,| и) (?:{_DAY_NAME})\b\.?)*,?:?(?: [—–-])? "
    r"(?:с|со|до|от|выходн\w+|нерабоч\w+|не работа\w+|закрыт\w*|круглосуточно)\b"
)

_CLOCK = r"(?:[01]?\d|2[0-4]):[0-5]\d"
# «в 9.30», «9.00-18.30»: minutes that are no month's number.
_DOTTED = r"(?:[01]?\d|2[0-3])\.(?:00|1[3-9]|[2-5]\d)"
_COUNTED = (
    r"(?![\d:]|[.,]\d| ?(?:раз|%|₽|руб|р\b|тыс|млн|к?м\b|кг|л\b|см|мм|г\b|т\b|метр|кило|литр))"
)
_DOTTED_CLOCK = re.compile(
    r"(?:(?<=\b[вВсСкК] )|(?<=\b(?:[дДсСнНпПоО])[оОаАтТ] ))" + _DOTTED + _COUNTED
)
_DOTTED_RANGE = re.compile(rf"(?<![\w.,]){_DOTTED} ?[-–—] ?{_DOTTED}{_COUNTED}")
_TIME_RANGE = re.compile(
    rf"(?<![\d:])(?:(?<!\w)(?P<from>со?|от|между) )?(?P<a>{_CLOCK})(?: (?P<link>до|по"
    rf"|и) | ?[-–—] ?)(?P<b>{_CLOCK})(?![\d:])",
    re.I,
)
_TIME = re.compile(
    rf"(?<![\d:])(?P<t>{_CLOCK})(?::(?P<s>[0-5]\d))?(?![\d:])(?: ?(?:ч\b\.?"
    rf"|час(?:ов|а)?\b))?"
)
_HOURS_RANGE = re.compile(
    rf"(?P<days>(?<!\d )(?<!\w)(?:{_DAY_NAME})\b\.?"
    r"|понедельника по \w+|суббота|воскресенье|субботу|ежедневно|будни|будням"
    r"|выходные|выходным|работаем|открыты"
    r"|часы работы)(?P<gap>[:,]?[  —-]{1,3})(?P<a>(?:[01]?\d"
    r"|2[0-4])) ?[-–—] ?(?P<b>(?:[01]?\d|2[0-4]))(?![\d:%]|[.,]\d| ?(?:мин|руб|₽|дн|раз))",
    re.I,
)


def dotted(text: str) -> str:
    """«в 9.30» as «в 9:30», before it is taken for a number."""
    for found in (_DOTTED_RANGE, _DOTTED_CLOCK):
        text = found.sub(lambda m: m[0].replace(".", ":"), text)
    return text


def weekdays(text: str) -> str:
    """Shortened weekdays of `text` in words."""
    return _DAY_ALONE.sub(_weekday, _DAYS_RANGE.sub(_weekdays, text))


def times(text: str) -> str:
    """Times of the day of `text` in words."""
    text = _TIME_RANGE.sub(_time_range, text)
    text = _HOURS_RANGE.sub(_hours_range, text)
    return _TIME.sub(_time, text)


def _weekdays(found: re.Match[str]) -> str:
    first, last = DAYS[found[1].lower()], DAYS[found[2].lower()]
    accusative = {"среда": "среду", "пятница": "пятницу", "суббота": "субботу"}
    preposition = "со" if first[0].startswith(("вт", "ср")) else "с"
    said = f"{preposition} {first[1]} по {accusative.get(last[0], last[0])}"
    if found.start() == 0 or found.string[: found.start()].rstrip()[-1:] in (".", "!", "?"):
        said = said.capitalize()
    return said + (found["hours"] or "")


def _weekday(found: re.Match[str]) -> str:
    names, preposition = DAYS[found["day"].lower()], found["prep"]
    accusative = {"среда": "среду", "пятница": "пятницу", "суббота": "субботу"}
    if preposition is None:
        if found.string[: found.start()].rstrip()[-1:].isdigit():
            return found[0]  # «60 Вт»
        if found["day"].islower() and not (
            found["dot"] or _WORKED.match(found.string, found.end())
        ):
            return found[0]
        said = names[0]
        return said.capitalize() if found["day"][0].isupper() and found.start() == 0 else said
    low = preposition.lower()
    if low in ("до", "с", "от", "после"):
        said = names[1]
    elif low == "к":
        said = names[2]
    else:
        said = accusative.get(names[0], names[0])
        if low == "в" and said == "вторник":
            preposition += "о"
    return f"{preposition} {said}"


def _clock(time: str) -> tuple[int, int]:
    hours, _, minutes = time.partition(":")
    return int(hours), int(minutes)


def clock(time: str, case: Case, *, hours: bool = True) -> str:
    """«пятнадцать тридцать», «девять ноль пять», on the hour «девять часов»."""
    hour, minute = _clock(time)
    if minute == 0:
        if not hours:
            return cardinal(hour, case)
        return HOUR.single(case) if hour == 1 else count(hour, case, HOUR)
    minutes = f"ноль {cardinal(minute, case)}" if minute < 10 else cardinal(minute, case)
    return f"{cardinal(hour, case)} {minutes}"


def _time_range(found: re.Match[str]) -> str:
    opening, link = (found["from"] or "").lower(), found["link"]
    if opening == "между":
        first, last = clock(found["a"], "ins", hours=False), clock(found["b"], "ins")
        return f"{found['from']} {first} и {last}"
    if opening not in ("", "с", "со", "от") or (link and not opening):
        return found[0]
    last = clock(found["b"], "acc" if link == "по" else "gen")
    first = clock(found["a"], "gen", hours=_clock(found["a"])[0] == 1)
    return f"{found['from'] or 'с'} {first} {link or 'до'} {last}"


def _hours_range(found: re.Match[str]) -> str:
    low, high = cardinal(int(found["a"]), "gen"), cardinal(int(found["b"]), "gen")
    return f"{found['days']}{found['gap']}с {low} до {high}"


def _time(found: re.Match[str]) -> str:
    case = governed(found.string, found.start()) or "nom"
    said = clock(found["t"], case)
    if found["s"]:
        hour, minute = _clock(found["t"])
        return (
            f"{count(hour, case, HOUR)} {count(minute, case, MINUTE)} "
            f"{count(int(found['s']), case, SECOND)}"
        )
    dot = "." if found[0].endswith(".") and sentence_ends(found) else ""
    return said + dot
