"""The way to the backend: real HTTP and WebSockets, an ASGI app in this process, or functions."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

import aiohttp

from halo_voice.simulator.chance import Spread
from halo_voice.simulator.sockets import (
    AiohttpSocket,
    AsgiSocket,
    Refused,
    Script,
    SocketRequest,
    scripted,
)

BODY_BYTES_MAX = 2 * 2**20  # beyond: code -9
SCRIPTED = Spread(120, 0.5)
IN_PROCESS = Spread(150, 0.5)
ONE_WAY = Spread(30, 0.3)  # of a message on a socket


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """What the platform sends. Times in ms."""

    url: str
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    timeout_ms: int = 90_000
    connect_ms: int = 6_000


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """What came back. `latency_ms` overrides the network's own idea of how long it took."""

    status: int = 200
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    latency_ms: float | None = None


class NetworkError(Exception):
    """No HTTP answer. `code` is the platform's: -2 address, -3 host, -4 connect, -6, -7 timeout."""

    def __init__(self, code: int, latency_ms: float | None = None) -> None:
        super().__init__(f"network error {code}")
        self.code = code
        self.latency_ms = latency_ms


class Network(Protocol):
    """One exchange, without following redirects.

    `latency` says how long an exchange takes in a session's virtual time; None: as long as it
    really took. A network that is also a `sockets.SocketNetwork` carries WebSockets.
    """

    latency: Spread | None

    async def request(self, request: HttpRequest) -> HttpResponse:
        """Raises NetworkError."""


class ScriptedNetwork:
    """Answers by a function of the request, which may be a coroutine; for tests of a scenario.

    `stream` is the other end of each WebSocket; without it they are refused.
    """

    def __init__(
        self,
        answer: Callable[[HttpRequest], HttpResponse | Awaitable[HttpResponse]],
        latency: Spread | None = SCRIPTED,
        *,
        stream: Script | None = None,
        way: Spread | None = ONE_WAY,
    ) -> None:
        self._answer = answer
        self._stream = stream
        self.latency = latency
        self.way = way

    async def request(self, request: HttpRequest) -> HttpResponse:
        response = self._answer(request)
        return await response if inspect.isawaitable(response) else response

    async def connect(self, request: SocketRequest) -> AsgiSocket:
        if self._stream is None:
            raise NetworkError(-4)
        return await opened(scripted(self._stream, request))


@dataclass
class AsgiNetwork:
    """Calls an ASGI application in this process, under one host name; other hosts do not exist.

    In virtual time the clock stands while the application works; `latency` is drawn from the
    call's seed, so that a run can be repeated. The application's lifespan is not its business. An
    exception of the application is raised, unless `raises` is false: then the scenario sees what a
    server would have sent. `busy` says that it is at work for a socket although it waits for its
    next message; see `AsgiSocket`.
    """

    app: Callable[..., Awaitable[None]]
    host: str
    latency: Spread | None = IN_PROCESS
    raises: bool = True
    way: Spread | None = ONE_WAY
    busy: Callable[[], bool] | None = None
    patience_s: float = 1.0

    async def connect(self, request: SocketRequest) -> AsgiSocket:
        parts = urlsplit(request.url)
        if parts.hostname != self.host:
            raise NetworkError(-3)
        scope = _socket_scope(request, parts)
        socket = AsgiSocket(
            self.app, scope, raises=self.raises, busy=self.busy, patience_s=self.patience_s
        )
        return await opened(socket)

    async def request(self, request: HttpRequest) -> HttpResponse:
        parts = urlsplit(request.url)
        if parts.hostname != self.host:
            raise NetworkError(-3)
        exchange = _Exchange(request.body)
        work = asyncio.ensure_future(
            self.app(_scope(request, parts), exchange.receive, exchange.send)
        )
        try:
            # Who loses patience goes; a server finishes what it has begun.
            await asyncio.shield(work)
        except Exception:  # whatever the application did not catch: a server answers 500
            if self.raises:
                raise
            return HttpResponse(exchange.status or 500, bytes(exchange.body))
        if exchange.status is None:
            raise NetworkError(-6)
        return HttpResponse(exchange.status, bytes(exchange.body), tuple(exchange.headers))


