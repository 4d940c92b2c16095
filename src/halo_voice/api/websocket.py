"""uvicorn's connections: a limit on a request's head, and the frames of a stream, which also come
as ASGI's events."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import apply_mask

from halo_voice.api import gate
from halo_voice.api.wire import FRAME_BYTES_MAX
from halo_voice.core.errors import RequestError, TooLarge, TooSlow

DIRECT = "halo.socket"
"""The ASGI extension under which a connection offers itself as a `Socket`."""

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class Reader(Protocol):
    """Who a socket tells what happens. None of it raises."""

    def heard(self, text: str | bytes | None) -> None:
        """A frame's text, in UTF-8 if it is bytes; None: it was a binary frame."""

    def gone(self, fault: Exception | None) -> None:
        """The connection is over, or unusable because of `fault`."""

    def resumed(self) -> None:
        """The socket is `ready` again."""


class Socket(Protocol):
    """An accepted connection."""

    @property
    def ready(self) -> bool:
        """More can be written: the other side reads what is sent."""

    def listen(self, reader: Reader | None) -> None:
        """From now on `reader` is told; None: nobody."""

    def write(self, text: bytes) -> None:
        """Send a frame. Only while `ready`."""

    def hold(self, *, reading: bool) -> None:
        """Read on or not: who does not take messages makes the other side wait."""

    async def close(self, code: int, reason: str) -> None:
        """Say goodbye. Raises `OSError` if nobody is there."""


class AsgiSocket:
    """A socket over ASGI's events, as any server or the simulator has it."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self.ready = True
        self._receive = receive
        self._send = send
        self._reading = asyncio.Event()
        self._reading.set()
        self._outgoing: asyncio.Queue[bytes] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []

    def listen(self, reader: Reader | None) -> None:
        for task in self._tasks:
            task.cancel()
        both = () if reader is None else (self._read(reader), self._write(reader))
        self._tasks = [asyncio.create_task(each) for each in both]

    def write(self, text: bytes) -> None:
        self.ready = False
        self._outgoing.put_nowait(text)

    def hold(self, *, reading: bool) -> None:
        (self._reading.set if reading else self._reading.clear)()

    async def close(self, code: int, reason: str) -> None:
        await self._send({"type": "websocket.close", "code": code, "reason": reason})

    async def _read(self, reader: Reader) -> None:
        try:
            while (event := await self._receive())["type"] != "websocket.disconnect":
                await self._reading.wait()
                reader.heard(event.get("text"))
        except Exception as error:  # the server's, whatever it is: the stream logs it
            reader.gone(error)
        else:
            reader.gone(None)

    async def _write(self, reader: Reader) -> None:
        try:
            while True:
                text = await self._outgoing.get()
                await self._send({"type": "websocket.send", "text": text.decode()})
                self.ready = True
                reader.resumed()
        except Exception as error:  # as above
            reader.gone(error)


class _Events(asyncio.Queue[Any]):
    """ASGI's events for the app, until it listens to the connection itself."""

    reader: Reader | None = None

    def put_nowait(self, event: Any) -> None:
        if self.reader is None:
            super().put_nowait(event)
        elif event["type"] == "websocket.disconnect":
            self.reader.gone(None)


_TEXT, _CLOSE, _PING, _PONG = 0x81, 0x88, 0x89, 0x8A
_ALONE = frozenset((_TEXT, _CLOSE, _PING, _PONG))  # first byte of a frame that is a message
_MASKED = 0x80
_TWO_BYTES, _EIGHT_BYTES = 126, 127  # "the length follows"


