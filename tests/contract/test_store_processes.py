"""What a durable store promises across processes: kills, races, many starts at once."""

from __future__ import annotations

import asyncio
import random
import signal
import sys
from pathlib import Path

import pytest
from store_place import Place

from halo_voice.core.ports import CallEnd, CallStart, Outcome

VICTIM = Path(__file__).with_name("store_victim.py")
# Everything is imported before the word to go, so that the processes really meet.
OPEN = """
import asyncio, sys
from halo_voice.store import open_store
import psycopg, sqlalchemy.dialects.postgresql
print("ready", flush=True)
sys.stdin.readline()
async def main():
    await (await open_store(sys.argv[1])).close()
asyncio.run(main())
print("opened")
"""


async def killed_at_random(url: str, seed: int) -> list[list[str]]:
    """What a process acknowledged until it was killed, after a random number of lines."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(VICTIM), url, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    lines = [await process.stdout.readline() for _ in range(random.Random(seed).randint(20, 200))]
    process.send_signal(signal.SIGKILL)
    lines += (await process.stdout.read()).splitlines()
    assert await process.wait() == -signal.SIGKILL
    return [line.decode().split() for line in lines]


@pytest.mark.parametrize("seed", [1, 2])
async def test_what_was_acknowledged_survives_a_kill(durable: Place, seed: int) -> None:
    """F57, invariant 8: kill -9 at any moment loses no acknowledged turn and no outcome."""
    acknowledged = await killed_at_random(durable.url, seed)
    store = await durable.open()
    calls = {call_id for _, call_id, _ in acknowledged}
    found = {
        (turn.call_id, turn.turn): turn for call_id in calls for turn in await store.turns(call_id)
    }
    for what, call_id, number in acknowledged:
        turn = found[call_id, int(number)]
        assert turn.user_text == f"said-{number}"
        if what == "settled":
            assert (turn.outcome, turn.reply) == (Outcome.ANSWERED, f"reply-{number}")
    for call_id in calls:
        await store.end_call(CallEnd(call_id, "terminated", 1, 1))
        turns = await store.turns(call_id)
        assert [turn.turn for turn in turns] == list(range(1, len(turns) + 1))
        assert Outcome.PENDING not in {turn.outcome for turn in turns}


async def test_two_stores_agree_on_one_outcome(durable: Place) -> None:
    """Two processes' stores settle the same turn at once: one wins, both return its record."""
    one, two = await durable.open(), await durable.open()
    await one.open_call(CallStart("c-1"))
    for turn in range(1, 31):
        accepted = await asyncio.gather(
            one.accept_turn("c-1", turn, "первый", 1.0),
            two.accept_turn("c-1", turn, "второй", 1.0),
        )
        assert accepted[0] == accepted[1]
        settled = await asyncio.gather(
            *(
                store.settle_turn(
                    "c-1", turn, outcome=outcome, reply=reply, action="listen", source=reply
                )
                for store, outcome, reply in (
                    (one, Outcome.ANSWERED, "один"),
                    (two, Outcome.APOLOGISED, "два"),
                )
            )
        )
        assert settled[0] == settled[1]
        assert settled[0].reply in ("один", "два")
        assert (settled[0].outcome is Outcome.ANSWERED) == (settled[0].reply == "один")


async def test_two_stores_close_a_call_once(durable: Place) -> None:
    """Of two reports at once exactly one closes the call, of two claims one gets the nonce."""
    one, two = await durable.open(), await durable.open()
    for number in range(20):
        end = CallEnd(f"c-{number}", "caller_hung_up", 1, 0)
        await one.open_call(CallStart(end.call_id))
        assert sorted(await asyncio.gather(one.end_call(end), two.end_call(end))) == [False, True]
        nonce = f"n-{number}"
        claims = await asyncio.gather(one.claim_nonce(nonce, 60), two.claim_nonce(nonce, 60))
        assert sorted(claims) == [False, True]


async def test_an_accept_racing_the_end_elsewhere_is_never_left_pending(durable: Place) -> None:
    """A turn accepted in one process while another closes the call gets an outcome."""
    one, two = await durable.open(), await durable.open()
    for number in range(30):
        call_id = f"c-{number}"
        await one.open_call(CallStart(call_id))
        await asyncio.gather(
            one.accept_turn(call_id, 1, "раз", 1.0),
            two.end_call(CallEnd(call_id, "caller_hung_up", 1, 0)),
            one.accept_turn(call_id, 2, "два", 1.0),
        )
        assert {turn.outcome for turn in await two.turns(call_id)} == {Outcome.CALLER_GONE}


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
async def test_several_processes_may_start_at_once(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Four processes open a new store at the same moment; all succeed."""
    url = (
        f"sqlite:///{tmp_path}/halo.sqlite3"
        if kind == "sqlite"
        else request.getfixturevalue("new_database")
    )
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            OPEN,
            url,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        for _ in range(4)
    ]
    for process in processes:
        assert process.stdout is not None
        assert await process.stdout.readline() == b"ready\n"
    said = await asyncio.gather(*(process.communicate(b"go\n") for process in processes))
    assert [out for out, _ in said] == [b"opened\n"] * 4
