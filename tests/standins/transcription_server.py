"""A stand-in for an OpenAI-compatible transcription server that remembers what it was sent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

from aiohttp import web


@dataclass(frozen=True)
class Part:
    """One field of a multipart form."""

    name: str
    value: bytes
    file_name: str | None
    content_type: str | None  # of a file; plain fields need none


@dataclass
class TranscriptionServer:
    """Answers `POST /v1/audio/transcriptions` with `status` and `body`, or never when `hangs`.

    `hears`: makes the body from the sound instead.
    """

    hears: Callable[[bytes], bytes] | None = None
    body: bytes = b'{"text": "\xd0\xb4\xd0\xb0"}'
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    hangs: bool = False
    forms: list[list[Part]] = field(default_factory=list)
    requests: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)

    async def __aenter__(self) -> Self:
        self._gone = asyncio.Event()
        self.asked = asyncio.Event()
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_route("*", "/{path:.*}", self._serve)
        self._runner = web.AppRunner(app, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/v1"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._gone.set()
        await self._runner.cleanup()

    async def _serve(self, request: web.Request) -> web.Response:
        self.requests.append((request.method, request.path, dict(request.headers)))
        form = []
        async for part in await request.multipart():
            kind = part.headers.get("Content-Type")
            form.append(
                Part(
                    name=part.name or "",
                    value=bytes(await part.read()),
                    file_name=part.filename,
                    content_type=kind if part.filename else None,
                )
            )
        self.forms.append(form)
        self.asked.set()
        if self.hangs:
            await self._gone.wait()
        return web.Response(
            body=self.body if self.hears is None else self.hears(form[0].value),
            status=self.status,
            headers={"Content-Type": "application/json", **self.headers},
        )
