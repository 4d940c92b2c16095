"""Serves a running HALO until the process is told to stop: calls and pages, or pages alone."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import signal
import socket
from collections.abc import Callable, Iterator
from typing import Any

import uvicorn

from halo_voice.app import SERVING, Configuration, Halo, running
from halo_voice.collector import Collector
from halo_voice.front import Front

DRAIN_S = 7  # so long turns may take to be answered, before the process stops: a turn has 6
GRACE_S = 8  # all connections have gone by then; the store is closed within two seconds more


class CannotListen(Exception):
    """The address is taken, or not this machine's; the words say what to set."""


@contextlib.contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """A bound socket. Raises `CannotListen`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Its protocol is named, or asyncio leaves Nagle on: a body then waits for the ACK of its head.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        elsewhere = isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL
        cure = "HALO_HOST or --host" if elsewhere else "HALO_PORT or --port"
        raise CannotListen(
            f"{host}:{port}: {error.strerror}. Choose another with {cure}."
        ) from None
    with listener:
        yield listener


def run(
    configuration: Configuration,
    listener: socket.socket,
    up: Callable[[str], None],
    *,
    pages_only: bool = False,
) -> None:
    """Serve until a signal; `up` is given the address, on a thread, once the server answers.

    `pages_only`: the console over a HALO that nobody calls from outside.
    """
    work = _serve(configuration, listener, up, pages_only=pages_only)
    try:
        import uvloop
    except ImportError:
        asyncio.run(work)
    else:
        uvloop.run(work)


class Server(uvicorn.Server):
    """Leaves the signals to us: uvicorn's way ends the process before the store is closed."""

    def __init__(self, halo: Halo, web: Front) -> None:
        super().__init__(uvicorn.Config(web, **SERVING))
        self._halo = halo
        self._web = web

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        gone_by = asyncio.get_running_loop().time() + GRACE_S
        for server in self.servers:
            server.close()
        self._web.let_go()
        await self._halo.switchboard.drain(DRAIN_S)
        left_s = gone_by - asyncio.get_running_loop().time()
        self.config.timeout_graceful_shutdown = left_s  # type: ignore[assignment]
        await super().shutdown(sockets)


async def nobody(scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG001 - as ASGI wants it
    """The gate of a HALO that takes no calls from outside."""
    if scope["type"] == "websocket":
        return await send({"type": "websocket.close", "code": 1008})
    await send({"type": "http.response.start", "status": 404, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def _serve(
    configuration: Configuration,
    listener: socket.socket,
    up: Callable[[str], None],
    *,
    pages_only: bool,
) -> None:
    async with running(configuration, spooled=not pages_only) as halo:
        server = Server(halo, halo.front.before(nobody) if pages_only else halo.front)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        while not (server.started or serving.done()):  # noqa: ASYNC110 (uvicorn tells by this flag)
            await asyncio.sleep(0.01)
        if not serving.done():
            await asyncio.to_thread(up, _address(*listener.getsockname()[:2]))
        collector = Collector(lambda: len(halo.switchboard), halo.pulse.forgive)
        with collector.collecting(), halo.pulse.beating():
            await serving


def _address(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
