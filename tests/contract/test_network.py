"""The simulator's ways to the backend: in process or over a socket, the scenario sees the same."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest
import uvicorn
from aiohttp import WSMsgType, web

from halo_voice.simulator import (
    AiohttpNetwork,
    AsgiNetwork,
    Closed,
    HttpRequest,
    HttpResponse,
    Network,
    NetworkError,
    ScriptedNetwork,
    ServerEnd,
    SilentCaller,
    SocketNetwork,
    SocketRequest,
    place_call,
)

MESSAGE = "WebSocket.Message"


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
        config = uvicorn.Config(app, log_config=None, lifespan="off", ws="none")
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
        await asyncio.wait_for(gone.wait(), 60)
    assert error.value.code == -7


# ---- sockets -------------------------------------------------------------------------------------


async def talk(end) -> None:
    """Greets with a header of the request, echoes, closes with 4000 when told to."""
    await end.send("x-one " + dict(end.request.headers)["X-One"])
    while isinstance(text := await end.receive(), str):
        if text == "bye":
            await end.close(4000, "пока")
            return
        await end.send(f"эхо {text}")


async def stream_app(scope, receive, send) -> None:
    """The same conversation as an ASGI application; `/no` is refused."""
    await receive()
    if scope["path"] == "/no":
        await send({"type": "websocket.close"})
        return
    await send({"type": "websocket.accept"})
    headers = tuple((k.decode().title(), v.decode()) for k, v in scope["headers"])
    await talk(ServerEnd(SocketRequest(scope["path"], headers), receive, send))


async def stream_server(request: web.Request) -> web.StreamResponse:
    """The same on a real port."""
    if request.path == "/no":
        raise web.HTTPForbidden
    connection = web.WebSocketResponse(protocols=["chat"])
    await connection.prepare(request)
    await connection.send_str("x-one " + request.headers["X-One"])
    async for message in connection:
        if message.type is WSMsgType.TEXT and message.data == "bye":
            await connection.close(code=4000, message="пока".encode())
        elif message.type is WSMsgType.TEXT:
            await connection.send_str(f"эхо {message.data}")
    return connection


@pytest.fixture
async def streamed() -> AsyncIterator[str]:
    """A WebSocket server on a real port."""
    app = web.Application()
    app.router.add_get("/{path:.*}", stream_server)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    listener = socket.create_server(("127.0.0.1", 0))
    await web.SockSite(runner, listener).start()
    yield f"ws://127.0.0.1:{listener.getsockname()[1]}"
    await runner.cleanup()


@pytest.fixture(params=["asgi", "scripted", "aiohttp"])
async def stream(request, streamed) -> AsyncIterator[tuple[SocketNetwork, str]]:
    """Each network that carries sockets, and the address of the conversation."""
    if request.param == "aiohttp":
        async with AiohttpNetwork() as network:
            yield network, streamed
    elif request.param == "asgi":
        yield AsgiNetwork(stream_app, "halo.test"), "wss://halo.test"
    else:
        yield ScriptedNetwork(lambda request: HttpResponse(), stream=talk), "wss://halo.test"


ASKED = {"headers": (("X-One", "1"),), "protocols": ("chat",)}


async def test_messages_go_both_ways_and_the_server_closes(stream):
    """Headers there, texts there and back, at last the code and the reason of the close."""
    network, url = stream
    open_socket = await network.connect(SocketRequest(f"{url}/a", **ASKED))
    said = [await open_socket.receive()]
    for text in ("раз", "bye"):
        await open_socket.send(text)
        said.append(await open_socket.receive())
    assert said == ["x-one 1", "эхо раз", Closed(4000, "пока")]
    await open_socket.release()


async def test_a_socket_is_closed_from_this_side(stream):
    """Closing and releasing end the conversation; what is sent afterwards is lost in silence."""
    network, url = stream
    open_socket = await network.connect(SocketRequest(f"{url}/a", **ASKED))
    assert await open_socket.receive() == "x-one 1"
    await open_socket.settle()
    await open_socket.close(1000, "всё")
    await open_socket.send("поздно")
    await open_socket.release()


async def test_a_refused_socket_has_the_platforms_code(streamed):
    """Not accepted: -6, by either way; a host that is not there: -3 or -4."""
    asgi = AsgiNetwork(stream_app, "halo.test")
    async with AiohttpNetwork() as real:
        for network, url, code in [
            (asgi, "wss://halo.test/no", -6),
            (real, f"{streamed}/no", -6),
            (asgi, "wss://elsewhere.test/", -3),
            (real, "ws://127.0.0.1:9/", -4),
        ]:
            with pytest.raises(NetworkError) as error:
                await network.connect(SocketRequest(url, **ASKED))
            assert error.value.code == code


SLOW = """
VoxEngine.addEventListener(AppEvents.Started, () => {
  const socket = VoxEngine.createWebSocket("%s");
  socket.addEventListener(WebSocketEvents.OPEN, () => socket.send('{"type":"final","turn":1}'));
  socket.addEventListener(WebSocketEvents.MESSAGE, (e) => {
    Logger.write(e.text);
    if (e.text.includes("answered")) VoxEngine.terminate();
  });
});
"""


async def test_a_real_servers_answer_is_waited_for_and_keeps_its_time():
    """In virtual time the clock stands until a turn's end; what was said lies as far apart."""
    goes_on = asyncio.Event()

    async def answer(request: web.Request) -> web.StreamResponse:
        connection = web.WebSocketResponse()
        await connection.prepare(request)
        await connection.receive()
        await connection.send_str('{"type":"say","turn":1}')
        asyncio.get_running_loop().call_later(0.3, goes_on.set)
        await goes_on.wait()
        await connection.send_str('{"type":"answered","turn":1}')
        await connection.receive()
        return connection

    server = web.Application()
    server.router.add_get("/slow", answer)
    runner = web.AppRunner(server, shutdown_timeout=0.1)
    await runner.setup()
    listener = socket.create_server(("127.0.0.1", 0))
    await web.SockSite(runner, listener).start()
    url = f"ws://127.0.0.1:{listener.getsockname()[1]}/slow"
    async with AiohttpNetwork() as network:
        done = await place_call(SLOW % url, caller=SilentCaller(), network=network)
    await runner.cleanup()
    said, answered = [line.ms for line in done.trace if line.data.get("event", "") == MESSAGE]
    assert answered - said >= 290
    assert done.failures == []