class _Exchange:
    """One request and its response in ASGI's words."""

    def __init__(self, body: bytes) -> None:
        self._messages = [{"type": "http.request", "body": body, "more_body": False}]
        self.status: int | None = None
        self.headers: list[tuple[str, str]] = []
        self.body = bytearray()

    async def receive(self) -> dict[str, Any]:
        return self._messages.pop() if self._messages else {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            raw = message.get("headers", [])
            self.headers = [(k.decode("latin-1"), v.decode("latin-1")) for k, v in raw]
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")


async def opened(socket: AsgiSocket) -> AsgiSocket:
    try:
        await socket.open()
    except Refused as error:
        raise NetworkError(-6) from error
    return socket


def _scope(request: HttpRequest, parts: Any) -> dict[str, Any]:
    scope = _address(request.headers, parts)
    if request.body and not any(name == b"content-length" for name, _ in scope["headers"]):
        scope["headers"].append((b"content-length", str(len(request.body)).encode()))
    return scope | {"type": "http", "method": request.method}


def _socket_scope(request: SocketRequest, parts: Any) -> dict[str, Any]:
    scope = _address(request.headers, parts)
    return scope | {"type": "websocket", "subprotocols": list(request.protocols)}


def _address(fields: tuple[tuple[str, str], ...], parts: Any) -> dict[str, Any]:
    """What the scopes of a request and of a socket share."""
    headers = [(k.lower().encode("latin-1"), v.encode("latin-1")) for k, v in fields]
    if not any(name == b"host" for name, _ in headers):
        headers.insert(0, (b"host", parts.netloc.encode()))
    secure = parts.scheme in ("https", "wss")
    return {
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "scheme": parts.scheme,
        "path": unquote(parts.path or "/"),
        "raw_path": (parts.path or "/").encode(),
        "query_string": parts.query.encode(),
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 50000),
        "server": (parts.hostname, parts.port or (443 if secure else 80)),
    }


class AiohttpNetwork:
    """Real HTTP and WebSockets to whatever address the scenario gives. Close it when the calls
    are over."""

    latency: Spread | None = None
    way: Spread | None = None

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> AiohttpNetwork:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def connect(self, request: SocketRequest) -> AiohttpSocket:
        try:
            async with asyncio.timeout(request.connect_ms / 1000):
                connection = await self._client().ws_connect(
                    request.url,
                    protocols=request.protocols,
                    headers=list(request.headers),
                    timeout=aiohttp.ClientWSTimeout(ws_close=2),
                )
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise _told(error, timeout=-4) from error
        return AiohttpSocket(connection)

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(auto_decompress=True)
        return self._session

    async def request(self, request: HttpRequest) -> HttpResponse:
        timeout = aiohttp.ClientTimeout(
            total=request.timeout_ms / 1000, connect=request.connect_ms / 1000
        )
        try:
            async with self._client().request(
                request.method,
                request.url,
                headers=list(request.headers),
                data=request.body or None,
                allow_redirects=False,
                timeout=timeout,
            ) as response:
                body = await _read(response.content)
                return HttpResponse(
                    response.status,
                    body,
                    tuple((str(name), value) for name, value in response.headers.items()),
                )
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise _told(error) from error


# The more special before the more general.
_CODES = (
    (aiohttp.ConnectionTimeoutError, -4),
    (TimeoutError, -7),
    (aiohttp.ClientConnectorDNSError, -3),
    (aiohttp.ClientConnectorError, -4),
    (ValueError, -2),  # aiohttp.InvalidURL, too
)


def _told(error: Exception, *, timeout: int = -7) -> NetworkError:
    """A failure of aiohttp in the platform's codes."""
    code = next((code for kind, code in _CODES if isinstance(error, kind)), -6)
    return NetworkError(timeout if code == -7 else code)


async def _read(content: aiohttp.StreamReader) -> bytes:
    """The body, up to one byte over what the platform takes."""
    body = bytearray()
    async for chunk in content.iter_any():
        body += chunk
        if len(body) > BODY_BYTES_MAX:
            break
    return bytes(body)
