"""Times of the day in words."""

from __future__ import annotations

import re

from halo_voice.speech.cases import governed, labelled
from halo_voice.speech.dates import sentence_ends
from halo_voice.speech.nouns import HOUR, MINUTE, SECOND
from halo_voice.speech.numerals import Case, cardinal, count
from halo_voice.speech.weekdays import DAY_NAME

_CLOCK = r"(?:[01]?\d|2[0-4]):[0-5]\d"
# «в 9.30», «9.00-18.30»: minutes that are no month's number.
_DOTTED = r"(?:[01]?\d|2[0-3])\.(?:00|1[3-9]|[2-5]\d)"
_COUNTED = (
    r"(?![\d:]|[.,]\d| ?(?:раз|%|₽|руб|р\b|тыс|млн|к?м\b|кг|л\b|см|мм|г\b|т\b|метр|кило|литр))"
)
# After «в» stands no date: «в 9.05» is a time as well.
_DOTTED_CLOCK = re.compile(
    rf"(?:(?<=\b[вВ] )(?:[01]?\d|2[0-3])\.[0-5]\d"
    rf"|(?:(?<=\b[сСкК] )|(?<=\b(?:[дДсСнНпПоО])[оОаАтТ] )){_DOTTED}){_COUNTED}"
)
_CARRIED = re.compile(
    rf"(?P<clock>{_CLOCK}(?: или|,? и|,) (?:в |на |до |с )?)"
    rf"(?P<hour>[01]?\d|2[0-3])(?:\.(?=(?:00|1[3-9]|[2-5]\d){_COUNTED})|-(?=[03]0(?:[?.!,]|\Z)))"
)
_DOTTED_RANGE = re.compile(rf"(?<![\w.,]){_DOTTED} ?[-–—] ?{_DOTTED}{_COUNTED}")
_TIME_RANGE = re.compile(
    rf"(?<![\d:])(?:(?<!\w)(?P<from>со?|от|между|в|на|до|к|после|около) )?"
    rf"(?P<a>{_CLOCK})(?: (?P<link>до|по|и) | ?[-–—] ?)(?P<b>{_CLOCK})(?![\d:])",
    re.I,
)
_TIME = re.compile(
    rf"(?<![\d:])(?P<t>{_CLOCK})(?::(?P<s>[0-5]\d))?(?![\d:])(?: ?(?:ч\b\.?"
    rf"|час(?:ов|а)?\b))?"
)
_HOURS_RANGE = re.compile(
    rf"(?P<days>(?<!\d )(?<!\w)(?:{DAY_NAME})\b\.?"
    r"|понедельника по \w+|суббота|воскресенье|субботу|ежедневно|будни|будням"
    r"|выходные|выходным|работаем|открыты"
    r"|часы работы)(?P<gap>[:,]?[  —-]{1,3})(?P<a>(?:[01]?\d"
    r"|2[0-4])) ?[-–—] ?(?P<b>(?:[01]?\d|2[0-4]))(?![\d:%]|[.,]\d| ?(?:мин|руб|₽|дн|раз))",
    re.I,
)

