"""A stand-in for an OpenAI-compatible server that does byte for byte what a test tells it.

It is written on bare sockets, so that a body can be cut anywhere, hang, or break. As a program
(`python -m tests.standins.model_server --tokens 45 --gap-ms 2`) it serves benchmarks.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import re
import ssl
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, Literal, Self


class Step(Enum):
    """What can be done in a body besides sending bytes."""

    HANG = "send nothing more until the client goes"
    CUT = "break the connection"


@dataclass(frozen=True)
class Pause:
    seconds: float


@dataclass(frozen=True)
class Reply:
    """An answer: each `bytes` of `steps` is one HTTP chunk and, if the network likes, one read."""

    steps: Sequence[bytes | Step | Pause]
    status: int = 200
    headers: Mapping[str, str] = field(
        default_factory=lambda: {"Content-Type": "text/event-stream"}
    )
    framing: Literal["chunked", "length", "close"] = "chunked"

    @property
    def body(self) -> bytes:
        return b"".join(step for step in self.steps if isinstance(step, bytes))

    def cut_every(self, size: int) -> Reply:
        """The same bytes in chunks of `size` bytes."""
        body = self.body
        return replace(self, steps=[body[i : i + size] for i in range(0, len(body), size)])


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


def chunk(content: str | None = None, *, finish: str | None = None, **delta: Any) -> dict[str, Any]:
    """A `chat.completion.chunk` with all the fields that real servers send."""
    if content is not None:
        delta["content"] = content
    return {
        "id": "chatcmpl-standin",
        "object": "chat.completion.chunk",
        "created": 1_790_000_000,
        "model": "standin",
        "system_fingerprint": "fp_standin",
        "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}],
    }


def event(data: object, *, end: str = "\n") -> bytes:
    """One server-sent event; a `str` goes as it is, everything else as JSON."""
    text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)
    return f"data: {text}{end}{end}".encode()


def spoken(pieces: Iterable[str], *, end: str = "\n", finish: str = "stop") -> Reply:
    """A well-behaved streamed answer."""
    return Reply(
        [
            event(chunk("", role="assistant"), end=end),
            *(event(chunk(piece), end=end) for piece in pieces),
            event(chunk(finish=finish), end=end),
            event("[DONE]", end=end),
        ]
    )


def plain(data: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """An answer that is one JSON document."""
    body = json.dumps(data).encode()
    kind = {"Content-Type": "application/json", **(headers or {})}
    return Reply([body], status=status, headers=kind, framing="length")


class ModelServer:
    """`async with ModelServer(reply) as server:` serves `reply` at `server.url` to every request.

    `reply` may be a function of the request; `Step.CUT` in its place breaks the connection off
    without a byte. `requests` keeps what came, `opened` counts
    connections. Nothing here waits by the clock: `received`, `connected` and `idle` wait for the
    event itself.
    """

    def __init__(
        self,
        reply: Reply | Callable[[Request], Reply | Step] | None = None,
        *,
        tls: ssl.SSLContext | None = None,
        port: int = 0,
    ) -> None:
        self.reply = reply or spoken(["Здравствуйте!"])
        self.requests: list[Request] = []
        self.opened = 0
        self._tls = tls
        self._port = port
        self._open: set[asyncio.StreamWriter] = set()
        self._changed = asyncio.Condition()

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self._port}/v1"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(
            self._serve, "127.0.0.1", self._port, ssl=self._tls, backlog=512
        )
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for writer in self._open:
            writer.transport.abort()
        await self.idle()

    async def received(self, count: int) -> None:
        """Wait until `count` requests have come."""
        async with asyncio.timeout(5), self._changed:
            await self._changed.wait_for(lambda: len(self.requests) >= count)

    async def connected(self, count: int) -> None:
        """Wait until `count` connections have been opened, TLS included."""
        async with asyncio.timeout(5), self._changed:
            await self._changed.wait_for(lambda: self.opened >= count)

    async def idle(self) -> None:
        """Wait until no connection is open."""
        async with asyncio.timeout(5), self._changed:
            await self._changed.wait_for(lambda: not self._open)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        self.opened += 1
        async with self._changed:
            self._changed.notify_all()
        try:
            while request := await _read_request(reader):
                self.requests.append(request)
                async with self._changed:
                    self._changed.notify_all()
                if not await self._answer(request, reader, writer):
                    break
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.transport.abort() if self._tls else writer.close()
            self._open.discard(writer)
            async with self._changed:
                self._changed.notify_all()

    async def _answer(
        self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        """Send the reply; False when the connection is not to be used again."""
        if request.path.endswith("/models"):
            reply = plain({"object": "list", "data": []})
        else:
            reply = self.reply if isinstance(self.reply, Reply) else self.reply(request)
        if isinstance(reply, Step):
            writer.transport.abort()
            return False
        writer.write(_head(reply))
        for step in reply.steps:
            if isinstance(step, Pause):
                await asyncio.sleep(step.seconds)
            elif step is Step.CUT:
                await writer.drain()
                writer.transport.abort()
                return False
            elif step is Step.HANG:
                await reader.read(1)
                return False
            elif step:
                writer.write(_framed(step, reply))
                await writer.drain()
                await asyncio.sleep(0)  # let the client read this piece by itself
        if reply.framing == "chunked":
            writer.write(b"0\r\n\r\n")
        await writer.drain()
        return reply.framing != "close"


async def _read_request(reader: asyncio.StreamReader) -> Request | None:
    head = await reader.readuntil(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    method, path, _ = first.split(" ", 2)
    headers = {}
    for line in filter(None, lines):
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Request(method, path, headers, body)


def _head(reply: Reply) -> bytes:
    lines = [f"HTTP/1.1 {reply.status} Standin"]
    lines += [f"{name}: {value}" for name, value in reply.headers.items()]
    if reply.framing == "chunked":
        lines.append("Transfer-Encoding: chunked")
    elif reply.framing == "length":
        lines.append(f"Content-Length: {len(reply.body)}")
    else:
        lines.append("Connection: close")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _framed(data: bytes, reply: Reply) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data) if reply.framing == "chunked" else data


class Metronome(asyncio.Protocol):
    """One connection of the program: the same answer to everybody, each token a write in its time.

    Callbacks and nothing else, so that it keeps time for hundreds at once.
    """

    def __init__(self, writes: Sequence[bytes], first_s: float, gap_s: float) -> None:
        self._writes = writes
        self._first_s, self._gap_s = first_s, gap_s
        self._loop = asyncio.get_running_loop()
        self._asked = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        self._asked += data
        head, blank, body = bytes(self._asked).partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: *(\d+)", head)
        if not blank or len(body) < (int(length[1]) if length else 0):
            return
        self._asked.clear()
        if head.startswith(b"GET"):
            models = plain({"object": "list", "data": []})
            self._transport.write(_head(models) + models.body)
        else:
            self._write(0, self._loop.time() + self._first_s - self._gap_s)

    def _write(self, number: int, due: float) -> None:
        if self._transport.is_closing():
            return
        if number:
            self._transport.write(self._writes[number - 1])
        if number < len(self._writes):
            due += self._gap_s
            self._loop.call_at(due, self._write, number + 1, due)


async def _run(arguments: argparse.Namespace) -> None:
    reply = spoken(f"слово{n} " for n in range(arguments.tokens))
    opening, *rest, done = [_framed(step, reply) for step in reply.steps if step]
    writes = [_head(reply) + opening, *rest, done + b"0\r\n\r\n"]
    server = await asyncio.get_running_loop().create_server(
        lambda: Metronome(writes, arguments.first_ms / 1000, arguments.gap_ms / 1000),
        "127.0.0.1",
        arguments.port,
        backlog=512,
    )
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", flush=True)
    await asyncio.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--tokens", type=int, default=45)
    parser.add_argument("--first-ms", type=float, default=0.0)
    parser.add_argument("--gap-ms", type=float, default=0.0)
    try:
        from uvloop import run
    except ImportError:  # Windows
        from asyncio import run
    with contextlib.suppress(KeyboardInterrupt):
        run(_run(parser.parse_args()))


if __name__ == "__main__":
    main()
