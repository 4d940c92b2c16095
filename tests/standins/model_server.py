"""A stand-in for an OpenAI-compatible server that does byte for byte what a test tells it.

It is written on bare sockets, so that a body can be cut anywhere, hang, or break. As a program
(`python -m tests.standins.model_server --tokens 45 --gap-ms 2`) it serves benchmarks.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
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
    connections. Nothing here waits by the clock: `received` and `idle` wait for the event itself.
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

    async def idle(self) -> None:
        """Wait until no connection is open."""
        async with asyncio.timeout(5), self._changed:
            await self._changed.wait_for(lambda: not self._open)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        self.opened += 1
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


async def _run(arguments: argparse.Namespace) -> None:
    first, gap = Pause(arguments.first_ms / 1000), Pause(arguments.gap_ms / 1000)
    opening, *rest = spoken(f"слово{n} " for n in range(arguments.tokens)).steps
    steps: list[bytes | Step | Pause] = [first, opening]
    for piece in rest:
        steps += [gap, piece] if arguments.gap_ms else [piece]
    async with ModelServer(Reply(steps), port=arguments.port) as server:
        print(server.url, flush=True)
        await asyncio.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--tokens", type=int, default=45)
    parser.add_argument("--first-ms", type=float, default=0.0)
    parser.add_argument("--gap-ms", type=float, default=0.0)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_run(parser.parse_args()))


if __name__ == "__main__":
    main()
