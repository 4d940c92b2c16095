"""What every store promises of notes: what becomes known of a turn after it was accepted."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from store_place import Clock, Place

from halo_voice.core.errors import StoreBusy
from halo_voice.core.ports import CallEnd, CallStart, Outcome, Store, TurnNote, TurnRecord
from halo_voice.store import SpooledStore, open_store
from halo_voice.store.address import read_url
from halo_voice.store.memory import MemoryStore
from halo_voice.store.migrate import upgrade
from halo_voice.store.sqlite import SqliteDatabase

HOSTILE = "до\x00по\ud800сле'; --"
KEPT = "до\ufffdпо\ufffdсле'; --"


async def answered(store: Store, turn: int = 1, call_id: str = "c-1") -> TurnRecord:
    await store.accept_turn(call_id, turn, "Где вы?", 0.5)
    return await store.settle_turn(
        call_id, turn, outcome=Outcome.ANSWERED, reply="Здесь. Рядом.", action="listen", source="x"
    )


async def test_a_note_adds_and_takes_nothing_away(store: Store) -> None:
    """What is given is set, keys of the latency are merged, everything else stays."""
    await store.open_call(CallStart("c-1"))
    first = await answered(store)
    other = await answered(store, 2)
    assert (first.heard, first.revised_text, first.latency) == (None, "", {})
    await store.note_turn(TurnNote("c-1", 1, latency={"asr_ms": 600, "voice_ms": 1}))
    await store.note_turn(TurnNote("c-1", 1, heard="Здесь."))
    await store.note_turn(TurnNote("c-1", 1, latency=MappingProxyType({"voice_ms": 180})))
    await store.note_turn(TurnNote("c-1", 1, revised_text="А где вы?"))
    await store.note_turn(TurnNote("c-1", 1))
    noted = replace(
        first,
        heard="Здесь.",
        revised_text="А где вы?",
        latency={"asr_ms": 600, "voice_ms": 180},
    )
    assert await store.turns("c-1") == [noted, other]
    assert await store.accept_turn("c-1", 1, "Где вы?", 0.5) == noted
    assert await answered(store) == noted


async def test_nothing_heard_is_not_unknown(store: Store) -> None:
    """The empty text says that no word of the reply was heard."""
    await store.open_call(CallStart("c-1"))
    await answered(store)
    await store.note_turn(TurnNote("c-1", 1, heard=""))
    assert [turn.heard for turn in await store.turns("c-1")] == [""]


async def test_a_note_may_come_before_the_outcome_and_after_the_end(store: Store) -> None:
    """A pending turn keeps its note when it is settled; a closed call still takes notes."""
    await store.open_call(CallStart("c-1"))
    await store.accept_turn("c-1", 1, "Где вы?", 0.5)
    await store.note_turn(TurnNote("c-1", 1, latency={"asr_ms": 600}))
    assert (await answered(store)).latency == {"asr_ms": 600}
    await store.end_call(CallEnd("c-1", "caller_hung_up", 1, 1))
    await store.note_turn(TurnNote("c-1", 1, heard="Здесь.", latency={"audible_ms": 900}))
    [turn] = await store.turns("c-1")
    assert (turn.heard, turn.latency) == ("Здесь.", {"asr_ms": 600, "audible_ms": 900})


async def test_a_note_of_nothing_known_is_nothing(store: Store) -> None:
    """Unknown call, unknown turn, impossible number: no error, no row."""
    await store.open_call(CallStart("c-1"))
    for call_id, turn in (("nobody", 1), ("c-1", 7), ("c-1", 2**63), ("c-1", -(2**70))):
        await store.note_turn(TurnNote(call_id, turn, heard="x", latency={"asr_ms": 1}))
    assert await store.turns("c-1") == await store.turns("nobody") == []
    assert (await answered(store)).heard is None


async def test_notes_that_cross_each_other_are_all_kept(store: Store) -> None:
    """Merging is one step: of twenty notes at once none takes back another's key."""
    await store.open_call(CallStart("c-1"))
    await answered(store)
    names = {f"stage{number}_ms": number for number in range(20)}
    await asyncio.gather(
        *(store.note_turn(TurnNote("c-1", 1, latency={name: ms})) for name, ms in names.items())
    )
    assert [turn.latency for turn in await store.turns("c-1")] == [names]


