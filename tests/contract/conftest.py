"""Where the contract tests of the store find their stores."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import postgres
import psycopg
import pytest
from store_place import Clock, Place

from halo_voice.core.ports import Store

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


def _emptied(url: str) -> str:
    with psycopg.connect(url) as connection:
        for table in TABLES:
            known = connection.execute("SELECT to_regclass(%s)", [table]).fetchone()
            if known != (None,):
                connection.execute(f"DELETE FROM {table}")
    return url


async def _place(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    url = {
        "memory": lambda: "memory:",
        "refused": lambda: "memory:",
        "spooled": lambda: f"sqlite:///{tmp_path}/new/halo.sqlite3",
        "sqlite": lambda: f"sqlite:///{tmp_path}/new/halo.sqlite3",
        "postgresql": lambda: _emptied(request.getfixturevalue("shared_database")),
    }[kind]()
    place = Place(kind, url, Clock(), tmp_path / "spool" / "spool.jsonl")
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
    async for found in _place("sqlite", request, tmp_path):
        yield found


@pytest.fixture
async def postgresql_place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    async for found in _place("postgresql", request, tmp_path):
        yield found


@pytest.fixture
async def store(place: Place) -> Store:
    return await place.open()
