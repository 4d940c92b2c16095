"""The bare server: the same calls answered, by the bench's own callers and a scripted model."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from halo_voice.bench.bare_server import CONTEXT, serving
from halo_voice.bench.caller import Place, Plan, StreamCall

ANSWER = ["Да", ".", " При", "везём", " завтра", "!", " Что", " ещё"]
SENTENCES = ["Да.", "Привезём завтра!", "Что ещё"]


class ScriptedModel:
    """Keeps what it was asked; its answer goes in bytes that respect no event and no letter."""

    def __init__(self) -> None:
        self.asked: list[list[dict]] = []
        self.connections: set[object] = set()
        self.status = 200
        self.torn = False

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append((await request.json())["messages"])
        self.connections.add(request.transport)
        reply = web.StreamResponse(status=self.status)
        await reply.prepare(request)
        told = events()
        for start in range(0, len(told) // 2 if self.torn else len(told), 7):
            await reply.write(told[start : start + 7])
        if self.torn:
            request.transport.abort()
        return reply


def events() -> bytes:
    deltas = [{"role": "assistant", "content": ""}, *({"content": t} for t in ANSWER), {}]
    chunks = [json.dumps({"choices": [{"delta": d}]}, ensure_ascii=False) for d in deltas]
    return "".join(f"data: {text}\n\n" for text in [*chunks, "[DONE]"]).encode()


@pytest.fixture
async def model() -> AsyncIterator[tuple[ScriptedModel, int]]:
    scripted = ScriptedModel()
    app = web.Application()
    app.router.add_post("/v1/chat/completions", scripted.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield scripted, runner.addresses[0][1]
    await runner.cleanup()


@pytest.fixture
async def place(model) -> AsyncIterator[Place]:
    """Callers of the bare server, who do not think; their interim results are not used."""
    async with serving(0, 0, model[1]) as (port, reports_port):
        plan = Plan(
            way="stream",
            host="127.0.0.1",
            port=port,
            reports_port=reports_port,
            calls=1,
            turns=2,
            think_s=0,
            interims=1,
        )
        found = Place(plan)
        yield found
        found.http.close()


async def test_every_turn_is_answered_sentence_by_sentence(place):
    """What is left without a mark is the last of them; start and end are taken."""
    await StreamCall(place).play(2)
    assert place.faults == {}
    assert [(t.phrase, t.phrases) for t in place.turns] == [(SENTENCES[0], len(SENTENCES))] * 2


async def test_the_model_is_told_what_was_said_before(place, model):
    """Once a turn, on one connection, however many interim results there were."""
    scripted, _ = model
    await StreamCall(place).play(3)
    roles = [[message["role"] for message in asked] for asked in scripted.asked]
    turn = ["assistant", "user"]
    assert roles == [["system", "user", *turn * n] for n in range(3)]
    assert scripted.asked[2][0]["content"] == CONTEXT
    assert scripted.asked[2][2]["content"] == " ".join(SENTENCES)
    assert len(scripted.connections) == 1


@pytest.mark.parametrize("fault", ["torn", "refused"])
async def test_an_answer_that_is_not_whole_is_a_fault(place, model, fault):
    """Or the floor would be that of a server which answers nothing. The next turn is answered."""
    scripted, _ = model
    scripted.torn, scripted.status = fault == "torn", 500 if fault == "refused" else 200
    await StreamCall(place).play(1)
    scripted.torn, scripted.status = False, 200
    await StreamCall(place).play(1)
    assert [turn.fault for turn in place.turns] == ["failed model", ""]
