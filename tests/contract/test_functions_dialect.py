"""Tools in GigaChat's dialect: the real client over a real connection, and a turn with a tool."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from typing import Annotated

import pytest

from halo_voice.core.messages import Calling, Calls, Message, Returned, ToolCall
from halo_voice.core.tools import Offer, ToolSpec
from halo_voice.llm.endpoint import Endpoint
from halo_voice.llm.guarded import GuardedModel
from halo_voice.llm.openai_client import OpenAIClient
from halo_voice.llm.provider import Provider
from halo_voice.tools import Use, tool
from tests.halo import TalkingModel
from tests.one_call import heard
from tests.standins.model_server import ModelServer, Reply, Request, chunk, event, plain, spoken
from tests.tooling import call_with

SCHEMA = {
    "type": "object",
    "properties": {
        "number": {"anyOf": [{"type": "string"}, {"type": "null"}], "description": "номер"},
        "kind": {"$ref": "#/$defs/Kind"},
        "many": {"type": ["integer", "null"]},
    },
    "required": ["number"],
    "additionalProperties": False,
    "$defs": {"Kind": {"type": "string", "enum": ["a", "b"]}},
}
OFFER = Offer(
    [
        ToolSpec(name="order_status", description="Состояние заказа", parameters=SCHEMA),
        ToolSpec(name="with-hyphen", description="Нельзя", parameters={"type": "object"}),
    ]
)
ASKED = [Message("system", "Вы - помощник."), Message("user", "Где мой заказ 42?")]
CALLED = {"name": "order_status", "arguments": {"number": "42"}}


def calls(function_call: object, **more: object) -> Reply:
    """A streamed answer that calls, as the server sends one: whole, in one chunk."""
    delta = chunk("", role="assistant", function_call=function_call, **more)
    return Reply([event(delta), event(chunk(finish="function_call")), event("[DONE]")])


@asynccontextmanager
async def client_of(reply):
    async with ModelServer(reply) as server:
        client = OpenAIClient(Endpoint(url=server.url, model="G", dialect="functions"))
        yield server, client
        await client.close()


async def answer_of(reply, messages=ASKED, offer=OFFER):
    async with client_of(reply) as (server, client):
        answer = client.stream(messages, max_tokens=50, deadline_s=60.0, tools=offer)
        pieces = [piece async for piece in answer]
    found = [call for piece in pieces if isinstance(piece, Calls) for call in piece.calls]
    return "".join(pieces), found, server.requests[0].json()


async def test_tools_are_offered_as_functions():
    """With what the dialect can say of their arguments; a name that it refuses is left out."""
    _, _, asked = await answer_of(spoken(["Да."]))
    assert "tools" not in asked
    assert asked["function_call"] == "auto"
    assert asked["functions"] == [
        {
            "name": "order_status",
            "description": "Состояние заказа",
            "parameters": {
                "type": "object",
                "properties": {
                    "number": {"type": "string", "description": "номер"},
                    "kind": {"type": "string", "enum": ["a", "b"]},
                    "many": {"type": "integer"},
                },
                "required": ["number"],
            },
        }
    ]
    _, _, closed = await answer_of(spoken(["Да."]), offer=OFFER.without)
    assert closed["function_call"] == "none"


@pytest.mark.parametrize(
    "reply",
    [
        calls(CALLED, functions_state_id="77d3fb14-457a-46ba-937e-8d856156d003"),
        calls({"name": "order_status", "arguments": '{"number": "42"}'}),
        plain(
            {
                "choices": [
                    {
                        "index": 0,
                        "message": {"role": "assistant", "content": "", "function_call": CALLED},
                        "finish_reason": "function_call",
                    }
                ]
            }
        ),
    ],
    ids=["stream", "text", "whole"],
)
async def test_a_call_is_understood(reply):
    """Streamed or whole, its arguments an object or a text."""
    text, found, _ = await answer_of(reply)
    assert text == ""
    assert [(call.name, json.loads(call.arguments)) for call in found] == [
        ("order_status", {"number": "42"})
    ]


@pytest.mark.parametrize(
    "function_call", ["order_status", [], 1, {"arguments": {}}, {"name": 5}, {"name": ""}]
)
async def test_what_is_no_call_calls_nothing(function_call):
    """Whatever stands in its place, no tool is called by it."""
    reply = Reply(
        [
            event(chunk("Здравствуйте.", role="assistant", function_call=function_call)),
            event(chunk(finish="stop")),
            event("[DONE]"),
        ]
    )
    text, found, _ = await answer_of(reply)
    assert (text, found) == ("Здравствуйте.", [])


async def test_what_was_called_is_told_in_pairs():
    """Each call before its result, which is a JSON object in a text; broken arguments are none."""
    both = (
        ToolCall("call_a", "order_status", '{"number": "42"}'),
        ToolCall("call_b", "order_status", "{нет"),
    )
    told = [
        *ASKED,
        Calling("assistant", "Смотрю.", both),
        Returned("tool", "В пути.", call_id="call_a", name="order_status"),
        Returned("tool", "Не понял.", call_id="call_b", name="order_status"),
    ]
    _, _, asked = await answer_of(spoken(["В пути."]), told)
    assert asked["messages"] == [
        {"role": "system", "content": "Вы - помощник."},
        {"role": "user", "content": "Где мой заказ 42?"},
        {"role": "assistant", "content": "Смотрю."},
        {"role": "assistant", "content": "", "function_call": CALLED},
        {"role": "function", "name": "order_status", "content": '{"result": "В пути."}'},
        {
            "role": "assistant",
            "content": "",
            "function_call": {"name": "order_status", "arguments": {}},
        },
        {"role": "function", "name": "order_status", "content": '{"result": "Не понял."}'},
    ]


async def test_a_turn_uses_a_tool_in_this_dialect():
    """Asked, called, run once, told, answered: the whole way of a turn."""
    done = []

    @tool("Состояние заказа.", done="Узнала.")
    async def order_status(number: Annotated[str, "номер"], use: Use) -> str:
        done.append((number, use.key))
        return f"Заказ {number} в пути."

    def reply(request: Request) -> Reply:
        told = [m for m in request.json()["messages"] if m["role"] == "function"]
        return spoken(["Он в пути."]) if told else calls(CALLED)

    async with client_of(reply) as (server, client):
        model = GuardedModel([Provider(client), TalkingModel()])
        model.takes_tools = True
        call = await call_with(model, order_status)
        record = await call.take(heard(1, "Где мой заказ 42?"))
        await call.finish()
    assert record.reply == "Он в пути."
    assert [number for number, _ in done] == ["42"]
    assert "Заказ 42 в пути" in server.requests[1].json()["messages"][-1]["content"]
