"""A model that calls tools although none were offered: bounded, and never heard (F40).

The profile has no tools here. Some servers and fine-tuned models call them all the same; the real
client reads such answers from a stand-in over a real connection.
"""

from __future__ import annotations

import asyncio

import pytest

from halo_voice import app
from halo_voice.core.errors import ModelTimeout
from halo_voice.llm.endpoint import Endpoint, Limits
from halo_voice.llm.openai_client import OpenAIClient
from tests.contract.test_weak_models import DEADLINE_MS, OFFLINE, QUESTION, SECOND, answer
from tests.standins.model_server import ModelServer, Pause, Reply, Step, chunk, event, spoken
from tests.streams import served


def call_of_tool(number: int, arguments: str = '{"city": "Омск"}') -> bytes:
    """One delta of a tool call, as servers stream them."""
    function = {"name": "transfer_call", "arguments": arguments}
    call = {"index": number, "id": f"call_{number}", "type": "function", "function": function}
    return event(chunk(None, tool_calls=[call]))


END = [event(chunk(finish="tool_calls")), event("[DONE]")]
WITHOUT_END = [step for number in range(400) for step in (call_of_tool(number), Pause(0.02))]

ANSWERS = {
    "one call": Reply([call_of_tool(0), *END]),
    "arguments in pieces": Reply([call_of_tool(0, part) for part in '{"city": "Омск"}'] + END),
    "a hundred calls": Reply([call_of_tool(number) for number in range(100)] + END),
    "calls, then silence": Reply([call_of_tool(0), Step.HANG]),
    "calls without end": Reply([*WITHOUT_END, Step.HANG]),
    "broken calls": Reply([event(chunk(None, tool_calls=["?", 7, None, {}])), *END]),
    "no list of calls": Reply([event(chunk(None, tool_calls={"index": 0})), *END]),
    "calls and blanks": Reply([event(chunk(" ")), call_of_tool(0), event(chunk("\n")), *END]),
}


@pytest.fixture(autouse=True)
def without_tools(monkeypatch):
    monkeypatch.setattr(app, "kits_of", lambda *_, **__: {})


@pytest.mark.parametrize("second", [[], [spoken([SECOND])]], ids=["alone", "with a second"])
@pytest.mark.parametrize("name", ANSWERS)
async def test_tool_calls_alone_are_no_answer(name, second):
    """F40: the second model or the company's texts answer, within the turn's time."""
    said = (await answer(ANSWERS[name], *second)).said
    assert said == [SECOND] or OFFLINE in " ".join(said)
    assert "transfer_call" not in " ".join(said)


async def test_words_beside_a_tool_call_are_spoken():
    """F40: what there is; the call itself is not."""
    reply = Reply([event(chunk("Мы открыты до девяти.")), call_of_tool(0), *END])
    given = await answer(reply)
    assert given.said == ["Мы открыты до девяти."]
    assert given.row.source == "compatible"


async def test_each_turn_asks_a_model_that_calls_tools_once_and_no_tool_is_offered():
    """F40: nothing is sent back to it as a tool's result; no request offers one."""
    async with ModelServer(ANSWERS["one call"]) as server:
        values = {"model_url": server.url, "model_name": "m"}
        async with served(**values) as halo, halo.stream() as scenario, asyncio.timeout(5):
            for turn in (1, 2):
                await scenario.ask(turn, f"{QUESTION} {turn}", deadline_ms=DEADLINE_MS)
                assert OFFLINE in (await scenario.hear("answered"))["text"]
    asked = [request.json() for request in server.requests if request.method == "POST"]
    assert len(asked) == 2
    assert not any({"tools", "tool_choice", "functions"} & set(body) for body in asked)
    assert {message["role"] for body in asked for message in body["messages"]} <= {
        *("system", "user", "assistant")
    }


async def test_calls_without_end_are_broken_off():
    """F40: the client's limit of a whole answer holds for them, and the connection is closed."""
    async with ModelServer(ANSWERS["calls without end"]) as server:
        limits = Limits(first_token_s=5.0, stall_s=0.3, answer_s=0.4)
        client = OpenAIClient(Endpoint(url=server.url, model="m", limits=limits))
        with pytest.raises(ModelTimeout):
            await client.get_ai_response(QUESTION)
        await server.idle()
        await client.close()
