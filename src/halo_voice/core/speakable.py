"""Makes a model's answer safe to speak: words, digits and plain punctuation, no longer than told.

The model's text is hostile. What leaves here holds letters of Cyrillic and Latin, digits, the signs
of `_SIGNS` and single spaces; it can break neither SSML nor the voice's own markup, and it is
stable: speaking the result again changes nothing (invariant 13).

A text is cleaned in three passes: characters (what cannot be seen or said goes), markup (see
`markup`), and gaps: the text is words with gaps between them, and each gap gets its plainest form.
Numbers stay as digits; they are written out elsewhere.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from halo_voice.core.markup import without_markup
from halo_voice.core.sentences import sentences

__all__ = ["is_plain", "same_words", "sentences", "speakable", "words"]

_SIGNS = frozenset(" .,!?…:;()«»—-'+%№/=₽$€£°²³")
_MARKUP = frozenset("\n\t*_`~#|[]<>&\\@{}^×•‣◦▪·\ufe0f\u20e3")
_REPLACED = {
    **dict.fromkeys("\"“”„‟″", " "),
    **dict.fromkeys("’‘ʼ′´", "'"),
    **dict.fromkeys("‐‑‒−", "-"),
    "―": "—",
    "½": " 1/2", "¼": " 1/4", "¾": " 3/4", "‹": "«", "›": "»",
}  # fmt: skip
# The keys of a telephone: «*123#», «нажмите 1 или #».
_DIALLED = re.compile(r"(?<![\w*#])[*#]{1,2}\d{1,4}(?:[*#]\d{1,12}){0,4}#(?!\w)")
_PRESSED = re.compile(
    r"(?<!\w)(?:нажм|нажать|нажат|набер|набрать|позвон|введ|введите|клавиш|кнопк)[^.!?\n]{0,60}",
    re.I,
)
_KEY = re.compile(r"(?<![^\s(«])(?:[*#]|«[*#]»)(?![^\s.,!?;)»])")
_KEY_NAMES = {"*": "звёздочк", "#": "решётк"}
_MARKS = re.compile(r"([\u0300-\u036f]{2})[\u0300-\u036f]++")
_STRAY_MARK = re.compile(r"[\u0300\u0302-\u036f]|(?<![аеёиоуыэюяАЕЁИОУЫЭЮЯ])\u0301")
_RANGE = re.compile(r"(?<=\w)–(?=\w)")
_NO_SPACE = re.compile(r"(?<=[а-яё][.…])(?=[А-ЯЁ][а-яё])|(?<=[^\W\d_][,;:!?])(?=[^\W\d_])")
_TWICE = re.compile(r"([-'%№/=₽$€£°])\1++")
_LONE = re.compile(r"(?<![^\s.,!?…:;()«»—])(['/-]++)(?![^\s.,!?…:;()«»—])")
_SPACED = re.compile(r"(?<=[а-яё.₽€$%]) / (?=[а-яё])")  # «300 ₽ / час», «да / нет»
_QUOTE = re.compile(r"(?<![^\W\d_])'|'(?![^\W\d_])")
_GAP = re.compile(r"[\s.,!?…:;()«»—]++")
_PAIRS = {")": "(", "»": "«"}
_DANGLING_WORDS = "и а но или что в во на с со к ко по до от за из у о об не для при"
_DANGLING = frozenset(_DANGLING_WORDS.split())
# What most phrases are, and what the passes below leave as it is.
_PLAIN = re.compile(r"[А-Яа-яЁё]++(?:(?:-|, | )[А-Яа-яЁё]++)*[.!?…,;:]?")
# What recognisers write, and what the first pass leaves as it is.
_READ = re.compile(r"[А-Яа-яЁёA-Za-z0-9 ,.!?:-]*+")
_WORD = re.compile(r"[^\W_]+")
_CACHED_MAX = 4096
_ROUNDS_MAX = 6
_READ_MAX = 100_000  # characters of an answer that are looked at; bounds the time it takes


class _Characters(dict[int, str | None]):
    """A table for `str.translate` that fills itself; the number of kept entries is bounded."""

    def __init__(self, rule: Callable[[str], str | None]) -> None:
        super().__init__()
        self._rule = rule

    def __missing__(self, code: int) -> str | None:
        value = self._rule(chr(code))
        if len(self) < _CACHED_MAX:
            self[code] = value
        return value


def _visible(char: str) -> str | None:
    """First pass: what is invisible goes, look-alikes become the plain sign."""
    if char in _REPLACED:
        return _REPLACED[char]
    if char in "\n\u2028\u2029\u0085\x0b\x0c\r":
        return "\n"
    if char in "\ufe0f\u20e3":  # an emoji's parts: the markup pass needs to see them
        return char
    kind = unicodedata.category(char)
    if kind in ("Cs", "Cf") or (kind[0] == "M" and not "\u0300" <= char <= "\u036f"):
        return None
    if kind in ("Cc", "Zs", "Cn", "Co"):
        return " "
    return str(unicodedata.digit(char)) if kind == "Nd" else char


def _pronounceable(char: str) -> str:
    """Second pass: only the alphabet and what markup is made of is left."""
    if char in _SIGNS or char in _MARKUP or char == "\u0301" or "0" <= char <= "9":
        return char
    return char if unicodedata.name(char, "").startswith(("LATIN ", "CYRILLIC ")) else " "


_VISIBLE = _Characters(_visible)
_ALPHABET = _Characters(_pronounceable)
_UNMARKED = str.maketrans(dict.fromkeys(_MARKUP, " "))


def speakable(text: str, *, limit: int = 400) -> str:
    """`text` as a voice can say it, at most `limit` characters, or "" when nothing can be said.

    Whole sentences are kept as far as they fit; a first sentence that is too long by itself ends
    at a clause or at a word.
    """
    if len(text) <= limit and is_plain(text):
        return text
    said, plain = "", _once(text[:_READ_MAX], limit)
    rounds = _ROUNDS_MAX
    # What was taken away can lay bare new markup («.halo.ru»): go on until nothing changes.
    while plain != said:
        if not rounds:
            return ""
        said, plain, rounds = plain, _once(plain, limit), rounds - 1
    return plain


def is_plain(text: str) -> bool:
    """Whether `text` is Russian words, single spaces, hyphens, commas, and one mark at its end."""
    return _PLAIN.fullmatch(text) is not None


def _keys(text: str) -> str:
    """The keys of a telephone in words, where a text tells which to press."""
    if "#" not in text and "*" not in text:
        return text
    text = _DIALLED.sub(
        lambda code: re.sub(r"[*#]", lambda sign: f" {_KEY_NAMES[sign[0]]}а ", code[0]), text
    )
    return _PRESSED.sub(lambda told: _KEY.sub(_key, told[0]), text)


def _key(sign: re.Match[str]) -> str:
    return _KEY_NAMES[sign[0].strip("«»")] + "у"


def _once(text: str, limit: int) -> str:
    plain = _cleaned(_keys(text)).translate(_ALPHABET)
    plain = without_markup(plain).translate(_UNMARKED)
    plain = _TWICE.sub(r"\1", _QUOTE.sub(" ", plain.replace("--", "—")))
    plain = _NO_SPACE.sub(" ", plain)
    plain = _SPACED.sub("/", plain)
    plain = _tidy(_LONE.sub(lambda lone: "—" if "-" in lone[1] else " ", plain))
    if len(plain) > limit:
        plain = _tidy(_cut(plain, limit))
    return plain if any(char.isalnum() for char in plain) else ""


def words(text: str) -> list[str]:
    """The words of `text` as they sound: lower case, ё as е, no punctuation, no stress marks."""
    plain = text if _READ.fullmatch(text) else _cleaned(text).replace("\u0301", "")
    return _WORD.findall(plain.casefold().replace("ё", "е"))


def same_words(a: str, b: str) -> bool:
    """Whether both say the same words; case, punctuation, spaces and ё/е do not count."""
    return a == b or words(a) == words(b)


def _cleaned(text: str) -> str:
    # Runs of marks are cut first: normalising a long run takes time quadratic in its length.
    seen = text.replace("\r\n", "\n").translate(_VISIBLE)
    text = unicodedata.normalize("NFC", _MARKS.sub(r"\1", seen))
    return _RANGE.sub("-", _STRAY_MARK.sub("", text)).replace("–", "—")


def _tidy(text: str) -> str:
    """Pair the brackets and give every gap between words its plainest form."""
    text = _paired(text)
    end = len(text)
    return _GAP.sub(lambda gap: _gap(gap[0], gap.start() == 0, gap.end() == end), text)


def _paired(text: str) -> str:
    """`text` with every bracket that has no partner replaced by a space."""
    chars = list(text)
    opened: list[int] = []
    for place, char in enumerate(chars):
        if char in "(«":
            opened.append(place)
        elif char in _PAIRS:
            if opened and chars[opened[-1]] == _PAIRS[char]:
                opened.pop()
            else:
                chars[place] = " "
    for place in opened:
        chars[place] = " "
    return "".join(chars)


def _gap(gap: str, first: bool, last: bool) -> str:
    """The plainest form of what stands between two words, or at an end of the text."""
    if gap == " " and not (first or last):
        return gap
    brackets: list[str] = []
    for char in gap:
        if char in "(«" or (char in _PAIRS and _PAIRS[char] not in brackets[-1:]):
            brackets.append(char)
        elif char in _PAIRS:
            brackets.pop()
    closing = "".join(char for char in brackets if char in _PAIRS)
    opening = "".join(char for char in brackets if char not in _PAIRS)
    if first:
        return opening
    if len(gap) == 1 and not last and gap != "—":
        return gap
    mark = _mark("".join(char for char in gap if char in ".,!?…:;"))
    end = mark + closing if gap.lstrip()[:1] in ".,!?…:;" else closing + mark
    if last:
        return end
    return end + (" — " if "—" in gap else " ") + opening


def _mark(marks: str) -> str:
    """One punctuation mark that stands for a run of them."""
    if len(marks) < 2 or marks in ("?!", ".,"):
        return marks
    if "?" in marks:
        return "?!" if "!" in marks else "?"
    if "!" in marks:
        return "!"
    if "…" in marks or "..." in marks:
        return "…"
    return "." if "." in marks else marks[0]


def _cut(text: str, limit: int) -> str:
    """The beginning of `text` that fits: whole sentences, else clauses, else words."""
    kept = 0
    for sentence in sentences(text[: 2 * limit + 2]):
        if kept + len(sentence) > limit:
            break
        kept += len(sentence) + 1
    if kept:
        return text[: kept - 1]
    room = text[:limit]  # one place is for the full stop
    clause = max(room.rfind(sign + " ") for sign in (",", ";", ":", " —"))
    if clause > limit // 3:
        return room[:clause].rstrip(" ,;:—(«") + "."
    said = room.rpartition(" ")[0].split()
    while said and said[-1].lower().strip(" ,;:—(«") in ("", *_DANGLING):
        said.pop()
    head = " ".join(said).rstrip(" ,;:—(«")
    return head if not head or head[-1] in ".!?…" else head + "."
