"""A stand-in for a bad network: a TCP proxy that delays, throttles, garbles, cuts and falls silent.

`async with FaultProxy(port) as proxy:` forwards `proxy.port` to the port, or to the Unix socket of
a path. Blows strike connections at given bytes, `strike` spoils all open ones at once. Draws come
from a seed and the connection's number.
"""

from __future__ import annotations

import asyncio
import random
import socket
import struct
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Self

CHUNK = 4096
SLOW_CLOSE_S = 1.0


class End(Enum):
    """How a connection is spoilt."""

    CLOSE = "closed on both sides"
    RESET = "reset on both sides"
    HALF_OPEN = "kept, and nothing is forwarded any more"
    SLOW_CLOSE = "silent for a second, then closed"
    GARBAGE = "every byte is another one from now on"


@dataclass(frozen=True)
class Blow:
    """Strikes once: the first connection on which `at` comes down, `after` bytes later."""

    end: End
    at: bytes = b""
    after: int = 0


@dataclass(frozen=True)
class Pace:
    """How fast bytes travel, in s and bytes a second; 0: as fast as they can."""

    latency_s: float = 0.0
    jitter_s: float = 0.0
    bytes_a_s: float = 0.0


class FaultProxy:
    """The blows fall one after the other; then the network is good. `opened` counts connections,
    `struck` those that were spoilt. While it `refuses`, nobody is let in."""

    def __init__(
        self, upstream: int | Path, *blows: Blow, pace: Pace | None = None, seed: int = 0
    ) -> None:
        self.blows = list(blows)
        self.pace = pace or Pace()
        self.opened = 0
        self.struck = 0
        self.refuses = False
        self._upstream = upstream
        self._seed = seed
        self._open: set[_Connection] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._take, "127.0.0.1", 0, backlog=512)
        self.port = int(self._server.sockets[0].getsockname()[1])
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def strike(self, end: End) -> None:
        """Spoil every open connection now."""
        for connection in list(self._open):
            connection.strike(end)

    def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.opened += 1
        task = asyncio.create_task(self._serve(self.opened, reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda _: writer.close())  # it may be cancelled before it begins

    async def _serve(
        self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if self.refuses:
            return _reset(writer)
        try:
            if isinstance(self._upstream, Path):
                there = await asyncio.open_unix_connection(str(self._upstream))
            else:
                there = await asyncio.open_connection("127.0.0.1", self._upstream)
        except OSError:
            return _reset(writer)
        chance = random.Random(f"{self._seed}/{number}")
        connection = _Connection(self, (reader, writer), there, chance)
        self._open.add(connection)
        try:
            await connection.run()
        finally:
            self._open.discard(connection)


Pair = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class _Connection:
    """One connection and what becomes of it."""

    def __init__(self, proxy: FaultProxy, here: Pair, there: Pair, chance: random.Random) -> None:
        self._proxy = proxy
        self._here, self._there = here, there
        self._chance = chance
        self._blow: Blow | None = None  # is about to fall
        self._left = 0  # bytes until then
        self._spoilt: asyncio.Future[End] = asyncio.get_running_loop().create_future()
        self._garbles = False

    def strike(self, end: End) -> None:
        if self._spoilt.done() or self._garbles:
            return
        self._proxy.struck += 1
        if end is End.GARBAGE:
            self._garbles = True
        else:
            self._spoilt.set_result(end)

    async def run(self) -> None:
        up = asyncio.create_task(self._pump(self._here[0], self._there[1], down=False))
        down = asyncio.create_task(self._pump(self._there[0], self._here[1], down=True))
        try:
            waiting: set[asyncio.Future[object]] = {up, down, self._spoilt}  # type: ignore[arg-type]
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            if not self._spoilt.done():
                return
            up.cancel()
            down.cancel()
            await self._suffer(self._spoilt.result())
        finally:
            up.cancel()
            down.cancel()
            for _, writer in (self._here, self._there):
                writer.close()  # before waiting: the proxy may go meanwhile
            await asyncio.gather(up, down, return_exceptions=True)

    async def _suffer(self, end: End) -> None:
        if end is End.RESET:
            _reset(self._here[1])
            _reset(self._there[1])
        elif end is End.HALF_OPEN:
            await asyncio.Event().wait()  # until the proxy goes
        elif end is End.SLOW_CLOSE:
            await asyncio.sleep(SLOW_CLOSE_S)

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, down: bool
    ) -> None:
        """Forward one direction: each piece in its time, none before the one ahead of it."""
        loop = asyncio.get_running_loop()
        pieces: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def deliver() -> None:
            while True:
                due, data = await pieces.get()
                await asyncio.sleep(due - loop.time())
                if not data:
                    return
                self._forward(writer, data, down=down)
                await writer.drain()

        delivering = asyncio.create_task(deliver())
        try:
            due = loop.time()
            while True:
                data = await reader.read(CHUNK)
                pace = self._proxy.pace
                draw = self._chance.uniform(-1, 1) * pace.jitter_s
                due = max(due, loop.time() + pace.latency_s + draw)
                if pace.bytes_a_s:
                    due += len(data) / pace.bytes_a_s
                pieces.put_nowait((due, data))
                if not data:
                    break
            await delivering
        except ConnectionError:
            pass
        finally:
            delivering.cancel()
            await asyncio.gather(delivering, return_exceptions=True)

    def _forward(self, writer: asyncio.StreamWriter, data: bytes, *, down: bool) -> None:
        if down:
            self._expect(data)
        if self._blow is not None and down:
            whole, rest = data[: self._left], data[self._left :]
            self._left -= len(whole)
            if not self._left:
                writer.write(whole)
                data = rest
                self.strike(self._blow.end)
        if self._garbles:
            data = bytes(byte ^ 0xA5 for byte in data)
        if not self._spoilt.done():
            writer.write(data)

    def _expect(self, data: bytes) -> None:
        """Whether the next blow is for this connection."""
        blows = self._proxy.blows
        if self._blow is None and blows and (at := data.find(blows[0].at)) >= 0:
            self._blow = blows.pop(0)
            self._left = at + self._blow.after


def _reset(writer: asyncio.StreamWriter) -> None:
    """End it with RST instead of FIN."""
    raw = writer.get_extra_info("socket")
    if raw is not None and raw.family != socket.AF_UNIX:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
