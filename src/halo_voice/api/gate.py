"""What every request passes before any route: size, signature, and the one shape of errors."""

from __future__ import annotations

import asyncio
import contextlib
import re
import traceback
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any, Protocol

import msgspec
import structlog

from halo_voice.core.errors import (
    HaloError,
    NoSuchPath,
    RequestError,
    StoreError,
    TooLarge,
    TooSlow,
    Unauthorised,
)

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

BODY_BYTES_MAX = 16 * 1024
QUERY_BYTES_MAX = 16 * 1024
HEADERS_MAX = 100
HEADERS_BYTES_MAX = 32 * 1024

UNSIGNED_ON_LOOPBACK = frozenset({"/healthz", "/readyz", "/metrics"})
"""Asked by a supervisor on the same machine, which has no key."""

SOCKET_PATH = "/stream"

LOOPBACK_CLIENTS = frozenset({"127.0.0.1", "::1", None})  # None: a Unix socket, or in process

HEAD_BYTES_MAX = 64 * 1024
"""Of the request line and all headers, while they come in: nobody keeps an endless head."""

HEAD_S_MAX = 5.0
BODY_S_MAX = 5.0
"""A client that needs longer for 16 KiB holds a connection for nothing."""

_LOOPBACK_HOST = re.compile(rb"(?i:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?")
_PROXIED = re.compile(rb"forwarded|via|x-real-ip|x-forwarded-.+|cf-.+")
_STATUS = {
    "recording_refused": 403,
    "recording_unavailable": 502,
    "transcription_failed": 502,
    "store_busy": 503,
    "store_full": 503,
    "stopping": 503,
    "store_unavailable": 503,
}
UNFORESEEN = HaloError("The server failed; its log says where.")

_log = structlog.get_logger(__name__)


class Verifier(Protocol):
    """Checks a request's signature. Raises `Unauthorised`."""

    async def verify(
        self, method: str, path: str, headers: Iterable[tuple[str, str]], body: bytes
    ) -> None: ...


def where(error: BaseException) -> dict[str, Any]:
    """What broke and at which lines. Not the message: it may hold a caller's words."""
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    at = [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]
    return {"fault": type(error).__name__, "at": at}


def refusal(error: HaloError) -> tuple[int, bytes]:
    """The reply to what is not let in, and the one line of the log that says why.

    Why a signature was refused, the verifier has said itself.
    """
    if not isinstance(error, Unauthorised):
        _log.warning("request_refused", reason=error.code)
    return error_reply(error)


def error_reply(error: HaloError) -> tuple[int, bytes]:
    """The status and the body of the reply to a fault."""
    if isinstance(error, RequestError):
        status = error.status
    else:
        status = _STATUS.get(error.code, 503 if isinstance(error, StoreError) else 500)
    return status, msgspec.json.encode({"code": error.code, "message": error.message})


