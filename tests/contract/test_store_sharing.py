"""Writes that may wait share one transaction and its sync of the disk; whoever waits hurries."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from store_place import Place

from halo_voice.core.ports import CallStart, Outcome, Store, TurnRecord
from halo_voice.store import SpooledStore
from halo_voice.store.sqlite import SqliteDatabase

LONG_S = 60.0  # longer than any of these tests may take


@pytest.fixture
def commits(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Each transaction: the number of its writes, and `PRAGMA synchronous` (1 NORMAL, 2 FULL)."""
    found: list[tuple[int, int]] = []
    commit = SqliteDatabase._commit

    def counted(database: SqliteDatabase, jobs: list[Any]) -> Any:
        fault = commit(database, jobs)
        connection: sqlite3.Connection = database._writing.session().connection
        found.append((len(jobs), connection.execute("PRAGMA synchronous").fetchone()[0]))
        return fault

    monkeypatch.setattr(SqliteDatabase, "_commit", counted)
    return found


async def begun(store: Store, turns: range) -> list[asyncio.Task[TurnRecord]]:
    """Turns of a busy time that may be written down at leisure, handed in."""
    for _ in range(4):
        await store.open_call(CallStart("c-1"))
    tasks = [
        asyncio.create_task(store.accept_turn("c-1", turn, "Да.", None, within_s=LONG_S))
        for turn in turns
    ]
    await asyncio.sleep(0)  # not a pause: it lets the tasks begin
    return tasks


async def test_who_may_wait_shares_and_who_hurries_ends_it(
    sqlite_place: Place, commits: list[tuple[int, int]], tmp_path: Path
) -> None:
    """Ten turns are one transaction, through the spool too, and only when somebody waits."""
    store = SpooledStore(await sqlite_place.open(), tmp_path / "own.jsonl", patience_s=LONG_S)
    await store.start()
    await store.open_call(CallStart("c-1"))
    tasks = await begun(store, range(10))
    assert await store.turns("c-1") == []  # a read does not wait for them, nor hurry them
    before = len(commits)
    store.hurry()
    accepted = await asyncio.gather(*tasks)
    assert commits[before:] == [(10, 2)]
    assert [turn.turn for turn in accepted] == list(range(10))
    store.hurry()  # nobody waits: nothing happens
    await store.close()
    assert len(commits) == before + 1


async def test_who_cannot_wait_takes_the_others_along(
    sqlite_place: Place, commits: list[tuple[int, int]]
) -> None:
    """In the order in which they were handed in: a turn is there before it is settled."""
    store = await sqlite_place.open()
    await store.open_call(CallStart("c-1"))
    tasks = await begun(store, range(1, 4))
    before = len(commits)
    settled = await store.settle_turn(
        "c-1", 2, outcome=Outcome.ANSWERED, reply="Да.", action="listen", source="x"
    )
    assert settled.outcome is Outcome.ANSWERED
    assert commits[before:] == [(4, 2)]
    assert {turn.outcome for turn in await asyncio.gather(*tasks)} == {Outcome.PENDING}


async def test_a_lone_turn_does_not_wait(sqlite_place: Place) -> None:
    """Its own few writes are nobody to share with."""
    store = await sqlite_place.open()
    await store.open_call(CallStart("c-1"))
    async with asyncio.timeout(LONG_S / 2):
        await store.accept_turn("c-1", 1, "Да.", None, within_s=LONG_S)
        how = {"reply": "Да.", "action": "listen", "source": "x", "within_s": LONG_S}
        await store.settle_turn("c-1", 1, outcome=Outcome.ANSWERED, **how)


async def test_a_close_writes_what_waits(sqlite_place: Place) -> None:
    """Whoever handed it in is told."""
    store = await sqlite_place.open()
    await store.open_call(CallStart("c-1"))
    (accepting,) = await begun(store, range(1, 2))
    await store.close()
    assert (await accepting).turn == 1
    assert len(await (await sqlite_place.open()).turns("c-1")) == 1


async def test_a_nonce_waits_for_no_disk_and_no_turn(
    sqlite_place: Place, commits: list[tuple[int, int]]
) -> None:
    """It is claimed without a sync, for other processes too; the next turn has its sync again."""
    store = await sqlite_place.open()
    await store.open_call(CallStart("c-1"))
    (accepting,) = await begun(store, range(1, 2))
    before = len(commits)
    assert await store.claim_nonce("n-1", 60)
    assert not await (await sqlite_place.open()).claim_nonce("n-1", 60)
    assert not accepting.done()
    store.hurry()
    await accepting
    assert commits[before:] == [(1, 1), (1, 1), (1, 2)]


async def test_more_than_one_transaction_holds_are_all_written(sqlite_place: Place) -> None:
    """A burst leaves nobody behind, whatever comes after it."""
    store = await sqlite_place.open()
    await store.open_call(CallStart("c-1"))
    async with asyncio.timeout(LONG_S):
        await asyncio.gather(*(store.accept_turn("c-1", turn, "Да.", None) for turn in range(1000)))
    assert len(await store.turns("c-1")) == 1000
