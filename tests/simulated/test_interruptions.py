"""Callers who interrupt, streams that break, models that stall: on one clock all rules hold."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
from collections import Counter
from dataclasses import asdict, dataclass, field

import pytest

from halo_voice.core.errors import ModelBroken, ModelUnreachable
from halo_voice.core.ports import Outcome, TurnRecord
from halo_voice.simulator import (
    PROMPT,
    TARDY,
    Faults,
    FinishedCall,
    InterruptingCaller,
    Recogniser,
    run_virtually,
)
from halo_voice.simulator.faults import CATALOGUE
from halo_voice.simulator.interruptions import check_heard
from halo_voice.simulator.invariants import breaches
from halo_voice.simulator.wire import messages
from tests.halo import PACED_ANSWER, ROOT, PacedModel, backend, call_to
from tests.scenario.table import Table

CALLS = 1000
TEXTS = Table().evaluate("DEFAULTS.texts")
BATCH = 50
RECOGNISERS: tuple[Recogniser | None, ...] = (None, PROMPT, TARDY)
# After these nobody can know exactly what was heard, or nobody can be told.
MUFFLED = {"F19", "F20", "F21", "F24", "F25", "F47", "F60", "cut", "late", "refused", "slow"}
MUFFLED |= {f"F{number}" for number in range(27, 33)}


class MoodyModel(PacedModel):
    """Mostly answers at its pace; sometimes it stalls, tears, refuses, or has nothing to say."""

    name = "moody"

    def __init__(self, rng: random.Random) -> None:
        super().__init__(rng.uniform(0.1, 1.2), answer=self._words)
        self._rng = rng
        self._steady = rng.choice([1.0, 0.9, 0.5])

    def _words(self, heard: str) -> str:
        return f"Вы спросили: {heard[-60:]}. {PACED_ANSWER}"

    async def stream(self, asked, *, max_tokens, deadline_s):
        mood = "steady"
        if self._rng.random() > self._steady:
            mood = self._rng.choice(["stalls", "tears", "empty", "unreachable"])
        if mood == "unreachable":
            raise ModelUnreachable
        left = self._rng.randint(0, 30)
        async for piece in super().stream(asked, max_tokens=max_tokens, deadline_s=deadline_s):
            if mood == "empty":
                break
            yield piece
            left -= 1
            if mood == "stalls" and left < 0:
                await asyncio.sleep(60)
            if mood == "tears" and left < 0:
                raise ModelBroken


@dataclass
class Heard:
    """What became of one call, and what was wrong with it."""

    call: FinishedCall
    turns: list[TurnRecord]
    faults: list[str] = field(default_factory=list)


async def one_call(seed: int) -> Heard:
    """A call of this seed from its own backend, and everything that it broke."""
    rng = random.Random(seed)
    caller, faults = InterruptingCaller(rng), Faults.drawn(rng, among=CATALOGUE)
    recogniser = rng.choice(RECOGNISERS)
    number = 10**9 + seed
    async with backend(model=MoodyModel(rng)) as halo:
        call = await call_to(halo.web)(
            caller,
            faults=faults,
            recogniser=recogniser,
            seed=seed,
            session_id=number,
            real_time=True,
        )
        turns = await halo.store.turns(str(number))
        record = await halo.store.find_call(str(number))
    found = Heard(call, turns, [*call.failures, *map(str, breaches(call, texts=TEXTS))])
    if [turn.turn for turn in turns] != sorted({turn.turn for turn in turns}):
        found.faults.append(f"invariant 8: turns {[turn.turn for turn in turns]}")
    if record and not record.open and any(turn.outcome is Outcome.PENDING for turn in turns):
        found.faults.append("invariant 7: a turn of a closed call is pending")
    if not MUFFLED & set(call.struck):
        answered = [asdict(turn) for turn in turns if turn.outcome is Outcome.ANSWERED]
        found.faults += map(str, check_heard(call, answered, TEXTS))
    return found


@pytest.mark.parametrize("first", range(0, CALLS, BATCH))
def test_interrupted_calls_break_no_invariant(first):
    """Invariants 1–12 on trace and store, for 1,000 seeds."""
    broken: dict[int, list[str]] = {}
    struck: Counter[str] = Counter()
    for seed in range(first, first + BATCH):
        heard = run_virtually(one_call(seed))
        struck.update(heard.call.struck)
        if heard.faults:
            broken[seed] = heard.faults
    told = "\n".join(f"seed {seed}: {fault}" for seed, all_ in broken.items() for fault in all_[:3])
    assert not broken, f"{len(broken)} of {BATCH} calls\n{told}"
    assert len(struck) > len(CATALOGUE) / 2, "the faults hardly strike"


def test_the_calls_are_what_they_should_be():
    """Callers do speak over phrases, phrases are cut for it, and the stream is used."""
    calls = [run_virtually(one_call(seed)).call for seed in range(40)]
    cut = [
        span for call in calls for span in call.playbacks if span.cut_by in ("stopped", "paused")
    ]
    asked = [m for call in calls for m in messages(call.trace) if m.type == "final"]
    assert len(cut) > 20
    assert len(asked) > 40


HASHES = """
from halo_voice.simulator import run_virtually
from tests.simulated.test_interruptions import one_call
print(*(run_virtually(one_call(seed)).call.hash for seed in range(5)))
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
    first, second = (run.communicate(timeout=120)[0].decode().split("\n")[-2] for run in runs)
    assert len(first.split()) == 5
    assert first == second
