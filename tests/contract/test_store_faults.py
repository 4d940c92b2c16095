"""What a durable store does when its database is locked, full, gone or not there."""

from __future__ import annotations

import resource
import socket
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from store_place import Place

from halo_voice.core.errors import StoreBusy, StoreUnavailable
from halo_voice.core.ports import CallStart, Outcome, Store
from halo_voice.store import open_store
from halo_voice.store.faults import translated
from halo_voice.store.sqlite import sqlite_engine


def path_of(place: Place) -> Path:
    return Path(place.url.removeprefix("sqlite:///"))


def admin(url: str) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(url, autocommit=True)


@contextmanager
def locked(place: Place) -> Iterator[None]:
    """Somebody else holds the store's write lock."""
    if place.kind == "sqlite":
        with closing(sqlite3.connect(path_of(place), isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
            other.execute("ROLLBACK")
    else:
        with psycopg.connect(place.url) as other:
            other.execute("LOCK TABLE turns, nonces IN ACCESS EXCLUSIVE MODE")
            yield
            other.rollback()


async def accept(store: Store, turn: int) -> str:
    return (await store.accept_turn("c-1", turn, f"said-{turn}", 0.5)).user_text


async def test_a_locked_store_is_busy_and_then_works_again(durable: Place) -> None:
    """A lock held by another makes StoreBusy within about busy_ms, and leaves nothing behind."""
    store = await durable.open(busy_ms=200)
    await store.open_call(CallStart("c-1"))
    assert await accept(store, 1) == "said-1"
    with locked(durable):
        began = time.monotonic()
        with pytest.raises(StoreBusy):
            await accept(store, 2)
        assert 0.15 < time.monotonic() - began < 4.5
    assert [turn.turn for turn in await store.turns("c-1")] == [1]
    assert await accept(store, 2) == "said-2"


async def test_readers_do_not_wait_for_a_lock(durable: Place) -> None:
    """A call can be looked up while another process holds the write lock."""
    store = await durable.open(busy_ms=200)
    await store.open_call(CallStart("c-1"))
    with locked(durable):
        assert await store.find_call("c-1") is not None


async def test_a_full_disk_is_unavailable_and_then_works_again(sqlite_place: Place) -> None:
    """When nothing more can be written, nothing is acknowledged; later it goes on by itself."""
    store = await sqlite_place.open()
    await store.open_call(CallStart("c-1"))
    written = path_of(sqlite_place).with_name("halo.sqlite3-wal").stat().st_size
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (written, hard))
    try:
        with pytest.raises(StoreUnavailable):
            await accept(store, 1)
        with pytest.raises(StoreUnavailable):
            await store.ping()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert await store.turns("c-1") == []
    assert await accept(store, 1) == "said-1"
    await store.ping()


async def test_a_file_that_is_gone_is_noticed(sqlite_place: Place) -> None:
    """No turn is acknowledged into a deleted file; when the file is back, so is the store."""
    store = await sqlite_place.open()
    await store.open_call(CallStart("c-1"))
    assert await accept(store, 1) == "said-1"
    path, away = path_of(sqlite_place), path_of(sqlite_place).with_name("away")
    path.rename(away)
    for method in (accept(store, 2), store.find_call("c-1"), store.ping()):
        with pytest.raises(StoreUnavailable, match="gone"):
            await method
    assert not path.exists()
    away.rename(path)
    assert await accept(store, 2) == "said-2"
    assert [turn.turn for turn in await store.turns("c-1")] == [1, 2]


async def test_a_file_that_was_replaced_is_not_written_to(sqlite_place: Place) -> None:
    """Another database in the file's place is left alone until the next start, which opens it."""
    store = await sqlite_place.open()
    await store.open_call(CallStart("c-1"))
    path = path_of(sqlite_place)
    backup = path.with_name("backup")
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(backup)) as target:
        source.backup(target)
    backup.replace(path)
    for method in (accept(store, 1), store.find_call("c-1"), store.ping()):
        with pytest.raises(StoreUnavailable, match="was replaced"):
            await method
    await store.close()
    for log in path.parent.glob("halo.sqlite3-*"):
        log.unlink()
    assert await accept(await sqlite_place.open(), 1) == "said-1"


async def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    """The words name the file and the reason."""
    path = tmp_path / "halo.sqlite3"
    path.write_bytes(b"no database at all " * 100)
    with pytest.raises(StoreUnavailable, match=r"halo\.sqlite3 cannot be opened.*NOTADB") as fault:
        await open_store(f"sqlite:///{path}")
    assert "not an SQLite database" in fault.value.message
    assert "full" not in fault.value.message


async def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    """A file in the folder's place makes words that say what to do."""
    (tmp_path / "taken").write_text("")
    with pytest.raises(StoreUnavailable, match="HALO_STORE_URL to a folder"):
        await open_store(f"sqlite:///{tmp_path}/taken/halo.sqlite3")


