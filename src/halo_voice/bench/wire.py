"""The client's side of the wire: signatures, one HTTP connection, one WebSocket; nothing to spare.

Written on bare protocols, so that the time of a message is the time its bytes were there, and so
that the client's own work stays small beside the server's.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import itertools
import os
import time
from collections.abc import Callable

import httptools

FRAME_TEXT, FRAME_CLOSE, FRAME_PING, FRAME_PONG = 1, 8, 9, 10
_run = os.urandom(6).hex()
_nonces = itertools.count()


class Broken(Exception):
    """The server broke off, refused, or said what is not in the protocol."""


class Signer:
    """Headers of a signed request; without a key there are none. The signature is written down in
    docs/http.md and made here anew: a measure that borrowed it could not see it change."""

    def __init__(self, key: tuple[str, str] | None) -> None:
        self._key = key

    def headers(self, method: str, path: str, body: bytes) -> str:
        if self._key is None:
            return ""
        key_id, secret = self._key
        stamp, nonce = str(int(time.time())), f"{_run}-{next(_nonces)}"
        head = "\n".join(("v1", key_id, stamp, nonce, method, path, "")).encode()
        mac = hmac.new(secret.encode(), head + body, hashlib.sha256).hexdigest()
        return (
            f"X-Halo-Key: {key_id}\r\nX-Halo-Timestamp: {stamp}\r\n"
            f"X-Halo-Nonce: {nonce}\r\nX-Halo-Signature: v1={mac}\r\n"
        )


class HttpConnection(asyncio.Protocol):
    """One request at a time on a connection that is kept alive."""

    def __init__(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._body: list[bytes] = []
        self._reply: asyncio.Future[tuple[int, bytes, float]] | None = None
        self._came = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def connection_lost(self, _: Exception | None) -> None:
        if self._reply is not None and not self._reply.done():
            self._reply.set_exception(Broken("the connection was closed before the reply"))

    def data_received(self, data: bytes) -> None:
        self._came = time.monotonic()
        self._parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        body = b"".join(self._body)
        self._body.clear()
        if self._reply is not None and not self._reply.done():
            self._reply.set_result((self._parser.get_status_code(), body, self._came))

    @property
    def usable(self) -> bool:
        return not self._transport.is_closing()

    def send(self, request: bytes) -> asyncio.Future[tuple[int, bytes, float]]:
        """Status, body and the time (monotonic, s) at which the reply's last byte was read."""
        self._reply = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return self._reply

    def close(self) -> None:
        self._transport.close()


class Http:
    """Requests over as few kept connections as are needed at once, as a proxy would send them."""

    def __init__(self, host: str, port: int, signer: Signer) -> None:
        self._host, self._port, self._signer = host, port, signer
        self._free: list[HttpConnection] = []

    async def post(self, path: str, body: bytes) -> tuple[int, bytes, float, float]:
        """Status, body, and when the request was sent and the reply was read (monotonic, s)."""
        connection = await self._connection()
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {self._host}:{self._port}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
            f"{self._signer.headers('POST', path, body)}\r\n"
        ).encode()
        sent = time.monotonic()
        status, reply, came = await connection.send(head + body)
        self._free.append(connection)
        return status, reply, sent, came

    async def _connection(self) -> HttpConnection:
        while self._free:
            connection = self._free.pop()
            if connection.usable:
                return connection
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(HttpConnection, self._host, self._port)
        return connection

    def close(self) -> None:
        while self._free:
            self._free.pop().close()


class Socket(asyncio.Protocol):
    """A WebSocket's client end: text frames, whole or in pieces, pings answered, no extension.

    `heard(text, came)` gets every message and the time its last byte was read (monotonic, s);
    `lost(code)` the close code, 1006 when there was none.
    """

    def __init__(
        self,
        opening: bytes,
        *,
        heard: Callable[[bytes, float], None],
        lost: Callable[[int], None],
    ) -> None:
        self._opening = opening
        self._heard, self._lost = heard, lost
        self._buffer = bytearray()
        self._pieces = b""
        self._code = 1006
        self._mask = os.urandom(4)
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        transport.write(self._opening)

    def connection_lost(self, _: Exception | None) -> None:
        if not self.opened.done():
            self.opened.set_exception(Broken("the connection was closed before it was upgraded"))
        self._lost(self._code)

    def data_received(self, data: bytes) -> None:
        came = time.monotonic()
        self._buffer += data
        if not self.opened.done() and not self._upgraded():
            return
        self._read_frames(came)

    def _upgraded(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return False
        head = bytes(self._buffer[:end])
        status = head.split(b" ", 2)[1]
        if status != b"101":
            self.opened.set_exception(Broken(f"the stream was refused with {status.decode()}"))
            self._transport.close()
            return False
        del self._buffer[: end + 4]
        self.opened.set_result(None)
        return True

    def _read_frames(self, came: float) -> None:
        buffer = self._buffer
        at = 0
        while len(buffer) - at >= 2:
            kind, size, start = buffer[at], buffer[at + 1], at + 2
            if size == 126:
                size, start = int.from_bytes(buffer[at + 2 : at + 4], "big"), at + 4
            elif size == 127:
                size, start = int.from_bytes(buffer[at + 2 : at + 10], "big"), at + 10
            if len(buffer) < start + size:
                break
            at = start + size
            self._frame(kind, bytes(buffer[start:at]), came)
        del buffer[:at]

    def _frame(self, kind: int, payload: bytes, came: float) -> None:
        opcode = kind & 15
        if opcode <= FRAME_TEXT:
            self._pieces += payload
            if kind & 128:
                text, self._pieces = self._pieces, b""
                self._heard(text, came)
        elif opcode == FRAME_PING:
            self._write(FRAME_PONG, payload)
        elif opcode == FRAME_CLOSE:
            self._code = int.from_bytes(payload[:2], "big") if len(payload) > 1 else 1005
            self._write(FRAME_CLOSE, payload[:2])
            self._transport.close()

    def send(self, text: bytes) -> None:
        self._write(FRAME_TEXT, text)

    def _write(self, opcode: int, payload: bytes) -> None:
        size = len(payload)
        head = (
            bytes((128 | opcode, 128 | size))
            if size < 126
            else (bytes((128 | opcode, 254)) + size.to_bytes(2, "big"))
        )
        mask = (self._mask * (size // 4 + 1))[:size]
        hidden = int.from_bytes(payload, "big") ^ int.from_bytes(mask, "big")
        self._transport.write(head + self._mask + hidden.to_bytes(size, "big"))

    def close(self, code: int = 1000) -> None:
        """Say goodbye; the server's close frame ends the connection."""
        if not self._transport.is_closing():
            self._write(FRAME_CLOSE, code.to_bytes(2, "big"))

    def drop(self) -> None:
        self._transport.abort()


async def connect(
    host: str,
    port: int,
    signer: Signer,
    *,
    heard: Callable[[bytes, float], None],
    lost: Callable[[int], None],
    path: str = "/stream",
) -> Socket:
    """Open the stream. Raises `Broken` and `OSError`."""
    key = base64.b64encode(os.urandom(16)).decode()
    opening = (
        f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"
        f"Sec-WebSocket-Protocol: halo.v1\r\n{signer.headers('GET', path, b'')}\r\n"
    ).encode()
    loop = asyncio.get_running_loop()
    _, stream = await loop.create_connection(
        lambda: Socket(opening, heard=heard, lost=lost), host, port
    )
    await stream.opened
    return stream
