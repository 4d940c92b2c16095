"""Whether two recognised texts mean the same, and whether a text is the caller's own at all."""

from __future__ import annotations

import re
from collections import Counter

from halo_voice.core.dictation import in_digits
from halo_voice.core.sentences import sentences
from halo_voice.core.speakable import words


def _set(*lines: str) -> frozenset[str]:
    return frozenset(word for line in lines for word in line.split())


# Neither a question nor its answer changes with them. Not «да», «то», «только», «спасибо».
_FILLING = _set(
    "ну вот э ээ эм мм м хм а и ли же бы так типа короче пожалуйста скажите подскажите",
    "здравствуйте алло слушайте девушка будьте добры извините простите",
)
_GREETINGS = (("добрый", "день"), ("добрый", "вечер"), ("доброе", "утро"))

# What a noun or an adjective may end in. A verb's endings are not here: they tell who and when.
_ENDINGS = _set(
    "а у е ы и о ю я ь ой ою ей ом ем ам ям ами ями ах ях ов ев ий ый ая яя ое ее ые ие ого его",
    "ому ему ым им ых их ую юю ью ия ии ию ием",
) | {""}
_OTHER_WORDS = (frozenset("ао"),)  # «Ленина» and «Ленино» are two places
_STEM_MIN = 3
_WORD_MIN = 4

_LONG_ECHO = 6
_WRONG_MAX = 3  # letters of a word
_LETTERS_MAX = 40
_ECHO_WORDS_MAX = 30  # a longer text is the caller's
_CHOICE_WORDS_MAX = 4
# No recogniser makes them of the assistant's voice by mistake, or they matter too much.
_OWN = _set(
    "не нет да без сколько как когда где куда почему зачем можно стоп хватит подождите погодите",
    "секунду оператор оператора оператором человек человека алло повторите",
)

_BACKCHANNELS = _set(
    "угу ага да так понятно ясно хорошо ок окей ладно понял поняла принято верно точно ну конечно",
    "отлично вот",
)
_HUM = re.compile(r"м+|э+м*|а+|хм+|мг?м+|у+|о+")
_BACKCHANNEL_WORDS_MAX = 5


def close_enough(interim: str, final: str) -> bool:
    """Whether an answer to `interim` also answers `final`.

    The words must be the same one by one, but for polite and filling words and the endings of
    nouns and adjectives. In doubt they differ: then the answer is only made again.
    """
    heard, meant = words(interim), words(final)
    if not heard or not meant or heard == meant:
        return bool(heard) and heard == meant
    heard, meant = _content(heard), _content(meant)
    return bool(heard) and len(heard) == len(meant) and all(map(_same_word, heard, meant))


def is_echo(text: str, said: str) -> bool:
    """Whether `text` is the assistant's own voice: near a contiguous part of what it says.

    Of four words one may be wrong, a long one only among six; the last may be unfinished. A single
    word counts too, because every interim result begins with one; so a caller who repeats one word
    of a statement is heard only with his next one. What repeats words of a question that `said`
    ends with is an answer («курьером» to «курьером или в пункт?»): up to two words, and four after
    an «или». A text with a «да», «не», «сколько» of its own is never an echo.
    """
    mine = in_digits(words(text))
    if not mine or len(mine) > _ECHO_WORDS_MAX:
        return False
    theirs = in_digits(words(said))
    if Counter(w for w in mine if w in _OWN) - Counter(theirs) or mine == ["да"] or mine == ["нет"]:
        return False
    if len(mine) == 1 and mine[0] in _OWN | _BACKCHANNELS:
        return False
    last = next(reversed(sentences(said)), "")
    if last.rstrip(" »)\"'").endswith("?"):
        asked = in_digits(words(last))
        most = _CHOICE_WORDS_MAX if "или" in asked else 2
        if len(mine) <= most and _near(mine, asked):
            return False
    return _near(mine, theirs)


def is_backchannel(text: str) -> bool:
    """Whether the caller only shows that he listens: «угу», «да-да», «понятно»."""
    said = words(text)
    return (
        0 < len(said) <= _BACKCHANNEL_WORDS_MAX
        and "?" not in text
        and all(word in _BACKCHANNELS or _HUM.fullmatch(word) for word in said)
    )


def _content(said: list[str]) -> list[str]:
    kept: list[str] = []
    for word in in_digits(said):
        if kept and (kept[-1], word) in _GREETINGS:
            kept.pop()
        elif word not in _FILLING:
            kept.append(word)
    return kept


def _same_word(a: str, b: str) -> bool:
    """Whether two words are one, in whatever case and number."""
    if a == b:
        return True
    if len(a) < _WORD_MIN or len(b) < _WORD_MIN or not (a.isalpha() and b.isalpha()):
        return False
    stem = _common(a, b)
    # The stem may end in a letter that is an ending too: «серия», «серии».
    for length in range(stem, max(_STEM_MIN, stem - 2) - 1, -1):
        pair = frozenset((a[length:], b[length:]))
        if pair <= _ENDINGS and pair not in _OTHER_WORDS:
            return length >= _STEM_MIN
    return False


def _common(a: str, b: str) -> int:
    """The length of the common beginning."""
    length = 0
    for x, y in zip(a, b, strict=False):
        if x != y:
            break
        length += 1
    return length


def _near(mine: list[str], theirs: list[str]) -> bool:
    """Whether `mine` is a contiguous part of `theirs`, but for a recogniser's errors."""
    alike = [
        [_alike(word, other, unfinished=place == len(mine) - 1) for other in theirs]
        for place, word in enumerate(mine)
    ]
    if len(mine) < _LONG_ECHO:
        for word, row in zip(mine, alike, strict=True):
            if len(word) >= _WORD_MIN and not any(row):
                return False
    return _errors(alike) <= len(mine) // 4


def _errors(alike: list[list[bool]]) -> int:
    """The fewest words to change, add or drop until the rows' words are a part of the columns'."""
    above = [0] * (len(alike[0]) + 1)
    for matches in alike:
        row = [above[0] + 1]
        for column, match in enumerate(matches):
            row.append(min(above[column] + (not match), above[column + 1] + 1, row[column] + 1))
        above = row
    return min(above)


def _alike(word: str, other: str, *, unfinished: bool) -> bool:
    """Whether a recogniser may have made `word` of `other`; an unfinished word is a beginning."""
    if word == other:
        return True
    if unfinished and len(word) >= _STEM_MIN and other.startswith(word):
        return True
    most = min(max(len(word), len(other)) // 3, _WRONG_MAX)
    if abs(len(word) - len(other)) > most or len(word) > _LETTERS_MAX:
        return False
    if min(len(word), len(other)) < _WORD_MIN or not (word.isalpha() and other.isalpha()):
        return False
    if word[0] != other[0] and word[-1] != other[-1]:
        return False
    return _letters_changed(word, other) <= most


def _letters_changed(a: str, b: str) -> int:
    start = _common(a, b)
    a, b = a[start:], b[start:]
    above = list(range(len(b) + 1))
    for count, letter in enumerate(a, 1):
        row = [count]
        for column, other in enumerate(b):
            row.append(min(above[column] + (letter != other), above[column + 1] + 1, row[-1] + 1))
        above = row
    return above[-1]
