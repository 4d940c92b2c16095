"""What is sent on a stream: at once, or kept, within bounds, while the other side is slow."""

from __future__ import annotations

import asyncio
from collections import deque

from halo_voice.api.websocket import Socket
from halo_voice.api.wire import Down, Pong, Say, encode

WAITING_MAX = 64


class Outbox:
    """Messages in order, numbered. When it is full, phrases of superseded turns go first."""

    def __init__(self, socket: Socket) -> None:
        self._socket = socket
        self._sent = 0
        self._waiting: deque[Down] = deque()
        self._newest = 0  # turn of a phrase
        self._closing = False
        self._flushed: asyncio.Future[None] | None = None

    def put(self, message: Down) -> bool:
        """Send the message, now or when there is room. False: the reader is too slow for it."""
        if self._closing:
            return True
        if isinstance(message, Say):
            self._newest = max(self._newest, message.turn)
        if self._socket.ready and not self._waiting:
            self._send(message)
            return True
        if isinstance(message, Pong) and message in self._waiting:
            return True
        if len(self._waiting) >= WAITING_MAX and not self._make_room():
            return False
        self._waiting.append(message)
        return True

    def resume(self) -> None:
        """The socket takes more."""
        while self._waiting and self._socket.ready:
            self._send(self._waiting.popleft())
        if self._flushed is not None and self._socket.ready and not self._flushed.done():
            self._flushed.set_result(None)

    def close(self) -> None:
        """Nothing more is taken; what waits is still sent."""
        self._closing = True

    async def flush(self) -> None:
        """Wait until everything is sent."""
        if self._waiting or not self._socket.ready:
            self._flushed = asyncio.get_running_loop().create_future()
            await self._flushed

    def _send(self, message: Down) -> None:
        self._sent += 1
        self._socket.write(encode(message, self._sent))

    def _make_room(self) -> bool:
        stale = [m for m in self._waiting if isinstance(m, Say) and m.turn < self._newest]
        for message in stale:
            self._waiting.remove(message)
        return bool(stale)
