"""Whether every digit that a caller typed where a number was wanted got somewhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from halo_voice.simulator.case import Breach, Case
from halo_voice.simulator.trace import TraceLine
from halo_voice.simulator.turns import TURN, path
from halo_voice.simulator.wire import Message, fields

HEARD_MS = 300  # of an answer, before who hears it knows that a number is wanted
DIALOGUE = ("goodbye", "transfer")  # once one of these is said there is no turn to come
EARS = 2  # recognisers that have failed end the call


def no_lost_key(case: Case) -> Iterator[Breach]:
    """21. Where an answer was heard that leaves time for a number, a digit is in a later turn or in
    the report."""
    replies = _replies(case)
    for line in case.call.having("event"):
        digit = str(line.data.get("tone", ""))
        if not digit.isdigit() or line.ms >= case.end_ms:
            continue
        turn = max((t.number for t in case.story.turns if t.first_asked_ms <= line.ms), default=0)
        told = [(ms, reply) for ms, number, reply in replies if number == turn and ms <= line.ms]
        if (
            not told
            or not told[-1][1].get("patience_ms")
            or not _is_open(case, line, turn, *told[0])
        ):
            continue
        if not any(digit in words for number, words in _said(case) if number > turn or not number):
            yield Breach(21, line.ms, f"the key {digit} was pressed and went nowhere")


def _replies(case: Case) -> list[tuple[int, object, dict[str, Any]]]:
    """What the scenario was told of its turns: when, of which, and what."""
    by_http = [
        (each.done_ms, fields(each.body).get("turn"), fields(each.text))
        for each in case.call.requests
        if path(each) == TURN and each.code == 200 and each.done_ms is not None
    ]
    down = [each for each in case.call.messages if not each.up]
    by_stream = [
        (each.ms, each.turn, each.fields)
        for number, each in enumerate(down)
        if each.type == "answered" and _in_order(down[: number + 1])
    ]
    return sorted([*by_http, *by_stream], key=lambda reply: reply[0])


def _in_order(messages: Sequence[Message]) -> bool:
    """Whether all of this connection up to the last came one after the other, or twice: of others
    it is not known when they were read."""
    opened = max(at for at, each in enumerate(messages) if each.type == "ready")
    numbers = list(dict.fromkeys(each.number("seq") for each in messages[opened:]))
    return numbers == list(range(1, len(numbers) + 1))


def _is_open(case: Case, key: TraceLine, turn: int, told_ms: int, reply: dict[str, Any]) -> bool:
    """Whether the answer was heard, leads to another turn, and nothing else was begun."""
    goes_on = (reply.get("action"), reply.get("outcome")) == ("listen", "answered")
    heard = any(
        phrase.turn and phrase.turn.number == turn and phrase.span.started_ms + HEARD_MS < key.ms
        for phrase in case.story.phrases
        if phrase.span
    )
    failed = [
        line
        for line in case.call.recognition
        if line.data["event"] == "ASR.Error" and line.ms <= key.ms
    ]
    ended = any(
        phrase.kind in DIALOGUE and told_ms <= phrase.ordered_ms <= key.ms
        for phrase in case.story.phrases
    )
    return goes_on and heard and turn < case.limits.turns and len(failed) < EARS and not ended


def _said(case: Case) -> Iterator[tuple[int, str]]:
    """The caller's words by turns; those of the report have the number 0."""
    yield from ((turn.number, turn.user_text) for turn in case.story.turns)
    for message in case.call.messages:
        if message.up and message.type in ("final", "revised"):
            yield message.turn or 0, message.text()
    for report in case.story.reports:
        late = fields(report.body).get("late")
        yield from ((0, str(each)) for each in (late if isinstance(late, list) else ()))