class StreamProtocol(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket connection, which is a `Socket` too.

    Whole text frames, which is all that a scenario sends, are read and written here; handshake, all
    other frames, mistakes and the close are left to `websockets`.
    """

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.queue: _Events = _Events()
        self._whole = False  # the library is between two frames, and has none of the next one
        self._part = b""  # the beginning of a frame

    # ------------------------------------------------------------------------------- a socket

    @property
    def ready(self) -> bool:
        return self.writable.is_set()

    def listen(self, reader: Reader | None) -> None:
        self.queue.reader = reader
        if reader is None:
            return
        while not self.queue.empty():  # came before anybody listened
            event = self.queue.get_nowait()
            if event["type"] == "websocket.receive":
                reader.heard(event.get("text"))
            else:
                reader.gone(None)
        self.hold(reading=True)

    def write(self, text: bytes) -> None:
        if self.close_sent or self.disconnected or self.transport.is_closing():
            return
        size = len(text)
        if size < _TWO_BYTES:
            self.transport.write(bytes((_TEXT, size)) + text)
        elif size < 1 << 16:
            self.transport.write(bytes((_TEXT, _TWO_BYTES)) + size.to_bytes(2, "big") + text)
        else:
            self.transport.write(bytes((_TEXT, _EIGHT_BYTES)) + size.to_bytes(8, "big") + text)

    def hold(self, *, reading: bool) -> None:
        if self.read_paused == reading and not self.transport.is_closing():
            self.read_paused = not reading
            (self.transport.resume_reading if reading else self.transport.pause_reading)()

    async def close(self, code: int, reason: str) -> None:
        # After a frame that is none the library has said goodbye already.
        if not (self.close_sent or self.disconnected):
            await self.send({"type": "websocket.close", "code": code, "reason": reason})

    # -------------------------------------------------------------------------------- uvicorn

    def handle_connect(self, event: Any) -> None:
        super().handle_connect(event)
        if not self.close_sent:
            self.scope["extensions"][DIRECT] = self  # type: ignore[typeddict-unknown-key]

    def data_received(self, data: bytes) -> None:
        if not self.handshake_complete:
            # What comes between request and answer is kept by the library, which then has to go on.
            self._whole = not self.handshake_initiated
            super().data_received(data)
        elif self._whole:
            self._read(self._part + data if self._part else data)
        else:
            super().data_received(data)

    def _read(self, data: bytes) -> None:
        """Take the frames in `data`; keep what is not whole yet, hand over what is not simple."""
        at, end = 0, len(data)
        while self._whole and end - at >= 2:
            first, size, body = data[at], data[at + 1] - _MASKED, at + 6
            if first == _TEXT and size == _TWO_BYTES:
                size, body = int.from_bytes(data[at + 2 : at + 4], "big"), at + 8
                self._whole = size <= self.config.ws_max_size
            else:
                self._whole = 0 <= size < _TWO_BYTES and first in _ALONE
            if not self._whole or end < body + size:
                break
            if first == _TEXT:
                self._take(apply_mask(data[body : body + size], data[body - 4 : body]))
            else:
                super().data_received(data[at : body + size])
                self._whole = self.conn.close_rcvd is None and self.conn.parser_exc is None
            at = body + size
        self._part = data[at:] if self._whole else b""
        if not self._whole and at < end:
            super().data_received(data[at:])

    def _take(self, text: bytes) -> None:
        reader = self.queue.reader
        if reader is None:
            self.curr_msg_data_type = "text"
            self.frames = [text]
            self.send_receive_event_to_app()
        elif not self.close_sent:
            reader.heard(text)

    def send_receive_event_to_app(self) -> None:
        reader = self.queue.reader
        if reader is None:
            return super().send_receive_event_to_app()
        whole, self.frames = b"".join(self.frames), []
        if not self.close_sent:
            reader.heard(whole if self.curr_msg_data_type == "text" else None)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self.queue.reader is not None:
            self.queue.reader.resumed()

    async def run_asgi(self) -> None:
        try:
            await super().run_asgi()
        finally:
            self.scope["extensions"] = {}

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        # Otherwise only the collector, which stops every call while it runs, could free it.
        self.conn.parser.close()
        self.conn.parser_exc = None


class HttpProtocol(HttpToolsProtocol):
    """uvicorn's HTTP connection, which waits for no endless head and leaves nothing to the
    collector when it ends.

    The gate sees a request when its head is whole. Until then the limits are here.
    """

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._head: int | None = None  # bytes of a head that is not whole yet
        self._head_due: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._await_head()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._head = 0

    def on_headers_complete(self) -> None:
        self._forget_head()
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._head is not None:
            self._head += len(data)
            if self._head > gate.HEAD_BYTES_MAX:
                self._give_up(TooLarge(f"A head of more than {gate.HEAD_BYTES_MAX} bytes."))
            elif self._head_due is None:
                self._await_head()

    def _await_head(self) -> None:
        self._head_due = self.loop.call_later(gate.HEAD_S_MAX, self._give_up, TooSlow())

    def _forget_head(self) -> None:
        self._head = None
        if self._head_due is not None:
            self._head_due.cancel()
            self._head_due = None

    def _give_up(self, error: RequestError) -> None:
        """Answer what has begun, unless that would cut into another reply, and hang up."""
        begun = self._head is not None and (self.cycle is None or self.cycle.response_complete)
        self._forget_head()
        if self.transport.is_closing():
            return
        if begun:
            status, body = gate.refusal(error)
            head = b"content-type: application/json\r\nconnection: close\r\ncontent-length: %d"
            self.transport.write(STATUS_LINE[status] + head % len(body) + b"\r\n\r\n" + body)
        self.transport.close()

    def handle_websocket_upgrade(self) -> None:
        super().handle_websocket_upgrade()
        self.parser = None

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget_head()
        super().connection_lost(exc)
        self._unset_keepalive_if_required()
        self.cycle = None


IDLE_S_MAX = 45
"""Longer than a proxy keeps an idle connection (`keepalive` in server/Caddyfile). If the server
closes first, a request may be on its way already, and is lost."""

SERVING: dict[str, Any] = {
    "http": HttpProtocol,
    "timeout_keep_alive": IDLE_S_MAX,
    "ws": StreamProtocol,
    "ws_max_size": FRAME_BYTES_MAX,
    "ws_ping_interval": None,  # the scenario pings, see docs/wire.md
    "ws_per_message_deflate": False,  # messages are short
    "lifespan": "off",
    "log_config": None,
    "access_log": False,
    "server_header": False,
}
"""How uvicorn serves HALO."""
