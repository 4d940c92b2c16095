"""What a recording says, beside what was recognised in the call: turn by turn, by their words.

A transcription has no turns, and the call's own texts have mistakes. So the words of both are laid
beside each other, the longest runs that agree first, and each word of the recording belongs to the
turn of the words around it. That needs no times, which most transcription servers do not give.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher

from halo_voice.core.speakable import words

WORDS_MAX = 5_000


def by_turns(told: Sequence[str], heard: str) -> list[str]:
    """`heard` in as many pieces as there are texts in `told`; nothing of it is lost."""
    spoken = heard.split()[:WORDS_MAX]
    if not told:
        return []
    turn_of: list[int] = []
    flat: list[str] = []
    for number, text in enumerate(told):
        for word in words(text):
            flat.append(word)
            turn_of.append(number)
    plain = [_plain(word) for word in spoken]
    matcher = SequenceMatcher(None, flat, plain, autojunk=False)
    place: list[int | None] = [None] * len(plain)
    for begin, other, size in matcher.get_matching_blocks():
        for step in range(size):
            place[other + step] = turn_of[begin + step]
    pieces: list[list[str]] = [[] for _ in told]
    now = next((each for each in place if each is not None), 0)
    for word, found in zip(spoken, place, strict=True):
        now = found if found is not None else now
        pieces[now].append(word)
    return [" ".join(piece) for piece in pieces]


def likeness(told: Sequence[str], heard: str) -> float:
    """How much of what was told is in what was heard, 0 to 1."""
    flat = [word for text in told for word in words(text)]
    plain = [_plain(word) for word in heard.split()[:WORDS_MAX]]
    if not flat or not plain:
        return 0.0
    matcher = SequenceMatcher(None, flat, plain, autojunk=False)
    return sum(size for _, _, size in matcher.get_matching_blocks()) / len(flat)


def _plain(word: str) -> str:
    return next(iter(words(word)), "")
