"""What two records of a call have not in common. Times are not compared, but what comes of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from halo_voice.core.ports import TurnRecord
from halo_voice.core.speakable import words
from halo_voice.repeat.caller import UNCLEAR
from halo_voice.repeat.recorded import Recorded

HEARD_SHARE = 0.35  # of an answer: the pace of the voice is not quite the same
SOUNDS = "a sound without words is not in the recording"
UNHEARD = "these words are not in the recording"


@dataclass(frozen=True, slots=True)
class Difference:
    """`explained`: why the recording cannot tell better; "": it goes otherwise now."""

    before: str
    now: str
    explained: str = ""

    def __str__(self) -> str:
        why = f" ({self.explained})" if self.explained else ""
        return f"{self.before or 'nothing'} → {self.now or 'nothing'}{why}"


def differences(old: Recorded, new: Recorded) -> list[Difference]:
    """Nothing where the call went as it did."""
    before, now = _told(old), _told(new)
    found = []
    for how, a, b, c, d in SequenceMatcher(None, before, now, autojunk=False).get_opcodes():
        if how != "equal":
            found.append(_difference(before[a:b], now[c:d]))
    mine = {turn.turn: turn for turn in new.turns}
    for turn in old.turns:
        other = mine.get(turn.turn)
        if other is not None and abs(_heard(turn) - _heard(other)) > HEARD_SHARE:
            of = f"turn {turn.turn}: so much of the answer was heard: "
            found.append(Difference(f"{of}{_heard(turn):.0%}", f"{_heard(other):.0%}"))
    return found


def _difference(before: Sequence[str], now: Sequence[str]) -> Difference:
    why = ""
    if all(line.startswith("asked whether") for line in (*before, *now)):
        why = SOUNDS
    elif any(UNCLEAR in line for line in now):
        why = UNHEARD
    return Difference("; ".join(before), "; ".join(now), why)


def _told(recorded: Recorded) -> list[str]:
    """What happened, in order, without the times."""
    turns = {turn.turn: turn for turn in recorded.turns}
    return [*_events(recorded, turns), f"ended: {recorded.call.end_reason}"]


def _events(recorded: Recorded, turns: dict[int, TurnRecord]) -> Iterator[str]:
    for step in recorded.steps:
        turn = turns.get(step.turn)
        if step.what == "asked" and turn is not None:
            yield f"turn {step.turn} «{_plain(turn.user_text)}»"
            then = "" if turn.action == "listen" else f", then {turn.action}"
            yield f"turn {step.turn} {turn.outcome}: «{_plain(turn.reply)}»{then}"
        elif step.what == "silence":
            yield f"asked whether the caller is there: {step.value}"
        elif step.what == "failed":
            yield f"turn {step.turn} failed: {step.value}"
        elif step.what in ("hangup", "transfer"):
            yield step.what


def _plain(text: str) -> str:
    return " ".join(words(text))


def _heard(turn: TurnRecord) -> float:
    """Which part of the answer was heard, 0 to 1."""
    if turn.heard is None or not turn.reply:
        return 1.0
    return len(turn.heard) / len(turn.reply)
