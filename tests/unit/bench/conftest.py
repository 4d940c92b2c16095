"""A small server that speaks the stream's protocol over a real WebSocket, by script."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import WSMsgType, web

from halo_voice.bench.caller import Place, Plan

Say = Callable[..., Awaitable[None]]


class ScriptedServer:
    """Keeps what it hears; `on_final(turn, say)` answers a turn, by default in two phrases."""

    def __init__(self) -> None:
        self.port = 0
        self.heard: list[dict] = []
        self.posted: list[tuple[str, dict]] = []
        self.headers: dict[str, str] = {}
        self.refuse = 0
        self.on_final = two_phrases
        self.on_end = None

    async def stream(self, request: web.Request) -> web.StreamResponse:
        self.headers = dict(request.headers)
        if self.refuse:
            return web.Response(status=self.refuse)
        socket = web.WebSocketResponse(protocols=("halo.v1",))
        await socket.prepare(request)
        self.socket, self.seq = socket, 0
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                break
            await self.obey(json.loads(message.data))
        return socket

    async def obey(self, message: dict) -> None:
        self.heard.append(message)
        if message["type"] == "call":
            await self.say("ready", version=1)
        elif message["type"] == "final":
            await self.say("accepted", turn=message["turn"])
            await self.on_final(message["turn"], self.say)

    async def say(self, kind: str, **fields) -> None:
        self.seq = fields.pop("seq", self.seq + 1)
        await self.socket.send_str(json.dumps({"type": kind, "seq": self.seq, **fields}))

    async def post(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.posted.append((request.path, body))
        if request.path == "/process_text":
            answer = {"ai_text": "Да.", "outcome": "answered", "action": "listen"}
            return web.json_response({"user_text": body["user_text"], **answer})
        return web.json_response({"call_id": body["call_id"]})

    def types(self) -> list[str]:
        return [message["type"] for message in self.heard]


async def two_phrases(turn: int, say: Say) -> None:
    await say("say", turn=turn, phrase=1, text="Доставка бесплатная.")
    await say("say", turn=turn, phrase=2, text="Привезём завтра.")
    await answered(turn, say, phrases=2)


async def answered(turn: int, say: Say, *, phrases: int, outcome: str = "answered") -> None:
    reply = {"action": "listen", "outcome": outcome, "text": "", "patience_ms": 0}
    await say("answered", turn=turn, phrases=phrases, **reply)


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    scripted = ScriptedServer()
    app = web.Application()
    app.router.add_get("/stream", scripted.stream)
    app.router.add_post("/{path:.*}", scripted.post)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    scripted.port = runner.addresses[0][1]
    yield scripted
    await runner.cleanup()


@pytest.fixture
async def place(server: ScriptedServer) -> AsyncIterator[Place]:
    """Callers who think not at all and send no interim results."""
    plan = Plan(
        way="stream", host="127.0.0.1", port=server.port, calls=1, turns=2, think_s=0, interims=0
    )
    found = Place(plan)
    yield found
    found.http.close()
