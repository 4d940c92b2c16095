"""WebSockets of a scenario: events, handlers, order, rules, faults, and what a server does to the clock."""

from __future__ import annotations

import asyncio
import random

import pytest

from halo_voice.simulator import (
    AsgiNetwork,
    Closed,
    Faults,
    HttpResponse,
    ScriptedNetwork,
    ServerEnd,
    Spread,
    When,
)
from halo_voice.simulator.faults import CATALOGUE, STREAM

OPEN = """
const ws = VoxEngine.createWebSocket("wss://halo.test/v1/stream");
const told = { OPEN: "", MESSAGE: "text", CLOSE: "code" };
for (const name of Object.keys(WebSocketEvents)) {
  ws.addEventListener(WebSocketEvents[name], (e) => log(name, field(e, told[name]), String(field(e, "wasClean"))));
}
"""
SAY_THREE = OPEN + 'ws.onopen = () => ["а", "б", "в"].forEach((text) => ws.send(text));'


class Server:
    """Keeps what it hears; greets with `first`, answers each message by `reply`."""

    def __init__(self, *first: str, reply=None) -> None:
        self.first = first
        self.reply = reply
        self.heard: list[str | Closed] = []

    async def __call__(self, end: ServerEnd) -> None:
        for text in self.first:
            await end.send(text)
        while True:
            message = await end.receive()
            self.heard.append(message)
            if isinstance(message, Closed):
                return
            if self.reply:
                await end.send(self.reply(message))

    @property
    def network(self) -> ScriptedNetwork:
        return ScriptedNetwork(lambda request: HttpResponse(404), stream=self)


async def test_a_socket_tells_its_life(connected):
    """Created, Open, a Message each way, Close with its code; handlers run before listeners."""
    server = Server("привет", reply=lambda text: f"эхо {text}")
    call = await connected(
        OPEN
        + """
        log(ws.readyState, ws.url);
        ws.onopen = (e) => { log("onopen", e.websocket === ws, ws.readyState); ws.send("раз"); };
        ws.onmessage = (e) => { log("onmessage", e.text); if (e.text === "эхо раз") { ws.close(); log(ws.readyState); } };
        ws.onclose = (e) => log("onclose", e.code, ws.readyState);
        """,
        network=server.network,
    )
    assert call.failures == []
    assert call.log == [
        "connecting wss://halo.test/v1/stream",
        "CREATED",
        "onopen true open",
        "OPEN",
        "onmessage привет",
        "MESSAGE привет",
        "onmessage эхо раз",
        "closing",
        "MESSAGE эхо раз",
        "onclose 1000 closed",
        "CLOSE 1000 true",
    ]
    assert server.heard == ["раз", Closed(1000)]


async def test_messages_take_time_and_keep_their_order(connected):
    """Each is delivered after a drawn latency, none before an earlier one; the trace has them all."""
    wild = Spread(100, 1.0)
    server = Server(reply=lambda text: text)
    network = ScriptedNetwork(lambda request: HttpResponse(404), stream=server, way=wild)
    call = await connected(
        OPEN
        + 'ws.onopen = () => { for (let i = 0; i < 20; i++) ws.send(String(i)); }; ws.onmessage = (e) => log("<", e.text);',
        network=network,
    )
    numbers = [str(n) for n in range(20)]
    assert server.heard[:20] == numbers
    assert [line for line in call.log if line[0] == "<"] == [f"< {n}" for n in numbers]
    times = [line.ms for line in call.trace if line.what.startswith("← «")]
    assert times == sorted(times)
    assert times[-1] > times[0]
    again = await connected(OPEN, network=Server("а", "б").network, seed=3)
    assert again.hash == (await connected(OPEN, network=Server("а", "б").network, seed=3)).hash


