"""Text as a Russian voice should say it, so that no speech engine has to guess.

The passes go from the most particular to the most general; each leaves words behind, so that the
next one does not see what is done. The order matters: a telephone number is no range, a date no
decimal, an order number no quantity. `rutextnorm` supplies number words and ё; which case, which
gender and which reading a number wants is decided here, from the words around it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache

import structlog
from rutextnorm import restore_yo

from halo_voice.core.speakable import is_plain
from halo_voice.speech.acronyms import acronyms
from halo_voice.speech.amounts import amounts
from halo_voice.speech.dates import dates
from halo_voice.speech.dialled import dialled
from halo_voice.speech.hours import dotted, times
from halo_voice.speech.latin import latin
from halo_voice.speech.numerals import cardinal, digits
from halo_voice.speech.ordered import hyphened, ordered
from halo_voice.speech.rates import rates
from halo_voice.speech.shortened import is_whole, shortened
from halo_voice.speech.stress import marked, with_words
from halo_voice.speech.weekdays import DAYS, weekdays

READ_MAX = 6_000
"""Characters of a text that are read; what follows is dropped: no phrase is so long."""

_log = structlog.get_logger(__name__)
_NO_WORDS: Mapping[str, str] = {}
_NUMBER = re.compile(r"[\d%№₽$€£°]")
_PLAIN = {code: " " for code in range(0x3001) if chr(code).isspace()} | {
    code: str(unicodedata.digit(chr(code)))
    for code in range(0x80, 0x1FBFA)
    if unicodedata.category(chr(code)) == "Nd"
}
_WORD = re.compile("[А-Яа-яЁё]+")
_LEFT = re.compile(r"(?P<before>(?<=\w))?\d+(?P<after>(?=\w))?")
_BEFORE_LETTER = re.compile(r"(?<=\d)(?P<letter>[A-ZА-ЯЁ])(?!\w)")
_GLUED = re.compile(r"(?<=\d)(?=[^\W\d_])")
_LETTERS = {"D": "дэ", "K": "ка"}  # «3D», «4K»: others as they are said alone
_SPACES = re.compile(r" {2,}")
_BEFORE_MARK = re.compile(r" (?=[.,!?;:](?: |\Z))")


def spoken(text: str, *, engine: str = "", words: Mapping[str, str] = _NO_WORDS) -> str:
    """`text` in words, see `by_the_rules`; as it is where a rule fails: better said so than not."""
    try:
        return by_the_rules(text, engine=engine, words=words)
    except Exception as error:
        # The top of some hundred rules: whichever it was, the caller hears the answer.
        _log.error("spoken_failed", fault=type(error).__name__)
        return text


def by_the_rules(text: str, *, engine: str = "", words: Mapping[str, str] = _NO_WORDS) -> str:
    """`text` in words. What is in words already does not change.

    `engine` is the voice's vendor (`Yandex`, `YandexV3`, `VoxTTS`, …): it decides how stress is
    written. `words` says how the company's own words are said («HALO» → «Хало», «замок» →
    «замо́к»); they go before every other rule.
    """
    text = text[:READ_MAX]
    if not is_plain(text):
        text = text.translate(_PLAIN)
    text = with_words(text, words)
    if is_plain(text) and all(map(_stays, _WORD.findall(text))):  # most phrases
        return text
    return _written_out(text, engine)


def _written_out(text: str, engine: str) -> str:
    text = shortened(rates(_BEFORE_MARK.sub("", text)))
    if _NUMBER.search(text) or re.search(r"[IVXХ]", text):
        text = dotted(dialled(hyphened(_BEFORE_LETTER.sub(_letter, text))))
        text = amounts(_apart(_scores(ordered(times(dates(text))))))
        text = _LEFT.sub(_left, _signs(text))
    text = _EITHER.sub(" или ", acronyms(weekdays(text)))
    text = latin(text, russian_only=engine.lower().startswith("vox"))
    text = _BEFORE_MARK.sub("", _SPACES.sub(" ", restore_yo(text))).strip()
    return marked(text, engine)


def _letter(found: re.Match[str]) -> str:
    """A letter behind a number is a word of its own: «3D» is «три дэ»."""
    return f" {_LETTERS.get(found['letter'], found['letter'])}"


def _apart(text: str) -> str:
    """No number is glued to a word: «15а» is «15 а»."""
    return _GLUED.sub(" ", text)


@lru_cache(8192)
def _stays(word: str) -> bool:
    """Whether no rule changes a Russian word among others. «Х» may be a Roman ten."""
    is_date = word == "Х" or word.lower() in DAYS
    return is_whole(word) and not is_date and restore_yo(word) == word


_SIGNS = {"%": " процентов", "№": "номер ", "₽": " рублей", "€": " евро", "$": " долларов",
          "£": " фунтов", "°": " градусов", "²": " в квадрате", "³": " в кубе"}  # fmt: skip
_SIGN = re.compile("[%№₽€$£°²³]")


def _scores(text: str) -> str:
    """«3:2» as two numbers, «1 + 2 = 3» as it is said."""
    text = re.sub(r"(?<=\d):(?=\d)", ", ", _RATIO.sub(r"\g<head>\g<one> к ", text))
    text = _SPAN.sub(r"от \g<low> до \g<high>", text)
    text = _EQUALS.sub(lambda m: f" равно {cardinal(int(m[1]))}", text)
    text = _OR.sub(" или ", _IS.sub(" — это ", text))
    text = _OVER.sub(r"более \g<number>", text)
    return _MORE.sub(" плюс", _PLUS.sub(" плюс ", text))


_RATIO = re.compile(
    r"(?P<head>(?<!\w)(?:соотношени|пропорци|отношени|масштаб|разведени|разбавл)[а-яё]{0,6} )"
    r"(?P<one>\d{1,3}):(?=\d)",
    re.I,
)
_SPAN = re.compile(
    r"(?<![\w.,…])(?:от )?(?P<low>[+−-]?\d+)(?:…|\.{3})(?P<high>[+−-]?\d+)(?![\w.,…]\d)"
)
_IS = re.compile(r"(?<=[\w.)]) ?= ?(?=\d)")
_OR = re.compile(r"(?<=[а-яё])/(?=\d)")  # «3 года/100 000 км»
_EQUALS = re.compile(
    r"(?<=\d) ?= ?(\d{1,9})(?=[.,!?;)]?(?: \D|\Z)(?! ?[а-яё₽%]))"
)  # «равно три», not «трём»
_PLUS = re.compile(r"(?<=\d)(?: \+ |\+)(?=\d)")
_EITHER = re.compile(r"(?<=[А-Яа-яё]{2})/(?=[А-Яа-яё]{2})")  # «да/нет»
_MORE = re.compile(r"(?<=\d)\+(?![\w+])")  # «18+»
_OVER = re.compile(r"(?<![\w+])(?P<number>\d[\d ]{0,10}\d|\d)\+(?= [а-яё])")  # «1000+ отзывов»


def _left(found: re.Match[str]) -> str:
    """Digits that no rule took: within a word, after a stray point."""
    number = re.sub(r"\D", "", found[0])
    said = cardinal(int(number)) if len(number) < 5 and number[0] != "0" else digits(number)
    before = "" if found["before"] is None else " "
    return before + said + ("" if found["after"] is None else " ")


def _signs(text: str) -> str:
    """What no rule took: signs that stand alone."""
    return _SIGN.sub(lambda m: _SIGNS[m[0]], text)
