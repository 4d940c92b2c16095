"""What foreign exceptions become at the store's edge."""

from __future__ import annotations

import sqlite3

import pytest
from psycopg import errors
from sqlalchemy.exc import DBAPIError, OperationalError

from halo_voice.core.errors import StoreBusy, StoreError, StoreUnavailable
from halo_voice.store.faults import translated


def sqlite_fault(code: int, name: str) -> OperationalError:
    fault = sqlite3.OperationalError("near МАРКЕР")
    fault.sqlite_errorcode, fault.sqlite_errorname = code, name
    return OperationalError("INSERT МАРКЕР", {"x": "МАРКЕР"}, fault)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (sqlite3.SQLITE_BUSY, StoreBusy),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, StoreBusy),
        (sqlite3.SQLITE_LOCKED, StoreBusy),
        (sqlite3.SQLITE_FULL, StoreUnavailable),
        (sqlite3.SQLITE_READONLY_DBMOVED, StoreUnavailable),
        (sqlite3.SQLITE_IOERR_FSYNC, StoreUnavailable),
        (sqlite3.SQLITE_CORRUPT, StoreUnavailable),
        (sqlite3.SQLITE_CANTOPEN, StoreUnavailable),
        (sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY, StoreError),
    ],
)
def test_sqlite_codes_have_a_meaning(code: int, kind: type[StoreError]) -> None:
    """Primary and extended codes are understood; the driver's text is not passed on."""
    fault = translated(sqlite_fault(code, "SQLITE_X"))
    assert type(fault) is kind
    assert "МАРКЕР" not in fault.message


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (errors.LockNotAvailable, StoreBusy),
        (errors.QueryCanceled, StoreBusy),
        (errors.DeadlockDetected, StoreBusy),
        (errors.TooManyConnections, StoreBusy),
        (errors.DiskFull, StoreUnavailable),
        (errors.ReadOnlySqlTransaction, StoreUnavailable),
        (errors.AdminShutdown, StoreUnavailable),
        (errors.DataCorrupted, StoreUnavailable),
        (errors.OperationalError, StoreUnavailable),
        (errors.CheckViolation, StoreError),
    ],
)
def test_postgresql_states_have_a_meaning(
    fault: type[errors.Error], kind: type[StoreError]
) -> None:
    """SQLSTATEs are understood; a broken connection without one means unavailable."""
    wrapped = DBAPIError("INSERT", {}, fault("МАРКЕР"))
    assert type(translated(wrapped)) is kind
    assert "МАРКЕР" not in translated(wrapped).message


def test_any_other_fault_is_a_store_error() -> None:
    """Nothing but StoreErrors crosses the port, and no foreign text."""
    assert translated(RuntimeError("МАРКЕР")).message == "The store failed: RuntimeError."
    assert translated(OverflowError()).message == "A number is too large for the store."
    busy = StoreBusy()
    assert translated(busy) is busy
