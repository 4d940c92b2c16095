"""PostgreSQL: a small pool of connections, each driven by a thread.

The server itself lets commits that wait together share one sync, so nothing is batched here; what
counts is round trips. A method of one statement is sent as that statement alone, which the server
runs as a transaction: one round trip instead of three.
"""

from __future__ import annotations

import asyncio
import select
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from threading import Lock
from typing import Any

from sqlalchemy import Connection, Engine, Executable, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, InvalidatePoolError

from halo_voice.core.errors import StoreError, StoreUnavailable
from halo_voice.store.database import DISCREET, Result, Transaction
from halo_voice.store.faults import translated

_CONNECTIONS = 8
_STATEMENT_MS = 5000
# The server ends a statement by itself; a network that has fallen silent never does.
_SILENT_S_MAX = _STATEMENT_MS / 1000 + 1
_CLOSING_S_MAX = 1.0
_LOOK_S = 0.5


def postgresql_engine(url: URL, *, busy_ms: int, statement_ms: int = _STATEMENT_MS) -> Engine:
    """An engine with limits on everything that can wait. The URL's own parameters win."""
    options = {
        "synchronous_commit": "on",  # acknowledged is on the disk, whatever the server's default
        "lock_timeout": str(busy_ms),
        "statement_timeout": str(statement_ms),
        "idle_in_transaction_session_timeout": str(statement_ms),
        "timezone": "UTC",
    }
    ours = " ".join(f"-c {name}={value}" for name, value in options.items())
    asked = url.query.get("options", "")
    arguments: dict[str, Any] = {"options": f"{ours} {asked}".strip()}
    # A host that vanished without a word is noticed in seconds, not in a quarter of an hour.
    limits = {"connect_timeout": 3, "tcp_user_timeout": 5000, "keepalives_idle": 10}
    arguments |= {name: value for name, value in limits.items() if name not in url.query}
    engine = create_engine(
        url.difference_update_query(["options"]),
        connect_args=arguments,
        **DISCREET,
        pool_size=_CONNECTIONS,
        max_overflow=0,
        pool_timeout=busy_ms / 1000,
        pool_reset_on_return=None,  # every path below ends its transaction itself
    )
    event.listen(engine, "checkout", _alive)
    return engine


def _alive(driver: Any, *_: object) -> None:
    """After a restart of the server every pooled connection is dead, and nobody should hear of it.

    It says goodbye or nothing: whatever can be read while nothing was asked is the end.
    """
    look = select.poll()
    if not driver.closed:
        look.register(driver.fileno(), select.POLLIN)
    if driver.closed or look.poll(0):
        raise InvalidatePoolError


class _Session:
    """A connection of the pool as a `Session`. `sending` is called before each statement."""

    def __init__(self, connection: Connection, sending: Callable[[], None]) -> None:
        self._connection = connection
        self._sending = sending

    def rows(self, statement: Executable, values: Mapping[str, Any]) -> list[Sequence[Any]]:
        self._sending()
        found = self._connection.execute(statement, values)
        return list(found) if found.returns_rows else []

    def put(self, statement: Executable, rows: Sequence[Mapping[str, Any]]) -> None:
        self._sending()
        self._connection.execute(statement, rows)  # psycopg sends them together


