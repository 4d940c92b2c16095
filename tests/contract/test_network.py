"""The simulator's ways to the backend: in process or over a socket, the scenario sees the same."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest
import uvicorn

from halo_voice.simulator import AiohttpNetwork, AsgiNetwork, HttpRequest, Network, NetworkError


async def app(scope, receive, send) -> None:
    """Echoes method, path, query, one header and the body; `/moved` points elsewhere."""
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    headers = {key.decode(): value.decode() for key, value in scope["headers"]}
    words = [
        scope["method"],
        scope["path"],
        scope["query_string"].decode(),
        headers.get("x-one", ""),
    ]
    moved = scope["path"] == "/moved"
    extra = [(b"location", b"/there")] if moved else [(b"x-two", b"2")]
    await send({"type": "http.response.start", "status": 302 if moved else 201, "headers": extra})
    await send({"type": "http.response.body", "body": " ".join(words).encode(), "more_body": True})
    await send({"type": "http.response.body", "body": b" " + body})


@pytest.fixture
async def served() -> AsyncIterator[str]:
    """The application on a real port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(app, log_level="error", lifespan="off", ws="none")
        server = uvicorn.Server(config)
        task = asyncio.create_task(server.serve(sockets=[listener]))
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        await task


@pytest.fixture(params=["asgi", "aiohttp"])
async def way(request, served) -> AsyncIterator[tuple[Network, str]]:
    """Each network, and the address where it finds the application."""
    if request.param == "asgi":
        yield AsgiNetwork(app, "halo.test"), "https://halo.test"
        return
    async with AiohttpNetwork() as network:
        yield network, served


async def test_a_request_arrives_and_its_reply_comes_back(way):
    """Method, path, query, headers, body there; status, headers, body back."""
    network, url = way
    sent = HttpRequest(f"{url}/a?x=1", "POST", (("X-One", "1"),), "тело".encode())
    reply = await network.request(sent)
    assert (reply.status, reply.body.decode()) == (201, "POST /a x=1 1 тело")
    assert ("x-two", "2") in [(name.lower(), value) for name, value in reply.headers]


async def test_redirects_are_left_to_the_platform(way):
    """The network gives the 302 itself: the session counts and follows."""
    network, url = way
    reply = await network.request(HttpRequest(f"{url}/moved"))
    assert reply.status == 302


@pytest.mark.parametrize(
    ("url", "code"),
    [("http://127.0.0.1:9/", -4), ("http://no-such-host.invalid/", -3), ("http://[::1", -2)],
)
async def test_real_failures_have_the_platforms_codes(url, code):
    """Refused, unknown, malformed."""
    async with AiohttpNetwork() as network:
        with pytest.raises(NetworkError) as error:
            await network.request(HttpRequest(url, timeout_ms=5_000, connect_ms=2_000))
    assert error.value.code == code


async def test_a_silent_server_is_a_timeout():
    """Connected, but nothing comes: -7 after the request's own limit."""

    gone = asyncio.Event()

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        await writer.wait_closed()
        gone.set()

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        async with AiohttpNetwork() as network:
            with pytest.raises(NetworkError) as error:
                await network.request(HttpRequest(f"http://127.0.0.1:{port}/", timeout_ms=80))
        await asyncio.wait_for(gone.wait(), 2)
    assert error.value.code == -7
