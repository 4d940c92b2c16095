"""Where the contract tests of the store find their stores."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import postgres
import psycopg
import pytest
from store_place import Clock, Place

from halo_voice.core.ports import Store
from halo_voice.store import open_store

TABLES = ("users", "acts", "rollups", "digests", "tools", "turns", "calls", "nonces", "pings")
TABLES += ("spending", "editions", "drafts", "campaigns", "dials", "tries", "opt_outs")
TABLES += ("traces", "factors", "factor_marks", "reviews", "outcomes")
POSTGRESQL = pytest.param("postgresql", marks=pytest.mark.postgres)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    with postgres.server() as url:
        yield url


@pytest.fixture(scope="session")
def shared_database(postgresql_server: str) -> Iterator[str]:
    with postgres.database(postgresql_server) as url:
        yield url


@pytest.fixture
def new_database(postgresql_server: str) -> Iterator[str]:
    """A PostgreSQL database in which nothing has been done yet."""
    with postgres.database(postgresql_server) as url:
        yield url


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with the whole schema and nothing in it, to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "halo.sqlite3"

    async def make() -> None:
        await (await open_store(f"sqlite:///{path}")).close()

    with ThreadPoolExecutor(1) as apart:  # a test's loop may be running here
        apart.submit(asyncio.run, make()).result()
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    return path


def _emptied(url: str) -> str:
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        known = {name for (name,) in found}
        connection.execute("; ".join(f"DELETE FROM {name}" for name in TABLES if name in known))
    return url


def _copied(file: Path, folder: Path) -> str:
    """The URL of an empty store that has been opened before."""
    folder.mkdir(mode=0o700)
    shutil.copy(file, folder / file.name)
    return f"sqlite:///{folder / file.name}"


async def _place(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    url = {
        "memory": lambda: "memory:",
        "refused": lambda: "memory:",
        "spooled": lambda: _copied(request.getfixturevalue("migrated_file"), tmp_path / "old"),
        "sqlite": lambda: _copied(request.getfixturevalue("migrated_file"), tmp_path / "old"),
        "new": lambda: f"sqlite:///{tmp_path}/new/halo.sqlite3",
        "postgresql": lambda: _emptied(request.getfixturevalue("shared_database")),
    }[kind]()
    place = Place(
        "sqlite" if kind == "new" else kind, url, Clock(), tmp_path / "spool" / "spool.jsonl"
    )
    yield place
    for store in place.opened:
        await store.close()


# "spooled" is a spool before SQLite, "refused" one before a store that takes nothing.
@pytest.fixture(params=["memory", "sqlite", POSTGRESQL, "spooled", "refused"])
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    async for found in _place(request.param, request, tmp_path):
        yield found


# Whatever has an answer to what is asked of the store alone.
@pytest.fixture(params=["memory", "sqlite", POSTGRESQL, "spooled"])
async def answering(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    async for found in _place(request.param, request, tmp_path):
        yield found


@pytest.fixture(params=["sqlite", POSTGRESQL])
async def durable(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    async for found in _place(request.param, request, tmp_path):
        yield found


@pytest.fixture
async def sqlite_place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    """Where no store has been yet."""
    async for found in _place("new", request, tmp_path):
        yield found


@pytest.fixture
async def postgresql_place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    async for found in _place("postgresql", request, tmp_path):
        yield found


@pytest.fixture
async def store(place: Place) -> Store:
    return await place.open()
