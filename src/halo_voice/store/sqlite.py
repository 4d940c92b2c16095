"""SQLite: one thread writes, one reads; writes that wait together share one sync of the disk.

    asyncio tasks ──job──► writer thread: BEGIN IMMEDIATE, all waiting jobs, COMMIT (one fsync)
                  ◄─results, after the commit, in one wake-up of the loop─┘

A commit with full sync costs the disk's latency and most of a turn's CPU, whatever is in it. So
whoever can wait a little does not ring: the next one that cannot takes it along. Under load the
batch grows by itself. If one job of a batch fails, the batch is rolled back and its jobs run one by
one: a fault stays with the job that has it.
"""

from __future__ import annotations

import asyncio
import math
import sqlite3
import threading
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import structlog
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.pool import NullPool

from halo_voice.core.errors import StoreBusy, StoreError, StoreUnavailable
from halo_voice.store.attempt import AWAY
from halo_voice.store.database import DISCREET, Result, Session, Transaction
from halo_voice.store.faults import translated
from halo_voice.store.prepared import SqliteSession

_BATCH_MAX = 128
_NOTES_MAX = 10_000
_NOTE_WITHIN_S = 1.0
# Waiting pays where so many writes came in the time that one may wait. A lone call never waits.
_SHARERS_MIN = 4
# So many that could wait share a sync well enough: they wait no longer.
_SHARERS = 64
_REPLACED = (
    "The store's file was replaced: stop HALO, delete the old -wal and -shm beside the file, "
    "start HALO again."
)
# How long one attempt at the write lock lasts: the grain of the busy limit.
_ATTEMPT_MS = 50
_log = structlog.get_logger(__name__)


def connect(path: Path, *, mode: str, busy_ms: int) -> sqlite3.Connection:
    """A connection that begins nothing by itself; `mode` is SQLite's `rw` or `rwc`."""
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


def sqlite_engine(path: Path, *, mode: str, begin: str, busy_ms: int) -> Engine:
    """An engine on `connect`, for migrations; its transactions start with `begin`."""
    engine = create_engine(
        "sqlite://",
        creator=lambda: connect(path, mode=mode, busy_ms=busy_ms),
        poolclass=NullPool,
        **DISCREET,
    )
    if begin:
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
    return engine


@dataclass(slots=True)
class _Job:
    """`future` is None for a note: nobody waits for it. Not `synced`: nor for the disk."""

    transaction: Transaction[Any]
    future: asyncio.Future[Any] | None
    expires_at: float
    synced: bool = True
    result: Any = None
    fault: StoreError | None = None


