"""What a database's exception means to us; nothing of its text, which may quote the caller.

PostgreSQL's messages show the failing row, SQLAlchemy's the statement: only stable codes travel on.
"""

from __future__ import annotations

import sqlite3

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from halo_voice.core.errors import StoreBusy, StoreError, StoreUnavailable

NO_SUCH_CALL = "The store knows no such call: open_call comes first."
NO_SUCH_TURN = "The store knows no such turn: accept_turn comes first."
NO_SUCH_TOOL = "The store knows no such call of a tool: begin_tool comes first."
TOO_LARGE = "A number is too large for the store."

# Primary result codes of SQLite (the low byte of the extended ones).
_SQLITE_BUSY = {5: "SQLITE_BUSY", 6: "SQLITE_LOCKED"}
_SQLITE_UNAVAILABLE = {
    3: "SQLITE_PERM: no right to the file",
    8: "SQLITE_READONLY: the file or its folder cannot be written",
    10: "SQLITE_IOERR: the disk failed",
    11: "SQLITE_CORRUPT: the file is damaged, restore a backup",
    13: "SQLITE_FULL: the disk is full",
    14: "SQLITE_CANTOPEN: the file is gone or may not be opened",
    26: "SQLITE_NOTADB: the file is not an SQLite database",
}

# Lock, statement and deadlock limits, serialisation, too many connections, starting up.
_PG_BUSY = {"55P03", "57014", "40P01", "40001", "53300", "57P03"}
# Class 08 connection, 25006 read-only, 28 who we are, 3D no database, 42501 rights,
# 53 resources (disk, memory), 57 operator, 58 system, XX internal (damaged files).
_PG_UNAVAILABLE = ("08", "25006", "28", "3D", "42501", "53", "57", "58", "XX")


def translated(fault: BaseException) -> StoreError:
    """The `StoreError` that says the same. Raise it outside the `except` block: the driver's
    exception must not hang on it as context, where a log would print the caller's words."""
    if isinstance(fault, StoreError):
        return fault
    if isinstance(fault, PoolTimeout):
        return StoreBusy()
    if isinstance(fault, sqlite3.Error):
        return _of_driver(fault, disconnected=False)
    if isinstance(fault, DBAPIError) and fault.orig is not None:
        return _of_driver(fault.orig, fault.connection_invalidated)
    if isinstance(fault, OverflowError):
        return StoreError(TOO_LARGE)
    return StoreError(f"The store failed: {type(fault).__name__}.")


def _of_driver(fault: BaseException, disconnected: bool) -> StoreError:
    code = getattr(fault, "sqlite_errorcode", None)
    if code is not None:
        return _of_sqlite(code & 0xFF, getattr(fault, "sqlite_errorname", str(code)))
    state: str | None = getattr(fault, "sqlstate", None)
    if state in _PG_BUSY:
        return StoreBusy()
    if state is not None and state.startswith(_PG_UNAVAILABLE):
        return StoreUnavailable(f"{StoreUnavailable.__doc__} SQLSTATE {state}.")
    if disconnected or (state is None and type(fault).__name__ == "OperationalError"):
        return StoreUnavailable()
    if state == "22003":
        return StoreError(TOO_LARGE)
    return StoreError(f"The store refused: {type(fault).__name__} {state or ''}".strip() + ".")


def _of_sqlite(code: int, name: str) -> StoreError:
    if code in _SQLITE_BUSY:
        return StoreBusy()
    if code in _SQLITE_UNAVAILABLE:
        return StoreUnavailable(
            f"The store cannot be used: {_SQLITE_UNAVAILABLE[code]}. "
            "Check HALO_STORE_URL, the disk and its rights."
        )
    return StoreError(f"The store refused: {name}.")
