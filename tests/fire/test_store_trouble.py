"""Callers talk, over both ways, while the store is locked, full, read-only, gone or broken."""

from __future__ import annotations

import asyncio
import resource
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from halo_voice.core.ports import Outcome
from halo_voice.store import SpooledStore, open_store, sqlite
from halo_voice.store.prepared import SqliteSession
from tests.halo import TalkingModel
from tests.streams import Served, served

CALLS = 6


@contextmanager
def locked(store: Path) -> Iterator[None]:
    """Somebody else holds the write lock."""
    with closing(sqlite3.connect(store, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


@contextmanager
def full(store: Path) -> Iterator[None]:
    """No file of this process may grow: neither the store's nor the spool's."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def read_only(store: Path) -> Iterator[None]:
    """SQLite itself refuses to write, as on a disk that was mounted anew after a fault."""
    whole = sqlite._File.session

    def session(file: sqlite._File) -> SqliteSession:
        found = whole(file)
        found.connection.execute("PRAGMA query_only = ON")
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlite._File, "session", session)
        yield


@contextmanager
def gone(store: Path) -> Iterator[None]:
    """The file is somewhere else for a while."""
    away = store.with_name("away")
    store.rename(away)
    try:
        yield
    finally:
        away.rename(store)


@contextmanager
def broken(store: Path) -> Iterator[None]:
    """What is read of the file is rubbish behind its first page: SQLite itself finds it."""
    damaged = store.with_name("damaged")
    with closing(sqlite3.connect(store)) as source, closing(sqlite3.connect(damaged)) as target:
        source.backup(target)
    with damaged.open("r+b") as file:
        file.seek(4096)
        file.write(b"rubbish " * (damaged.stat().st_size // 8 - 512))

    def session(file: sqlite._File) -> SqliteSession:
        return SqliteSession(sqlite.connect(damaged, mode="rw", busy_ms=10))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlite._File, "session", session)
        yield


SAID = {full: "IOERR", read_only: "READONLY", gone: "gone", broken: "CORRUPT"}
"""What the alarm says of it."""


async def ask(halo: Served, call_id: str, turn: int) -> str:
    """One turn over HTTP; with its call's start, as a scenario sends it until it is known."""
    said = {"call_id": call_id, "turn": turn, "user_text": f"Вопрос {turn}"}
    async with halo.http() as http:
        reply = await http.post("/process_text", json={**said, "start": {"call_id": call_id}})
    assert reply.status_code == 200, reply.text
    return str(reply.json()["ai_text"])


async def ask_on_stream(halo: Served, call_id: str, turn: int) -> str:
    async with halo.stream(call_id) as scenario:
        await scenario.ask(turn, f"Вопрос {turn}")
        return str((await scenario.hear("answered"))["text"])


async def everybody(halo: Served, turn: int) -> dict[tuple[str, int], str]:
    """Each call's turn, half of them on a stream; who has not called yet, begins to."""
    calls = [f"c-{number}" for number in range(CALLS)]
    ways = [ask, ask_on_stream]
    replies = await asyncio.gather(
        *(ways[number % 2](halo, call_id, turn) for number, call_id in enumerate(calls))
    )
    return {(call_id, turn): reply for call_id, reply in zip(calls, replies, strict=True)}


def rows(store: Path) -> dict[tuple[str, int], tuple[str, str]]:
    """Of each turn in the file: outcome and reply. Read without HALO."""
    with closing(sqlite3.connect(store)) as database:
        found = database.execute("SELECT call_id, turn, outcome, reply FROM turns").fetchall()
    assert len({row[:2] for row in found}) == len(found)
    return {(call_id, turn): (outcome, reply) for call_id, turn, outcome, reply in found}


@pytest.mark.parametrize("trouble", [locked, full, read_only, gone, broken])
async def test_the_conversation_goes_on_and_comes_back(
    tmp_path: Path, trouble: Callable[[Path], AbstractContextManager[None]]
):
    """F54, F55, F56, invariants 8 and 18: nobody hears of it; with one alarm all that was
    acknowledged waits, and is in the store, in order, when that is well again."""
    path, model = tmp_path / "halo.sqlite3", TalkingModel()
    values = {"store_url": f"sqlite:///{path}", "store_busy_ms": 500}
    with capture_logs() as logs:
        async with served(model, **values) as halo:
            store = halo.halo.store
            assert isinstance(store, SpooledStore)
            told = await everybody(halo, 1)
            with trouble(path):
                for turn in (2, 3):
                    told |= await everybody(halo, turn)
                told[("new", 1)] = await ask(halo, "new", 1)
                told[("newer", 1)] = await ask_on_stream(halo, "newer", 1)
                assert store.spooled >= 2 * (2 * CALLS + 2)
                assert store.away
            await store.recovered()
            told |= await everybody(halo, 4)
            assert store.spooled == 0
    [alarm] = [line for line in logs if line["event"] == "store_away"]
    assert (alarm["log_level"], bool(alarm["reason"])) == ("error", True)
    if trouble in SAID:
        assert SAID[trouble] in alarm["reason"]
    assert rows(path) == {turn: ("answered", reply) for turn, reply in told.items()}
    last = [message.content for message in model.asked[-1] if message.role == "user"]
    assert last == [f"Вопрос {turn}" for turn in (1, 2, 3, 4)]


async def test_a_backup_is_put_in_the_place_of_a_broken_store(tmp_path: Path):
    """F56: the restore as docs/reliability.md tells it: what the backup has and what waited in the
    spool is there after the start, and the calls go on."""
    path, backup = tmp_path / "halo.sqlite3", tmp_path / "backup.sqlite3"
    values = {"store_url": f"sqlite:///{path}", "store_busy_ms": 500}
    async with served(TalkingModel(), **values) as halo:
        told = await everybody(halo, 1)
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(backup)) as target:
            source.backup(target)
        with broken(path):
            told |= await everybody(halo, 2)
            told[("new", 1)] = await ask(halo, "new", 1)
            assert halo.halo.store.spooled
            await halo.halo.store.close()  # the process ends before anybody has mended it
    restore(backup, path)
    model = TalkingModel()
    async with served(model, **values) as halo:
        assert halo.halo.store.spooled == 0
        told |= await everybody(halo, 3)
    assert rows(path) == {turn: ("answered", reply) for turn, reply in told.items()}
    last = [message.content for message in model.asked[-1] if message.role == "user"]
    assert last == [f"Вопрос {turn}" for turn in (1, 2, 3)]


def restore(backup: Path, path: Path) -> None:
    """What an operator does while HALO is stopped."""
    assert any(spool.stat().st_size for spool in path.parent.glob("*.jsonl"))
    for log in path.parent.glob("halo.sqlite3-*"):
        log.unlink()
    backup.replace(path)


async def test_at_the_limit_running_calls_are_finished_and_new_ones_are_put_off(tmp_path: Path):
    """F55: with the spool nearly full a new call hears that all lines are busy, with one alarm;
    those that run are answered on."""
    path = tmp_path / "halo.sqlite3"
    inner = await open_store(f"sqlite:///{path}", busy_ms=50)
    store = SpooledStore(inner, tmp_path / "spool.jsonl", operations_max=40, patience_s=0.5)
    await store.start()
    with capture_logs() as logs:
        async with served(TalkingModel(), store=store) as halo, halo.http() as http:
            await everybody(halo, 1)
            with locked(path):
                turn = 1
                while store.spooled < 36:
                    turn += 1
                    await ask(halo, "c-0", turn)
                for call_id in ("new-1", "new-2"):
                    refused = await http.post("/call/start", json={"call_id": call_id})
                    assert (refused.status_code, refused.json()["refused"]) == (200, "busy")
                assert await ask(halo, "c-0", turn + 1)
            await store.recovered()
            begun = await http.post("/call/start", json={"call_id": "new-1"})
            assert begun.status_code == 200
            assert "refused" not in begun.json()
    assert [line["event"] for line in logs].count("spool_full") == 1
    assert len(rows(path)) == CALLS + turn
    assert {outcome for outcome, _ in rows(path).values()} == {Outcome.ANSWERED.value}
