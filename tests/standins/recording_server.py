"""A stand-in for a recording host: TLS on loopback, its own authority, replies to the byte."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass, field
from typing import Self

import trustme


def reply(
    body: bytes = b"ID3 audio",
    *,
    status: str = "200 OK",
    content_type: str | None = "audio/mpeg",
    length: int | None = -1,
    headers: tuple[str, ...] = (),
) -> bytes:
    """An HTTP answer; `length` is the announced one: -1 the true one, None unannounced."""
    lines = [f"HTTP/1.1 {status}", "Connection: close", *headers]
    if content_type is not None:
        lines.append(f"Content-Type: {content_type}")
    if length is not None:
        lines.append(f"Content-Length: {len(body) if length < 0 else length}")
    return "\r\n".join([*lines, "", ""]).encode() + body


@dataclass
class RecordingServer:
    """Answers every request with `answer`; then hangs up, or keeps still when `hangs`.

    An `answer` of None gives endless audio. `connections` counts what reached the port at all,
    `requests` what was asked inside TLS. What has one of `absent` in its path is not there.
    """

    host: str = "records.example.com"
    certified: str | None = None  # the name in the certificate, if another
    answer: bytes | None = field(default_factory=reply)
    hangs: bool = False
    absent: tuple[str, ...] = ()
    connections: int = 0
    sent_bytes: int = 0
    requests: list[str] = field(default_factory=list)

    async def __aenter__(self) -> Self:
        self.authority = trustme.CA()
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.authority.issue_cert(self.certified or self.host).configure_cert(tls)
        tls.sni_callback = self._greet
        self.names: list[str | None] = []
        self._gone = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=tls)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._gone.set()
        self._server.close()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    def _greet(self, _: ssl.SSLObject, name: str | None, __: ssl.SSLContext) -> None:
        self.connections += 1
        self.names.append(name)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            asked = (await reader.readuntil(b"\r\n\r\n")).decode()
            self.requests.append(asked)
            await self._answer(writer, asked.partition("\r\n")[0])
            if self.hangs:
                await self._gone.wait()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client went
        finally:
            writer.transport.abort()

    async def _answer(self, writer: asyncio.StreamWriter, line: str) -> None:
        pieces = [self.answer] if self.answer is not None else []
        if any(each in line for each in self.absent):
            pieces = [reply(b"", status="404 Not Found")]
        elif self.answer is None:
            writer.write(reply(b"", length=None))
            pieces = [b"\0" * 65536] * 1024
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            self.sent_bytes += len(piece)
