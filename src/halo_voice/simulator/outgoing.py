"""What must hold of a session that nobody called: whom it dials, what it says, what it tells."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from halo_voice.simulator.case import Breach, Case
from halo_voice.simulator.place import FinishedCall
from halo_voice.simulator.turns import END, START, path
from halo_voice.simulator.wire import fields

PERSON = "call:1"
SIGNAL_MS = 8_000
REPORTS = ("reportResult", "reportError", "requestNextAttempt")
UNDETECTED = ("AMD.Events.DetectionComplete", "AMD.Events.DetectionError")


def named(call: FinishedCall) -> list[dict[str, Any]]:
    """Whom the backend has had dialled, by each of its answers."""
    answers = [fields(e.text) for e in call.requests if path(e) == START and e.code == 200]
    return [each["dial"] for each in answers if isinstance(each.get("dial"), dict)]


def signal_awaited(call: FinishedCall) -> list[tuple[int, int]]:
    """When whoever was taken for a machine that shall have a message is left to give its signal."""
    if not any(each.get("message") for each in named(call)):
        return []
    verdicts = [line.ms for line in call.trace if line.data.get("verdict") == "VOICEMAIL"]
    return [(ms, ms + SIGNAL_MS) for ms in verdicts]


def listed(call: FinishedCall) -> bool:
    """Whether a row of a call list began the session."""
    return bool(call.custom_data) and bool(fields(call.custom_data))


def outgoing(case: Case) -> Iterator[Breach]:
    """23. Whom nobody called is dialled once, as the backend says; a machine hears its message or
    nothing, and never talks; what came of it is reported, to a call list exactly once."""
    if not case.call.custom_data:
        return
    yield from _dialled(case)
    yield from _machine(case)
    yield from _reported(case)


def _dialled(case: Case) -> Iterator[Breach]:
    whom = {(each.get("to"), each.get("caller_id")) for each in named(case.call)}
    dialled = [line for line in case.call.trace if line.data.get("dialled") == PERSON]
    for line in dialled:
        if (line.data["called"], line.data["callerid"]) not in whom:
            yield Breach(23, line.ms, f"{line.data['called']} is dialled, whom nobody named")
    if len(dialled) > 1:
        yield Breach(23, dialled[1].ms, "dialled twice")


def _machine(case: Case) -> Iterator[Breach]:
    verdicts = [line for line in case.call.trace if line.data.get("event") in UNDETECTED]
    detects = any(each.get("detect_ms") for each in named(case.call))
    up = case.call.connected_ms
    if detects and verdicts and up is not None:
        for phrase in case.story.phrases:
            if up <= phrase.ordered_ms < verdicts[0].ms - verdicts[0].data.get("late", 0):
                yield Breach(23, phrase.ordered_ms, f"«{phrase.text}» before it is known to whom")
    most = max((each.get("detect_ms") or 0 for each in named(case.call)), default=0)
    told = next((v.ms for v in verdicts if v.data.get("verdict") == "VOICEMAIL"), None)
    if told is None or up is None or told > up + most:  # in doubt it was a person
        return
    messages = {each.get("message") for each in named(case.call)}
    for phrase in case.story.phrases:
        if phrase.ordered_ms >= verdicts[0].ms and phrase.text not in messages:
            yield Breach(23, phrase.ordered_ms, f"«{phrase.text}» is said to a machine")
    for turn in case.story.turns:
        yield Breach(23, turn.accepted_ms, "a machine is talked to")


def _reported(case: Case) -> Iterator[Breach]:
    dialled = any(line.data.get("dialled") == PERSON for line in case.call.trace)
    ends = [fields(each.body) for each in case.call.requests if path(each) == END]
    if dialled and any(not each.get("dialled") for each in ends):
        yield Breach(23, case.end_ms, "the report does not say what came of it")
    told = [line for line in case.call.trace if line.data.get("task") in REPORTS]
    if len(told) != listed(case.call) and case.call.finish_reason == "Normal termination":
        yield Breach(23, case.end_ms, f"{len(told)} reports to the call list")
