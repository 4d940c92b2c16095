"""Whole calls: the shipped scenario in the simulator, the real app in process."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from halo_voice.app import Halo
from halo_voice.simulator import AsgiNetwork, ScriptedCaller
from halo_voice.simulator.invariants import breaches
from tests.halo import HOST, Call, backend, call_to
from tests.operators import OPERATORS, staffed


@pytest.fixture
async def halo() -> AsyncIterator[Halo]:
    """The app with the offline assistant."""
    async with backend() as running_halo:
        yield running_halo


@pytest.fixture
def call(halo: Halo) -> Call:
    return call_to(halo.web)


@pytest.fixture
def put_through(tmp_path):
    """Plays a call of this script; the call, its record and its transfers. `expected` breaks."""

    async def play(lines, answer, *, network=None, more="", operators=OPERATORS, **how):
        expected = how.pop("expected", [])
        stays = how.pop("hang_up_after", True)
        caller = ScriptedCaller(lines, hang_up_after=stays) if isinstance(lines, list) else lines
        answers = answer if callable(answer) else lambda _: answer
        async with staffed(tmp_path, more=more, operators=operators) as halo:
            net = (network or AsgiNetwork)(halo.web, HOST)
            done = await call_to(halo.web)(
                caller, network=net, answers=answers, session_id=7, seed=how.pop("seed", 1), **how
            )
            record = await halo.store.find_call("7")
            rows = [row for row in await halo.store.tools("7") if row.tool == "transfer"]
            turns = await halo.store.turns("7")
        assert done.failures == []
        assert [str(breach) for breach in breaches(done)] == expected
        assert done.finish_reason == "Normal termination"
        return done, record, rows, turns

    return play
