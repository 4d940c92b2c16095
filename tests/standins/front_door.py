"""A stand-in for the proxy before HALO: TLS of its own authority, one request a connection."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

import trustme

PAGE = b"HTTP/1.1 %s\r\nContent-Length: 2\r\nContent-Type: text/html\r\nConnection: close\r\n\r\nno"


@dataclass
class FrontDoor:
    """Leads to `behind`, a port of loopback, and says as a proxy does that it stands in between.

    `mode`: `open`; `no_sockets` refuses an upgrade; `elsewhere` is not HALO; `empty` finds nobody;
    `silent` never answers; `late` is the backend with a clock that is two minutes slow.
    """

    host: str
    behind: int
    mode: str = "open"
    days: float = 90.0
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def __aenter__(self) -> Self:
        self.authority = trustme.CA()
        self.gone = asyncio.Event()
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0, ssl=self.tls())
        self.port: int = self.server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self.gone.set()
        self.server.close()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    def tls(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        ends = datetime.now(UTC) + timedelta(days=self.days)
        self.authority.issue_cert(self.host, not_after=ends).configure_cert(context)
        return context

    def write_authority(self, path: Path) -> Path:
        self.authority.cert_pem.write_to_path(path)
        return path

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.tasks.add(task)
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            page = {"elsewhere": b"200 OK", "empty": b"502 Bad Gateway"}.get(self.mode)
            if self.mode == "no_sockets" and b"upgrade: websocket" in head.lower():
                page = b"400 Bad Request"
            if self.mode == "silent":
                await self.gone.wait()
            elif page is not None:
                writer.write(PAGE % page)
                await writer.drain()
            else:
                await self.lead(head, reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def lead(
        self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        inner, outer = await asyncio.open_connection("127.0.0.1", self.behind)
        outer.write(head[:-2] + b"X-Forwarded-For: 203.0.113.5\r\n\r\n")
        back = asyncio.create_task(pipe(inner, writer, late=self.mode == "late"))
        await pipe(reader, outer)
        outer.transport.abort()
        await back


async def pipe(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, late: bool = False
) -> None:
    while piece := await reader.read(65536):
        if late and b"\r\ndate: " in piece:
            before, _, rest = piece.partition(b"\r\ndate: ")
            slow = datetime.now(UTC) - timedelta(seconds=120)
            date = slow.strftime("%a, %d %b %Y %H:%M:%S GMT").encode()
            piece = before + b"\r\ndate: " + date + rest[rest.index(b"\r\n") :]
        writer.write(piece)
        await writer.drain()
