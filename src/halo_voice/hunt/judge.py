"""Judges a call from its trace and, where there is a backend, from its store and its model."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from halo_voice.core.ports import CallRecord, Message, Outcome, TurnRecord
from halo_voice.core.profile import Limits
from halo_voice.core.transcript import within
from halo_voice.hunt.texts import Texts
from halo_voice.simulator import FinishedCall
from halo_voice.simulator.interruptions import check_heard
from halo_voice.simulator.invariants import Breach, breaches
from halo_voice.simulator.recovery import RECOVERED_MS
from halo_voice.simulator.turns import END, TURN, Story, path, story
from halo_voice.simulator.wire import fields

# After these nobody can know exactly what was heard, or nobody can be told.
MUFFLED = {"F19", "F20", "F21", "F24", "F25", "F43", "F47", "F54", "F55", "F60"}
MUFFLED |= {"cut", "late", "slow"}

MASK = re.compile(r"\[[а-яё ]+\]")
TOLD = 0.6  # of a turn's words


@dataclass(frozen=True)
class Evidence:
    """What is known of a call beside its trace. `calm_ms`: from then on nothing struck.

    `record` is None where no backend was; `asked` are the questions to the model, with the time of
    each in ms of the session; `left` what was not cleaned up.
    """

    calm_ms: int
    conflicts: Sequence[str] = ()
    record: CallRecord | None = None
    turns: Sequence[TurnRecord] = ()
    asked: Sequence[tuple[float, list[Message]]] = ()
    left: Sequence[str] = ()
    model: str = ""  # the name under which its answers are stored


def judge(
    call: FinishedCall, evidence: Evidence, texts: Texts, told: Story | None = None
) -> list[Breach]:
    """Every broken invariant. `texts` are the scenario's own, `told` the call's story, where it has
    been read already. Number 0 stands for the file itself: an error, a rule of the platform."""
    found = [Breach(0, 0, failure) for failure in call.failures]
    found += breaches(call, texts=texts, calm_ms=evidence.calm_ms, told=told)
    found += [Breach(8, 0, conflict) for conflict in evidence.conflicts]
    if evidence.model:
        found += _outcomes(evidence)
        found += _rows(call, evidence)
        found += _heard(call, evidence, texts)
        found += _history(call, evidence)
    found += [Breach(19, call.terminated_ms, each) for each in evidence.left]
    return sorted(found, key=lambda breach: (breach.ms, breach.invariant))


def _outcomes(evidence: Evidence) -> Iterator[Breach]:
    """7. In a call that is closed every turn has its outcome."""
    closed = evidence.record is not None and not evidence.record.open
    pending = [turn.turn for turn in evidence.turns if turn.outcome is Outcome.PENDING]
    if closed and pending:
        yield Breach(7, 0, f"the call is closed, its turns {pending} are pending")


def _rows(call: FinishedCall, evidence: Evidence) -> Iterator[Breach]:
    """8. A turn is one row, in order; one that was acknowledged is there, with its words."""
    numbers = [turn.turn for turn in evidence.turns]
    if numbers != sorted(set(numbers)):
        yield Breach(8, 0, f"the turns are stored as {numbers}")
    stored = {turn.turn: turn for turn in evidence.turns}
    for number, ms in sorted(_acknowledged(call).items()):
        if number not in stored:
            yield Breach(8, ms, f"turn {number} was acknowledged and is not stored")
    for turn in story(call).turns:
        row = stored.get(turn.number)
        if row is not None and not _stored_as(row.user_text, turn.user_text):
            text = f"turn {turn.number} «{turn.user_text}» is stored as «{row.user_text}»"
            yield Breach(8, turn.first_asked_ms, text)
    record = evidence.record
    reported = None if record is None else record.turns_reported
    if reported is not None and numbers and reported < numbers[-1]:
        yield Breach(8, 0, f"{numbers[-1]} turns are stored, {reported} reported")


def _acknowledged(call: FinishedCall) -> dict[int, int]:
    """Turns that the scenario was told are written down, and when."""
    told: dict[int, int] = {}
    for message in call.messages:
        if message.type == "accepted" and not message.up and message.turn is not None:
            told.setdefault(message.turn, message.ms)
    for exchange in call.requests:
        if path(exchange) == TURN and exchange.code == 200 and not exchange.fault:
            told.setdefault(fields(exchange.body)["turn"], exchange.done_ms or exchange.sent_ms)
    return told


def _heard(call: FinishedCall, evidence: Evidence, texts: Texts) -> list[Breach]:
    """9. What is stored as heard was heard."""
    lost = any(each.fault for each in call.requests if path(each) in (TURN, END))
    if lost or MUFFLED & set(call.struck):
        return []
    answered = [asdict(turn) for turn in evidence.turns if turn.outcome is Outcome.ANSWERED]
    return check_heard(call, answered, texts)


def _history(call: FinishedCall, evidence: Evidence) -> Iterator[Breach]:
    """18. After the faults the model is asked with everything that was said before."""
    rows = {turn.turn: turn for turn in evidence.turns}
    for turn in story(call).turns:
        row = rows.get(turn.number)
        recovered = turn.accepted_ms >= evidence.calm_ms + RECOVERED_MS
        if not recovered or row is None or row.source != evidence.model:
            continue
        known = {_told(row.user_text), _told(row.revised_text)} - {""}
        asked = [
            [message.content for message in each if message.role == "user"]
            for _, each in evidence.asked
        ]
        mine = [each for each in asked if each and each[-1].endswith(tuple(known))]
        before = [
            earlier
            for earlier in evidence.turns
            if earlier.turn < turn.number and earlier.outcome is not Outcome.SUPERSEDED
        ]
        if mine and not any(_tells(each, before) for each in mine):
            text = f"turn {turn.number}: the model was not told all that was said before"
            yield Breach(18, turn.accepted_ms, text)


def _told(text: str) -> str:
    """What a model is told of the caller's words in one turn."""
    return within(text, Limits().input_chars)


def _tells(asked: list[str], before: Sequence[TurnRecord]) -> bool:
    """Whether every turn is told, as it was asked or as a late result changed its words. The store
    may have missed that: most of them are enough."""
    told = [set(each.split()) for each in asked]

    def is_told(text: str) -> bool:
        words = _told(text).split()
        return any(sum(word in each for word in words) >= TOLD * len(words) for each in told)

    return all(is_told(t.user_text) or (t.revised_text and is_told(t.revised_text)) for t in before)


def _stored_as(stored: str, asked: str) -> bool:
    """Whether these are the words that were asked; what was masked may have been anything."""
    parts = [re.escape(" ".join(part.split())) for part in MASK.split(stored)]
    return re.fullmatch(" ?.* ?".join(parts), " ".join(asked.split())) is not None
