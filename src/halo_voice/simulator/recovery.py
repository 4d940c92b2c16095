"""After the faults have stopped: whether the call is as good as one without faults."""

from __future__ import annotations

from collections.abc import Iterator

from halo_voice.simulator.case import Breach, Case
from halo_voice.simulator.turns import Turn

RECOVERED_MS = 5_000


def recovers(case: Case) -> Iterator[Breach]:
    """18. From 5 s after the last possible fault on every turn is answered."""
    if case.calm_ms is None:
        return
    since = case.calm_ms + RECOVERED_MS
    for turn in case.story.turns:
        if turn.accepted_ms >= since and not _answered(case, turn):
            yield Breach(
                18, turn.accepted_ms, f"turn {turn.number} is not answered although all works"
            )


def _answered(case: Case, turn: Turn) -> bool:
    """Its answer is heard; or there was no time for it: the caller went on, or the call was to end,
    or its time was up."""
    begin, end = case.window(turn)
    left_ms = (case.call.connected_ms or 0) + case.limits.talk_ms - begin
    if left_ms < case.limits.answer_ms:
        return True
    heard = [p for p in case.within(turn) if p.span]
    if any(p.kind == "answer" and p.turn is turn for p in heard):
        return True
    sorry = any(p.kind in ("apology", "reprompt", "goodbye") for p in heard)
    cut_short = end < case.end_ms or case.wanted_over
    return cut_short and not sorry and case.silent_ms(begin, end) <= case.limits.answer_ms
