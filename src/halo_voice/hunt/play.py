"""Plays the call of a seed, judges it, and looks for seeds that break something."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from halo_voice.hunt.backend import Backend
from halo_voice.hunt.draw import Draw, drawn
from halo_voice.hunt.judge import Evidence, judge
from halo_voice.hunt.texts import own_texts
from halo_voice.in_process import HOST
from halo_voice.simulator import Faults, FinishedCall, TraceLine, place_call, run_virtually
from halo_voice.simulator.faults import Strike
from halo_voice.simulator.invariants import Breach
from halo_voice.simulator.network import Network
from halo_voice.simulator.standin import StandIn
from halo_voice.simulator.turns import story

SCENARIO = Path("scenario/voximplant_scenario_ASR.js")
SECRETS = {"HALO_URL": f"https://{HOST}"}
MAX_MS = 1_500_000  # more than the longest call that invariant 11 allows


@dataclass(frozen=True)
class Outcome:
    """One call, judged. `faults` are those that were switched on; `asked`: the habit, where one
    was asked for."""

    seed: int
    backend: bool
    habit: str
    faults: Faults
    breaches: list[Breach]
    call: FinishedCall
    evidence: Evidence
    turns: int  # that were asked
    asked: str = ""

    @property
    def struck(self) -> dict[str, int]:
        return self.call.struck

    @property
    def strikes(self) -> list[Strike]:
        return self.call.strikes

    @cached_property
    def hash(self) -> str:
        return self.call.hash

    @property
    def virtual_ms(self) -> int:
        return self.call.terminated_ms

    @property
    def invariants(self) -> set[int]:
        """The numbers of those that are broken."""
        return {breach.invariant for breach in self.breaches}


def one_call(
    seed: int,
    *,
    scenario: str | Path = SCENARIO,
    backend: bool = False,
    faults: Faults | Collection[str] | None = None,
    habit: str = "",
    on_line: Callable[[TraceLine], None] | None = None,
) -> Outcome:
    """The call of this seed. `scenario` is a path, or the text of a scenario.

    Without `backend` a stand-in answers. `faults`: the names among which to draw, or exactly what
    is to strike; None: a random third of all. `habit`: the caller's, else it is drawn, too. Not to
    be called in a running event loop.
    """
    among = None if isinstance(faults, Faults) else faults
    draw = drawn(seed, backend=backend, among=among, habit=habit)
    exactly = faults if isinstance(faults, Faults) else draw.faults
    play = _with_backend if backend else _with_stand_in
    call, evidence = run_virtually(play(seed, scenario, draw, exactly, on_line))
    texts = own_texts(scenario)
    told = story(call, texts)
    found = judge(call, evidence, texts, told)
    has, turns = draw.person.habit, len(told.turns)
    return Outcome(seed, backend, has, exactly, found, call, evidence, turns, habit)


def first_violation(seeds: Iterable[int], **how: object) -> Outcome | None:
    """The first of these calls that breaks something; None if none does. As `one_call`."""
    for seed in seeds:
        outcome = one_call(seed, **how)  # type: ignore[arg-type]
        if outcome.breaches:
            return outcome
    return None


async def _place(
    seed: int, scenario: str | Path, draw: Draw, network: Network, **how: Any
) -> FinishedCall:
    """The drawn call, whoever is behind it."""
    if draw.order is not None:
        dialled = draw.order.answered_by(draw.person)
        how |= {"dialled": dialled, "custom_data": draw.order.custom_data}
    return await place_call(
        scenario,
        caller=draw.person,
        network=network,
        secrets=SECRETS,
        seed=seed,
        session_id=10**9 + seed,
        recogniser=draw.recogniser,
        real_time=True,
        max_ms=MAX_MS,
        answers=None if draw.desk is None else draw.desk.answers,
        again=True,
        **how,
    )


async def _with_stand_in(
    seed: int,
    scenario: str | Path,
    draw: Draw,
    faults: Faults,
    on_line: Callable[[TraceLine], None] | None,
) -> tuple[FinishedCall, Evidence]:
    stand_in = StandIn(
        random.Random(f"{seed}/hunt/stand-in"),
        calm_ms=draw.calm_ms,
        quirks=draw.quirks,
        chance=random.Random(f"{seed}/hunt/quirks at work"),
        desk=draw.desk,
        order=draw.order,
        dismissed_ms=draw.dismissed_ms,
    )
    call = await _place(seed, scenario, draw, stand_in, faults=faults, on_line=on_line)
    return call, Evidence(calm_ms=draw.calm_ms, conflicts=stand_in.conflicts)


async def _with_backend(
    seed: int,
    scenario: str | Path,
    draw: Draw,
    faults: Faults,
    on_line: Callable[[TraceLine], None] | None,
) -> tuple[FinishedCall, Evidence]:
    number = 10**9 + seed
    desk = draw.desk
    queue = desk is not None and desk.queue
    async with Backend(seed, faults, staffed=desk is not None, queue=queue) as backend:
        how = {"faults": faults, "on_line": on_line, "behind": backend.suffer}
        call = await _place(seed, scenario, draw, backend, **how)
        evidence = await backend.evidence(str(number), draw.calm_ms)
    mine = asyncio.current_task()
    left = [
        f"a task is left: {task.get_coro()}" for task in asyncio.all_tasks() if task is not mine
    ]
    return call, replace(evidence, left=[*evidence.left, *left])
