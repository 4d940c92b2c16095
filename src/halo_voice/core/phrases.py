"""Makes phrases of a model's tokens as they come, each as soon as it is certain.

Theory. Raw text is held until a phrase of it is certain; then it is cleaned, written out in words
and given out. All decisions look at the text up to one character, never at how it was cut into
tokens, so the same text always gives the same phrases. A phrase ends

    at once         after ! or ? behind a plain word; after a full stop or … behind a Russian word
                    of three letters or more that no full stop shortens
    seeing more     after any other sentence end, when what follows opens a sentence (`sentences`)
    at a new line   when the next line is a list's item, a table's row or opens a sentence
    early           once, for the first phrase: at a clause of `early_chars` characters or more

but never inside brackets or quotes, a tag, a link or a code block. What a sign leaves behind (the
second mark of «?!», a closing quote) opens the next phrase and is dropped there by `speakable`.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from halo_voice.core.language import is_english
from halo_voice.core.roles import without_role
from halo_voice.core.sentences import SHORTENED, ends, sentences, whole_sentences
from halo_voice.core.speakable import speakable
from halo_voice.core.unspoken import (
    FENCE,
    OBJECT,
    OBJECT_BEGUN,
    SILENT_TAG,
    TAG,
    TAG_BEGUN,
    Code,
    Object,
    Thoughts,
    Unspoken,
)

RAW_PER_SPOKEN = 3
"""Characters of raw text that are read for each one that may be spoken; then the reply is full."""

EARLY_CHARS = 18
_OPEN_MAX = 300  # a bracket that is not closed within so many characters is a stray sign
_UNLIMITED = 1_000_000
_SLICE = 512  # hostile pieces are read in slices of this size

_SIGN = re.compile(r"[.!?…,;:—–\n()\[\]{«»<\"“”„`~]|(?<=\s)-")
_FOLLOWING = re.compile(r"[.!?…]*+([»)\"'”“\]*_]*+)(\s++)([«(\"'„“\[*_—–-]*+)(.)", re.DOTALL)
_UNDECIDED = re.compile(r"[.!?…]*+[»)\"'”“\]*_]*+(?:\s++[«(\"'„“\[*_—–-]*+)?\Z")
_NEXT_LINE = re.compile(
    r"(?P<gap>\s++)(?!\d{1,2}[.)]?\Z)(?:(?P<item>\||(?:\d{1,2}[.)]|[-+*•‣◦▪·–—>]|#{1,6})\s)"
    r"|[*_«(\"'#]*+(?P<first>.)(?=.))",
    re.DOTALL,
)
_FENCE_BEGUN = re.compile(r"\s*+(?:`{1,2}|~{1,2})\Z")
_NUMBERED = re.compile(r"\s*+\d{1,2}[.)](?=\s+\S)")
# No clause ends amid «три, шесть и двенадцать», nor after an inserted «к сожалению».
_GOES_ON = re.compile(
    r"(?:\b(?:од(?:ин|на|но)|дв[ае]|три|четыре|(?:пят|шест|сем|восем|восьм|девят|десят|\w+дцат)[ьи]|сорок"
    r"|пятьдесят|шестьдесят|семьдесят|восемьдесят|девяносто|сто|двести|триста|четыреста|\w+сот)"
    r"|,\s*(?:к сожалению|к счастью|конечно|кстати|например|наверное|возможно|видимо))\Z",
    re.IGNORECASE,
)
_PAIRS = {"(": ")", "[": "]", "«": "»"}
_QUOTES = '"“”„'
# A Russian voice cannot say them; a sentence without its word of them may say the contrary.
_UNSAYABLE = re.compile(
    "[\u0531-\u065f\u066e-\u06ef\u0900-\u0963\u0e01-\u0e4e\u10a0-\u11ff\u3040-\u9fff\uac00-\ud7a3]"
)
_RULE_SIGNS = "-=_*|+ \t\n"


class Phraser:
    """Feed it the model's pieces; it gives phrases that are ready to speak.

    The phrases joined by single spaces are the reply; together they are at most `limit`
    characters. `spoken` writes numbers and abbreviations out in words.
    """

    def __init__(
        self, *, limit: int, spoken: Callable[[str], str] = str, early_chars: int = EARLY_CHARS
    ) -> None:
        self.chars = 0
        """Characters given out, with the spaces that join the phrases."""
        self.full = False
        """Nothing more will be given out: stop the model."""
        self._limit = limit
        self._spoken = spoken
        self._early_chars = early_chars
        self._room = limit * RAW_PER_SPOKEN
        self._held = ""  # raw text that was not given out yet
        self._at = 0  # as far as it was looked at
        self._open = ""  # closing signs that are waited for, the innermost last
        self._opened = 0  # where the outermost was opened
        self._clause = False  # the last phrase was a clause: its sentence goes on
        self._item = False  # the held text began as a list's item
        self._lines = False  # a line came before the held text
        self._skip: Unspoken | None = None  # reads what is not meant for the caller
        self._skipped = ""  # what came after the beginning of such a part

    @property
    def whole(self) -> bool:
        """What was fed ends where a sentence does."""
        rest = " ".join(self._held.split())
        return whole_sentences(rest) == rest if rest else not self._clause

    def feed(self, piece: str) -> list[str]:
        """The phrases that are certain now, mostly none."""
        if self.full:
            return []
        size = len(piece)
        if self._skip is None and size < self._room and size <= _SLICE:
            self._room -= size
            self._held = held = self._held + piece
            if _SIGN.search(held, self._at) is None:
                self._at = len(held)
                return []
            said: list[str] = []
            self._read(self._scan(said), said)
            return said
        said = []
        for start in range(0, len(piece), _SLICE):
            self._read(piece[start : start + _SLICE], said)
            if self.full:
                break
        return said

    def finish(self, *, torn: bool = False) -> list[str]:
        """What is left. `torn`: the text broke off, only whole sentences of it are given out."""
        said: list[str] = []
        if not self.full:
            rest = whole_sentences(self._held) if torn else self._held
            self._give(rest, said)
            self._held, self._at = "", 0
        return said

    def _read(self, piece: str, said: list[str]) -> None:
        while piece and not self.full:
            if self._skip is not None:
                behind = self._skip.behind(piece)
                if behind is None:
                    return
                self._held += self._skip.gap
                self._skip, piece = None, behind
                continue
            taken, piece = piece[: self._room], piece[self._room :]
            self._room -= len(taken)
            self._held += taken
            piece = self._scan(said) + piece
            if self._room <= 0 and self._skip is None:
                said += self.finish(torn=True)
                self.full = True

    def _scan(self, said: list[str]) -> str:
        """Give out what is certain. Returns what is left of the text when skipping begins."""
        while not self.full:
            found = _SIGN.search(self._held, self._at)
            if found is None:
                self._at = len(self._held)
                return ""
            place, sign = found.start(), found[0]
            before = len(self._held)
            decided = _READERS[sign](self, place, sign, said)
            if not decided:
                self._at = place
                return ""
            if self._skip is not None:
                rest = self._skipped
                self._skipped = ""
                self._room += len(rest)
                return rest
            if len(self._held) == before:
                self._at = place + 1
        return ""

    # Each of the following looks at one sign. False: more text is needed to decide.

    def _sentence_end(self, place: int, sign: str, said: list[str]) -> bool:
        held = self._held
        self._forget_stray(place)
        line = held.rfind("\n", 0, place) + 1
        numbered = self._numbered()
        if not self._open and not numbered and _certain(held, place, sign):
            self._cut(place + 1, said)
            return True
        found = _FOLLOWING.match(held, place)
        if found is None:
            return _UNDECIDED.match(held, place) is None
        closed, gap, openers, first = found.groups()
        left = self._open
        for closer in closed:
            if left.endswith('"' if closer in _QUOTES else closer):
                left = left[:-1]
        following = openers if first.isspace() else openers.lstrip("*_") + first
        words = held[line : found.end(1)].split()
        words[-1] = words[-1].strip("*_")
        if not left and following and ends(words, following):
            self._lines = self._lines or "\n" in gap
            self._cut(found.end(1), said)
        return True

    def _line_end(self, place: int, _sign: str, said: list[str]) -> bool:
        held = self._held
        self._open = ""
        line = held[:place].rstrip(_RULE_SIGNS)
        if not line:
            return True
        if FENCE.match(held, place):
            return True
        found = _NEXT_LINE.match(held, place)
        if found is None or _FENCE_BEGUN.match(held, place):
            return False
        first = found["first"] or ""
        starts = self._item or "\n" in found["gap"][1:] or first.isupper() or first.isdigit()
        if found["item"] or (starts and line[-1] not in ".!?…:;,-—–"):
            self._lines = True
            self._cut(place, said, stop=True)
            self._item = found["item"] is not None
        return True

    def _clause_end(self, place: int, sign: str, said: list[str]) -> bool:
        held = self._held
        if self.chars or self._open or place < self._early_chars or self._numbered():
            return True
        clause = held[:place].strip()
        if len(clause) < self._early_chars or not (clause[-1].isalpha() or clause[-1] in "»)"):
            return True
        word = clause.rpartition(" ")[2]
        if ":" in word or "&" in word:  # a link, an entity
            return True
        if sign == "," and _GOES_ON.search(clause):
            return True
        if sign != ",":
            following = held[place + 1 : place + 3]
            if following[:1].isspace() and (sign in ":;" or held[place - 1].isspace()):
                if len(following) < 2:
                    return False
                if following[1].isdigit():  # «дата: 7.11» is read as a whole
                    return True
            else:
                return following != ""
        self._cut(place + 1, said, clause=True)
        return True

    def _tag(self, place: int, _sign: str, _said: list[str]) -> bool:
        held = self._held
        found = TAG.match(held, place)
        if found is None:
            return TAG_BEGUN.match(held, place) is None
        silent = SILENT_TAG.match(held, place)
        if silent and not silent[1]:
            self._leave(place, found.end(), Thoughts())
        else:
            self._held = f"{held[:place]} {held[found.end() :]}"
            self._at = place
        return True

    def _fence(self, place: int, _sign: str, _said: list[str]) -> bool:
        held = self._held
        line = held.rfind("\n", 0, place) + 1
        if not held[line:place].isspace() and line != place:
            return True
        if _FENCE_BEGUN.match(held, line):
            return False
        if FENCE.match(held, line):
            self._leave(line, place + 3, Code())
            self._at = max(0, line - 1)
        return True

    def _object(self, place: int, _sign: str, _said: list[str]) -> bool:
        held = self._held
        if OBJECT.match(held, place):
            self._leave(place, place, Object())
            return True
        return OBJECT_BEGUN.match(held, place) is None

    def _bracket(self, place: int, sign: str, _said: list[str]) -> bool:
        if sign in _QUOTES:
            if self._held[place - 1 : place].isdigit():
                return True
            opened, sign = '"' not in self._open, '"'
        else:
            opened = sign in _PAIRS and self._held[place - 1 : place] not in tuple(":;=-")
        if opened:
            if not self._open:
                self._opened = place
            self._open += _PAIRS.get(sign, sign)
        elif sign in self._open:
            self._open = self._open[: self._open.rindex(sign)]
        return True

    def _numbered(self) -> bool:
        """The text begins like a list: its number goes only if a second line follows."""
        return not (self._lines or self.chars) and _NUMBERED.match(self._held) is not None

    def _forget_stray(self, place: int) -> None:
        if self._open and place - self._opened > _OPEN_MAX:
            self._open = ""

    def _leave(self, place: int, end: int, skip: Unspoken) -> None:
        """What begins at `place` is not meant for the caller; `skip` reads it from `end` on."""
        self._held, self._skipped = self._held[:place], self._held[end:]
        self._at = place
        self._skip = skip

    # Giving out.

    def _cut(self, end: int, said: list[str], *, stop: bool = False, clause: bool = False) -> None:
        raw, self._held = self._held[:end], self._held[end:]
        self._at, self._open = 0, ""
        self._give(raw, said, stop=stop, clause=clause)
        self._item = False

    def _give(self, raw: str, said: list[str], *, stop: bool = False, clause: bool = False) -> None:
        if self._lines and (number := _NUMBERED.match(raw)):
            raw = raw[number.end() :]
        raw = without_role(raw.strip())
        if not raw or _UNSAYABLE.search(raw) or is_english(raw):
            return
        text = speakable(raw, limit=_UNLIMITED)
        written = self._spoken(text) if text else ""
        if written != text:
            text = speakable(written, limit=_UNLIMITED)
        if not text:
            return
        if (stop or clause) and text[-1] not in ".!?…:;,":
            text = speakable(text + ("," if clause else "."), limit=_UNLIMITED)
        room = self._limit - self.chars - (1 if self.chars else 0)
        if len(text) > room:
            self.full = True
            text = self._fitting(text, room)
            if not text:
                return
        self.chars += len(text) + (1 if self.chars else 0)
        self._clause = clause
        said.append(text)

    def _fitting(self, text: str, room: int) -> str:
        """The whole sentences of `text` that fit; a sentence that was begun already is cut."""
        kept: list[str] = []
        for sentence in sentences(text):
            room -= len(sentence) + 1
            if room < -1:
                break
            kept.append(sentence)
        if kept or not (self._clause or not self.chars):
            return speakable(" ".join(kept), limit=_UNLIMITED)
        return speakable(text, limit=room + len(sentence) + 1)


_Reader = Callable[[Phraser, int, str, list[str]], bool]
_READERS: dict[str, _Reader] = {
    **dict.fromkeys(".!?…", Phraser._sentence_end),
    **dict.fromkeys(",;:—–-", Phraser._clause_end),
    **dict.fromkeys("`~", Phraser._fence),
    **dict.fromkeys("()[]«»" + _QUOTES, Phraser._bracket),
    "\n": Phraser._line_end,
    "<": Phraser._tag,
    "{": Phraser._object,
}


def _certain(held: str, place: int, sign: str) -> bool:
    """Whether the sentence ends here whatever follows."""
    start = max(held.rfind(" ", 0, place), held.rfind("\n", 0, place)) + 1
    word = held[start:place].lstrip("«(\"'„“[*_").replace("-", "")
    if sign in "!?":
        return word.isalnum()
    russian = len(word) >= 3 and word.isalpha() and word[0] >= "Ё" and word[-1] >= "Ё"
    return russian and word.lower() not in SHORTENED