async def test_a_new_file_is_private(sqlite_place: Place) -> None:
    """What callers said can be read by the owner only."""
    await sqlite_place.open()
    assert path_of(sqlite_place).stat().st_mode & 0o077 == 0
    assert path_of(sqlite_place).parent.stat().st_mode & 0o077 == 0


async def test_a_write_to_a_read_only_file_is_unavailable(sqlite_place: Place) -> None:
    """SQLite's own read-only fault becomes StoreUnavailable."""
    await sqlite_place.open()
    uri = f"{path_of(sqlite_place).as_uri()}?mode=ro"
    with (
        closing(sqlite3.connect(uri, uri=True)) as reader,
        pytest.raises(sqlite3.OperationalError) as fault,
    ):
        reader.execute("DELETE FROM turns")
    assert isinstance(translated(fault.value), StoreUnavailable)


async def test_sqlite_syncs_fully_and_checks_references(sqlite_place: Place) -> None:
    """F57: write-ahead log, full sync and foreign keys are on where turns are written."""
    await sqlite_place.open()
    engine = sqlite_engine(path_of(sqlite_place), mode="rw", begin="", busy_ms=10)
    with engine.connect() as connection:
        found = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]
    engine.dispose()
    assert engine.hide_parameters
    assert found == ["wal", 2, 1]


@pytest.mark.postgres
async def test_lost_connections_are_replaced_unheard(postgresql_place: Place) -> None:
    """After the server cut every connection the next methods simply work."""
    store = await postgresql_place.open()
    await store.open_call(CallStart("c-1"))
    with admin(postgresql_place.url) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    assert await accept(store, 1) == "said-1"
    assert await store.find_call("c-1") is not None


@pytest.mark.postgres
async def test_a_database_that_refuses_us_is_unavailable(
    new_database: str, postgresql_server: str
) -> None:
    """Closed to us: StoreUnavailable, without details; open again: it goes on by itself."""
    store = await open_store(new_database)
    name = urlsplit(new_database).path.removeprefix("/")
    await store.open_call(CallStart("c-1"))
    with admin(postgresql_server) as connection:
        connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
        )
        for method in (accept(store, 1), store.ping()):
            with pytest.raises(StoreUnavailable):
                await method
        connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    assert await accept(store, 1) == "said-1"
    await store.close()


@pytest.mark.postgres
async def test_a_read_only_database_is_unavailable(new_database: str) -> None:
    """A standby or a server set to read-only acknowledges nothing but can still be read."""
    store = await open_store(new_database)
    await store.open_call(CallStart("c-1"))
    await store.close()
    name = urlsplit(new_database).path.removeprefix("/")
    store = await open_store(new_database)
    with admin(new_database) as connection:
        connection.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    with pytest.raises(StoreUnavailable, match="25006"):
        await store.ping()
    with pytest.raises(StoreUnavailable, match="25006"):
        await accept(store, 1)
    assert await store.find_call("c-1") is not None
    await store.close()


@pytest.mark.postgres
async def test_the_fault_of_a_row_quotes_nothing(postgresql_place: Place) -> None:
    """A refused row's words are in no part of what is raised."""
    store = await postgresql_place.open()
    await store.open_call(CallStart("c-1"))
    with pytest.raises(Exception, match="too large") as fault:
        await store.accept_turn("c-1", 2**70, "МАРКЕР", 1.0)
    assert "МАРКЕР" not in repr(fault.value)
    assert (fault.value.__context__, fault.value.__cause__) == (None, None)


async def test_a_server_that_is_not_there_is_named_without_the_password() -> None:
    """Connection refused: the words name address and remedy and keep the password to themselves."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        with pytest.raises(StoreUnavailable) as fault:
            await open_store(f"postgresql://halo:s3cret@127.0.0.1:{port}/halo")
    assert f"postgresql://halo:***@127.0.0.1:{port}/halo" in fault.value.message
    assert "start PostgreSQL" in fault.value.message
    assert "s3cret" not in repr(fault.value)
    assert fault.value.__context__ is None


@pytest.mark.postgres
async def test_a_database_that_does_not_exist_is_named(postgresql_server: str) -> None:
    """A wrong database name makes words that say how to create it."""
    parts = urlsplit(postgresql_server)
    with pytest.raises(StoreUnavailable, match="createdb"):
        await open_store(parts._replace(path="/halo_test_missing").geturl())


async def test_a_turn_settled_while_locked_out_can_be_settled_later(durable: Place) -> None:
    """StoreBusy means nothing happened: the same outcome may be given again."""
    store = await durable.open(busy_ms=50)
    await store.open_call(CallStart("c-1"))
    await accept(store, 1)
    answer = {"outcome": Outcome.ANSWERED, "reply": "Да.", "action": "listen", "source": "model"}
    with locked(durable), pytest.raises(StoreBusy):
        await store.settle_turn("c-1", 1, **answer)  # type: ignore[arg-type]
    assert (await store.turns("c-1"))[0].outcome is Outcome.PENDING
    settled = await store.settle_turn("c-1", 1, **answer)  # type: ignore[arg-type]
    assert settled.reply == "Да."
