"""Many calls on a real server: what one of them does or suffers is no business of the others, and
nothing is left of them."""

from __future__ import annotations

import asyncio
import gc
import random
import threading
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from halo_voice.core.ports import Outcome
from tests.contract import postgres
from tests.halo import PacedModel, TalkingModel
from tests.streams import Scenario, Served, served

HERE = Path("/proc/self/fd")
SAME = 50  # looks in a row: a second


# ------------------------------------------------------------------------- apart: invariant 15


async def converse(scenario: Scenario, turns: int = 3) -> list[list]:
    """A call's own turns; what it is told, without anybody's clock."""
    for turn in range(1, turns + 1):
        await scenario.ask(turn, f"Вопрос {turn}")
        await scenario.hear("answered")
    return [[m["type"], m.get("turn"), m.get("text")] for m in scenario.heard]


async def flooding(halo: Served, call_id: str) -> None:
    async with halo.stream(call_id) as scenario:
        for number in range(3000):
            await scenario.send("interim", turn=1, text=f"слово {number}", quiet=number % 2 == 0)


async def garbling(halo: Served, call_id: str) -> None:
    for rubbish in ("{", "[]", b"\xff\xfe", '{"type":"final","seq":2,"turn":1}', "[" * 9000):
        async with halo.stream(call_id) as scenario:
            await scenario.raw(rubbish)
            assert await scenario.closed() == 4400


async def hanging(halo: Served, call_id: str) -> None:
    async with halo.stream(call_id) as scenario:
        await scenario.ask(1, "Молчи", deadline_ms=1500)
        await scenario.hear("answered")


async def deaf(halo: Served, call_id: str) -> None:
    async with halo.stream(call_id) as scenario:
        scenario.socket.transport.pause_reading()
        for turn in range(1, 200):
            await scenario.ask(turn, f"Вопрос {turn}")


async def vanishing(halo: Served, call_id: str) -> None:
    for turn in range(1, 20):
        async with halo.stream(call_id) as scenario:
            await scenario.ask(turn, "Кто здесь")
            scenario.socket.transport.abort()


class Moody(TalkingModel):
    """Answers everybody but who asks it to be silent: those wait until nobody waits any more."""

    async def stream(self, messages, *, max_tokens, deadline_s):
        if messages[-1].content == "Молчи":
            await asyncio.Event().wait()
        async for piece in super().stream(messages, max_tokens=max_tokens, deadline_s=deadline_s):
            yield piece


@pytest.mark.parametrize("trouble", [flooding, garbling, hanging, deaf, vanishing])
async def test_a_call_in_trouble_changes_nothing_in_another(trouble):
    """Invariant 15: word for word what a call is told alone it is told beside three that suffer; it
    is over before them where they take their time."""
    async with served(Moody()) as halo, halo.stream("alone") as scenario:
        alone = await converse(scenario)
    async with served(Moody()) as halo, halo.stream("beside") as scenario:
        suffering = [asyncio.create_task(trouble(halo, f"bad-{n}")) for n in range(3)]
        beside = await converse(scenario)
        if trouble is hanging:
            assert not any(task.done() for task in suffering)
        await asyncio.gather(*suffering)
        turns = await halo.halo.store.turns("beside")
    assert beside == alone
    assert [turn.outcome for turn in turns] == [Outcome.ANSWERED] * 3


# ------------------------------------------------------------------------- clean: invariant 19


def inventory(halo: Served) -> dict[str, object]:
    """What a call could leave behind in this process."""
    switchboard = halo.halo.switchboard
    return {
        "tasks": len(asyncio.all_tasks()),
        "files": files(),
        "threads": sorted(thread.name for thread in threading.enumerate()),
        "calls": len(switchboard),
        "outliving": len(switchboard._outliving),
        "connections": len(halo.server.server_state.connections),
        "requests": len(halo.server.server_state.tasks),
    }


def files() -> list[str]:
    """Open files by name, sockets and pipes by kind."""
    found = []
    for link in HERE.iterdir():
        with suppress(FileNotFoundError):  # the folder itself
            found.append(str(link.readlink()).partition(":")[0])
    return sorted(found)


