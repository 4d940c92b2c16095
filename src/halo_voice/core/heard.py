"""What the caller heard of a turn: a model is told that, not what it once wrote."""

from __future__ import annotations

import re
from dataclasses import dataclass

from halo_voice.core.ports import Outcome, TurnRecord

CUT_CHARS_MAX = 200
"""So much of what was not heard is told, in characters."""

_STRESS = re.compile("\u0301|(?<![\\d+])\\+(?=[аеёиоуыэюяАЕЁИОУЫЭЮЯ])")


@dataclass(frozen=True, slots=True)
class Told:
    """A turn for a model: `user` said this, heard `assistant` ("": nothing), and not `cut`."""

    user: str
    assistant: str
    cut: str


def told(turn: TurnRecord) -> Told:
    """What of the turn belongs into the history, without the voice's stress marks."""
    answered = turn.outcome in (Outcome.ANSWERED, Outcome.APOLOGISED)
    reply = turn.reply if answered else ""
    # By length, not by the text that was reported: the words are the ones that we sent.
    place = len(reply) if turn.heard is None else len(turn.heard)
    rest = _unstressed(reply[place:])
    return Told(
        user=turn.revised_text or turn.user_text,
        assistant=_unstressed(reply[:place]),
        cut=_beginning(rest) if any(map(str.isalnum, rest)) else "",
    )


def note_of(cut: str, *, heard: bool) -> str:
    """The note that stands before the caller's next words: `cut` is what he did not hear.

    It is part of his message because some servers refuse a system message after the first.
    """
    what = "конец ответа" if heard else "ответ"
    return f"[Собеседник перебил и не услышал {what}: «{cut}»] "


def _unstressed(text: str) -> str:
    if "+" in text or "\u0301" in text:
        text = _STRESS.sub("", text)
    return text.strip()


def _beginning(text: str) -> str:
    if len(text) <= CUT_CHARS_MAX:
        return text
    return text[:CUT_CHARS_MAX].rpartition(" ")[0].rstrip(" ,;:—(«") + "…"


def noted(turn: TurnRecord) -> str:
    """What stands before the caller's words after this turn: "" if it was heard to its end."""
    heard = told(turn)
    return note_of(heard.cut, heard=bool(heard.assistant)) if heard.cut else ""