class PostgresqlDatabase:
    """One database on a server."""

    dialect = "postgresql"

    def __init__(self, url: URL, *, busy_ms: int) -> None:
        self._engine = postgresql_engine(url, busy_ms=busy_ms)
        self._at_once = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        self._threads = ThreadPoolExecutor(_CONNECTIONS, "halo-store")
        self._running: set[_Work] = set()  # on the threads
        self._looking: asyncio.TimerHandle | None = None
        self._closed = False

    async def write(
        self,
        transaction: Transaction[Result],
        *,
        within_s: float = 0.0,  # noqa: ARG002 - the server has its own way, commit_delay
    ) -> Result:
        return await self._on_thread(self._engine, transaction)

    async def write_at_once(
        self,
        transaction: Transaction[Result],
        *,
        within_s: float = 0.0,  # noqa: ARG002 - as above
        synced: bool = True,  # noqa: ARG002 - asking for less would cost a round trip
        mine: bool = False,
    ) -> Result:
        return await self._on_thread(self._at_once, transaction, mine=mine)

    def hurry(self) -> None:
        """Nothing is held back here."""

    async def note(self, transaction: Transaction[None]) -> None:
        await self.write_at_once(transaction)

    async def noted(self) -> None:
        """Nothing is put off here."""

    async def read(self, transaction: Transaction[Result]) -> Result:
        return await self.write_at_once(transaction)

    async def close(self) -> None:
        """Finish what was handed in, then disconnect. Harmless when repeated."""
        self._closed = True
        await asyncio.to_thread(self._threads.shutdown)
        if self._looking is not None:
            self._looking.cancel()
        self._engine.dispose()

    async def _on_thread(
        self, engine: Engine, transaction: Transaction[Result], *, mine: bool = False
    ) -> Any:
        if self._closed:
            raise StoreUnavailable("The store is closed.")
        loop = asyncio.get_running_loop()
        if self._looking is None:
            self._looking = loop.call_later(_LOOK_S, self._look)
        work = _Work(self._running, engine, transaction, mine=mine)
        return await loop.run_in_executor(self._threads, work.run)

    def _look(self) -> None:
        """Free the threads that wait for a server which will never answer: they are few."""
        running = list(self._running)
        oldest = time.monotonic() - (_CLOSING_S_MAX if self._closed else _SILENT_S_MAX)
        for work in running:
            if work.began < oldest:
                work.sever()
        loop = asyncio.get_running_loop()
        self._looking = loop.call_later(_LOOK_S, self._look) if running else None


class _Work:
    """One transaction on its thread. Severed, it fails with its connection."""

    def __init__(
        self,
        running: set[_Work],
        engine: Engine,
        transaction: Transaction[Result],
        *,
        mine: bool,
    ) -> None:
        self.began = 0.0
        self._running = running
        self._engine = engine
        self._transaction = transaction
        self._mine = mine
        self._sent = False
        self._lock = Lock()
        self._line: socket.socket | None = None  # of our own: nobody else closes it
        self._severed = False

    def run(self) -> Any:
        self.began = time.monotonic()
        self._running.add(self)
        try:
            return self._run()
        finally:
            self._running.discard(self)

    def sever(self) -> None:
        """End a wait for the server."""
        with self._lock, suppress(OSError):
            self._severed = True
            if self._line is not None:
                self._line.shutdown(socket.SHUT_RDWR)

    def _run(self) -> Any:
        """Run it; once more if its connection was lost.

        What was committed before is found again by the second run: the statements insert or
        return, and the first outcome wins. One that answers whether this run was the first would
        deny it then, so it is given up once something was sent.
        """
        fault: StoreError | None = None
        for attempt in (1, 2):
            try:
                with self._engine.connect() as connection, self._severable(connection):  # noqa: SIM117
                    with connection.begin():
                        return self._transaction(_Session(connection, self._send))
            except Exception as error:  # every fault becomes a StoreError here, at the edge
                fault = translated(error)
                lost = isinstance(error, DBAPIError) and error.connection_invalidated
            if not lost or self._severed or attempt == 2 or (self._mine and self._sent):
                break
        assert fault is not None
        raise fault

    def _send(self) -> None:
        """A statement goes out: what progresses is not silent, however long it takes."""
        self._sent = True
        self.began = time.monotonic()

    @contextmanager
    def _severable(self, connection: Connection) -> Iterator[None]:
        driver: Any = connection.connection.driver_connection
        line = socket.fromfd(driver.fileno(), socket.AF_INET, socket.SOCK_STREAM)
        with self._lock:
            self._line = line
        try:
            yield
        finally:
            with self._lock:
                self._line = None
            line.close()