async def by_stream(halo: Served, call_id: str, chance: random.Random) -> None:
    """Breaks off anywhere, in any way."""
    steps = chance.randint(1, 6)
    async with halo.stream(call_id) as scenario:
        for step, work in enumerate(
            (
                lambda: scenario.send("interim", turn=1, text="где", quiet=True),
                lambda: scenario.ask(1, "Где вы?"),
                lambda: scenario.hear("accepted", "answered"),
                lambda: scenario.hear("say", "answered"),
                lambda: scenario.send("phrase_interrupted", turn=1, phrase=1, heard="Я"),
                lambda: scenario.ask(2, "А когда?"),
            ),
            1,
        ):
            if step > steps:
                break
            await work()
        if chance.random() < 0.5:
            scenario.socket.transport.abort()


async def by_http(halo: Served, call_id: str, chance: random.Random) -> None:
    """Goes without waiting for the answer, sooner or later, or waits for it."""
    body = {"call_id": call_id, "turn": 1, "user_text": "Где вы?", "start": {"call_id": call_id}}
    async with halo.http() as http:
        asking = asyncio.create_task(http.post("/process_text", json=body))
        for _ in range(chance.randint(0, 40)):
            await asyncio.sleep(0)
        if chance.random() < 0.7:
            asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)


async def end(halo: Served, call_id: str) -> None:
    report = {"call_id": call_id, "reason": "caller_hung_up", "start": {"call_id": call_id}}
    async with halo.http() as http:
        assert (await http.post("/call/end", json=report)).status_code == 200


async def many(halo: Served, name: str, calls: int) -> None:
    async def one(number: int) -> None:
        way = by_stream if number % 2 else by_http
        await way(halo, f"{name}-{number}", random.Random(f"{name}/{number}"))
        await end(halo, f"{name}-{number}")

    await asyncio.gather(*(one(number) for number in range(calls)))


def at_work() -> bool:
    """Whether the server is writing what no call waits for: that is over by and by."""
    return any(task.get_name() == "day-budget" for task in asyncio.all_tasks())


async def settled(halo: Served, wanted: dict[str, object] | None = None) -> dict[str, object]:
    """What is there once the server has noticed that everybody has gone: all that is `wanted`, or
    what stays the same for a while."""
    gc.collect()
    found, same = inventory(halo), 0
    with suppress(TimeoutError):
        async with asyncio.timeout(30):
            while found != wanted if wanted else same < SAME:
                await asyncio.sleep(0.02)  # the server's threads and sockets have no event for it
                before, found = found, inventory(halo)
                idle = found == before and not found["connections"] and not at_work()
                same = same + 1 if idle else 0
    return found


@pytest.mark.skipif(not HERE.exists(), reason="reads /proc")
async def test_nothing_is_left_of_many_calls(tmp_path):
    """Invariant 19: after calls that were broken off anywhere, by both ways, tasks, files, threads,
    connections, locks and registered calls are as before."""
    store_url = f"sqlite:///{tmp_path}/halo.sqlite3"
    async with served(PacedModel(0.01, 0.001), store_url=store_url) as halo:
        await many(halo, "warm", 8)
        before = await settled(halo)
        await many(halo, "cold", 60)
        assert await settled(halo, before) == before


@pytest.mark.postgres
async def test_no_connection_to_the_database_is_left(tmp_path):
    """Invariant 19: the pool is as large after forty calls as after the forty before."""
    with postgres.server() as server, postgres.database(server) as database:
        how = {"store_url": database, "store_spool": str(tmp_path / "spool.jsonl")}
        how["store_busy_ms"] = 30_000  # a slow machine is no outage: that one is tried elsewhere
        async with served(PacedModel(0.01, 0.001), **how) as halo:
            await many(halo, "warm", 40)
            before = await settled(halo)
            await many(halo, "cold", 40)
            assert await settled(halo, before) == before
            with psycopg.connect(database) as direct:
                states = direct.execute(
                    "SELECT state FROM pg_stat_activity WHERE datname = current_database()"
                    " AND pid <> pg_backend_pid()"
                ).fetchall()
                locks = direct.execute(
                    "SELECT count(*) FROM pg_locks WHERE relation = 'turns'::regclass"
                ).fetchone()
    assert {state for (state,) in states} == {"idle"}
    assert locks == (0,)
