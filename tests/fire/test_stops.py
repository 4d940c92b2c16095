"""`halo serve` is told to stop, or killed and started again by a supervisor, while callers talk."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import aiohttp
import pytest
from websockets.asyncio.client import connect

from halo_voice.bench import machine
from halo_voice.core.ports import Outcome, TurnRecord
from halo_voice.core.profile import Texts
from halo_voice.simulator import PROMPT, AiohttpNetwork, ScriptedCaller
from halo_voice.simulator.invariants import breaches
from halo_voice.store import open_store
from tests.fire.stalls import Stalls
from tests.halo import call_to
from tests.serving import Server
from tests.standins.model_server import ModelServer, Pause, Reply, Step, chunk, event, spoken
from tests.streams import Scenario

WORDS = "Где вы находитесь?"
STOP_S_MAX = 10


@pytest.fixture
async def model() -> AsyncIterator[ModelServer]:
    async with ModelServer() as server:
        yield server


@pytest.fixture
def server(tmp_path: Path, model: ModelServer) -> Iterator[Server]:
    patient = {f"HALO_MODEL_{name}_S": "60" for name in ("FIRST_TOKEN", "STALL", "ANSWER")}
    halo = Server(tmp_path, HALO_MODEL_URL=model.url, HALO_MODEL_NAME="standin", **patient)
    yield halo
    if halo.process.poll() is None:
        halo.process.kill()
    halo.process.wait()
    halo.process.stdout.close()


async def started(server: Server) -> Server:
    return await asyncio.to_thread(server.start)


async def ended(server: Server) -> int:
    """Its exit status; it has to come in time."""
    status = await asyncio.to_thread(server.process.wait, STOP_S_MAX)
    server.process.stdout.close()
    return status


@asynccontextmanager
async def stream(server: Server, call_id: str) -> AsyncIterator[Scenario]:
    address = server.url.replace("http", "ws") + "/stream"
    how = {"proxy": None, "ping_interval": None, "subprotocols": ["halo.v1"], "close_timeout": 1}
    async with connect(address, **how) as connection:
        yield await Scenario(connection).begin(call_id)


async def ask_http(server: Server, call_id: str, **more: object) -> dict:
    body = {"call_id": call_id, "turn": 1, "user_text": WORDS, "start": {"call_id": call_id}}
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{server.url}/process_text", json={**body, **more}) as reply,
    ):
        return await reply.json()


async def stored(folder: Path, call_id: str) -> list[TurnRecord]:
    store = await open_store(f"sqlite:///{folder}/halo.sqlite3")
    try:
        return await store.turns(call_id)
    finally:
        await store.close()


def slowly(*pieces: str, pause_s: float) -> Reply:
    """A streamed answer with a pause before its last piece."""
    whole = list(spoken(pieces).steps)
    return Reply([*whole[:-3], Pause(pause_s), *whole[-3:]])


async def test_a_turn_that_was_asked_before_the_stop_is_answered(server, model, tmp_path):
    """F44: over the stream and over HTTP, to its last word; who asks nothing is let go at once, and
    nobody new is let in."""
    model.reply = slowly("Мы на Лесной. ", "Вход со двора.", pause_s=2)
    await started(server)
    async with stream(server, "c-1") as asking, stream(server, "c-2") as idle:
        await asking.ask(1, WORDS)
        over_http = asyncio.create_task(ask_http(server, "c-3"))
        await model.received(2)
        server.process.send_signal(signal.SIGTERM)
        assert await idle.closed() == 1012
        with pytest.raises(aiohttp.ClientConnectorError):
            await ask_http(server, "c-4")
        assert not over_http.done()
        assert await asking.closed() == 1012
        assert asking.heard[-1]["type"] == "answered"
        assert asking.said(1) == ["Мы на Лесной.", "Вход со двора."]
    assert (await over_http)["ai_text"] == "Мы на Лесной. Вход со двора."
    assert await ended(server) == 0
    for call_id in ("c-1", "c-3"):
        [turn] = await stored(tmp_path, call_id)
        assert (turn.outcome, turn.reply) == (Outcome.ANSWERED, "Мы на Лесной. Вход со двора.")


async def test_a_stop_is_bounded(server, model, tmp_path):
    """F44: turns with a minute left, half a request and a reader who does not read hold a process
    up for ten seconds at most; the next one answers what was not answered."""
    model.reply = Reply([event(chunk("", role="assistant")), Step.HANG])
    await started(server)
    port = int(server.url.rpartition(":")[2])
    with closing(socket.create_connection(("127.0.0.1", port))) as half:
        half.sendall(b"POST /process_text HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\n{")
        async with stream(server, "c-1") as asking, stream(server, "c-2") as deaf:
            await asking.ask(1, WORDS, deadline_ms=60_000)
            over_http = asyncio.create_task(ask_http(server, "c-3", deadline_ms=60_000))
            deaf.socket.transport.pause_reading()
            await model.received(2)
            server.process.send_signal(signal.SIGTERM)
            assert await ended(server) == 0
    assert (await over_http)["code"] == "stopping"
    model.reply = spoken(["Мы на Лесной."])
    await started(server)
    for call_id in ("c-1", "c-3"):
        [turn] = await stored(tmp_path, call_id)
        assert turn.outcome is Outcome.PENDING
        async with stream(server, call_id) as asking:
            await asking.ask(1, WORDS)
            assert (await asking.hear("answered"))["text"] == "Мы на Лесной."
    assert await asyncio.to_thread(server.stop) == 0


class Supervised:
    """Starts `halo serve` again on the same port and store as soon as it has died."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.starts = 0
        self.cpu_s: list[float] = []  # that each start took until it served
        self._watching: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Supervised:
        await self._start()
        port = self.server.url.rpartition(":")[2]
        self.server.options = ("--port", port)
        self._watching = asyncio.create_task(self._watch())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._watching is not None
        self._watching.cancel()
        await asyncio.to_thread(self.server.stop)

    async def _start(self) -> None:
        await started(self.server)
        self.starts += 1
        self.cpu_s.append(machine.cpu_s(self.server.process.pid))

    async def _watch(self) -> None:
        while True:
            died = await asyncio.to_thread(self._wait)
            if died:
                self.server.process.stdout.close()
                await self._start()

    def _wait(self) -> bool:
        os.waitid(os.P_PID, self.server.process.pid, os.WEXITED | os.WNOWAIT)
        return self.server.process.poll() not in (None, 0)


