"""kill -9 at every await of a call's turns: the next process on the same store carries it on.

A chain of processes: each first carries on the call in which the one before was killed, then plays
a call of its own and is killed at a step of it. The points are spread over all steps of the call;
`HALO_TEST_KILLS` says how many there are in all.
"""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.contract import postgres
from tests.fire import scripted_calls
from tests.fire.processes import GONE, Zygote, zygote
from tests.fire.scripted_calls import Remembered, Script

KILLS = int(os.environ.get("HALO_TEST_KILLS", "200"))
SCRIPTS = [
    scripted_calls.by_http,
    scripted_calls.by_stream,
    scripted_calls.impatiently,
    scripted_calls.failing_over,
    scripted_calls.locked_out,
]


@pytest.fixture
async def program() -> AsyncIterator[Zygote]:
    async with zygote() as whole:
        yield whole


async def chain(
    program: Zygote, folder: Path, script: Script, kills: int, database: str = ""
) -> list[int]:
    """The points at which a process was killed."""
    how: dict[str, Any] = {"store_url": database} if database else {}
    if script is scripted_calls.locked_out:
        how["store_busy_ms"] = 50
    whole, first = Remembered("whole", folder, database), await program.start(folder, **how)
    first.arm()
    await script(whole, first)
    steps = await first.stop()
    whole.judge()
    killed: list[int] = []
    broken: Remembered | None = None
    wanted, spare = min(kills, steps), kills
    while len(killed) < wanted and spare:
        point = 1 + steps * len(killed) // wanted
        halo = await program.start(folder, point, **how)
        if broken is not None:
            await broken.go_on(halo, by_stream=point % 2 == 0)
        broken = Remembered(f"call-{len(killed)}-{spare}", folder, database)
        halo.arm()
        try:
            await script(broken, halo)
        except GONE:
            killed.append(point)
        else:  # it took fewer steps this time, as it does when the processor is busy
            steps, spare = point - 1, spare - 1
        assert await halo.kill() == -signal.SIGKILL
    halo = await program.start(folder, 0, **how)
    if broken is not None:
        await broken.go_on(halo, by_stream=True)
    await halo.stop()
    return killed


@pytest.mark.timeout(600)
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.__name__)
async def test_a_call_survives_kill_9_at_every_await(program: Zygote, tmp_path: Path, script):
    """F43, F46, invariants 8, 14 and 18: no acknowledged turn is lost or doubled, and the next one
    is answered with the whole history."""
    kills = KILLS // len(SCRIPTS)
    killed = await chain(program, tmp_path, script, kills)
    assert len(killed) == kills


@pytest.mark.postgres
async def test_on_postgresql_too(program: Zygote, tmp_path: Path):
    """F43, invariant 8: as on SQLite, at a few points."""
    with postgres.server() as server, postgres.database(server) as database:
        kills = max(10, KILLS // 20)
        killed = await chain(program, tmp_path, scripted_calls.by_stream, kills, database)
        assert len(killed) == kills