def _deliver(jobs: list[_Job]) -> None:
    """On the loop: hand the results over, except to those who no longer wait."""
    for job in jobs:
        if job.future is None or job.future.cancelled():
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

    def __init__(self, path: Path, *, busy_ms: int) -> None:
        self._path = path
        self._busy_ms = busy_ms
        self._identity = _identity(self._path)
        self._session: SqliteSession | None = None
        self._synced = True

    def session(self) -> SqliteSession:
        """The open connection. Raises `StoreUnavailable` when the file is not ours any more."""
        identity = _identity(self._path)
        if identity is None:
            raise StoreUnavailable(f"{StoreUnavailable.__doc__} The file is gone.")
        if identity != self._identity:
            raise StoreUnavailable(_REPLACED)
        if self._session is None:
            self._session = SqliteSession(connect(self._path, mode="rw", busy_ms=self._busy_ms))
            self._synced = True
        return self._session

    def sync(self, on: bool) -> None:
        """Whether the next transaction is on the disk when it is committed. With the log of a
        later one that is, everything before it is too."""
        if self._session is not None and on is not self._synced:
            mode = "FULL" if on else "NORMAL"
            self._session.connection.execute(f"PRAGMA synchronous = {mode}")
            self._synced = on

    def disconnect(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            with suppress(Exception):  # it may be broken; that is why it goes
                session.connection.close()


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _nothing(_: Session) -> None:
    """A transaction that only carries along what waits."""


class SqliteDatabase:
    """One database file. Belongs to the event loop that uses it."""

    dialect = "sqlite"

    def __init__(self, path: Path, *, busy_ms: int) -> None:
        self._busy_s = busy_ms / 1000
        self._writing = _File(path, busy_ms=min(_ATTEMPT_MS, busy_ms))
        # Reading statements are transactions by themselves, so the reader begins none.
        self._reading = _File(path, busy_ms=busy_ms)
        self._held: list[_Job] = []  # on the loop: they wait for sharers
        self._awaited = False  # somebody waits for one of them
        self._jobs: deque[_Job] = deque()  # for the writer
        self._bell: SimpleQueue[None] = SimpleQueue()
        self._later: asyncio.TimerHandle | None = None  # rings for those that can wait
        self._came_at = deque([-math.inf] * _SHARERS_MIN, maxlen=_SHARERS_MIN)  # the last writes
        self._notes: deque[_Job] = deque(maxlen=_NOTES_MAX)  # refused, for the next batch
        self._noting = False  # a note may not be written yet
        self._writer = threading.Thread(target=self._write_on, name="halo-store", daemon=True)
        self._reader = ThreadPoolExecutor(1, "halo-store-reader")
        self._closed = False
        self._writer.start()

    async def write(self, transaction: Transaction[Result], *, within_s: float = 0.0) -> Result:
        return await self.write_at_once(transaction, within_s=within_s)

    async def write_at_once(
        self,
        transaction: Transaction[Result],
        *,
        within_s: float = 0.0,
        synced: bool = True,
        mine: bool = False,  # noqa: ARG002 - what runs again was rolled back
    ) -> Result:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Result] = loop.create_future()
        now = loop.time()
        if now - self._came_at[0] > within_s:
            within_s = 0.0  # quiet: there is nobody to share with
        self._came_at.append(now)
        expires_at = time.monotonic() + within_s + self._busy_s
        self._hand_in(_Job(transaction, future, expires_at, synced), within_s)
        return await future

    def hurry(self) -> None:
        if self._awaited and not self._closed:
            self._ring()

    async def note(self, transaction: Transaction[None]) -> None:
        self._hand_in(_Job(transaction, None, 0.0), _NOTE_WITHIN_S)
        self._noting = True

    async def noted(self) -> None:
        if not self._noting:
            return
        self._noting = False
        try:
            await self.write_at_once(_nothing)
        except AWAY:
            self._noting = True

    async def read(self, transaction: Transaction[Result]) -> Result:
        self._check()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._reader, self._read_now, transaction)

    async def close(self) -> None:
        """Finish what was handed in, then close the file. Harmless when repeated."""
        if self._closed:
            return
        self._closed = True
        self._ring()
        await asyncio.to_thread(self._writer.join)
        await asyncio.to_thread(self._reader.shutdown)
        self._reading.disconnect()
        self._writing.disconnect()

    def _check(self) -> None:
        if self._closed:
            raise StoreUnavailable("The store is closed.")

    def _hand_in(self, job: _Job, within_s: float) -> None:
        self._check()
        if not job.synced:  # takes nobody along: they would make it wait for the disk
            self._jobs.append(job)
            self._wake()
            return
        self._held.append(job)
        self._awaited = self._awaited or job.future is not None
        if within_s == 0 or len(self._held) >= _SHARERS:
            self._ring()
            return
        loop = asyncio.get_running_loop()
        at = loop.time() + within_s
        if self._later is None or at < self._later.when():
            self._unset()
            self._later = loop.call_at(at, self._ring)

    def _ring(self) -> None:
        """Have all that waits written now."""
        self._unset()
        self._jobs.extend(self._held)
        self._held, self._awaited = [], False
        self._wake()

    def _wake(self) -> None:
        if self._bell.empty():
            self._bell.put(None)

    def _unset(self) -> None:
        if self._later is not None:
            self._later.cancel()
            self._later = None

    def _read_now(self, transaction: Transaction[Result]) -> Result:
        try:
            return transaction(self._reading.session())
        except Exception as error:  # every fault becomes a StoreError here, at the edge
            fault = translated(error)
        self._reading.disconnect()
        raise fault

    def _write_on(self) -> None:
        """The writer thread's life."""
        waiting: list[_Job] = []
        closing = False
        while waiting or self._jobs or not closing:
            if not waiting and not self._jobs and not closing:
                self._bell.get()
            closing = closing or self._closed
            while len(waiting) < _BATCH_MAX and self._jobs:
                waiting.append(self._jobs.popleft())
            if waiting:
                waiting = self._serve([*self._taken_notes(), *waiting])
        left = self._taken_notes(_NOTES_MAX)
        if left:
            self._serve(left)
        if self._notes:
            _log.warning("notes_lost", notes=len(self._notes))

    def _taken_notes(self, most: int = _BATCH_MAX) -> list[_Job]:
        return [self._notes.popleft() for _ in range(min(most, len(self._notes)))]

    def _serve(self, jobs: list[_Job]) -> list[_Job]:
        """Run the jobs as one transaction; return those that wait on for the lock."""
        fault = self._commit(jobs)
        if isinstance(fault, AWAY):
            self._notes.extend(job for job in jobs if job.future is None)
            jobs = [job for job in jobs if job.future is not None]
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
        self._settle(jobs)
        return waiting

    def _settle(self, jobs: list[_Job]) -> None:
        """Tell those who wait on the loop, in one wake-up."""
        told = [job for job in jobs if job.future is not None]
        for job in jobs:
            if job.future is None and job.fault is not None:
                _log.warning("note_refused", reason=job.fault.message)
        if told and told[0].future is not None:
            # A loop that was closed has nobody waiting on it.
            with suppress(RuntimeError):
                told[0].future.get_loop().call_soon_threadsafe(_deliver, told)

    def _commit(self, jobs: list[_Job]) -> StoreError | None:
        """All jobs or none; the fault, if none."""
        try:
            session = self._writing.session()
            self._writing.sync(any(job.synced for job in jobs))
            session.connection.execute("BEGIN IMMEDIATE")
            try:
                for job in jobs:
                    job.fault = None
                    try:
                        job.result = job.transaction(session)
                    except StoreError as answer:  # "no such turn": nothing was written
                        job.fault = answer
                session.connection.execute("COMMIT")
            except BaseException:
                session.connection.rollback()
                raise
            return None
        except Exception as error:  # every fault becomes a StoreError here, at the edge
            fault = translated(error)
        if isinstance(fault, StoreUnavailable):
            self._writing.disconnect()
        return fault
