"""Words that were not meant for the assistant: a television, a talk beside the telephone.

Nothing but their sense tells them from a caller's, so the language model is asked to say so, by one
word that no answer begins with. What it does with that word is bounded: the caller is asked to
repeat, and after some such turns in a row the call ends (`Limits.idle_turns`).
"""

from __future__ import annotations

MARK = "МИМО"

INSTRUCTION = (
    "Если слова явно обращены не к вам (говорит телевизор или кто-то рядом с телефоном), ответьте "
    f"одним словом: {MARK}."
)
"""Stands in the prompt, after the persona."""

SOURCE = "aside"
"""The `source` of a turn that the model took for none."""

FOREIGN = "language:"
"""So begins the `source` of a turn in another language; the language follows."""


def is_aside(answer: str) -> bool:
    """Whether the answer's beginning is the mark, and not a word that begins so."""
    head = answer.lstrip(" «\"'*")
    return head.startswith(MARK) and not head[len(MARK) : len(MARK) + 1].isalpha()


def is_idle(source: str) -> bool:
    """Whether the turn led nowhere."""
    return source == SOURCE or source.startswith(FOREIGN)
