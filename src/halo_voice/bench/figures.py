"""From the records of callers and model to the figures: overhead, processor time, memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import msgspec

from halo_voice.bench.answer import ScriptedAnswer
from halo_voice.bench.caller import Turn
from halo_voice.bench.load import Played
from halo_voice.bench.model import Asked, Records

GROWTH_MAX = 0.05
"""So much, as a share, memory may grow in a measurement that is told to be steady."""


class Spread(msgspec.Struct, frozen=True):
    """How a time in ms is spread; `count` values."""

    count: int
    p50: float
    p95: float
    p99: float
    max: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Spread:
        """Nearest rank: a value that was measured, never one between two. All 0 without values."""
        ordered = sorted(values)
        if not ordered:
            return cls(0, 0.0, 0.0, 0.0, 0.0)
        last = len(ordered) - 1
        at = [ordered[min(last, -(-len(ordered) * p // 100) - 1)] for p in (50, 95, 99)]
        return cls(len(ordered), *(round(value, 3) for value in (*at, ordered[-1])))


class Usage(msgspec.Struct, frozen=True):
    """What the parent read of the server: processor s, memory bytes, the window (monotonic, s).

    others_share: what others than the server took of its core; None where it has none.
    warm_files: descriptors before the callers came, without sockets.
    """

    idle_cpu_share: float
    cpu_s: float
    began: float
    ended: float
    fresh_bytes: int
    warm_bytes: int
    open_bytes: int
    last_bytes: int
    open_calls: int
    others_share: float | None
    warm_files: int = 0


class Result(msgspec.Struct, frozen=True):
    """One server under one load. Times in ms; `asking` and `saying` are parts of `overhead`.

    `memory_growth`: within the window, as a share. `files_growth`: descriptors that are left.
    """

    server: str
    way: str
    turns: int
    faults: dict[str, int]
    overhead: Spread
    asking: Spread
    saying: Spread
    settling: Spread
    first_phrase: Spread
    head_start: Spread
    cpu_ms_a_turn: float
    turns_a_s_a_core: float
    calls_a_core: float
    turn_cycle_s: float
    idle_cpu_share: float
    memory_kb_a_call: float
    idle_mb: float
    warm_mb: float
    last_mb: float
    memory_growth: float
    files_growth: int
    server_busy_share: float
    others_share: float | None
    model_late: Spread
    client_late: Spread
    model_cpu_ms_a_turn: float
    client_cpu_ms_a_turn: float


class Timing(msgspec.Struct, frozen=True, gc=False):
    """One turn: all in ms.

    overhead: what the caller waits longer for the first phrase than the model took for it.
    asking, saying: its two parts, before the model was asked and after it had told the phrase.
    settling: from the model's last token until the turn was told to be stored.
    head_start: how long before the final words the model had been asked.
    """

    overhead: float
    asking: float
    saying: float
    settling: float
    first_phrase: float
    head_start: float


def timing(turn: Turn, asked: Sequence[Asked], answer: ScriptedAnswer, way: str) -> Timing | None:
    """None when the model was not asked for this turn, or the phrase is not of its answer.

    Over HTTP the reply is held against the model's first sentence, since that is what could be
    spoken: the wait for the rest is the price of not streaming.
    """
    end = answer.first_sentence if way == "http" else answer.ends(turn.phrase)
    if end is None:
        return None
    told = [a for a in asked if len(a.written) > end and a.written[end] <= turn.phrase_at]
    if not told:
        return None
    request = told[-1]
    written = request.written[end]
    asking = max(0.0, request.received - turn.sent)
    saying = turn.phrase_at - max(written, turn.sent)
    return Timing(
        overhead=(asking + saying) * 1000,
        asking=asking * 1000,
        saying=saying * 1000,
        settling=(turn.answered_at - max(request.written[-1], turn.sent)) * 1000,
        first_phrase=(turn.phrase_at - turn.sent) * 1000,
        head_start=max(0.0, turn.sent - request.received) * 1000,
    )


def result(
    server: str,
    way: str,
    played: Played,
    seen: Records,
    answer: ScriptedAnswer,
    usage: Usage,
    left: int,
) -> Result:
    """`left`: descriptors more than at the start when callers and model have gone."""
    window = usage.ended - usage.began
    turns = [t for t in played.turns if usage.began <= t.sent <= usage.ended]
    asked: defaultdict[int, list[Asked]] = defaultdict(list)
    for request in seen.asked:
        asked[request.mark].append(request)
    faults = dict(played.faults)
    timings = []
    for turn in turns:
        if turn.fault:
            continue
        found = timing(turn, asked[turn.mark], answer, way)
        if found is None:
            faults["turn: not the model's words"] = faults.get("turn: not the model's words", 0) + 1
        else:
            timings.append(found)
    count = max(1, len(turns))
    cpu_ms = (usage.cpu_s / window - usage.idle_cpu_share) * window * 1000 / count
    cpu_ms = max(cpu_ms, 1e-3)
    cycle_s = window * usage.open_calls / count
    return Result(
        server=server,
        way=way,
        turns=len(turns),
        faults=faults,
        **{
            name: Spread.of(getattr(each, name) for each in timings)
            for name in Timing.__struct_fields__
        },
        cpu_ms_a_turn=round(cpu_ms, 3),
        turns_a_s_a_core=round(1000 / cpu_ms),
        calls_a_core=round(1000 / cpu_ms * cycle_s),
        turn_cycle_s=round(cycle_s, 2),
        idle_cpu_share=round(usage.idle_cpu_share, 4),
        memory_kb_a_call=round((usage.open_bytes - usage.warm_bytes) / 1024 / usage.open_calls, 1),
        idle_mb=_mb(usage.fresh_bytes),
        warm_mb=_mb(usage.warm_bytes),
        last_mb=_mb(usage.last_bytes),
        memory_growth=round(usage.last_bytes / usage.open_bytes - 1, 4),
        files_growth=left,
        server_busy_share=round(usage.cpu_s / window, 3),
        others_share=usage.others_share,
        model_late=Spread.of(seen.late_ms),
        client_late=Spread.of(played.late_ms),
        model_cpu_ms_a_turn=round(seen.cpu_ms_a_turn, 3),
        client_cpu_ms_a_turn=round(played.cpu_ms_a_turn, 3),
    )


def growth(result: Result) -> list[str]:
    """What grows under a load that is always the same, in words; nothing if it is steady."""
    found = []
    if result.memory_growth >= GROWTH_MAX:
        share = f"{result.memory_growth * 100:.1f} %"
        found.append(f"{result.server} {result.way}: memory grew by {share} while it was measured")
    if result.files_growth > 0:
        found.append(f"{result.server} {result.way}: {result.files_growth} descriptors are left")
    return found


def _mb(size: int) -> float:
    return round(size / 1024 / 1024, 1)
