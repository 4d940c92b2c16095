"""A turn's latency as bars on one line: who took how long until the caller heard something."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

WIDTH = 1000  # of the drawing, for the longest of a call's turns
SHORTEST_MS = 2_000  # so that quick turns do not fill the line


@dataclass(frozen=True, slots=True)
class Bar:
    """One stage. `x` and `width` are in the drawing's units."""

    stage: str
    ms: int
    x: float
    width: float


def bars(latency: Mapping[str, int], longest_ms: int) -> list[Bar]:
    """The stages one after the other, as far as they are known.

    The keys are those of `TurnNote.latency`: two of them are counted from the moment when the
    backend had the turn, that is, from the end of `asr_ms`.
    """
    asr = max(0, latency.get("asr_ms", 0))
    token = max(0, latency.get("first_token_ms", 0))
    phrase = max(token, latency.get("first_phrase_ms", 0))
    voice = max(0, latency.get("voice_ms", 0))
    scale = WIDTH / max(longest_ms, SHORTEST_MS)
    spans = [
        ("asr_ms", 0, asr),
        ("first_token_ms", asr, token),
        ("first_phrase_ms", asr + token, phrase - token),
        ("voice_ms", asr + phrase, voice),
    ]
    return [
        Bar(stage, ms, round(begin * scale, 1), round(ms * scale, 1))
        for stage, begin, ms in spans
        if ms > 0
    ]


def longest(latencies: list[Mapping[str, int]]) -> int:
    """What the drawing's whole width stands for, in ms."""
    totals = [sum(bar.ms for bar in bars(each, 0)) for each in latencies]
    audible = [each.get("audible_ms", 0) for each in latencies]
    return max([SHORTEST_MS, *totals, *audible])
