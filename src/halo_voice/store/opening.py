"""Opening a store: its folder, its schema brought up to date, and words for what may be wrong."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from halo_voice.core.errors import StoreBusy, StoreError, StoreUnavailable
from halo_voice.core.ports import Store
from halo_voice.store.address import read_url, redact_url, sqlite_path
from halo_voice.store.faults import translated
from halo_voice.store.memory import MemoryStore, utc_now
from halo_voice.store.migrate import SchemaTooNew, migrate_postgresql, migrate_sqlite
from halo_voice.store.postgresql import PostgresqlDatabase, postgresql_engine
from halo_voice.store.sql import SqlStore
from halo_voice.store.sqlite import SqliteDatabase

# Another process may be migrating: it is worth waiting for.
_MIGRATION_WAIT_MS = 60_000


async def open_store(
    url: str, *, busy_ms: int = 500, now: Callable[[], datetime] = utc_now
) -> Store:
    """The store at `url`, its schema up to date; several processes may open it at once.

    `url` is `sqlite:///path` (the folder is made), `postgresql://user@host/database` or `memory:`.
    `busy_ms` is how long a method waits for a lock before it raises `StoreBusy`. `now` gives the
    UTC time. Raises `StoreUnavailable` with words that say what to do and no password in them.
    """
    if url == "memory:":
        return MemoryStore(now=now)
    parsed = read_url(url)
    if parsed.get_backend_name() == "sqlite":
        path = sqlite_path(parsed)
        await asyncio.to_thread(_prepare_sqlite, path, redact_url(url))
        return SqlStore(SqliteDatabase(path, busy_ms=busy_ms), now=now)
    await asyncio.to_thread(_prepare_postgresql, parsed, redact_url(url))
    return SqlStore(PostgresqlDatabase(parsed, busy_ms=busy_ms), now=now)


def _prepare_sqlite(path: Path, shown: str) -> None:
    if sqlite3.sqlite_version_info < (3, 35):
        raise StoreUnavailable(f"SQLite {sqlite3.sqlite_version} is too old: 3.35 is needed.")
    fault = ""
    try:
        # What callers said is nobody else's business on this machine.
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o600))
    except OSError as error:
        fault = error.strerror or type(error).__name__
    if fault:
        raise StoreUnavailable(
            f"The store {shown} cannot be made: {fault}. "
            "Point HALO_STORE_URL to a folder that this user may write to."
        )
    _migrated(lambda: migrate_sqlite(path, wait_ms=_MIGRATION_WAIT_MS), shown)


def _prepare_postgresql(url: URL, shown: str) -> None:
    engine = postgresql_engine(url, busy_ms=_MIGRATION_WAIT_MS, statement_ms=2 * _MIGRATION_WAIT_MS)
    try:
        _migrated(lambda: migrate_postgresql(engine), shown)
    finally:
        engine.dispose()


def _migrated(migrate: Callable[[], None], shown: str) -> None:
    hint = ""
    try:
        migrate()
        return
    except SchemaTooNew:
        hint = "A newer HALO has migrated it: update this one."
        fault: StoreError = StoreUnavailable()
    except Exception as error:  # whatever it was, the start ends with words for a person
        fault = translated(error)
        hint = _connection_hint(error)
    if isinstance(fault, StoreBusy):
        raise StoreBusy(f"The store {shown} stays locked by another process: end that one first.")
    raise StoreUnavailable(f"The store {shown} cannot be opened. {hint or fault.message}")


def _connection_hint(error: Exception) -> str:
    """What to do about a failed connection. Quotes nothing: the driver's text may hold a piece of a
    password that was not escaped in the address."""
    if not isinstance(error, DBAPIError) or type(error.orig).__module__.startswith("sqlite3"):
        return ""
    said = str(error.orig).lower()
    hints = {
        "refused": "Nothing listens there: start PostgreSQL or correct HALO_STORE_URL.",
        "no such file": "No server has that socket: start PostgreSQL or correct HALO_STORE_URL.",
        "authentication failed": "User or password is wrong: correct HALO_STORE_URL.",
        "no password supplied": "The server wants a password: add it to HALO_STORE_URL.",
        "role": "The user does not exist: create it or correct HALO_STORE_URL.",
        "does not exist": "The database does not exist: create it with createdb.",
        "timeout": "The server does not answer: check the host, the port and the firewall.",
        "resolve": "The host has no address: correct HALO_STORE_URL (escape @ as %40).",
        "translate host": "The host has no address: correct HALO_STORE_URL (escape @ as %40).",
        "permission denied": "The user may not create tables there: grant it CREATE on the schema.",
    }
    return next((hint for sign, hint in hints.items() if sign in said), "")
