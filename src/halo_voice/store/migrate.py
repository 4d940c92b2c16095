"""Bringing a database's schema up to date; safe when several processes start at once.

One transaction takes the database's own lock, reads which migrations it has had, and runs the rest.
A process that dies in the middle leaves nothing behind.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, text

from halo_voice.store.sqlite import sqlite_engine

MIGRATIONS = Path(__file__).parent / "migrations"
# Any number, the same in every version of HALO.
_ADVISORY_LOCK = 0x48414C4F
# Alembic keeps its context in module globals.
_one_at_a_time = threading.Lock()


class SchemaTooNew(Exception):
    """The database has had a migration that this version of HALO does not have."""


def migrate_sqlite(path: Path, *, wait_ms: int) -> None:
    """Put the file into WAL mode, which it then keeps, and migrate it."""
    _use_wal(path, wait_ms)
    engine = sqlite_engine(path, mode="rw", begin="BEGIN EXCLUSIVE", busy_ms=wait_ms)
    try:
        with engine.begin() as connection:
            upgrade(connection)
    finally:
        engine.dispose()


def migrate_postgresql(engine: Engine) -> None:
    """Migrate the database that the engine connects to."""
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
        upgrade(connection)


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Run the missing migrations in the connection's transaction. Raises `SchemaTooNew`."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    too_new = False
    with _one_at_a_time:
        try:
            command.upgrade(config, revision)
        except CommandError as error:
            too_new = "Can't locate revision" in str(error)
            if not too_new:
                raise
    if too_new:
        raise SchemaTooNew


def _use_wal(path: Path, wait_ms: int) -> None:
    """Switch to write-ahead logging: readers and the writer then do not wait for each other.

    The switch needs the file alone, and SQLite does not wait for that by itself.
    """
    give_up_at = time.monotonic() + wait_ms / 1000
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        while True:
            try:
                connection.execute("PRAGMA journal_mode = WAL")
                return
            except sqlite3.OperationalError as error:
                busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
                if not busy or time.monotonic() > give_up_at:
                    raise
            time.sleep(0.01)
