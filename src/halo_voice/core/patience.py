"""How long a caller who dictates is waited for: numbers and addresses have pauses in them.

Seen from two sides: what the assistant asked for in its last reply, and how the caller's words so
far end. A telephone number that is complete needs no patience.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from halo_voice.core.dictation import in_digits
from halo_voice.core.sentences import sentences
from halo_voice.core.speakable import words

DICTATED_MS = 1_500
"""Between groups of a number, between spelt letters."""

ADDRESS_MS = 1_200
"""Between the parts of an address or a name."""

UNFINISHED_MS = 900
"""After a word that does not end a sentence."""

_TAIL = 24  # words at the end of the caller's text that are looked at

_ASKS = re.compile(
    r"\b(?:назовите|назовёте|продиктуйте|продиктуете|скажите|подскажите|укажите|сообщите|уточните"
    r"|напомните|введите|оставьте|дайте|повторите|диктуйте|записываю|как(?:ой|ая|ое|ую|ие|ого|ому)"
    r"|как вас|как к вам|как ваш|на чь[её]|на ч[ьё]|кому|куда|когда|что за|слушаю)\b"
)
_NUMBER = re.compile(
    r"\b(?:номер\w{0,2}|телефон\w{0,2}|цифр\w{0,2}|код\w{0,2}|индекс\w{0,2}|инн|артикул\w{0,2}|паспорт\w{0,3}"
    r"|карт[ыу]|сч[её]т\w{0,2}|договор\w{0,2}|электронн\w+|почт[ау]|e-?mail|имейл)\b"
)
_PLACE = re.compile(
    r"\b(?:адрес\w{0,2}|улиц\w{1,2}|дом(?:а|у|ом)?|город\w{0,2}|квартир\w|им(?:я|ени)|фамили\w{1,2}|отчеств\w{1,2}"
    r"|зовут|обращаться|дат[ауы]|числ[оа]|рождения|фио|доставить|привезти)\b"
)
# The thing is there already, or is only talked about.
_KNOWN = re.compile(
    r"\b(?:эт(?:от|а|о|ому)|наш\w{0,2}|верно|правильно|удобен|удобно|хотите|нужен)\b"
)


def _set(*lines: str) -> frozenset[str]:
    return frozenset(word for line in lines for word in line.split())


_ADDRESS_WORDS = _set(
    "улица улице улицу ул проспект проспекте переулок переулке шоссе бульвар бульваре площадь",
    "площади набережная проезд дом корпус строение квартира подъезд этаж офис город",
)
_SPELT = _set("собака точка тире дефис подчеркивание плюс дробь слеш")
_WAITS = _set("сейчас секунду секундочку минуту минутку погодите подождите момент")
_GOES_ON = _set(
    "и а но или чтобы если потому на в во с со к ко по для о об от до из у за под при без мой моя",
    "мое мои номер зовут телефон значит э эм эээ м мм допустим например хочу хотел хотела хотелось",
    "адрес фамилия нам буква между около через который которая которые ну",
)
# These go on only after the word before them.
_GOES_ON_AFTER = frozenset(
    [("потому", "что"), ("так", "как"), ("а", "еще"), ("и", "еще"), ("так", "что"), ("у", "меня")]
)
_ENDS_ALONE = _set("ну а м мм э эм эээ")
_ASKING = _set("где как какой какая какое какие какую сколько когда куда зачем почему чей кто")
_REFUSES = _set("не нет незачем забыл забыла потом")
_ANSWER_WORDS_MAX = 6


def patience_ms(reply: str, heard: str = "") -> int:
    """How long, in ms, the end of the caller's turn is waited for; 0: as usual.

    `reply` is what the assistant said last, `heard` the caller's words so far.
    """
    asked = _asked_ms(reply)
    if not heard:
        return asked
    said = in_digits(words(heard)[-_TAIL:])
    if not said:
        return asked
    return max(_dictated_ms(said, asked), _unfinished_ms(said, asked), _answering_ms(said, asked))


@lru_cache(1024)  # every interim result of a turn asks for the same reply
def _asked_ms(reply: str) -> int:
    """What the last sentences of the reply ask the caller to dictate, in ms of patience."""
    last = [sentence.lower() for sentence in sentences(reply)[-2:]]
    if len(last) == 2 and last[1].endswith("?"):
        last = last[1:]
    for sentence in reversed(last):
        if not _ASKS.search(sentence) or _KNOWN.search(sentence):
            continue
        if _NUMBER.search(sentence):
            return DICTATED_MS
        if _PLACE.search(sentence):
            return ADDRESS_MS
    return 0


def _dictated_ms(said: list[str], asked: int) -> int:
    """The text ends in digits or spelt letters."""
    run = _tail(said, lambda word: word.isdigit() or word == "плюс")
    if not run:
        letters = _tail(said, lambda word: len(word) == 1 or word in _SPELT)
        spelt = len(letters) > 1 or said[-1] in _SPELT
        return DICTATED_MS if spelt else 0
    digits = "".join(word for word in run if word.isdigit())
    if _telephone(digits):
        return 0
    before = said[: len(said) - len(run)]
    if before[-1:] in (["квартира"], ["офис"]):  # ends an address
        return 0
    if before and before[-1] in _ADDRESS_WORDS:
        return ADDRESS_MS
    dictated = asked == DICTATED_MS or len(run) > 2 or len(digits) > 4
    return DICTATED_MS if dictated else UNFINISHED_MS


def _telephone(digits: str) -> bool:
    """Eleven digits, or ten that do not begin like eleven (8 9.., 7 4..)."""
    return len(digits) == 11 or (len(digits) == 10 and not re.match("[78][3489]", digits))


def _unfinished_ms(said: list[str], asked: int) -> int:
    """The text ends in a word after which something comes."""
    last = said[-1]
    if last in _ADDRESS_WORDS or (said[-2:-1] and said[-2] in _ADDRESS_WORDS and last.isalpha()):
        return 0 if _ASKING & set(said) else ADDRESS_MS
    if last in _WAITS:
        return max(asked, UNFINISHED_MS)
    goes_on = last in _GOES_ON and not (len(said) == 1 and last in _ENDS_ALONE)
    if goes_on or tuple(said[-2:]) in _GOES_ON_AFTER:
        return max(asked, UNFINISHED_MS)
    return 0


def _answering_ms(said: list[str], asked: int) -> int:
    """A name or an address is asked for, and the words may be its beginning."""
    if not asked or len(said) > _ANSWER_WORDS_MAX or (_REFUSES | _ASKING) & set(said):
        return 0
    if said[-1].isdigit():  # looked at already
        return 0
    if asked == DICTATED_MS:  # «номер заказа» comes before the digits
        return asked if said[-2:-1] == ["номер"] else 0
    return asked


def _tail(said: list[str], fits: Callable[[str], bool]) -> list[str]:
    """The words at the end that fit."""
    count = 0
    while count < len(said) and fits(said[-1 - count]):
        count += 1
    return said[len(said) - count :]