_CARRIED_MAX = 3
# «9-00», «9-30»: minutes of a quarter; others are a range («на 10-15 дней»).
_HYPHENED = r"(?:[01]?\d|2[0-3])-(?:00|15|30|45)"
_HYPHENED_RANGE = re.compile(
    rf"(?<![\w.,-]){_HYPHENED}(?: ?[-–—] ?| до | по ){_HYPHENED}(?![\w-]|[.,]\d)"
)
_HYPHENED_CLOCK = re.compile(
    r"(?P<before>(?<!\w)(?:в|во|к|до|с|со|на|от|по|после|около) )?(?<![\w.,/-])"
    r"(?P<hour>[01]?\d|2[0-3])-(?P<minute>00|15|30|45)"
    r"(?![\w/-]|[.,]\d| ?[%₽°×])(?P<free>"
    r"(?= (?:до|по|и|или|в|на|к|без|через|утра|вечера|ночи|работа\w+|открыт\w+|закрыт\w+|—)(?!\w))"
    r"|(?=[.,;:!?)]|\Z))?",
    re.I,
)
# «Цена 10-00»: roubles without kopecks
_PRICE = re.compile(
    r"(?P<price>(?<!\w)(?:цена|стоимость|сто[ия]т|итого|сумма):? "
    r"(?:\d{1,3}(?: \d{3}){1,3}|\d{1,9}))-00(?![\w-]|[.,]\d)(?P<unit> ?(?:₽|руб|р\.))?",
    re.I,
)
_GLUED_CLOCK = re.compile(
    r"(?P<before>(?<!\w)(?:в|к|до|с|на|от|по|после|около) )?(?<![\w.,])"
    r"(?P<hour>[01]?\d|2[0-3])ч\.?(?P<minute>[0-5]\d)(?![\d.,]| ?м)",
    re.I,
)


def dotted(text: str) -> str:
    """«в 9.30», «в 9-30» and «в 9ч30» as «в 9:30», before it is taken for a number."""
    for pattern in (_DOTTED_RANGE, _DOTTED_CLOCK):
        text = pattern.sub(lambda m: m[0].replace(".", ":"), text)
    if "-" in text or "–" in text:
        text = _PRICE.sub(lambda m: m["price"] + (m["unit"] or " ₽"), text)
        text = _HYPHENED_CLOCK.sub(_hyphened, _HYPHENED_RANGE.sub(_hyphened_range, text))
    if "ч" in text:
        text = _GLUED_CLOCK.sub(_glued, text)
    for _ in range(_CARRIED_MAX if ":" in text else 0):  # «в 9:00, 9.30 и 10.15»
        text = _CARRIED.sub(r"\g<clock>\g<hour>:", text)
    return text


def _hyphened_range(found: re.Match[str]) -> str:
    times = re.findall(r"\d+-\d+", found[0])
    link = found[0][len(times[0]) : -len(times[1])]
    first, last = (time.replace("-", ":") for time in times)
    return first + link + last if _clock(first) < _clock(last) else found[0]


def _hyphened(found: re.Match[str]) -> str:
    """«9-00» can be nothing else, «в 9-30» if no noun follows, «до 10-15» may be a range."""
    hour, minute = int(found["hour"]), int(found["minute"])
    before = (found["before"] or "").strip().lower()
    if minute and (
        found["free"] is None
        or not before
        or (before not in ("в", "к") and hour % 5 == 0 and hour < minute)
    ):
        return found[0]
    if not minute and labelled(found.string, found.start("hour")):
        return found[0]
    return f"{found['before'] or ''}{found['hour']}:{found['minute']}"


def _glued(found: re.Match[str]) -> str:
    if found["before"] is None:  # «полёт 2ч30»
        return f"{found['hour']} ч {found['minute']} мин"
    return f"{found['before']}{found['hour']}:{found['minute']}"


def times(text: str) -> str:
    """Times of the day of `text` in words."""
    text = _TIME_RANGE.sub(_time_range, text)
    text = _HOURS_RANGE.sub(_hours_range, text)
    return _TIME.sub(_time, text)


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
    if link and opening not in ("с", "со", "от"):
        return found[0]
    if opening in ("до", "к", "после", "около"):
        case: Case = "dat" if opening == "к" else "gen"
        return f"{found['from']} {clock(found['a'], case, hours=False)} — {clock(found['b'], case)}"
    last = clock(found["b"], "acc" if link == "по" else "gen")
    first = clock(found["a"], "gen", hours=_clock(found["a"])[0] == 1)
    since = (
        found["from"]
        if opening in ("с", "со", "от")
        else "С"
        if opening and found["from"][0].isupper()
        else "с"
    )
    return f"{since} {first} {link or 'до'} {last}"


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
