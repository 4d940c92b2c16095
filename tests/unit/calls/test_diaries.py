"""Traces of live calls: nothing is written before the end, all is bounded, no word is in them."""

from __future__ import annotations

import asyncio

import pytest

from halo_voice.calls import diaries as module
from halo_voice.calls.diaries import STEPS_MAX, Diaries
from halo_voice.core.errors import StoreUnavailable
from halo_voice.core.trace import STEPS, Step, read_step


class Kept:
    """`Traces` that notes what it is given."""

    def __init__(self) -> None:
        self.traces: list[tuple[str, list[str]]] = []
        self.fault: Exception | None = None

    async def keep(self, call_id, trace) -> None:
        if self.fault is not None:
            raise self.fault
        self.traces.append((call_id, list(trace.lines)))


@pytest.fixture
def kept() -> Kept:
    return Kept()


async def test_a_trace_is_kept_at_the_end_and_not_before(kept):
    """Once; its last line says why."""
    diaries = Diaries(kept)
    diaries.begin("c", admitted=True)
    diaries.begin("c", admitted=True)
    diaries.of("c").add("asked", 1, value="final 0.91")
    await asyncio.sleep(0)
    assert kept.traces == []
    diaries.end("c", "caller_hung_up voice_down")
    diaries.end("c")
    await diaries.close()
    ((call_id, lines),) = kept.traces
    assert call_id == "c"
    assert [line.split(" ", 1)[1] for line in lines] == [
        "started 0 0",
        "asked 1 0 final 0.91",
        "ended 0 0 caller_hung_up voice_down",
    ]
    assert len(diaries) == 0


async def test_the_newest_answer_is_told_as_soon_as_it_sounds(kept):
    """By its first phrase; later ones, and one whose beginning is not known, tell nothing."""
    diaries = Diaries(kept)
    assert diaries.audible("c") is None
    diary = diaries.of("c")
    diary.add("sounding", 1, 1, "1100")
    diary.add("heard", 1, 1)
    diary.add("sounding", 2, 1, "900")
    diary.add("sounding", 2, 2)
    diary.add("sounding", 3, 1)
    assert diaries.audible("c") == (2, 900)
    await diaries.close()
    assert diaries.audible("c") is None


async def test_a_process_that_stops_keeps_what_it_saw(kept):
    """The calls go on elsewhere; one that was not let in has nothing."""
    diaries = Diaries(kept)
    diaries.begin("a", admitted=True)
    diaries.begin("b", admitted=False)
    await diaries.close()
    assert [call_id for call_id, _ in kept.traces] == ["a"]


async def test_a_call_that_never_ends_is_bounded(kept, monkeypatch):
    """Steps, calls, and what comes as a value; who is left out is kept as far as it goes."""
    monkeypatch.setattr(module, "CALLS_MAX", 3)
    diaries = Diaries(kept)
    for n in range(STEPS_MAX + 5):
        diaries.of("a").add("heard", n, value="x\ny " * 1_000)
    for name in "bcd":
        diaries.of(name).add("started")
    assert len(diaries) == 3
    await diaries.close()
    lines = dict(kept.traces)["a"]
    assert len(lines) == STEPS_MAX
    assert max(map(len, lines)) < 160
    assert not any("\n" in line for line in lines)


async def test_a_call_that_nobody_hears_of_is_let_go(kept, monkeypatch):
    """Its end was told to another process."""
    diaries = Diaries(kept)
    diaries.of("a").add("started")
    monkeypatch.setattr(module, "IDLE_S", -1.0)
    diaries.of("b")
    await asyncio.gather(*diaries._keeping)
    assert [call_id for call_id, _ in kept.traces] == ["a"]


async def test_a_store_that_is_away_costs_a_trace_and_no_more(kept):
    """Nobody hears of it."""
    diaries = Diaries(kept)
    kept.fault = StoreUnavailable()
    diaries.of("a").add("started")
    diaries.end("a", "done")
    await diaries.close()


def test_a_line_is_read_as_it_was_written():
    """And what no version of HALO wrote is none."""
    for what in STEPS:
        step = Step(12_345, what, 3, 2, "answered offline" if what == "answered" else "")
        assert read_step(step.line()) == step
    for line in ("", "x", "1", "a asked 1 1", "-1 asked 1 1", "1 asked x 0", "² asked 1 0"):
        assert read_step(line) is None
