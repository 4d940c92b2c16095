"""Shortened days of the week in words: «пн-пт», «по вт и чт», «сб, вс — выходной»."""

from __future__ import annotations

import re

DAYS = {
    "пн": "понедельник", "вт": "вторник", "ср": "среда", "чт": "четверг", "пт": "пятница",
    "сб": "суббота", "вс": "воскресенье",
}  # fmt: skip
DAY_NAME = "|".join(DAYS)
_CASES = ("gen", "dat", "acc", "pl")
_FORMS = {
    "пн": "понедельника понедельнику понедельник понедельникам",
    "вт": "вторника вторнику вторник вторникам", "ср": "среды среде среду средам",
    "чт": "четверга четвергу четверг четвергам", "пт": "пятницы пятнице пятницу пятницам",
    "сб": "субботы субботе субботу субботам",
    "вс": "воскресенья воскресенью воскресенье воскресеньям",
}  # fmt: skip
_GOVERNED = {
    **dict.fromkeys("до с со от после кроме без помимо".split(), "gen"),
    **dict.fromkeys("к ко".split(), "dat"),
    **dict.fromkeys("в во на за через каждый каждую каждое".split(), "acc"),
    "по": "pl",
}
_RANGE = re.compile(
    rf"(?<!\w)({DAY_NAME})\b\.? ?[-–—] ?({DAY_NAME})(?!\w)\.?(?P<hours>,?:? )?", re.I
)
# «по ср. цене» is of the mean, «в ср. до 18» of the day.
_MEAN = r"ср\. (?:цен|чек|балл|вес|рост|уровн|возраст|температур|стоимост|скорост|зарплат|доход)"
_ANY = rf"(?!{_MEAN})(?:{DAY_NAME})\b\.?(?!\w)"
_LIST = re.compile(
    rf"(?<!\w)(?:(?P<since>(?:с|со) (?:{DAY_NAME})\b\.?) (?P<until>по|до) (?P<last>{DAY_NAME})\b\.?"
    rf"|(?:(?P<word>{'|'.join(_GOVERNED)}) )?"
    rf"(?P<days>{_ANY}(?:(?:, и|,| и| или) {_ANY})*))(?!\w)(?=[  ,.:;!?)]|\Z)",
    re.I,
)
_DAY = re.compile(rf"({DAY_NAME})\b\.?", re.I)
# What follows a day that is written without a stop: «сб с десяти», «сб, вс — выходной».
_WORKED = re.compile(
    r",?:?(?: [—–-])? "
    r"(?:с|со|до|от|выходн\w+|нерабоч\w+|не работа\w+|закрыт\w*|круглосуточно)\b"
)


def weekdays(text: str) -> str:
    """Shortened weekdays of `text` in words."""
    return _LIST.sub(_listed, _RANGE.sub(_range, text))


def _said(day: str, case: str) -> str:
    low = day.lower()
    return DAYS[low] if case == "nom" else _FORMS[low].split()[_CASES.index(case)]


def _range(found: re.Match[str]) -> str:
    said = f"{_since(found[1])} по {_said(found[2], 'acc')}"
    if found.start() == 0 or found.string[: found.start()].rstrip()[-1:] in (".", "!", "?"):
        said = said.capitalize()
    return said + (found["hours"] or "")


def _since(day: str) -> str:
    return f"{'со' if day.lower() in ('вт', 'ср') else 'с'} {_said(day, 'gen')}"


def _listed(found: re.Match[str]) -> str:
    if found["since"]:
        case = "acc" if found["until"].lower() == "по" else "gen"
        since = _since(found["since"].split()[1].rstrip("."))
        since = since.capitalize() if found["since"][0].isupper() else since
        return f"{since} {found['until']} {_said(found['last'], case)}"
    days, word = found["days"], found["word"]
    if word is None:
        if found.string[: found.start()].rstrip()[-1:].isdigit():
            return found[0]  # «60 Вт»
        if days.islower() and "." not in days and not _WORKED.match(found.string, found.end()):
            return found[0]
        said = _DAY.sub(lambda m: _said(m[1], "nom"), days)
        return said.capitalize() if days[0].isupper() and found.start() == 0 else said
    said = _DAY.sub(lambda m: _said(m[1], _GOVERNED[word.lower()]), days)
    if word.lower() in ("в", "с"):
        word += (
            "о" if said.startswith("вт") or (word.lower() == "с" and said.startswith("ср")) else ""
        )
    return f"{word} {said}"
