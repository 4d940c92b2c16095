"""What waits to be sent on a stream: bounded, so that a slow reader costs no memory."""

from __future__ import annotations

import asyncio
from collections import deque

from halo_voice.api.wire import Down, Pong, Say

WAITING_MAX = 64


class Outbox:
    """Messages in order. When it is full, phrases of superseded turns go first."""

    def __init__(self) -> None:
        self._waiting: deque[Down] = deque()
        self._news = asyncio.Event()
        self._newest = 0  # turn of a phrase
        self._closing = False

    def put(self, message: Down) -> bool:
        """Keep the message for sending. False: the reader is too slow for it."""
        if self._closing:
            return True
        if isinstance(message, Say):
            self._newest = max(self._newest, message.turn)
        if isinstance(message, Pong) and message in self._waiting:
            return True
        if len(self._waiting) >= WAITING_MAX and not self._make_room():
            return False
        self._waiting.append(message)
        self._news.set()
        return True

    def close(self) -> None:
        """Nothing more is taken; what waits is still given."""
        self._closing = True
        self._news.set()

    async def get(self) -> Down | None:
        """The next message; None after the last one."""
        while not self._waiting:
            if self._closing:
                return None
            self._news.clear()
            await self._news.wait()
        return self._waiting.popleft()

    def _make_room(self) -> bool:
        stale = [m for m in self._waiting if isinstance(m, Say) and m.turn < self._newest]
        for message in stale:
            self._waiting.remove(message)
        return bool(stale)
