"""How good a call was, as far as its turns tell it: counted, not judged by a model."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from itertools import pairwise
from typing import Any

from halo_voice.core.ports import CallRecord, Outcome, TurnRecord

_ADMITTED = re.compile(r"\bне (?:знаю|располагаю)|\bнет (?:\w+ )?информации", re.IGNORECASE)
_SILENT = frozenset(("no_input", "silence"))


def marks(turns: Sequence[TurnRecord], unknown: Collection[str]) -> dict[str, Any]:
    """`turns` in all; of them `answered`, `unanswered` (nothing was known), `apologised` (nothing
    came), `withheld` (the guard); `talked_over`: replies that the caller cut; `repeated`: replies
    that were said twice in a row."""
    said = [turn for turn in turns if turn.reply]
    lost = [turn for turn in turns if _unanswered(turn, unknown)]
    withheld = [turn for turn in turns if turn.source.startswith("guard:")]
    sorry = [turn for turn in turns if turn.outcome is Outcome.APOLOGISED]
    good = [
        turn
        for turn in turns
        if turn.outcome is Outcome.ANSWERED and turn not in lost and turn not in withheld
    ]
    return {
        "turns": len(turns),
        "answered": len(good),
        "unanswered": len(lost),
        "apologised": len(sorry),
        "withheld": len(withheld),
        "talked_over": sum(turn.heard is not None and turn.heard != turn.reply for turn in said),
        "repeated": sum(one.reply == other.reply for one, other in pairwise(said)),
    }


def _unanswered(turn: TurnRecord, unknown: Collection[str]) -> bool:
    return turn.reply in unknown or bool(_ADMITTED.search(turn.reply))


def unreached(call: CallRecord) -> bool:
    """The company called, and nobody picked up."""
    return call.direction == "outgoing" and call.end_reason == "not_connected"


def outcome(call: CallRecord, counted: dict[str, Any]) -> str:
    """One of `core.review.OUTCOMES`, by what was counted."""
    if unreached(call):
        return "other"
    if not counted["turns"]:
        return "silent" if call.end_reason in _SILENT else "abandoned"
    if call.end_reason == "transferred":
        return "transferred"
    if counted["answered"]:
        return "partly" if counted["unanswered"] + counted["apologised"] else "answered"
    return "unanswered"
