"""WebSockets as the session sees them: real ones, and an ASGI application in this process."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol

import aiohttp

from halo_voice.simulator.wire import Owed

QUIET_PASSES = 50  # of the event loop without a word: the server has nothing more to say
EAGER_PASSES = 200  # then a server that works in threads is given real time
REAL_SETTLE_S = 0.02  # a real server cannot be seen waiting
ANSWER_S_MAX = 15.0  # an answer that a real server owes is waited for no longer


@dataclass(frozen=True, slots=True)
class SocketRequest:
    """What the platform asks for when it opens a socket."""

    url: str
    headers: tuple[tuple[str, str], ...] = ()
    protocols: tuple[str, ...] = ()
    connect_ms: int = 6_000


@dataclass(frozen=True, slots=True)
class Closed:
    """The last thing that comes out of a socket. Codes are those of RFC 6455; 1006: it was cut."""

    code: int = 1000
    reason: str = ""

    @property
    def clean(self) -> bool:
        return self.code != 1006


class Socket(Protocol):
    """An open connection, seen from the platform. After `Closed` nothing more comes."""

    async def send(self, text: str) -> None:
        """Gives the server a message; lost when the connection is gone."""

    async def receive(self) -> str | Closed:
        """Waits for the server's next message."""

    async def settle(self) -> None:
        """Waits until the server has said what it has to say for now."""

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Tells the server; 1006 drops the connection instead."""

    async def release(self) -> None:
        """Gives everything back, also when the server does not end by itself."""


class SocketNetwork(Protocol):
    """A network that carries sockets. `way`: how long a message takes in one direction, None: no
    longer than it really takes."""

    way: Any

    async def connect(self, request: SocketRequest) -> Socket:
        """Raises NetworkError."""


class Overheard:
    """A socket whose messages to the server are told to somebody else first."""

    def __init__(self, socket: Socket, told: Callable[[str], None]) -> None:
        self._socket = socket
        self._told = told

    async def send(self, text: str) -> None:
        self._told(text)
        await self._socket.send(text)

    async def receive(self) -> str | Closed:
        return await self._socket.receive()

    async def settle(self) -> None:
        await self._socket.settle()

    async def close(self, code: int = 1000, reason: str = "") -> None:
        await self._socket.close(code, reason)

    async def release(self) -> None:
        await self._socket.release()


class Refused(Exception):
    """The server did not accept the socket; `status` is what it would have answered."""

    def __init__(self, status: int) -> None:
        super().__init__(f"the server answered {status}")
        self.status = status


class AsgiSocket:
    """An ASGI application in this process as the other end.

    `settle` waits for the application to be back in `receive()` (or at its end), for everything
    that it sent to be taken, and then for 50 passes of the event loop in which neither changes:
    what its other tasks say without waiting for the outside world still counts. An application that
    waits elsewhere gets `patience_s` seconds of real time after its last word. `busy` may say that
    it is at work although it is back in `receive()`, with a thread or a real connection.
    """

    def __init__(
        self,
        app: Callable[..., Awaitable[None]],
        scope: dict[str, Any],
        *,
        raises: bool = True,
        busy: Callable[[], bool] | None = None,
        patience_s: float = 1.0,
    ) -> None:
        self._raises = raises
        self._busy = busy or (lambda: False)
        self._patience_s = patience_s
        self._to_app: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._from_app: asyncio.Queue[str | Closed] = asyncio.Queue()
        self._answered: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._listening = False
        self._over = False  # no more words in either direction
        self._error: Exception | None = None
        self._said = 0
        self._task = asyncio.create_task(self._run(app, scope))

    async def open(self) -> None:
        """Raises Refused; or the application's own exception, if it was made to."""
        self._to_app.put_nowait({"type": "websocket.connect"})
        status = await self._answered
        if status != 101:
            await self.release()
            raise Refused(status)

    async def send(self, text: str) -> None:
        if not self._over:
            self._to_app.put_nowait({"type": "websocket.receive", "text": text})

    async def receive(self) -> str | Closed:
        return await self._from_app.get()

    async def close(self, code: int = 1000, reason: str = "") -> None:
        if not self._over:
            self._over = True
            self._to_app.put_nowait(
                {"type": "websocket.disconnect", "code": code, "reason": reason}
            )

    def sever(self) -> None:
        """The server's process has died: both ends see the connection go, neither says good-bye."""
        if not self._over:
            self._end(Closed(1006))
            self._to_app.put_nowait({"type": "websocket.disconnect", "code": 1006, "reason": ""})

    async def settle(self) -> None:
        said, quiet, passes = -1, 0, 0
        now_s = asyncio.get_running_loop().time
        patient_until = 0.0
        while quiet < QUIET_PASSES:
            if said != self._said:
                said, quiet = self._said, 0
                patient_until = now_s() + self._patience_s
            if self._idle:
                quiet += 1
            elif now_s() > patient_until:
                break
            else:
                quiet = 0
            passes += 1
            await asyncio.sleep(0 if self._idle or passes < EAGER_PASSES else 0.001)
        self._raise()

    async def release(self) -> None:
        await self.close(1006)
        self._from_app = asyncio.Queue()  # nobody reads the rest
        if not self._task.done():
            await self.settle()
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._raise()

    @property
    def _idle(self) -> bool:
        waits = self._task.done() or (self._listening and self._to_app.empty())
        return waits and self._from_app.empty() and not self._busy()

    def _raise(self) -> None:
        error, self._error = self._error, None
        if error is not None and self._raises:
            raise error

    # ---- the application's side ------------------------------------------------------------------

    async def _run(self, app: Callable[..., Awaitable[None]], scope: dict[str, Any]) -> None:
        code = 1006  # of a server whose application ends without a close
        try:
            await app(scope, self._receive, self._send)
        except Exception as error:  # whatever the application did not catch
            self._error, code = error, 1011
        if not self._answered.done():
            self._answered.set_result(500)
        self._end(Closed(code))

    async def _receive(self) -> dict[str, Any]:
        self._listening = True
        try:
            return await self._to_app.get()
        finally:
            self._listening = False

    async def _send(self, message: dict[str, Any]) -> None:
        kind = message["type"]
        self._said += 1
        if kind == "websocket.accept":
            self._answered.set_result(101)
        elif kind == "websocket.close" and not self._answered.done():
            self._answered.set_result(403)
        elif kind == "websocket.close":
            self._end(Closed(message.get("code") or 1000, message.get("reason") or ""))
        elif kind == "websocket.send" and not self._over and message.get("text") is not None:
            self._from_app.put_nowait(message["text"])

    def _end(self, closed: Closed) -> None:
        if not self._over:
            self._over = True
            self._from_app.put_nowait(closed)


