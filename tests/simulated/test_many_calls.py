"""Random callers under random faults: whatever happens, no invariant breaks."""

from __future__ import annotations

import gc
import resource
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from halo_voice.hunt.draw import classes
from halo_voice.hunt.kept import Kept, read
from halo_voice.hunt.play import one_call
from halo_voice.simulator import NetworkError, ScriptedCaller, ScriptedNetwork
from halo_voice.simulator.engine import Engine
from halo_voice.simulator.invariants import breaches
from halo_voice.simulator.wire import messages
from tests.halo import ROOT, SCENARIO, call_to

# Continuous integration plays ten times as many by `halo simulate` (.ci/run).
CALLS = {False: 2000, True: 200}
BATCH = {False: 200, True: 20}
BATCHES = [(way, first) for way in (False, True) for first in range(0, CALLS[way], BATCH[way])]
RESTLESS = range(0, 1000, 200)  # calls whose callers let nobody finish
KEPT = read(Path(__file__).with_name("seeds.toml"))


def told(outcome) -> str:
    return f"seed {outcome.seed}, backend {outcome.backend}: {[*map(str, outcome.breaches)]}"


@pytest.mark.parametrize(("backend", "first"), BATCHES)
def test_drawn_calls_break_no_invariant(backend, first):
    """Invariants 1–14, 18, 19, 21 and 22 on trace and store; F43, F54, a model's moods."""
    struck: Counter[str] = Counter()
    for seed in range(first, first + BATCH[backend]):
        outcome = one_call(seed, scenario=SCENARIO, backend=backend)
        struck.update(outcome.struck)
        assert outcome.breaches == [], told(outcome)
    assert len(struck) > len(classes(backend=backend)) / 2, "the faults hardly strike"


@pytest.mark.parametrize("first", RESTLESS)
def test_who_lets_nobody_finish_breaks_nothing(first):
    """F12, F13: half thoughts, murmurs and coughs a moment apart; a recogniser of any delays."""
    for seed in range(first, first + RESTLESS.step):
        outcome = one_call(seed, scenario=SCENARIO, habit="restless")
        assert outcome.breaches == [], told(outcome)
        assert outcome.habit == "restless"


@pytest.mark.parametrize("kept", KEPT, ids=lambda kept: f"{kept.seed}-{kept.backend}")
def test_what_was_broken_once_stays_whole(kept: Kept):
    """Seeds that failed, as they were drawn and with just the strikes that it took."""
    how = {"scenario": SCENARIO, "backend": kept.backend, "habit": kept.habit}
    whole = one_call(kept.seed, **how)
    assert whole.breaches == [], f"{kept.what}: {told(whole)}"
    faults = kept.faults(whole.faults.until_ms or 0)
    alone = one_call(kept.seed, **how, faults=faults)
    assert alone.breaches == [], f"{kept.what}: {told(alone)}"


def test_the_calls_are_what_they_should_be():
    """Callers speak over phrases, which are cut for it; the stream is used, and so is HTTP."""
    calls = [one_call(seed, scenario=SCENARIO).call for seed in range(60)]
    cut = [
        span for call in calls for span in call.playbacks if span.cut_by in ("stopped", "paused")
    ]
    streamed = [m for call in calls for m in messages(call.trace) if m.type == "final"]
    posted = [r for call in calls for r in call.requests if r.url.endswith("/process_text")]
    assert len(cut) > 20
    assert len(streamed) > 40
    assert len(posted) > 20


HASHES = """
from halo_voice.hunt.play import one_call
print(*(one_call(n, backend=b).hash for b, last in ((False, 80), (True, 20)) for n in range(last)))
"""


def test_a_seed_gives_the_same_trace_in_two_processes():
    """Scenario, stream, backend and model on one clock: nothing depends on the machine's pace."""
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", HASHES],
            cwd=ROOT,
            env={"PYTHONHASHSEED": str(number), "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
        )
        for number in (1, 2)
    ]
    first, second = (run.communicate(timeout=300)[0].decode().split("\n")[-2] for run in runs)
    assert len(set(first.split())) == 100
    assert first == second


def test_contexts_give_their_memory_back():
    """600 contexts made and closed leave memory flat."""
    source = SCENARIO.read_text(encoding="utf-8")

    def make(count: int) -> None:
        for _ in range(count):
            engine = Engine()
            engine.load(source)
            engine.close()
        gc.collect()

    make(200)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    make(600)
    grown_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown_kb < 4 * 1024


async def test_a_call_without_a_backend_ends_too():
    """Nobody answers anything: a greeting, two apologies, a goodbye, and the line is closed."""

    def refused(request):
        raise NetworkError(-4)

    caller = ScriptedCaller(["раз", "два", "три", "четыре"])
    done = await call_to(None)(caller, network=ScriptedNetwork(refused))
    heard = [span.text for span in done.playbacks]
    assert len(heard) == 4
    assert "неполадки" in heard[-1]
    assert done.finish_reason == "Normal termination"
    assert breaches(done) == []
