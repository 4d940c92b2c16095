"""A company's receiver of webhooks: verifies each request with the standard's own library."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from aiohttp import web
from standardwebhooks import Webhook, WebhookVerificationError

SECRET = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" + "AAAA"


class WebhookReceiver:
    """`answer` gives the status of each request, by its number from 0; `retry_after` goes with it.
    It knows what it has seen: `effects` are the events that were new to it, `requests` all that
    came."""

    def __init__(self, secret: str = SECRET) -> None:
        self.answer: Callable[[int], int] = lambda _: 200
        self.retry_after = ""
        self.url = ""
        self.requests: list[tuple[str, int]] = []
        self.effects: list[dict[str, Any]] = []
        self.unverified = 0
        self._known: set[str] = set()
        self._verify = Webhook(secret).verify

    async def take(self, request: web.Request) -> web.Response:
        raw = await request.read()
        try:
            self._verify(raw, dict(request.headers))
        except WebhookVerificationError:
            self.unverified += 1
            return web.Response(status=401)
        delivery_id = request.headers["webhook-id"]
        status = self.answer(len(self.requests))
        self.requests.append((delivery_id, status))
        if 200 <= status < 300 and delivery_id not in self._known:
            self._known.add(delivery_id)
            self.effects.append(json.loads(raw))
        told = {"retry-after": self.retry_after} if self.retry_after else None
        return web.Response(status=status, headers=told)


@contextmanager
def receiving(receiver: WebhookReceiver | None = None) -> Iterator[WebhookReceiver]:
    """It listens on loopback, in a thread of its own."""
    receiver = receiver or WebhookReceiver()
    loop = asyncio.new_event_loop()
    ready, stop = threading.Event(), asyncio.Event()

    async def serve() -> None:
        app = web.Application()
        app.router.add_post("/hook", receiver.take)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        receiver.url = f"http://127.0.0.1:{port}/hook"
        ready.set()
        await stop.wait()
        await runner.cleanup()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),), daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield receiver
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()