async def test_a_server_closes(connected):
    """Its code and reason arrive, after everything that it said before."""

    async def server(end: ServerEnd) -> None:
        await end.send("последнее")
        await end.close(4001, "хватит")

    call = await connected(
        OPEN + "ws.onclose = (e) => log(e.reason);",
        network=ScriptedNetwork(lambda request: HttpResponse(404), stream=server),
    )
    assert call.log[-3:] == ["MESSAGE последнее", "хватит", "CLOSE 4001 true"]


async def test_a_network_without_streams_refuses(connected):
    """Error, then Close 1006, not clean."""
    call = await connected(OPEN)
    assert call.log == ["CREATED", "ERROR", "CLOSE 1006 false"]


@pytest.mark.parametrize(
    ("body", "failure"),
    [
        ('VoxEngine.createWebSocket("https://halo.test/")', "the address must be ws"),
        ('VoxEngine.createWebSocket("wss://10.0.0.1/")', "wss:// takes a domain"),
        ('VoxEngine.createWebSocket("wss://[::1]:8000/")', "wss:// takes a domain"),
        ('VoxEngine.createWebSocket("wss://halo.test", { timeout: 1 })', "timeout does not exist"),
        (
            'VoxEngine.createWebSocket("wss://halo.test", { headers: {} })',
            "list of { name, value }",
        ),
        (OPEN + 'ws.send("рано")', "is not open yet"),
        (OPEN + "ws.onopen = () => ws.send({})", "must be a string, got object"),
        (OPEN + "ws.onopenn = () => 1", "WebSocket.onopenn does not exist"),
        (OPEN + 'ws.onopen = "да"', "must be a function or null"),
        (OPEN + "ws.readyState = 1", "cannot be set"),
        (OPEN + "ws.state()", "WebSocket.state does not exist"),
        (OPEN + 'ws.addEventListener("open", () => 1)', "is no event of WebSocketEvents"),
        (OPEN + "ws.onmessage = (e) => e.data", "_WebSocketMessageEvent.data does not exist"),
        (OPEN + "call.sendMediaTo(ws)", "media over a WebSocket exists but is not emulated"),
    ],
)
async def test_a_broken_rule_is_reported(connected, body, failure):
    """What the platform would not take is a violation."""
    call = await connected(body, network=Server("да").network)
    assert failure in call.failures[0]


async def test_ws_takes_an_address(connected):
    """Without TLS an IP address will do; headers and the protocol reach the server."""
    seen = []

    async def server(end: ServerEnd) -> None:
        seen.append(end.request)

    call = await connected(
        'VoxEngine.createWebSocket("ws://10.0.0.1:8000/a?b=1", { headers: [{ name: "X-A", value: "1" }], privacy: true });',
        network=ScriptedNetwork(lambda request: HttpResponse(404), stream=server),
    )
    assert call.failures == []
    (request,) = seen
    assert (request.url, request.headers) == ("ws://10.0.0.1:8000/a?b=1", (("X-A", "1"),))
    assert request.protocols == ("chat",)


async def test_what_is_sent_after_the_end_is_ignored(connected):
    """After close() nothing goes out and nothing comes in; a second close does nothing."""
    server = Server(reply=lambda text: text)
    call = await connected(
        OPEN + 'ws.onopen = () => { ws.send("раз"); ws.close(); ws.send("два"); ws.close(); };',
        network=server.network,
    )
    assert call.failures == []
    assert call.log == ["CREATED", "OPEN", "CLOSE 1000 true"]
    assert server.heard == ["раз", Closed(1000)]


async def test_a_socket_closed_before_it_opened(connected):
    """Inferred: 1006, and the server is let go."""
    server = Server()
    call = await connected(OPEN + "ws.close();", network=server.network)
    assert call.log == ["CREATED", "CLOSE 1006 false"]
    assert server.heard == [Closed(1006)]


