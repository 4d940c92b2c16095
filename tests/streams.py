"""A scenario's end of the stream for tests, over a real connection to a real server."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, nullcontext
from typing import Any

import httpx
import uvicorn
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from halo_voice.api.signature import sign
from halo_voice.app import SERVING, Halo
from halo_voice.core.errors import ModelError
from halo_voice.core.ports import Message
from tests.halo import backend

START = {"call_id": "c-1", "caller": "+79161234567", "called": "+74950000000"}
KEY = "k" * 32
NEWS_S = 5.0
"""What does not happen within so many seconds does not happen."""


class Scenario:
    """One connection. `say` sends, `hear` takes the next message of a kind."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.heard: list[dict[str, Any]] = []
        self._seq = 0
        self._taken = 0

    async def send(self, kind: str, **fields: Any) -> None:
        self._seq += 1
        await self.raw({"type": kind, "seq": self._seq, **fields})

    async def raw(self, message: Any) -> None:
        text = message if isinstance(message, str | bytes) else json.dumps(message)
        await self.socket.send(text)

    async def begin(self, call_id: str = "c-1", **fields: Any) -> Scenario:
        start = {**START, "call_id": call_id}
        await self.send("call", **{"version": 1, "call_id": call_id, "start": start, **fields})
        await self.hear("ready")
        return self

    async def ask(self, turn: int, text: str, **fields: Any) -> None:
        await self.send("final", turn=turn, text=text, **fields)

    async def next(self) -> dict[str, Any]:
        message = json.loads(await self.socket.recv())
        self._taken += 1
        assert message["seq"] == self._taken
        self.heard.append(message)
        return message

    async def hear(self, *kinds: str) -> dict[str, Any]:
        """The next message of one of these kinds; what comes before it is kept in `heard`."""
        while (message := await self.next())["type"] not in kinds:
            pass
        return message

    async def closed(self) -> int:
        """The code with which the server ends the stream, before silence alone would end it."""
        try:
            async with asyncio.timeout(NEWS_S):
                while True:
                    await self.next()
        except ConnectionClosed:
            assert self.socket.close_code is not None
            return self.socket.close_code

    def kinds(self, turn: int) -> list[str]:
        return [m["type"] for m in self.heard if m.get("turn") == turn]

    def said(self, turn: int) -> list[str]:
        return [m["text"] for m in self.heard if m["type"] == "say" and m["turn"] == turn]


class Served:
    """HALO behind a real server on a port of its own."""

    def __init__(self, halo: Halo, port: int, server: uvicorn.Server) -> None:
        self.halo = halo
        self.port = port
        self.server = server

    @asynccontextmanager
    async def socket(self, path: str = "/stream", **how: Any) -> AsyncIterator[Scenario]:
        how.setdefault("subprotocols", ["halo.v1"])
        address = f"ws://127.0.0.1:{self.port}{path}"
        async with connect(address, proxy=None, ping_interval=None, **how) as connection:
            yield Scenario(connection)

    @asynccontextmanager
    async def stream(self, call_id: str = "c-1", **fields: Any) -> AsyncIterator[Scenario]:
        async with self.socket() as scenario:
            yield await scenario.begin(call_id, **fields)

    def http(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.port}", trust_env=False)


@asynccontextmanager
async def served(model: Any = None, **values: Any) -> AsyncIterator[Served]:
    async with backend(model=model, **values) as halo:
        listener = socket.socket(proto=socket.IPPROTO_TCP)  # else asyncio leaves Nagle on
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(halo.web, timeout_graceful_shutdown=1, **SERVING)
        server = uvicorn.Server(config)
        server.capture_signals = nullcontext  # type: ignore[method-assign]
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started:  # noqa: ASYNC110 (uvicorn tells by this flag)
            await asyncio.sleep(0.001)
        try:
            yield Served(halo, listener.getsockname()[1], server)
        finally:
            server.should_exit = True
            await serving


def signed(nonce: str, key: str = KEY, **changes: Any) -> dict[str, str]:
    """The headers with which a scenario opens its stream."""
    asked: dict[str, Any] = {"method": "GET", "path": "/stream", "body": b"", **changes}
    return sign("k1", key, timestamp=int(time.time()), nonce=nonce, **asked)


class SteppingModel:
    """A model that gives its next piece when a test says so; `None` ends an answer, a fault is
    raised."""

    name = "stepping"

    def __init__(self) -> None:
        self.asked: list[list[Message]] = []
        self.stopped = 0  # answers that nobody wanted any more
        self._pieces: list[asyncio.Queue[Any]] = []
        self._news = asyncio.Condition()

    async def give(self, *pieces: Any, answer: int = -1) -> None:
        """The newest answer's next pieces, or those of answer `answer` (from 0)."""
        await self.was_asked(1 if answer < 0 else answer + 1)
        for piece in pieces:
            self._pieces[answer].put_nowait(piece)

    async def was_asked(self, times: int) -> None:
        async with asyncio.timeout(NEWS_S), self._news:
            await self._news.wait_for(lambda: len(self.asked) >= times)

    async def was_stopped(self, times: int) -> None:
        async with asyncio.timeout(NEWS_S), self._news:
            await self._news.wait_for(lambda: self.stopped >= times)

    async def stream(
        self, messages: Sequence[Message], *, max_tokens: int, deadline_s: float
    ) -> AsyncIterator[str]:
        pieces: asyncio.Queue[Any] = asyncio.Queue()
        self._pieces.append(pieces)
        self.asked.append(list(messages))
        async with self._news:
            self._news.notify_all()
        whole = False
        try:
            while (piece := await pieces.get()) is not None:
                if isinstance(piece, ModelError):
                    whole = True
                    raise piece
                yield piece
            whole = True
        finally:
            if not whole:
                self.stopped += 1
                async with self._news:
                    self._news.notify_all()

    async def warm_up(self) -> None: ...

    async def close(self) -> None: ...
