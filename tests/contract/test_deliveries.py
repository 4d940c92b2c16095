"""A turn is delivered any number of times, in any order, both ways, at once and after restarts:
it is one question to the model, one row, one reply."""

from __future__ import annotations

import asyncio
import json
import random
from contextlib import AsyncExitStack
from typing import Any

import pytest
from store_place import Place

from halo_voice.api import routes_stream
from halo_voice.core.ports import Store
from tests.halo import TalkingModel
from tests.streams import START, Scenario, Served, served

WORDS = ("Где вы находитесь?", "А метро рядом?", "Сколько стоит доставка?", "Когда привезут?")


class Process:
    """HALO on this place, which can be stopped and started again in the middle of a call."""

    def __init__(self, place: Place, model: TalkingModel) -> None:
        self._place = place
        self._model = model
        self.store: Store | None = None
        self._parts = AsyncExitStack()
        self.halo: Served
        self.stream: Scenario

    @property
    def outlives(self) -> bool:
        """Its store is still there after a restart."""
        return self._place.kind in ("sqlite", "postgresql", "spooled")

    async def start(self) -> None:
        self.store = await self._place.open()
        self._parts = AsyncExitStack()
        self.halo = await self._parts.enter_async_context(served(self._model, store=self.store))
        self.http = await self._parts.enter_async_context(self.halo.http())
        self.stream = await self._parts.enter_async_context(self.halo.stream())

    async def stop(self) -> None:
        await self._parts.aclose()


class Deliveries:
    """What came back for each turn, whichever way it was asked."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self.bytes: dict[int, set[bytes]] = {}
        self.meant: dict[int, set[tuple[str, str, str, int]]] = {}
        self.count = 0

    async def by_http(self, turn: int, rng: random.Random) -> None:
        for _ in range(rng.randrange(4)):
            await asyncio.sleep(0)  # others come first
        asked: dict[str, Any] = {"call_id": "c-1", "turn": turn, "user_text": WORDS[turn - 1]}
        if rng.random() < 0.3:
            asked["start"] = START
        if rng.random() < 0.3:
            query = {name: value for name, value in asked.items() if name != "start"}
            reply = await self._process.http.get("/process_text", params=query)
        else:
            reply = await self._process.http.post("/process_text", json=asked)
        assert reply.status_code == 200, reply.text
        self.count += 1
        self.bytes.setdefault(turn, set()).add(reply.content)
        said = json.loads(reply.content)
        del said["user_text"], said["turn"]
        self._keep(turn, said["ai_text"], said)

    async def by_stream(self, turn: int, times: int) -> None:
        stream = self._process.stream
        for _ in range(times):
            await stream.ask(turn, WORDS[turn - 1])
        for _ in range(times):
            said = await stream.hear("answered", "failed")
            assert said["type"] == "answered", said
            assert said["turn"] == turn
            self.count += 1
            self._keep(turn, said["text"], said)

    def _keep(self, turn: int, text: str, said: dict[str, Any]) -> None:
        meaning = (text, said["action"], said["outcome"], said["patience_ms"])
        self.meant.setdefault(turn, set()).add(meaning)


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """These streams send no pings, and a busy machine may be slow."""
    monkeypatch.setattr(routes_stream, "SILENT_S_MAX", 120.0)


@pytest.mark.parametrize("seed", range(4))
async def test_however_often_a_turn_comes_it_is_one_turn(place: Place, seed: int) -> None:
    """F48, F51, invariant 14: one question to the model, one row, the same bytes."""
    rng, model = random.Random(seed), TalkingModel()
    process = Process(place, model)
    await process.start()
    got = Deliveries(process)
    for turn in range(1, len(WORDS) + 1):
        model.gate = asyncio.Event()
        ways = [got.by_http(turn, rng) for _ in range(rng.randint(1, 4))]
        if rng.random() < 0.7:
            ways.append(got.by_stream(turn, rng.randint(1, 3)))
        rng.shuffle(ways)
        older = [got.by_http(rng.randint(1, turn - 1), rng) for _ in range(turn > 1)]
        asking = asyncio.gather(*ways, *older)
        await model.was_asked(turn)
        model.gate.set()
        await asking
        if process.outlives and rng.random() < 0.6:
            await process.stop()
            await process.start()
        for late in rng.sample(range(1, turn + 1), k=rng.randint(0, turn)):
            if rng.random() < 0.5:
                await got.by_http(late, rng)
            elif late == turn:  # the stream's scenario asks for no older ones
                await got.by_stream(late, 1)
    assert len(model.asked) == len(WORDS)
    assert process.store is not None
    turns = await process.store.turns("c-1")
    assert [t.turn for t in turns] == [1, 2, 3, 4]
    assert [t.user_text for t in turns] == list(WORDS)
    assert {turn: len(replies) for turn, replies in got.bytes.items()} == dict.fromkeys(
        got.bytes, 1
    )
    assert {turn: len(meant) for turn, meant in got.meant.items()} == dict.fromkeys(got.meant, 1)
    assert [t.reply for t in turns] == [next(iter(got.meant[t.turn]))[0] for t in turns]
    assert got.count > len(WORDS)
    await process.stop()


@pytest.mark.parametrize("way", ["http", "stream"])
async def test_a_turn_after_a_restart_is_repeated_not_asked_again(durable: Place, way: str) -> None:
    """F43, F51, invariant 14: the process that answered is gone, the reply is the same."""
    model, rng = TalkingModel(), random.Random(0)
    process = Process(durable, model)
    await process.start()
    got = Deliveries(process)
    await got.by_http(1, rng)
    for _ in range(2):
        await process.stop()
        await process.start()
        await (got.by_http(1, rng) if way == "http" else got.by_stream(1, 1))
    assert len(model.asked) == 1
    assert (len(got.bytes[1]), len(got.meant[1])) == (1, 1)
    await process.stop()