async def test_the_sessions_end_closes_sockets(connected):
    """The server is told 1001; in Terminating a socket neither sends nor can be made."""
    server = Server()
    call = await connected(
        OPEN
        + """
        VoxEngine.addEventListener(AppEvents.Terminating, () => {
          ws.send("поздно");
          log(VoxEngine.createWebSocket("wss://halo.test/").readyState);
        });
        """,
        network=server.network,
    )
    assert server.heard == [Closed(1001)]
    assert call.log == ["CREATED", "OPEN", "closed"]
    ignored = [line.what for line in call.trace if line.what.startswith("ignored")]
    assert ignored == [
        "ignored: WebSocket.send on a socket that has closed",
        "ignored: VoxEngine.createWebSocket after Terminating",
    ]


# ---- an application in this process --------------------------------------------------------------


def application(talk):
    """An ASGI application that accepts and then talks."""

    async def app(scope, receive, send):
        assert (scope["type"], scope["path"], scope["scheme"]) == ("websocket", "/v1/stream", "wss")
        assert await receive() == {"type": "websocket.connect"}
        await talk(receive, send)

    return AsgiNetwork(app, "halo.test")


async def test_the_clock_waits_for_what_the_server_still_says(connected):
    """Words of another task of the server, many steps later, come at the time of the message."""

    async def talk(receive, send):
        await send({"type": "websocket.accept"})
        work = set()

        async def answer(text):
            for _ in range(30):
                await asyncio.sleep(0)
            await send({"type": "websocket.send", "text": f"ответ {text}"})

        while (message := await receive())["type"] == "websocket.receive":
            work.add(asyncio.create_task(answer(message["text"])))
        await asyncio.gather(*work)

    call = await connected(
        OPEN + 'ws.onopen = () => ws.send("раз"); setTimeout(() => ws.send("два"), 5000);',
        network=application(talk),
    )
    assert [line for line in call.log if "MESSAGE" in line] == [
        "MESSAGE ответ раз",
        "MESSAGE ответ два",
    ]
    sent, came = ([line.ms for line in call.trace if line.what.startswith(a)] for a in ("→", "←"))
    assert all(0 < b - a < 300 for a, b in zip(sent, came, strict=True))


async def test_a_server_at_work_elsewhere_says_so(connected):
    """While `busy` is true the clock stands, also for work in a thread."""
    busy = []

    async def talk(receive, send):
        await send({"type": "websocket.accept"})

        async def answer():
            await asyncio.to_thread(lambda: sum(range(200_000)))
            await send({"type": "websocket.send", "text": "готово"})
            busy.clear()

        await receive()
        busy.append(asyncio.create_task(answer()))
        await receive()

    network = application(talk)
    network.busy = lambda: bool(busy)
    call = await connected(OPEN + 'ws.onopen = () => ws.send("раз");', network=network)
    sent, came = (next(ln.ms for ln in call.trace if ln.what.startswith(a)) for a in ("→", "←"))
    assert came - sent < 300


async def test_a_server_that_waits_elsewhere_gets_its_patience_only(connected):
    """An application that never comes back to receive() cannot stop the clock for ever."""

    async def talk(receive, send):
        await send({"type": "websocket.accept"})
        await asyncio.Event().wait()

    network = application(talk)
    network.patience_s = 0.02
    call = await connected(OPEN, network=network)
    assert call.log == ["CREATED", "OPEN"]


async def test_a_server_that_does_not_accept(connected):
    """A close before the accept is a refused connection."""

    async def talk(receive, send):
        await send({"type": "websocket.close", "code": 4403})

    call = await connected(OPEN, network=application(talk))
    assert call.log == ["CREATED", "ERROR", "CLOSE 1006 false"]


async def test_a_server_that_fails(connected):
    """Its exception is the test's, or, by choice, a 1011 for the scenario."""

    async def talk(receive, send):
        await send({"type": "websocket.accept"})
        await receive()
        raise RuntimeError("a bug")

    body = OPEN + 'ws.onopen = () => ws.send("раз");'
    with pytest.raises(RuntimeError, match="a bug"):
        await connected(body, network=application(talk))
    quiet = application(talk)
    quiet.raises = False
    assert (await connected(body, network=quiet)).log == ["CREATED", "OPEN", "CLOSE 1011 true"]


