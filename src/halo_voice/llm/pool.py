"""The lines to one server: opened when needed, kept warm, each for one answer at a time."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections import deque
from typing import Any

from yarl import URL

from halo_voice.core.errors import ModelUnreachable
from halo_voice.llm.line import Line

IDLE_S = 60.0
_NAMES_LIVE_S = 300.0
_ADDRESS_S = 0.25
"""So long an address may take before the server's next one is tried."""


class Pool:
    """Lines to the host of `url`. May be made before the event loop runs.

    `connect_s`: how long a caller of `line` waits at most, in seconds, for a free place, the name,
    the connection and TLS together. `idle_s`: how long a line nobody needs is kept.
    """

    def __init__(
        self,
        url: URL,
        tls: ssl.SSLContext | None,
        *,
        connect_s: float,
        lines_max: int,
        idle_s: float = IDLE_S,
    ) -> None:
        self._host = url.raw_host or ""
        self._port = url.port or 0
        self._tls = tls
        self._connect_s = connect_s
        self._lines_max = lines_max
        self._idle_s = idle_s
        self._idle: list[Line] = []  # the warmest last
        self._open: set[Line] = set()
        self._opening = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._addresses: list[tuple[int, str]] = []  # the one that worked last comes first
        self._addresses_until = 0.0
        self._sweep: asyncio.TimerHandle | None = None
        self._emptied: asyncio.Future[None] | None = None
        self._spare: asyncio.Task[None] | None = None
        self._closed = False

    def warm(self) -> Line | None:
        """A line that is open and free, None if there is none.

        Who takes the last one has the next one opened behind him, where that takes a TLS handshake:
        calls come one after the other, and only the first of all would have to wait for it.
        """
        while self._idle:
            line = self._idle.pop()
            if not line.usable:
                continue
            if self._tls is not None and not self._idle and self._spare is None and self._room:
                self._spare = asyncio.get_running_loop().create_task(self._open_spare())
            return line
        return None

    @property
    def _room(self) -> bool:
        return len(self._open) + self._opening < self._lines_max

    async def line(self, *, new: bool = False) -> Line:
        """A warm line, or a new one. Raises `ModelUnreachable` when closed, `TimeoutError`,
        `OSError` or `ValueError` when the server cannot be reached."""
        async with asyncio.timeout(self._connect_s):
            while True:
                if self._closed:
                    raise ModelUnreachable("The client of the model is closed.")
                line = None if new else self.warm()
                if line is not None:
                    return line
                if self._room:
                    return await self._connect()
                if not self._drop_coldest():
                    await self._place()

    async def close(self) -> None:
        """End every line; whoever reads from one is told that it is lost."""
        self._closed = True
        if self._sweep is not None:
            self._sweep.cancel()
        self._next_may_try()
        if self._spare is not None:
            self._spare.cancel()
            await asyncio.wait([self._spare])
        for line in list(self._open):
            line.drop()
        if self._open:
            self._emptied = asyncio.get_running_loop().create_future()
            await self._emptied
            self._emptied = None
        await asyncio.sleep(0)  # those closed a moment ago

    def give_back(self, line: Line) -> None:
        if self._closed:
            line.abort()
            return
        loop = asyncio.get_running_loop()
        line.used = True
        line.idle_since = loop.time()
        self._idle.append(line)
        if self._sweep is None:
            self._sweep = loop.call_later(self._idle_s, self._sweep_idle)
        self._next_may_try()

    def forget(self, line: Line) -> None:
        if line in self._idle:
            self._idle.remove(line)
        self._open.discard(line)
        if self._emptied is not None and not self._open and not self._emptied.done():
            self._emptied.set_result(None)
        self._next_may_try()

    def _sweep_idle(self) -> None:
        """One timer for all lines: close those that have been idle for too long."""
        loop = asyncio.get_running_loop()
        self._sweep = None
        old = loop.time() - self._idle_s
        for line in [each for each in self._idle if each.idle_since <= old]:
            line.abort()
        if self._idle:
            self._sweep = loop.call_at(self._idle[0].idle_since + self._idle_s, self._sweep_idle)

    def _drop_coldest(self) -> bool:
        """Make room for a new line that is wanted although others are idle."""
        if not self._idle:
            return False
        self._idle[0].abort()
        return True

    async def _place(self) -> None:
        """Wait until a line is free or gone."""
        waiter = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():
                self._next_may_try()  # our turn, which we cannot take
            raise
        finally:
            if waiter in self._waiting:
                self._waiting.remove(waiter)

    def _next_may_try(self) -> None:
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)
                if not self._closed:
                    return

    async def _connect(self) -> Line:
        self._opening += 1
        try:
            line = await self._reach()
        finally:
            self._opening -= 1
        if self._closed:
            line.abort()
            raise ModelUnreachable("The client of the model is closed.")
        if not line.usable:
            raise ConnectionResetError
        return line

    async def _open_spare(self) -> None:
        try:
            async with asyncio.timeout(self._connect_s):
                line = await self._connect()
        except (OSError, ValueError, ModelUnreachable):
            return  # whoever needs a line will find out and say so
        finally:
            self._spare = None
        self.give_back(line)

    async def _reach(self) -> Line:
        """Try the host's addresses one after the other. Raises the last one's error."""
        addresses = list(await self._resolved())  # others put theirs first meanwhile
        for where in addresses:
            last = where == addresses[-1]
            try:
                async with asyncio.timeout(None if last else _ADDRESS_S):
                    line = await self._connect_to(*where)
            except OSError:  # TimeoutError is one
                if last:
                    raise
            else:
                self._addresses.sort(key=where.__ne__)  # from now on the first
                return line
        raise OSError("The name has no address.")

    async def _connect_to(self, family: int, address: str) -> Line:
        options: dict[str, Any] = {"family": family}
        if self._tls is not None:
            options |= {"ssl": self._tls, "server_hostname": self._host.rstrip(".")}
        loop = asyncio.get_running_loop()
        _, line = await loop.create_connection(lambda: Line(self), address, self._port, **options)
        self._open.add(line)
        return line

    async def _resolved(self) -> list[tuple[int, str]]:
        """The host's addresses. Old ones are better than none while names cannot be resolved."""
        loop = asyncio.get_running_loop()
        if loop.time() >= self._addresses_until:
            try:
                found = await loop.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
            except OSError:
                if not self._addresses:
                    raise
            else:
                known = dict.fromkeys((family, where[0]) for family, _, _, _, where in found)
                worked = self._addresses[:1]
                self._addresses = sorted(known, key=lambda each: each not in worked)
                self._addresses_until = loop.time() + _NAMES_LIVE_S
        return self._addresses
