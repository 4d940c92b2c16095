"""The least that the same load takes on this machine, for `halo bench --vs bare`.

A WebSocket on the `websockets` library, a model client on a bare protocol, a history that grows;
each `final` is answered sentence by sentence with `say` and `answered`. No store, no signature, no
speakable text, no metrics, no guesses: interim results are read and forgotten.

    python -m halo_voice.bench.bare_server PORT REPORTS_PORT MODEL_PORT
"""

from __future__ import annotations

import asyncio
import gc
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager, suppress
from typing import Any

import httptools
import msgspec
from websockets.asyncio.server import ServerConnection
from websockets.asyncio.server import serve as serve_sockets
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

HOST = "127.0.0.1"
CONTEXT = "Вы - вежливый голосовой ассистент компании HALO."
_TAKEN = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


class Heard(msgspec.Struct, gc=False):
    """What comes up the stream, as far as it matters here."""

    type: str
    turn: int = 0
    text: str = ""


class Delta(msgspec.Struct, gc=False):
    content: str | None = None


class Choice(msgspec.Struct, gc=False):
    delta: Delta


class Chunk(msgspec.Struct, gc=False):
    choices: list[Choice]


_encode = msgspec.json.encode
_heard = msgspec.json.Decoder(Heard).decode
_chunk = msgspec.json.Decoder(Chunk).decode


class ModelConnection(asyncio.Protocol):
    """One answer at a time on a connection that is kept alive."""

    def __init__(self) -> None:
        self.whole = False
        self._sentences: asyncio.Queue[str | None] = asyncio.Queue()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def connection_lost(self, _: Exception | None) -> None:
        self._sentences.put_nowait(None)

    def ask(self, request: bytes) -> asyncio.Queue[str | None]:
        """The answer's sentences as they come, then None; `whole` if nothing is missing."""
        self._parser = httptools.HttpResponseParser(self)
        self._sentences = asyncio.Queue()
        self._rest, self._text, self.whole = b"", "", False
        self._transport.write(request)
        return self._sentences

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        *events, self._rest = (self._rest + body).split(b"\n\n")
        for event in events:
            if event.startswith(b"data: {"):
                for choice in _chunk(event[6:]).choices:
                    self._hear(choice.delta.content)

    def _hear(self, piece: str | None) -> None:
        if piece:
            self._text += piece
            if piece[-1] in ".!?":
                self._tell()

    def _tell(self) -> None:
        self._sentences.put_nowait(self._text.strip())
        self._text = ""

    def on_message_complete(self) -> None:
        if self._text.strip():
            self._tell()
        self.whole = self._parser.get_status_code() == 200
        self._sentences.put_nowait(None)

    @property
    def usable(self) -> bool:
        return self.whole and not self._transport.is_closing()

    def close(self) -> None:
        self._transport.close()


class Model:
    """The stand-in, asked over as few connections as are needed at once."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._free: list[ModelConnection] = []

    async def ask(self, history: list[dict[str, str]]) -> AsyncIterator[str]:
        """Sentence by sentence. Raises `OSError` when the answer does not come to its end."""
        connection = await self._connection()
        sentences = connection.ask(self._request(history))
        try:
            while (sentence := await sentences.get()) is not None:
                yield sentence
            if not connection.whole:
                raise ConnectionError("the model broke off")
        finally:
            if connection.usable:
                self._free.append(connection)
            else:
                connection.close()

    def _request(self, history: list[dict[str, str]]) -> bytes:
        body = _encode({"model": "bench", "stream": True, "max_tokens": 300, "messages": history})
        head = (
            f"POST /v1/chat/completions HTTP/1.1\r\nHost: {HOST}:{self._port}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    async def _connection(self) -> ModelConnection:
        while self._free:
            connection = self._free.pop()
            if connection.usable:
                return connection
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(ModelConnection, HOST, self._port)
        return connection

    def close(self) -> None:
        while self._free:
            self._free.pop().close()


class Call:
    def __init__(self, socket: ServerConnection, model: Model) -> None:
        self._socket, self._model = socket, model
        self._history = [{"role": "system", "content": CONTEXT}]
        self._seq = 0
        self._answering: asyncio.Task[None] | None = None

    async def listen(self) -> None:
        """Until the caller goes."""
        try:
            with suppress(ConnectionClosed):
                async for text in self._socket:
                    await self._obey(_heard(text))
        finally:
            if self._answering is not None:
                self._answering.cancel()

    async def _obey(self, message: Heard) -> None:
        if message.type == "call":
            await self._send("ready", version=1)
        elif message.type == "final":
            self._answering = asyncio.create_task(self._answer(message.turn, message.text))

    async def _answer(self, turn: int, words: str) -> None:
        self._history.append({"role": "user", "content": words})
        said: list[str] = []
        with suppress(ConnectionClosed):
            try:
                async with aclosing(self._model.ask(self._history)) as sentences:
                    async for text in sentences:
                        said.append(text)
                        await self._send("say", turn=turn, phrase=len(said), text=text)
            except OSError as error:
                await self._send("failed", turn=turn, code="model", message=str(error))
                return
            reply = " ".join(said)
            self._history.append({"role": "assistant", "content": reply})
            await self._send(
                "answered",
                turn=turn,
                phrases=len(said),
                action="listen",
                outcome="answered",
                text=reply,
                patience_ms=0,
            )

    async def _send(self, kind: str, **fields: Any) -> None:
        self._seq += 1
        await self._socket.send(_encode({"type": kind, "seq": self._seq, **fields}), text=True)


class Reports(asyncio.Protocol):
    """Starts and ends of calls: taken and forgotten. The WebSocket's library reads no POST."""

    def __init__(self) -> None:
        self._parser = httptools.HttpRequestParser(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        self._transport.write(_TAKEN)


@asynccontextmanager
async def serving(port: int, reports_port: int, model_port: int) -> AsyncIterator[tuple[int, int]]:
    """Both ports, as they are; 0 stands for any. Who can reach the second can reach the first."""
    model = Model(model_port)
    sockets = serve_sockets(
        lambda socket: Call(socket, model).listen(),
        *(HOST, port),
        subprotocols=[Subprotocol("halo.v1")],
        compression=None,
        ping_interval=None,
        server_header=None,
    )
    async with sockets as streams:
        reports = await asyncio.get_running_loop().create_server(Reports, HOST, reports_port)
        try:
            yield streams.sockets[0].getsockname()[1], reports.sockets[0].getsockname()[1]
        finally:
            reports.close()
            model.close()


async def serve(port: int, reports_port: int, model_port: int) -> None:
    async with serving(port, reports_port, model_port):
        await asyncio.Event().wait()


def main() -> None:
    ports = map(int, sys.argv[1:])
    logging.basicConfig(level=logging.WARNING)
    gc.freeze()  # as our own server does with what start-up made
    try:
        import uvloop
    except ImportError:
        asyncio.run(serve(*ports))
    else:
        uvloop.run(serve(*ports))


if __name__ == "__main__":
    main()
