"""What the migrations promise: the tables that the code expects, on every database."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, inspect, text

from halo_voice.core.errors import StoreUnavailable
from halo_voice.core.ports import CallStart
from halo_voice.store import open_store
from halo_voice.store.address import read_url
from halo_voice.store.archive import open_archive
from halo_voice.store.migrate import MIGRATIONS, upgrade
from halo_voice.store.schema import metadata


def revisions() -> list[str]:
    """All migrations, oldest first."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()][
        ::-1
    ]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/halo.sqlite3"
    return request.getfixturevalue("new_database")


def shape(engine: Engine) -> dict[str, object]:
    """Tables with their columns, keys and indexes, as the database reports them."""
    inspector = inspect(engine)
    return {
        name: (
            [(c["name"], str(c["type"]), c["nullable"]) for c in inspector.get_columns(name)],
            inspector.get_pk_constraint(name)["constrained_columns"],
            [
                (key["constrained_columns"], key["referred_table"])
                for key in inspector.get_foreign_keys(name)
            ],
            sorted((i["name"], tuple(i["column_names"])) for i in inspector.get_indexes(name)),
        )
        for name in inspector.get_table_names()
        if name != "halo_schema_version" and not of_an_index(name)
    }


def of_an_index(name: str | None) -> bool:
    """SQLite shows an index of words as tables; it is made by DDL, and no part of the metadata."""
    return str(name).startswith("digest_index")


def connected(url: str) -> Engine:
    return create_engine(read_url(url))


async def test_the_migrated_schema_is_the_one_the_code_expects(url: str) -> None:
    """A fresh store has exactly the tables of `schema.metadata`."""
    await (await open_store(url)).close()
    engine = connected(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "version_table": "halo_schema_version",
                "compare_type": True,
                "include_name": lambda name, kind, _: kind != "table" or not of_an_index(name),
                # SQLite has `digest_index` in its place.
                "include_object": lambda _, name, *__: (
                    name != "digests_by_words" or connection.dialect.name == "postgresql"
                ),
            },
        )
        assert compare_metadata(context, metadata) == []
    engine.dispose()


async def test_step_by_step_equals_at_once(url: str) -> None:
    """A store upgraded migration by migration equals tables made from the metadata."""
    engine = connected(url)
    for revision in revisions():
        with engine.begin() as connection:
            upgrade(connection, revision)
    upgraded = shape(engine)
    with engine.begin() as connection:
        metadata.drop_all(connection)
        metadata.create_all(connection)
    assert shape(engine) == upgraded
    assert set(upgraded) == set(metadata.tables)
    engine.dispose()


async def test_opening_again_keeps_everything(url: str) -> None:
    """A second start migrates nothing and loses nothing."""
    store = await open_store(url)
    opened = await store.open_call(CallStart("c-1"))
    await store.close()
    store = await open_store(url)
    assert await store.find_call("c-1") == opened
    await store.close()


async def test_a_store_of_a_newer_version_is_left_alone(url: str) -> None:
    """An unknown migration in the store makes words that say: update."""
    await (await open_store(url)).close()
    engine = connected(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE halo_schema_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(StoreUnavailable, match="newer HALO"):
        await open_store(url)


async def test_a_migration_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    """A table in the way stops the start; what the migration had done before is undone."""
    path = tmp_path / "halo.sqlite3"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE nonces (mine TEXT)")
        connection.commit()
    with pytest.raises(StoreUnavailable, match=r"halo\.sqlite3 cannot be opened"):
        await open_store(f"sqlite:///{path}")
    with closing(sqlite3.connect(path)) as connection:
        names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    assert "calls" not in names


async def test_outcomes_of_before_are_counted_by_when_their_calls_began(url: str) -> None:
    """Reviews that are there already learn it from their calls."""
    engine = connected(url)
    call = dict.fromkeys(("caller", "called", "profile", "profile_version"), "")
    call |= {"scenario_version": "", "direction": "incoming", "call_id": "c-1"}
    utc = "" if engine.dialect.name == "sqlite" else "+00"
    call |= {"started_at": f"2026-03-01 12:00:00.000000{utc}", "late_texts": "[]"}
    review = {"made_at": f"2026-03-02 12:00:00.000000{utc}", "summary": "", "outcome": "answered"}
    review |= {"topics": "[]", "fields": "{}", "marks": "{}", "source": "rules"}
    with engine.begin() as connection:
        upgrade(connection, "0010")
        connection.execute(text(into("calls", call)), call)
        for name in ("c-1", "gone"):
            row = review | {"call_id": name}
            connection.execute(text(into("reviews", row)), row)
    engine.dispose()
    await (await open_store(url)).close()
    archive = open_archive(url)
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert archive.outcomes(noon, noon + timedelta(seconds=1)) == {"answered": 1}
    assert archive.outcomes(noon + timedelta(seconds=1), noon + timedelta(days=9)) == {}
    archive.erase(["c-1", "gone"])
    assert archive.outcomes(noon, noon + timedelta(seconds=1)) == {}
    archive.close()


def into(table: str, row: dict[str, str]) -> str:
    names = ", ".join(row)
    return f"INSERT INTO {table} ({names}) VALUES ({', '.join(f':{name}' for name in row)})"
