"""kill -9 around a tool's effect, in a real process on a real store: one effect, right words."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

import pytest

from halo_voice.store import open_store
from tests.contract import postgres
from tests.fire.tool_victim import diary
from tests.halo import ROOT
from tests.one_call import heard
from tests.tooling import ScriptedModel, call_with, using

MOMENTS = ("before", "after", "ending")


async def killed(url: str, path: Path, moment: str, *, knows_keys: bool) -> None:
    """A process answers turn 1 and is killed at this moment of its tool."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.fire.tool_victim"),
        *(url, str(path), moment, str(int(knows_keys))),
        cwd=ROOT,
    )
    assert await process.wait() == -signal.SIGKILL


async def carried_on(url: str, path: Path, *, knows_keys: bool):
    """The next process on the same store is asked the same turn; its model calls the tool again,
    and then claims that all went well."""
    store = await open_store(url)
    model = ScriptedModel([using("book", day="завтра")], ["Вы записаны."])
    call = await call_with(model, diary(str(path), knows_keys=knows_keys), store=store)
    turn = await call.take(heard(1, "Запишите"))
    await call.finish()
    rows = await store.tools("c-1")
    await store.close()
    return turn.reply, [row.state.value for row in rows], effects_in(path)


def effects_in(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


@pytest.mark.parametrize("moment", MOMENTS)
async def test_a_tool_that_knows_its_key(tmp_path: Path, moment: str):
    """F41, F46: whenever the process dies, there is one effect in the end, and it is told."""
    url, path = f"sqlite:///{tmp_path}/halo.sqlite3", tmp_path / "diary"
    await killed(url, path, moment, knows_keys=True)
    reply, states, effects = await carried_on(url, path, knows_keys=True)
    assert (reply, states, len(effects)) == ("Вы записаны.", ["done"], 1)


@pytest.mark.parametrize("moment", MOMENTS)
async def test_a_tool_that_does_not_know_its_key(tmp_path: Path, moment: str):
    """F41, F42, F46: it is not asked again, and nobody says that it happened."""
    url, path = f"sqlite:///{tmp_path}/halo.sqlite3", tmp_path / "diary"
    await killed(url, path, moment, knows_keys=False)
    reply, states, effects = await carried_on(url, path, knows_keys=False)
    assert len(effects) == (0 if moment == "before" else 1)
    assert "записаны" not in reply
    assert states in (["running"], ["unknown"])


@pytest.mark.postgres
async def test_on_postgresql_too(tmp_path: Path):
    """F41, F46: as on SQLite."""
    with postgres.server() as server, postgres.database(server) as url:
        path = tmp_path / "diary"
        await killed(url, path, "after", knows_keys=True)
        reply, states, effects = await carried_on(url, path, knows_keys=True)
    assert (reply, states, len(effects)) == ("Вы записаны.", ["done"], 1)