class AiohttpSocket:
    """A real connection. `settle` also waits for the answers that the server owes."""

    def __init__(self, connection: aiohttp.ClientWebSocketResponse) -> None:
        self._connection = connection
        self._owed = Owed()
        self._left: int | None = None  # the code that we closed with

    async def send(self, text: str) -> None:
        self._owed.asked(text)
        with contextlib.suppress(
            aiohttp.ClientError, ConnectionError
        ):  # `receive` tells of the end
            await self._connection.send_str(text)

    async def receive(self) -> str | Closed:
        while True:
            message = await self._connection.receive()
            if message.type is aiohttp.WSMsgType.TEXT:
                self._owed.told(message.data)
                return message.data
            if message.type is not aiohttp.WSMsgType.BINARY:  # the platform's event has only text
                code = self._connection.close_code or self._left or 1006
                return Closed(code, message.extra or "")

    async def settle(self) -> None:
        await asyncio.sleep(REAL_SETTLE_S)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ANSWER_S_MAX):
                while self._owed and not self._connection.closed:  # noqa: ASYNC110 (no event tells)
                    await asyncio.sleep(REAL_SETTLE_S)

    async def close(self, code: int = 1000, reason: str = "") -> None:
        self._left = 1001 if code == 1006 else code
        await self._connection.close(code=self._left, message=reason.encode())

    async def release(self) -> None:
        await self._connection.close(code=1001)


class ServerEnd:
    """The other end of a socket for a test: a coroutine gets it, and closes it by returning."""

    def __init__(self, request: SocketRequest, receive: Any, send: Any) -> None:
        self.request = request
        self._receive = receive
        self._send = send

    async def receive(self) -> str | Closed:
        """The scenario's next message, or that it has gone."""
        message = await self._receive()
        if message["type"] == "websocket.disconnect":
            return Closed(message["code"], message["reason"])
        return message["text"]

    async def send(self, text: str) -> None:
        await self._send({"type": "websocket.send", "text": text})

    async def close(self, code: int = 1000, reason: str = "") -> None:
        await self._send({"type": "websocket.close", "code": code, "reason": reason})


Script = Callable[[ServerEnd], Awaitable[None]]


def scripted(script: Script, request: SocketRequest) -> AsgiSocket:
    """A socket whose other end is a coroutine."""

    async def app(_scope: dict[str, Any], receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        end = ServerEnd(request, receive, send)
        await script(end)
        await end.close()

    return AsgiSocket(app, {})