async def test_in_real_time_messages_flow_as_they_come(connected):
    """The same scenario at the pace of the world."""
    server = Server("привет", reply=lambda text: f"эхо {text}")
    network = ScriptedNetwork(lambda request: HttpResponse(404), stream=server, way=None)
    call = await connected(
        OPEN
        + 'ws.onopen = () => ws.send("раз"); ws.onmessage = (e) => e.text === "эхо раз" && VoxEngine.terminate();',
        network=network,
        real_time=True,
    )
    assert call.log == ["CREATED", "OPEN", "MESSAGE привет", "MESSAGE эхо раз"]
    assert server.heard == ["раз", Closed(1001)]


# ---- faults --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "heard", "told"),
    [
        ("refused", [], ["CREATED", "ERROR", "CLOSE 1006 false"]),
        ("cut", ["а", Closed(1006)], ["CREATED", "OPEN", "CLOSE 1006 false"]),
        ("F47", ["а", Closed(1006)], ["CREATED", "OPEN"]),
        ("F48", ["а", "б", "б", "в", Closed(1001)], ["CREATED", "OPEN"]),
        ("F49", ["а", "в", "б", Closed(1001)], ["CREATED", "OPEN"]),
    ],
)
async def test_faults_on_the_way_to_the_server(connected, fault, heard, told):
    """What the server hears of three messages when a fault takes the second."""
    server = Server()
    when = When(at=[1]) if fault == "refused" else When(at=[2], where="→")
    call = await connected(SAY_THREE, network=server.network, faults=Faults({fault: when}))
    assert (call.log, server.heard) == (told, heard)
    assert call.struck == {fault: 1}


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("cut", ["а", "CLOSE"]),
        ("F47", ["а"]),
        ("F48", ["а", "б", "б", "в"]),
        ("F49", ["а", "в", "б"]),
        ("slow", ["а", "б", "в"]),
    ],
)
async def test_faults_on_the_way_from_the_server(connected, fault, told):
    """What the scenario hears of three messages when a fault takes the second."""
    faults = Faults({fault: When(at=[2], where="←")})
    call = await connected(OPEN, network=Server("а", "б", "в").network, faults=faults)
    words = [line.removeprefix("MESSAGE ").split()[0] for line in call.log]
    assert words == ["CREATED", "OPEN", *told]


async def test_a_held_message_comes_without_a_successor(connected):
    """F49 with nothing behind it: late, not lost."""
    faults = Faults({"F49": When(at=[1], where="←")})
    call = await connected(OPEN, network=Server("одно").network, faults=faults)
    opened, came = (
        next(ln.ms for ln in call.trace if ln.what.startswith(a)) for a in ("socket opens", "←")
    )
    assert 500 < came - opened < 1500


async def test_closing_a_half_open_socket(connected):
    """Nobody answers the close: it is over after ten seconds, not clean."""
    call = await connected(
        OPEN + 'ws.onopen = () => { ws.send("а"); setTimeout(() => ws.close(), 1000); };'
        "call.removeEventListener(CallEvents.Disconnected);",
        network=Server().network,
        faults=Faults({"F47": When(at=[1])}),
    )
    asked, closed = (
        next(ln.ms for ln in call.trace if a in ln.what) for a in ("socket:1 close", "is cut")
    )
    assert (call.log[-1], closed - asked) == ("CLOSE 1006 false", 10_000)


def test_faults_of_the_stream_are_drawn_when_asked_for():
    """A seed gives the faults that it always gave, or, with `among`, some of all."""
    drawn = [name for seed in range(20) for name in Faults.drawn(random.Random(seed)).on]
    assert not set(drawn) & set(STREAM)
    every = [n for seed in range(20) for n in Faults.drawn(random.Random(seed), among=CATALOGUE).on]
    assert set(STREAM) <= set(every)
