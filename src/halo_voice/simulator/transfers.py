"""What must hold when a call is put through to a person."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from halo_voice.simulator.case import LATE_MS, Breach, Case
from halo_voice.simulator.place import FinishedCall
from halo_voice.simulator.turns import START, TRANSFER, path
from halo_voice.simulator.wire import fields

MOST = 3  # in one call
PARTED_MS = 900  # from the end of one leg to that of the other
TALK_MS = 1_800_000
UNTOLD = ("F60", "F25")  # whose end is told late, or never


def talks(call: FinishedCall) -> list[tuple[int, int]]:
    """When the caller heard somebody else's line, ms of the call: until that line was down."""
    down = {f"({leg.unit}": leg.ended_ms for leg in call.legs}
    found = []
    for span in call.playbacks:
        if span.call == "call:1" and span.text.startswith("(call:out"):
            ends = (span.ended_ms, down.get(span.text.rstrip(")")))
            found.append(
                (
                    span.started_ms,
                    min((e for e in ends if e is not None), default=call.terminated_ms),
                )
            )
    return found


def waits(call: FinishedCall) -> list[tuple[int, int]]:
    """When the caller had a place in a queue, ms of the call."""
    left = {line.data["left_queue"]: line.ms for line in call.having("left_queue")}
    return [
        (line.ms, left.get(line.data["queued"], call.terminated_ms))
        for line in call.having("queued")
    ]


def talk_ms(call: FinishedCall) -> int:
    """The longest that such a talk may be: the profile's, where it came."""
    for exchange in call.requests:
        if path(exchange) == START and exchange.code == 200:
            profile = fields(exchange.text).get("profile")
            limits = profile.get("limits") if isinstance(profile, dict) else None
            return int((limits or {}).get("talk_ms", TALK_MS))
    return TALK_MS


def transfers(case: Case) -> Iterator[Breach]:
    """22. Only whom the backend named is called, one after the other; who talks is left alone by
    voice and recogniser; when one leg ends, so does the other, and so does a wait in a queue."""
    yield from _called(case)
    yield from _alone(case)
    yield from _parted(case)


def _called(case: Case) -> Iterator[Breach]:
    asked = [each for each in case.call.requests if path(each) == TRANSFER and each.code == 200]
    named = [fields(each.text).get("to") for each in asked]
    known = {to.get("address") for to in named if isinstance(to, dict)}
    for line in case.call.having("called"):
        first = line.data.get("dialled") == "call:1"  # invariant 23's
        if not first and line.data["called"] not in known:
            yield Breach(22, line.ms, f"{line.data['called']} is called, whom nobody named")
    if len(case.call.legs) > MOST:
        yield Breach(22, case.call.legs[MOST].began_ms, f"{len(case.call.legs)} legs")
    for before, after in pairwise(case.call.legs):
        if before.ended_ms is None or before.ended_ms > after.began_ms:
            yield Breach(22, after.began_ms, "two legs at one moment")


def _alone(case: Case) -> Iterator[Breach]:
    for begin, end in talks(case.call):
        for phrase in case.story.phrases:
            if begin <= phrase.ordered_ms < end - PARTED_MS:
                yield Breach(22, phrase.ordered_ms, f"«{phrase.text}» is said into a talk")
        for speech in case.call.speech:
            if begin <= speech.started_ms < end and speech.heard_by:
                yield Breach(22, speech.started_ms, "a recogniser hears a talk")
        if end - begin > talk_ms(case.call) + PARTED_MS + case.late_ms(begin, end):
            yield Breach(22, begin, f"a talk of {end - begin} ms")


def _parted(case: Case) -> Iterator[Breach]:
    if set(UNTOLD) & set(case.call.struck):
        return
    late = PARTED_MS + (LATE_MS if "late" in case.call.struck else 0)
    for _, left in waits(case.call):
        if left > case.end_ms + late:
            yield Breach(22, case.end_ms, f"a place in a queue {left - case.end_ms} ms longer")
    for leg in case.call.legs:
        ended = case.call.terminated_ms if leg.ended_ms is None else leg.ended_ms
        if ended > case.end_ms + late:
            yield Breach(22, case.end_ms, f"{leg.unit} lives {ended - case.end_ms} ms longer")
        talked = any(begin <= ended <= end + late for begin, end in talks(case.call))
        if leg.connected_ms and talked and case.end_ms > ended + late:
            yield Breach(22, ended, f"the caller is left for {case.end_ms - ended} ms")
