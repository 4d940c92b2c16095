"""SQLite: one thread writes, one reads; writes that wait together share one sync of the disk.

    asyncio tasks ──job──► writer thread: BEGIN IMMEDIATE, all waiting jobs, COMMIT (one fsync)
                  ◄─results, after the commit, in one wake-up of the loop─┘

A commit with full sync costs the disk's latency whatever is in it, so under load the batch grows
by itself and the cost per turn falls. If one job of a batch fails, the batch is rolled back and
its jobs run one by one: a fault stays with the job that has it.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import NullPool

from halo_voice.core.errors import StoreBusy, StoreError, StoreUnavailable
from halo_voice.store.database import DISCREET, Result, Transaction
from halo_voice.store.faults import translated

_BATCH_MAX = 128
_REPLACED = (
    "The store's file was replaced: stop HALO, delete the old -wal and -shm beside the file, "
    "start HALO again."
)
# How long one attempt at the write lock lasts: the grain of the busy limit.
_ATTEMPT_MS = 50


def sqlite_engine(path: Path, *, mode: str, begin: str, busy_ms: int) -> Engine:
    """An engine whose transactions start with `begin`; `mode` is SQLite's `rw` or `rwc`."""

    def connect() -> sqlite3.Connection:
        # The check is off because closing happens on another thread, after the writer's end.
        connection = sqlite3.connect(
            f"{path.as_uri()}?mode={mode}", uri=True, isolation_level=None, check_same_thread=False
        )
        try:
            # FULL: a commit is on the disk when it returns. NORMAL would lose acknowledged turns.
            connection.execute(f"PRAGMA busy_timeout = {busy_ms}")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
        except BaseException:  # a full disk, a file that is none of SQLite's: nobody else has it
            connection.close()
            raise
        return connection

    engine = create_engine("sqlite://", creator=connect, poolclass=NullPool, **DISCREET)
    if begin:
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
    return engine


@dataclass(slots=True)
class _Job:
    transaction: Transaction[Any]
    future: asyncio.Future[Any]
    expires_at: float
    result: Any = None
    fault: StoreError | None = None


def _deliver(jobs: list[_Job]) -> None:
    """On the loop: hand the results over, except to those who no longer wait."""
    for job in jobs:
        if job.future.cancelled():
            continue
        if job.fault is not None:
            job.future.set_exception(job.fault)
        else:
            job.future.set_result(job.result)


class _File:
    """A connection that notices when its file was removed or replaced under it.

    SQLite itself writes on into a file that has no name any more. A file that comes back (a disk
    mounted again) is used again; another one in its place is not: the old one's log may still lie
    beside it, and SQLite would play that log into it.
    """

    def __init__(self, path: Path, engine: Engine) -> None:
        self.engine = engine
        self._path = path
        self._identity = _identity(path)
        self._connection: Connection | None = None

    def connected(self) -> Connection:
        """The open connection. Raises `StoreUnavailable` when the file is not ours any more."""
        identity = _identity(self._path)
        if identity is None:
            raise StoreUnavailable(f"{StoreUnavailable.__doc__} The file is gone.")
        if identity != self._identity:
            raise StoreUnavailable(_REPLACED)
        if self._connection is None:
            self._connection = self.engine.connect()
        return self._connection

    def disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(Exception):  # it may be broken; that is why it goes
                connection.close()


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


class SqliteDatabase:
    """One database file. Belongs to the event loop that uses it."""

    dialect = "sqlite"

    def __init__(self, path: Path, *, busy_ms: int) -> None:
        self._busy_s = busy_ms / 1000
        attempt_ms = min(_ATTEMPT_MS, busy_ms)
        self._writing = _File(
            path, sqlite_engine(path, mode="rw", begin="BEGIN IMMEDIATE", busy_ms=attempt_ms)
        )
        # Reading statements are transactions by themselves, so the reader begins none.
        self._reading = _File(path, sqlite_engine(path, mode="rw", begin="", busy_ms=busy_ms))
        self._queue: SimpleQueue[_Job | None] = SimpleQueue()
        self._writer = threading.Thread(target=self._write_on, name="halo-store", daemon=True)
        self._reader = ThreadPoolExecutor(1, "halo-store-reader")
        self._closed = False
        self._writer.start()

    async def write(self, transaction: Transaction[Result]) -> Result:
        if self._closed:
            raise StoreUnavailable("The store is closed.")
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._queue.put(_Job(transaction, future, time.monotonic() + self._busy_s))
        return await future

    write_at_once = write

    async def read(self, transaction: Transaction[Result]) -> Result:
        if self._closed:
            raise StoreUnavailable("The store is closed.")
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._reader, self._read_now, transaction)

    async def close(self) -> None:
        """Finish what was handed in, then close the file. Harmless when repeated."""
        if self._closed:
            return
        self._closed = True
        self._queue.put(None)
        await asyncio.to_thread(self._writer.join)
        await asyncio.to_thread(self._reader.shutdown)
        for file in (self._reading, self._writing):
            file.disconnect()
            file.engine.dispose()

    def _read_now(self, transaction: Transaction[Result]) -> Result:
        try:
            connection = self._reading.connected()
            result = transaction(connection)
            connection.rollback()  # ends SQLAlchemy's idea of a transaction; SQLite has none
            return result
        except Exception as error:  # every fault becomes a StoreError here, at the edge
            fault = translated(error)
        self._reading.disconnect()
        raise fault

    def _write_on(self) -> None:
        """The writer thread's life."""
        waiting: list[_Job] = []
        closing = False
        while waiting or not closing:
            with suppress(Empty):
                while len(waiting) < _BATCH_MAX and not closing:
                    job = self._queue.get(block=not waiting)
                    if job is None:
                        closing = True
                    else:
                        waiting.append(job)
            waiting = self._serve(waiting)

    def _serve(self, jobs: list[_Job]) -> list[_Job]:
        """Run the jobs as one transaction; return those that wait on for the lock."""
        fault = self._commit(jobs)
        if fault is not None and not isinstance(fault, StoreBusy) and len(jobs) > 1:
            return [left for job in jobs for left in self._serve([job])]
        waiting: list[_Job] = []
        if isinstance(fault, StoreBusy):
            now = time.monotonic()
            waiting = [job for job in jobs if job.expires_at > now]
            jobs = [job for job in jobs if job.expires_at <= now]
        if fault is not None:
            for job in jobs:
                job.fault = fault
        if jobs:
            # A loop that was closed has nobody waiting on it.
            with suppress(RuntimeError):
                jobs[0].future.get_loop().call_soon_threadsafe(_deliver, jobs)
        return waiting

    def _commit(self, jobs: list[_Job]) -> StoreError | None:
        """All jobs or none; the fault, if none."""
        try:
            connection = self._writing.connected()
            with connection.begin():
                for job in jobs:
                    job.fault = None
                    try:
                        job.result = job.transaction(connection)
                    except StoreError as answer:  # "no such turn": nothing was written
                        job.fault = answer
            return None
        except Exception as error:  # every fault becomes a StoreError here, at the edge
            fault = translated(error)
        if isinstance(fault, StoreUnavailable):
            self._writing.disconnect()
        return fault