@pytest.mark.skipif(not machine.measurable(), reason="reads processor time from /proc")
async def test_a_call_goes_on_when_its_process_is_killed_and_started_again(server, model, tmp_path):
    """F43, F46, invariants 8 and 18: killed while the model thinks; a start takes less than 5 s,
    one apology at most is heard, and the model is told everything else that was said."""
    words = ["сколько стоит доставка", "а где вы находитесь", "до скольки вы работаете"]
    model.reply = slowly("Это стоит триста рублей. ", "Что ещё?", pause_s=0.5)
    stalls = Stalls()
    async with Supervised(server) as supervisor, AiohttpNetwork() as network:
        calling = asyncio.create_task(
            call_to(None)(
                ScriptedCaller(words, pause_ms=300),
                network=network,
                secrets={"HALO_URL": server.url},
                recogniser=PROMPT,
                seed=5,
                session_id=10**9,
                real_time=True,
            )
        )
        with stalls.watched():
            await model.received(1)
            server.process.kill()
            call = await calling
        assert supervisor.starts == 2
        assert max(supervisor.cpu_s) < 5
    assert [*call.failures, *map(str, breaches(call, stalls.limits()))] == []
    turns = await stored(tmp_path, str(10**9))
    assert {turn.outcome for turn in turns} == {Outcome.ANSWERED}
    apologies = [span for span in call.playbacks if span.text == Texts().apology]
    assert len(apologies) <= 1
    said = [turn.user_text for turn in turns]
    assert said in (words, words[1:])  # what was apologised for never came through
    told = [m["content"] for m in json.loads(model.requests[-1].body)["messages"]]
    assert [any(text in one for one in told) for text in said] == [True] * len(said)
