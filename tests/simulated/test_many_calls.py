"""Random callers under random faults: whatever happens, no invariant breaks."""

from __future__ import annotations

import gc
import random
import resource
from collections import Counter

import pytest

from halo_voice.core.ports import Outcome
from halo_voice.simulator import NetworkError, RandomCaller, ScriptedCaller, ScriptedNetwork
from halo_voice.simulator.engine import Engine
from halo_voice.simulator.faults import CATALOGUE, Faults
from halo_voice.simulator.invariants import breaches
from tests.halo import SCENARIO, backend, call_to

CALLS = 200
BATCH = 50


async def one_call(place, seed: int):
    rng = random.Random(seed)
    return await place(
        RandomCaller(rng), faults=Faults.drawn(rng), seed=seed, session_id=10**9 + seed
    )


@pytest.mark.parametrize("first", range(0, CALLS, BATCH))
async def test_200_calls_break_no_invariant(first):
    """Invariants 1–3, 5–8, 10–12 on trace and store, for 200 seeds."""
    struck: Counter[str] = Counter()
    async with backend() as halo:
        place = call_to(halo.web)
        for seed in range(first, first + BATCH):
            done = await one_call(place, seed)
            struck.update(done.struck)
            assert done.failures == [], f"seed {seed}"
            assert done.finish_reason == "Normal termination", f"seed {seed}"
            assert [str(b) for b in breaches(done)] == [], f"seed {seed}"
            await check_store(halo, done, str(10**9 + seed))
        assert len(halo.switchboard) == 0 or struck["F27"] or struck["F28"]
    assert len(struck) > len(CATALOGUE) / 2, "the faults hardly strike"


async def check_store(halo, done, call_id: str) -> None:
    """Invariants 7 and 8: each turn one row, in order, with exactly one outcome."""
    record = await halo.store.find_call(call_id)
    turns = await halo.store.turns(call_id)
    reached = {r.code for r in done.requests if r.code > 0}
    assert (record is not None) or not reached or turns == []
    numbers = [turn.turn for turn in turns]
    assert numbers == sorted(set(numbers))
    if record is not None and not record.open:
        assert all(turn.outcome is not Outcome.PENDING for turn in turns)
        assert record.turns_reported is not None
        assert record.turns_reported >= len(turns)


async def test_a_seed_gives_the_same_call_again():
    """The same seed, the same trace: a failure can be replayed."""
    hashes = []
    for _ in range(2):
        async with backend() as halo:
            hashes.append((await one_call(call_to(halo.web), 42)).hash)
    assert hashes[0] == hashes[1]


def test_contexts_give_their_memory_back():
    """2,000 contexts made and closed leave memory flat."""
    source = SCENARIO.read_text(encoding="utf-8")

    def make(count: int) -> None:
        for _ in range(count):
            engine = Engine()
            engine.load(source)
            engine.close()
        gc.collect()

    make(200)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    make(2000)
    grown_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown_kb < 8 * 1024


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
