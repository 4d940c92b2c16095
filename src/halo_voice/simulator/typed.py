"""Whether every digit that a caller typed where a number was wanted got somewhere, and ended
nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from halo_voice.simulator.case import Breach, Case
from halo_voice.simulator.exchanges import Exchange
from halo_voice.simulator.trace import TraceLine
from halo_voice.simulator.turns import TURN, path
from halo_voice.simulator.wire import Message, fields

HEARD_MS = 300  # of an answer, before who hears it knows that a number is wanted
OTHERWISE = ("goodbye", "transfer")  # once one of these is said there is no turn to come
EARS = 2  # recognisers that have failed end the call
REPORTED = 0  # instead of a turn's number
AT_ONCE_MS = 100  # what a key does


def no_lost_key(case: Case) -> Iterator[Breach]:
    """21. Where an answer was heard that leaves time for a number, a digit is in a later turn or in
    the report."""
    events = case.call.having("event")
    keys = [e for e in events if str(e.data.get("tone", "")).isdigit() and e.ms < case.end_ms]
    replies = _replies(case) if keys else []
    for key in keys:
        digit, turn = key.data["tone"], _turn_of(case, key)
        if not _is_wanted(case, key, replies):
            continue
        later = [words for number, words in _said(case) if number > turn or number == REPORTED]
        if not any(digit in words for words in later):
            yield Breach(21, key.ms, f"the key {digit} was pressed and went nowhere")


def no_number_ends_a_call(case: Case) -> Iterator[Breach]:
    """21. A # behind a digit that was wanted ends the number and not the call, as long as nobody
    has said anything since but a filler, and there is an ear."""
    events = case.call.having("event")
    keys = [e for e in events if e.data.get("tone") and e.ms < case.end_ms]
    replies = _replies(case) if any(key.data["tone"] == "#" for key in keys) else []
    digit = None
    for key in keys:
        if key.data["tone"] != "#":
            digit = key if str(key.data["tone"]).isdigit() else None
        if key is digit or digit is None:
            continue
        ours = [p for p in case.story.phrases if p.kind != "filler" and p.ordered_ms >= digit.ms]
        next_ms = min((p.ordered_ms for p in ours if p.kind != "goodbye"), default=case.end_ms)
        byes = [p.ordered_ms for p in ours if p.kind == "goodbye"]
        ended = any(key.ms <= ms <= key.ms + AT_ONCE_MS for ms in byes)
        moot = key.ms >= next_ms or _speaks(case, digit.ms, key.ms) or _is_deaf(case, key)
        if ended and not moot and _is_wanted(case, digit, replies):
            yield Breach(21, key.ms, "a # behind a number ended the call")


def _speaks(case: Case, begin: int, end: int) -> bool:
    """Whether the caller has said anything in between, or an echo was taken for words of theirs."""
    spans = (s for s in case.call.speech if s.call == "call:1" and s.text)
    results = (e for e in case.call.recognition if e.data["event"] == "ASR.Result")
    told = any(begin <= each.ms <= end and each.data.get("text") for each in results)
    return told or any(s.started_ms <= end and (s.ended_ms or end) >= begin for s in spans)


def _is_deaf(case: Case, key: TraceLine) -> bool:
    """Both recognisers have failed."""
    errors = [e for e in case.call.recognition if e.data["event"] == "ASR.Error"]
    return sum(error.ms <= key.ms for error in errors) >= EARS


def _turn_of(case: Case, key: TraceLine) -> int:
    """The last turn that was asked before it."""
    return max((t.number for t in case.story.turns if t.first_asked_ms <= key.ms), default=0)


def _is_wanted(case: Case, key: TraceLine, replies: Sequence[Message]) -> bool:
    """Whether the last answer wants a number, and was heard."""
    turn = _turn_of(case, key)
    # Of one moment nobody knows the order.
    told = [reply for reply in replies if reply.turn == turn and reply.ms < key.ms]
    wanted = bool(told) and bool(told[-1].fields.get("patience_ms"))
    return wanted and _is_open(case, key, told[0])


def _replies(case: Case) -> list[Message]:
    """What the scenario was told of its turns, by either way, in the order of time."""
    by_http = [
        Message(each.done_ms, False, "answered", fields(each.text) | {"turn": _turn(each)})
        for each in case.call.requests
        if path(each) == TURN and each.code == 200 and each.done_ms is not None
    ]
    down = [each for each in case.call.messages if not each.up]
    # What was told late may have come after its connection was given up.
    late = {e.ms for e in case.call.having("late") if e.data["event"] == "WebSocket.Message"}
    by_stream = [
        each
        for number, each in enumerate(down)
        if each.type == "answered" and each.ms not in late and _in_order(down[: number + 1])
    ]
    return sorted([*by_http, *by_stream], key=lambda reply: reply.ms)


def _turn(exchange: Exchange) -> object:
    return fields(exchange.body).get("turn")


def _in_order(messages: Sequence[Message]) -> bool:
    """Whether all of this connection up to the last came one after the other, or twice: of others
    it is not known when they were read."""
    opened = max((at for at, each in enumerate(messages) if each.type == "ready"), default=0)
    numbers = list(dict.fromkeys(each.number("seq") for each in messages[opened:]))
    return numbers == list(range(1, len(numbers) + 1))


def _is_open(case: Case, key: TraceLine, reply: Message) -> bool:
    """Whether the answer was heard, leads to another turn, and nothing else was begun."""
    phrases = [p for p in case.story.phrases if p.ordered_ms <= key.ms]
    goes_on = (reply.text("action"), reply.text("outcome")) == ("listen", "answered")
    heard = any(
        p.turn and p.turn.number == reply.turn and p.span and p.span.started_ms + HEARD_MS < key.ms
        for p in phrases
    )
    asked = min(t.first_asked_ms for t in case.story.turns if t.number == reply.turn)
    ended = any(p.kind in OTHERWISE and asked <= p.ordered_ms for p in phrases)
    over = ended or key.ms >= case.dismissed_ms or (reply.turn or 0) >= case.limits.turns
    return goes_on and heard and not over and not _is_deaf(case, key)


def _said(case: Case) -> Iterator[tuple[int, str]]:
    """The caller's words by turns; those of the report are REPORTED."""
    yield from ((turn.number, turn.user_text) for turn in case.story.turns)
    for message in case.call.messages:
        if message.up and message.type in ("final", "revised"):
            yield message.turn or REPORTED, message.text()
    for report in case.story.reports:
        late = fields(report.body).get("late")
        yield from ((REPORTED, str(each)) for each in (late if isinstance(late, list) else ()))