async def test_hostile_words_of_a_note_are_kept(store: Store) -> None:
    """NUL and lone surrogates become U+FFFD here too."""
    await store.open_call(CallStart(HOSTILE))
    await answered(store, call_id=HOSTILE)
    note = TurnNote(HOSTILE, 1, heard=HOSTILE, revised_text=HOSTILE, latency={HOSTILE: 2**40})
    await store.note_turn(note)
    [turn] = await store.turns(HOSTILE)
    assert (turn.heard, turn.revised_text, turn.latency) == (KEPT, KEPT, {KEPT: 2**40})


async def test_a_normal_close_loses_no_note(durable: Place) -> None:
    """A note that was not written yet is written at the end."""
    store = await durable.open()
    await store.open_call(CallStart("c-1"))
    await answered(store)
    await store.note_turn(TurnNote("c-1", 1, heard="Здесь."))
    await store.close()
    again = await durable.open()
    assert [turn.heard for turn in await again.turns("c-1")] == ["Здесь."]


async def test_a_note_is_written_though_nothing_follows(durable: Place) -> None:
    """Another process reads it after a moment, without a close or another write."""
    store, other = await durable.open(), await durable.open()
    await store.open_call(CallStart("c-1"))
    await answered(store)
    await store.note_turn(TurnNote("c-1", 1, heard="Здесь."))
    async with asyncio.timeout(10):
        while [turn.heard for turn in await other.turns("c-1")] != ["Здесь."]:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_a_note_costs_no_sync_of_its_own(
    sqlite_place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It rides in the transaction of the next turn."""
    batches: list[int] = []
    commit = SqliteDatabase._commit

    def counted(database: SqliteDatabase, jobs: list[Any]) -> Any:
        batches.append(len(jobs))
        return commit(database, jobs)

    monkeypatch.setattr(SqliteDatabase, "_commit", counted)
    store = await sqlite_place.open()
    await store.open_call(CallStart("c-1"))
    await answered(store)
    before = len(batches)
    await store.note_turn(TurnNote("c-1", 1, heard="Здесь."))
    await answered(store, 2)
    assert batches[before:] == [2, 1]
    assert [turn.heard for turn in await store.turns("c-1")] == ["Здесь.", None]


async def test_notes_outlive_a_lock_without_a_spool(sqlite_place: Place) -> None:
    """SQLite keeps what it could not write and takes it along when the lock is gone."""
    store = await sqlite_place.open(busy_ms=100)
    await store.open_call(CallStart("c-1"))
    said = await answered(store)
    path = sqlite_place.url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        await store.note_turn(TurnNote("c-1", 1, heard="Здесь."))
        with pytest.raises(StoreBusy):
            await store.accept_turn("c-1", 2, "Алло", None)
        assert await store.turns("c-1") == [said]
        other.execute("ROLLBACK")
    assert [turn.heard for turn in await store.turns("c-1")] == ["Здесь."]


async def test_a_note_waits_behind_its_turn_in_the_spool(tmp_path: Path) -> None:
    """While the store is away notes go into the file, in order, and from there into the store."""
    path = tmp_path / "spool.jsonl"
    behind = MemoryStore()
    store = SpooledStore(behind, path)
    await store.start()
    await store.open_call(CallStart("c-1"))
    behind.fault = StoreBusy()
    await answered(store)
    await store.note_turn(TurnNote("c-1", 1, heard=HOSTILE, latency=MappingProxyType({"a_ms": 1})))
    names = [json.loads(line)["do"] for line in path.read_bytes().splitlines()]
    assert names == ["accept_turn", "settle_turn", "note_turn"]
    noted = await store.turns("c-1")
    assert [(turn.heard, turn.latency) for turn in noted] == [(KEPT, {"a_ms": 1})]
    behind.fault = None
    await store.recovered()
    assert await behind.turns("c-1") == noted
    await store.close()


async def test_a_note_of_a_call_never_seen_is_kept_while_the_store_is_away(tmp_path: Path) -> None:
    """The call was another process's: the store will know it."""
    behind = MemoryStore()
    await behind.open_call(CallStart("c-1"))
    await answered(behind)
    store = SpooledStore(behind, tmp_path / "spool.jsonl")
    await store.start()
    behind.fault = StoreBusy()
    await store.note_turn(TurnNote("c-1", 1, heard="Здесь."))
    behind.fault = None
    await store.recovered()
    assert [turn.heard for turn in await behind.turns("c-1")] == ["Здесь."]
    await store.close()


async def test_notes_give_way_when_the_spool_fills(tmp_path: Path) -> None:
    """At eight tenths of its room notes are dropped without a word, turns are not."""
    behind = MemoryStore()
    store = SpooledStore(behind, None, memory_max=10)
    await store.open_call(CallStart("c-1"))
    behind.fault = StoreBusy()
    for turn in range(1, 8):
        await store.accept_turn("c-1", turn, "да", None)
    for _ in range(5):
        await store.note_turn(TurnNote("c-1", 1, heard="д"))
    assert store.spooled == 8
    await store.accept_turn("c-1", 8, "да", None)
    assert store.spooled == 9
    behind.fault = None
    await store.recovered()
    await store.close()


async def test_what_is_known_of_a_turn_outlives_the_loss_of_the_store(tmp_path: Path) -> None:
    """A note that the store took is known here when the store goes away."""
    behind = MemoryStore()
    store = SpooledStore(behind, tmp_path / "spool.jsonl")
    await store.start()
    await store.open_call(CallStart("c-1"))
    await answered(store)
    await store.note_turn(TurnNote("c-1", 1, heard="Здесь."))
    behind.fault = StoreBusy()
    await store.accept_turn("c-1", 2, "Алло", None)
    assert [turn.heard for turn in await store.turns("c-1")] == ["Здесь.", None]
    behind.fault = None
    await store.recovered()
    await store.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/halo.sqlite3"
    return request.getfixturevalue("new_database")


async def test_turns_of_before_the_notes_are_kept(url: str) -> None:
    """A store filled by the first version opens, shows its turns as they were, and takes notes."""
    engine = create_engine(read_url(url))
    with engine.begin() as connection:
        upgrade(connection, "0001")
        connection.execute(
            text(
                "INSERT INTO calls VALUES ('c-1', '', '', '', '', '', 'incoming',"
                " '2026-01-01 10:00:00.000000', NULL, NULL, NULL, NULL, '[]', NULL)"
            )
        )
        connection.execute(
            text(
                "INSERT INTO turns VALUES ('c-1', 1, 'Алло', 0.5, '2026-01-01 10:00:01.000000',"
                " 'answered', 'Да.', 'listen', 'model', '2026-01-01 10:00:02.000000', 300)"
            )
        )
    engine.dispose()
    store = await open_store(url, now=Clock())
    [turn] = await store.turns("c-1")
    assert (turn.user_text, turn.reply, turn.model_ms) == ("Алло", "Да.", 300)
    assert (turn.heard, turn.revised_text, turn.latency) == (None, "", {})
    await store.note_turn(TurnNote("c-1", 1, latency={"asr_ms": 5}))
    assert (await answered(store, 2)).latency == {}
    assert [turn.latency for turn in await store.turns("c-1")] == [{"asr_ms": 5}, {}]
    await store.close()
