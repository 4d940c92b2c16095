"""What a spooled store promises while its database is locked, full, gone, and after a kill."""

from __future__ import annotations

import asyncio
import json
import os
import random
import resource
import signal
import sqlite3
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from store_place import Clock, Place
from structlog.testing import capture_logs

from halo_voice.core.errors import StoreBusy, StoreUnavailable
from halo_voice.core.ports import CallEnd, CallStart, Outcome, Store, TurnRecord
from halo_voice.store import SpooledStore, open_store
from halo_voice.store.journal import Journal
from halo_voice.store.memory import MemoryStore

VICTIM = Path(__file__).with_name("store_victim.py")


@pytest.fixture
async def spooled(tmp_path: Path) -> AsyncIterator[Place]:
    place = Place(
        "spooled", f"sqlite:///{tmp_path}/halo.sqlite3", Clock(), tmp_path / "spool.jsonl"
    )
    yield place
    for store in place.opened:
        await store.close()


def database(place: Place) -> Path:
    return Path(place.url.removeprefix("sqlite:///"))


@contextmanager
def locked(place: Place) -> Iterator[None]:
    """Somebody else holds the write lock."""
    with closing(sqlite3.connect(database(place), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@contextmanager
def full_disk() -> Iterator[None]:
    """No file of this process may grow."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def opened(place: Place, busy_ms: int = 100) -> SpooledStore:
    store = await place.open(busy_ms)
    assert isinstance(store, SpooledStore)
    return store


async def plain(place: Place) -> Store:
    """What is really in the database."""
    store = await open_store(place.url)
    place.opened.append(store)
    return store


async def one_turn(store: Store, turn: int, call_id: str = "c-1") -> TurnRecord:
    await store.accept_turn(call_id, turn, f"said-{turn}", 0.5)
    return await store.settle_turn(
        call_id,
        turn,
        outcome=Outcome.ANSWERED,
        reply=f"reply-{turn}",
        action="listen",
        source="test",
    )


async def test_a_lock_is_not_heard_and_nothing_is_lost(spooled: Place) -> None:
    """F54: a locked database costs one turn its busy limit, the others nothing; later all of it is
    in the database, with the times at which it was said."""
    store = await opened(spooled, busy_ms=400)
    await store.open_call(CallStart("c-1", caller="+79990000001"))
    said = [await one_turn(store, 1)]
    with locked(spooled):
        spooled.clock.advance(7)
        said.append(await one_turn(store, 2))
        began = time.monotonic()
        for turn in range(3, 9):
            spooled.clock.advance(7)
            said.append(await one_turn(store, turn))
        second = await store.open_call(CallStart("c-2"))
        assert await store.end_call(CallEnd("c-1", "caller_hung_up", 60_000, 8))
        assert time.monotonic() - began < 5.0  # 14 writes at 0.4 s would take 5.6 s
        assert store.spooled == 16
        call = await store.find_call("c-1")
        assert call is not None
        assert not call.open
        assert await store.turns("c-1") == said
        assert {c.call_id for c in await store.recent_calls(5)} == {"c-1", "c-2"}
        assert [c.open for c in await store.recent_calls(5)] == [True, False]
    spooled.clock.advance(3600)
    await store.recovered()
    assert store.spooled == 0
    assert spooled.spool.read_bytes() == b""
    behind = await plain(spooled)
    assert await behind.turns("c-1") == said
    assert await behind.find_call("c-1") == call
    assert await behind.find_call("c-2") == second
    assert await one_turn(store, 1, "c-2") == (await behind.turns("c-2"))[0]


async def test_a_database_that_is_gone_does_not_end_the_conversation(spooled: Place) -> None:
    """F56: a running call and a new one go on without the file; its return brings them in."""
    store = await opened(spooled)
    await store.open_call(CallStart("c-1"))
    said = [await one_turn(store, 1)]
    away = database(spooled).with_name("away")
    database(spooled).rename(away)
    said.append(await one_turn(store, 2))
    await store.open_call(CallStart("c-2"))
    await one_turn(store, 1, "c-2")
    assert await store.turns("c-1") == said
    with pytest.raises(StoreUnavailable):
        await store.find_call("never-seen")
    with pytest.raises(StoreUnavailable):
        await store.accept_turn("never-seen", 1, "Алло", None)
    with pytest.raises(StoreUnavailable):
        await store.ping()
    assert await store.end_call(CallEnd("never-seen", "caller_hung_up", 1, 0))
    away.rename(database(spooled))
    await store.recovered()
    behind = await plain(spooled)
    assert await behind.turns("c-1") == said
    assert [turn.reply for turn in await behind.turns("c-2")] == ["reply-1"]


async def test_a_full_disk_does_not_end_the_conversation(spooled: Place) -> None:
    """F55: with no room for database and spool, calls go on in memory, with one alarm; what was
    kept in memory reaches the file as soon as there is room."""
    store = await opened(spooled)
    await store.open_call(CallStart("c-1"))
    with capture_logs() as logs, full_disk():
        said = [await one_turn(store, turn) for turn in range(1, 6)]
        assert await store.turns("c-1") == said
        assert spooled.spool.read_bytes() == b""
    assert [line["event"] for line in logs].count("spool_unwritable") == 1
    with locked(spooled):
        said.append(await one_turn(store, 6))
        lines = spooled.spool.read_bytes().splitlines()
        assert [json.loads(line)["with"]["turn"] for line in lines] == sorted([*range(1, 7)] * 2)
    await store.recovered()
    assert await (await plain(spooled)).turns("c-1") == said


async def test_what_waits_is_bounded(tmp_path: Path) -> None:
    """At the limit the store's own error comes back, for new calls a little earlier."""
    behind = MemoryStore()
    store = SpooledStore(behind, None, memory_max=10)
    await store.open_call(CallStart("c-1"))
    behind.fault = StoreBusy()
    for turn in range(1, 10):
        await store.accept_turn("c-1", turn, "да", None)
    with pytest.raises(StoreBusy):
        await store.open_call(CallStart("c-2"))
    await store.accept_turn("c-1", 10, "да", None)
    with pytest.raises(StoreBusy):
        await store.accept_turn("c-1", 11, "да", None)
    behind.fault = None
    await store.recovered()
    assert len(await behind.turns("c-1")) == 10
    await store.close()


async def test_a_silent_store_is_given_up(tmp_path: Path) -> None:
    """A store that neither answers nor fails costs one turn its patience, and then nobody."""

    class Silent(MemoryStore):
        def __init__(self) -> None:
            super().__init__()
            self.awake = asyncio.Event()
            self.awake.set()

        async def open_call(self, start: CallStart) -> Any:
            await self.awake.wait()
            return await super().open_call(start)

        async def find_call(self, call_id: str) -> Any:
            await self.awake.wait()
            return await super().find_call(call_id)

        async def accept_turn(self, *values: Any, **named: Any) -> TurnRecord:
            await self.awake.wait()
            return await super().accept_turn(*values, **named)

        async def ping(self) -> None:
            await self.awake.wait()

    behind = Silent()
    store = SpooledStore(behind, tmp_path / "spool.jsonl", patience_s=0.5)
    await store.start()
    calls = [f"c-{number}" for number in range(8)]
    for call_id in calls:
        await store.open_call(CallStart(call_id))
    behind.awake.clear()
    began = time.monotonic()
    said = [await one_turn(store, 1, call_id) for call_id in calls]
    assert time.monotonic() - began < 3.5  # 8 turns at 0.5 s would take 4 s
    behind.awake.set()
    await store.recovered()
    assert [turn for call_id in calls for turn in await behind.turns(call_id)] == said
    await store.close()


async def test_a_spool_that_was_removed_is_noticed(tmp_path: Path) -> None:
    """A file without a name keeps nothing: the lines stay in memory, with an alarm."""
    behind = MemoryStore()
    store = SpooledStore(behind, tmp_path / "spool.jsonl")
    await store.start()
    (tmp_path / "spool.jsonl").unlink()
    behind.fault = StoreBusy()
    with capture_logs() as logs:
        await store.open_call(CallStart("c-1"))
    assert "spool_unwritable" in [line["event"] for line in logs]
    behind.fault = None
    await store.recovered()
    assert await behind.find_call("c-1") is not None
    await store.close()


async def killed_while_locked_out(place: Place, spool_bytes: int) -> list[list[str]]:
    """What a process acknowledged until it was killed with so much in its spool."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(VICTIM), place.url, str(place.spool), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    lines = [await process.stdout.readline()]
    with locked(place):
        # It says more than a pipe holds, so it must be listened to.
        while place.spool.stat().st_size < spool_bytes:
            lines.append(await process.stdout.readline())
        process.send_signal(signal.SIGKILL)
        lines += (await process.stdout.read()).splitlines()
        assert await process.wait() == -signal.SIGKILL
    return [line.decode().split() for line in lines]


@pytest.mark.parametrize("seed", [1, 2])
async def test_what_was_acknowledged_from_the_spool_survives_a_kill(
    spooled: Place, seed: int
) -> None:
    """kill -9 while the database is locked loses nothing that was acknowledged."""
    await (await plain(spooled)).close()
    spool_bytes = random.Random(seed).randint(5_000, 50_000)
    acknowledged = await killed_while_locked_out(spooled, spool_bytes)
    assert spooled.spool.stat().st_mode & 0o077 == 0
    store = await opened(spooled, busy_ms=5000)
    await store.recovered()
    behind = await plain(spooled)
    assert spooled.spool.read_bytes() == b""
    calls = {call_id for _, call_id, _ in acknowledged}
    assert len(calls) == 5
    found = {(turn.call_id, turn.turn): turn for call in calls for turn in await behind.turns(call)}
    for what, call_id, number in acknowledged:
        turn = found[call_id, int(number)]
        assert turn.user_text == f"said-{number}"
        if what == "settled":
            assert (turn.outcome, turn.reply) == (Outcome.ANSWERED, f"reply-{number}")
    for call_id in calls:
        numbers = [turn.turn for turn in await behind.turns(call_id)]
        assert numbers == list(range(1, len(numbers) + 1))


async def test_a_call_goes_on_from_what_a_killed_process_left(spooled: Place) -> None:
    """While the lock outlives the restart, the new process knows the spooled part of the call."""
    spool, elsewhere = spooled.spool, spooled.spool.with_name("elsewhere.jsonl")
    first = await opened(spooled)
    await first.open_call(CallStart("c-1"))
    behind = await open_store(spooled.url, busy_ms=100)
    second = SpooledStore(behind, elsewhere)
    spooled.opened.append(second)
    with locked(spooled):
        said = [await one_turn(first, turn) for turn in (1, 2)]
        elsewhere.write_bytes(spool.read_bytes())  # as if it had been the killed one's
        await second.start()
        assert second.spooled == 4
        assert await second.turns("c-1") == said
        assert await one_turn(second, 1) == said[0]
        said.append(await one_turn(second, 3))
    await second.recovered()
    assert await behind.turns("c-1") == said


async def test_damaged_and_impossible_lines_block_nobody(spooled: Place) -> None:
    """A torn end is dropped; what can never be applied is set aside with its reason."""
    store = await opened(spooled)
    await store.open_call(CallStart("c-1"))
    with locked(spooled):
        await one_turn(store, 1)
        good = spooled.spool.read_bytes()
    await store.recovered()
    await store.close()
    orphan = good.replace(b'"c-1"', b'"nobody"')
    other = good.replace(b'"turn": 1', b'"turn": 2')
    spooled.spool.write_bytes(orphan + b"\x00\xff rubbish\n" + other + good[:30])
    store = await opened(spooled, busy_ms=5000)
    assert store.spooled == 0
    assert [turn.turn for turn in await store.turns("c-1")] == [1, 2]
    rejected = spooled.spool.with_name("spool.jsonl.rejected")
    assert rejected.stat().st_mode & 0o077 == 0
    reasons = [json.loads(line)["reason"] for line in rejected.read_text().splitlines()]
    assert [next(w for w in ("not an operation", "call", "turn") if w in r) for r in reasons] == [
        "not an operation",
        "call",
        "turn",
    ]
    assert spooled.spool.read_bytes() == b""


async def test_a_torn_end_does_not_spoil_the_next_line(tmp_path: Path) -> None:
    """What is spooled after a restart is whole, though the file ended in the middle of a line."""
    path = tmp_path / "spool.jsonl"
    path.write_bytes(b'{"do": "open_c')
    for call_id in ("c-1", "c-2"):
        behind = MemoryStore()
        behind.fault = StoreBusy()
        store = SpooledStore(behind, path)
        await store.start()
        await store.open_call(CallStart(call_id))
        await store.close()
    assert [json.loads(line)["call"] for line in path.read_bytes().splitlines()] == ["c-1", "c-2"]
    assert store.spooled == 2


async def test_a_line_that_came_meanwhile_is_not_cleared_away(tmp_path: Path) -> None:
    """Clearing up to a line keeps the file when a later line is in it already."""
    path = tmp_path / "spool.jsonl"
    journal = Journal(path)
    await journal.open()
    await journal.keep(b"1\n")
    upto = journal.last
    await journal.keep(b"2\n")
    await journal.clear(upto)
    assert path.read_bytes() == b"1\n2\n"
    await journal.clear(journal.last)
    assert path.read_bytes() == b""
    await journal.close()


async def test_a_kept_line_is_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When keep returns, the file was synced with the whole line in it; lines share syncs."""
    path = tmp_path / "spool.jsonl"
    journal = Journal(path)
    await journal.open()
    synced: list[bytes] = []
    real = os.fsync

    def recorded(file: int) -> None:
        real(file)
        synced.append(path.read_bytes())

    monkeypatch.setattr(os, "fsync", recorded)
    await journal.keep(b"1\n")
    assert synced == [b"1\n"]
    await asyncio.gather(*(journal.keep(b"more\n") for _ in range(100)))
    assert synced[-1] == b"1\n" + b"more\n" * 100
    assert len(synced) < 50
    await journal.close()


async def test_two_processes_never_share_a_file(spooled: Place) -> None:
    """Each store has its own spool; the one that comes later adopts what nobody holds."""
    one, two = await opened(spooled), await opened(spooled)
    with locked(spooled):
        await one.open_call(CallStart("c-1"))
        await two.open_call(CallStart("c-2"))
        second = spooled.spool.with_name("spool-2.jsonl")
        assert (b"c-1" in spooled.spool.read_bytes(), b"c-2" in second.read_bytes()) == (True, True)
        left = second.read_bytes()
    for store in (one, two):
        await store.recovered()
    await two.close()
    third = spooled.spool.with_name("spool-7.jsonl")
    third.write_bytes(left.replace(b"c-2", b"c-3"))
    await opened(spooled, busy_ms=5000)
    assert await (await plain(spooled)).find_call("c-3") is not None
    assert third.read_bytes() == b""


async def test_a_spool_that_cannot_be_had_is_an_alarm_only(tmp_path: Path) -> None:
    """Without a place for the file everything works from memory."""
    (tmp_path / "taken").write_text("")
    behind = MemoryStore()
    store = SpooledStore(behind, tmp_path / "taken" / "spool.jsonl")
    with capture_logs() as logs:
        await store.start()
    assert [line["event"] for line in logs] == ["spool_unwritable"]
    behind.fault = StoreUnavailable()
    await store.open_call(CallStart("c-1"))
    said = await one_turn(store, 1)
    behind.fault = None
    await store.recovered()
    assert await behind.turns("c-1") == [said]
    await store.close()


async def test_closing_brings_in_or_leaves_in_the_file(tmp_path: Path) -> None:
    """close empties the spool if it can; else the next start finds everything."""
    path = tmp_path / "spool.jsonl"
    behind = MemoryStore()
    store = SpooledStore(behind, path)
    await store.start()
    behind.fault = StoreBusy()
    await store.open_call(CallStart("c-1"))
    await store.close()
    assert len(path.read_bytes().splitlines()) == 1
    again = MemoryStore()
    again.fault = StoreBusy()
    store = SpooledStore(again, path)
    await store.start()
    assert store.spooled == 1
    again.fault = None
    await store.close()
    assert path.read_bytes() == b""
    again.fault = None
    assert await again.find_call("c-1") is not None


async def test_no_word_reaches_the_log_from_the_spool(spooled: Place) -> None:
    """Loss, return and rejection are told without a word, number or name."""
    marker = "МАРКЕР-79990001122"
    with capture_logs() as logs:
        store = await opened(spooled)
        with locked(spooled):
            await store.open_call(CallStart("c-1", caller=marker))
            await store.accept_turn("c-1", 1, marker, 1.0)
            await store.keep_recording_text("c-1", marker)
            line = spooled.spool.read_bytes().splitlines()[1]
        await store.recovered()
        await store.close()
        spooled.spool.write_bytes(line.replace(b'"c-1"', b'"nobody"') + b"\n" + line[9:] + b"\n")
        await opened(spooled)
    events = {line["event"] for line in logs}
    assert events >= {"store_away", "store_back", "spool_found", "spool_rejected"}
    assert marker not in str(logs)
