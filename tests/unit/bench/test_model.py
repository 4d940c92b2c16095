"""The stand-in model: OpenAI's chunks over kept connections, and a true record of them."""

from __future__ import annotations

import asyncio
import json
from itertools import pairwise

import aiohttp
import pytest

from halo_voice.bench.mark import mark
from halo_voice.bench.model import Connection, Script, Wheel


@pytest.fixture
async def standin():
    loop = asyncio.get_running_loop()
    wheel = Wheel(loop, Script(20, first_token_s=0.002, token_s=0.001))
    server = await loop.create_server(lambda: Connection(wheel), "127.0.0.1", 0)
    yield wheel, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1/chat/completions"
    server.close()
    await server.wait_closed()


def question(number: int) -> dict:
    told = {"role": "user", "content": f"Скажите {mark(1)}"}
    asked = {"role": "user", "content": f"Скажите {mark(number)} ещё"}
    return {"model": "bench", "stream": True, "messages": [told, asked], "max_tokens": 300}


async def ask(session: aiohttp.ClientSession, url: str, number: int) -> list[dict]:
    async with session.post(url, json=question(number)) as reply:
        assert reply.headers["Content-Type"] == "text/event-stream"
        lines = (await reply.text()).split("\n\n")
    assert lines[-2:] == ["data: [DONE]", ""]
    return [json.loads(line.removeprefix("data: ")) for line in lines[:-2]]


async def test_an_answer_is_a_stream_of_chunks(standin):
    """The role, one token a chunk, the reason of the end; the text is the script's."""
    wheel, url = standin
    async with aiohttp.ClientSession() as session:
        events = await ask(session, url, 7)
    deltas = [event["choices"][0]["delta"] for event in events]
    assert [delta.get("content") for delta in deltas] == ["", *wheel.script.answer.tokens, None]
    assert events[-1]["choices"][0]["finish_reason"] == "stop"


async def test_each_request_is_recorded_by_the_newest_mark(standin):
    """Two on one connection and two at once: all tokens of each, in order, after it was read."""
    wheel, url = standin
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=2)) as session:
        await ask(session, url, 41)
        await asyncio.gather(ask(session, url, 42), ask(session, url, 43))
    assert sorted(asked.mark for asked in wheel.asked) == [41, 42, 43]
    for asked in wheel.asked:
        assert len(asked.written) == 20
        times = [asked.received, *asked.written]
        assert all(a <= b for a, b in pairwise(times))


async def test_a_caller_who_goes_is_not_written_to(standin):
    """The stream of a dropped connection ends; the next is served."""
    wheel, url = standin
    async with aiohttp.ClientSession() as session:
        reply = await session.post(url, json=question(1))
        reply.close()
        assert await ask(session, url, 2)
    assert wheel.asked[-1].mark == 2