class Gate:
    """ASGI: reads the whole request within its limits, verifies it, then lets the app answer."""

    def __init__(self, app: App, verifier: Verifier | None) -> None:
        """Without a verifier (no key is configured) only loopback is answered."""
        self._app = app
        self._verifier = verifier

    def unsigned(self) -> Gate:
        """The same app for this process itself, whatever its callers' clocks say: nothing is
        signed, and only loopback is answered."""
        return Gate(self._app, None)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await self._app(scope, receive, send)
        if scope["type"] == "websocket":
            return await self._open(scope, receive, send)
        try:
            self._check_head(scope)
            body = await self._read_in_time(receive)
            if body is None:
                return None  # nobody is left to answer
            await self._verify(scope, body)
        except HaloError as error:
            # Of the store too: a nonce that cannot be claimed opens nothing.
            return await _refuse(send, error, *refusal(error))
        await self._answer(scope, _replay(body), send)

    async def _open(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A socket: the same checks as for a request without a body, before it is accepted."""
        try:
            if scope["path"] != SOCKET_PATH:
                raise NoSuchPath
            self._check_head(scope)
            await self._verify({**scope, "method": "GET"}, b"")
        except HaloError as error:
            # Seen as HTTP 403; the other side learns nothing from it.
            refusal(error)
            return await send({"type": "websocket.close", "code": 1008})
        try:
            await self._app(scope, receive, send)
        except Exception as error:
            # The top of a stream: whatever was not foreseen becomes one line and a close.
            _log.error("request_failed", path=scope["path"], **where(error))
            with contextlib.suppress(OSError, RuntimeError):
                await send({"type": "websocket.close", "code": 1011})

    def _check_head(self, scope: Scope) -> None:
        headers = scope["headers"]
        if len(headers) > HEADERS_MAX:
            raise TooLarge(f"More than {HEADERS_MAX} header lines.")
        if sum(len(name) + len(value) for name, value in headers) > HEADERS_BYTES_MAX:
            raise TooLarge(f"Headers of more than {HEADERS_BYTES_MAX} bytes.")
        if len(scope["query_string"]) > QUERY_BYTES_MAX:
            raise TooLarge(f"A query of more than {QUERY_BYTES_MAX} bytes.")
        length = next((value for name, value in headers if name == b"content-length"), b"0")
        if not length.isdigit() or int(length[:20]) > BODY_BYTES_MAX:
            raise TooLarge(f"A body of more than {BODY_BYTES_MAX} bytes.")

    async def _read_in_time(self, receive: Receive) -> bytes | None:
        try:
            async with asyncio.timeout(BODY_S_MAX):
                return await self._read_body(receive)
        except TimeoutError:
            raise TooSlow from None

    async def _read_body(self, receive: Receive) -> bytes | None:
        """The whole body; None when the client went before its end: half a sentence is no turn."""
        body = b""
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            body += message.get("body", b"")
            if len(body) > BODY_BYTES_MAX:
                raise TooLarge(f"A body of more than {BODY_BYTES_MAX} bytes.")
            if not message.get("more_body"):
                return body

    async def _verify(self, scope: Scope, body: bytes) -> None:
        if self._verifier is None:
            if not _from_loopback(scope):
                _log.warning("request_refused", reason="not_from_here")
                raise Unauthorised
        elif not (scope["path"] in UNSIGNED_ON_LOOPBACK and _from_loopback(scope)):
            query = scope["query_string"].decode("latin-1")
            path = scope.get("raw_path", scope["path"].encode()).decode("latin-1")
            headers = [(k.decode("latin-1"), v.decode("latin-1")) for k, v in scope["headers"]]
            whole = f"{path}?{query}" if query else path
            await self._verifier.verify(scope["method"], whole, headers, body)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def note_start(message: dict[str, Any]) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, note_start)
        except Exception as error:
            # The top of a request: whatever was not foreseen becomes one line and a clean 500.
            _log.error("request_failed", path=scope["path"], **where(error))
            if not started:
                await _refuse(send, UNFORESEEN, *error_reply(UNFORESEEN))


def _from_loopback(scope: Scope) -> bool:
    """Asked on this machine, for this machine: not through a proxy that says so, not by a web page
    of somebody else in a browser here, not under another host's name."""
    client = scope.get("client")
    if (client[0] if client else None) not in LOOPBACK_CLIENTS:
        return False
    headers = dict(scope["headers"])
    if any(_PROXIED.fullmatch(name) for name in headers):
        return False
    origin = headers.get(b"origin", b"").partition(b"://")[2]
    foreign = headers.get(b"sec-fetch-site", b"none") not in (b"none", b"same-origin")
    named = [headers.get(b"host", b"localhost"), *([origin] if b"origin" in headers else [])]
    return not foreign and all(_LOOPBACK_HOST.fullmatch(name) for name in named)


def _replay(body: bytes) -> Receive:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


async def _refuse(send: Send, error: HaloError, status: int, body: bytes) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    if isinstance(error, TooLarge):
        headers.append((b"connection", b"close"))  # the rest of the flood is not read
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
