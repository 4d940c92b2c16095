"""Our client and the official SDK read the same from the same bytes, over a real connection."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass

import openai
import pytest

from halo_voice.core.errors import (
    ModelBroken,
    ModelBusy,
    ModelError,
    ModelRefused,
    ModelUnreachable,
)
from halo_voice.core.ports import Message
from halo_voice.llm.endpoint import Endpoint
from halo_voice.llm.openai_client import OpenAIClient
from tests.standins.model_server import ModelServer, Reply, Step, chunk, event, plain, spoken

WORDS = ["Здрав", "ствуйте", "! ", "Мы работаем ", "с 9 до 21 🕘", ", и в суб", "боту."]
DONE = event("[DONE]")


@dataclass
class Heard:
    """What a client made of one reply. `fault` is our error's class for the client's own."""

    text: str = ""
    finish: str | None = None
    tokens: tuple[int, int] | None = None
    tools: str = ""
    fault: type[ModelError] | None = None


async def heard_by_us(url: str, *, pushed: bool = False) -> Heard:
    """`pushed`: the pieces are given to a function instead of being iterated."""
    client = OpenAIClient(Endpoint(url=url, model="standin", key="key"))
    heard = Heard()
    pieces: list[str] = []
    answer = client.stream([Message("user", "Алло")], max_tokens=300, deadline_s=60.0)
    try:
        if pushed:
            await answer.each(pieces.append)
        else:
            async for piece in answer:
                pieces.append(piece)
    except ModelError as error:
        heard.fault = type(error)
    finally:
        await client.close()
    assert all(pieces), "an empty piece"
    heard.text = "".join(pieces)
    heard.finish = answer.finish_reason
    if answer.usage is not None:
        heard.tokens = (answer.usage.prompt_tokens, answer.usage.completion_tokens)
    heard.tools = "".join(call["function"]["arguments"] for call in answer.tool_calls)
    return heard


async def heard_by_sdk(url: str) -> Heard:
    heard = Heard()
    async with openai.AsyncOpenAI(base_url=url, api_key="key", max_retries=0) as client:
        try:
            stream = await client.chat.completions.create(
                model="standin",
                messages=[{"role": "user", "content": "Алло"}],
                max_tokens=300,
                stream=True,
            )
            await _read_sdk(stream, heard)
        except openai.OpenAIError as error:
            heard.fault = _ours(error)
        except json.JSONDecodeError:
            heard.fault = ModelBroken
    return heard


async def _read_sdk(stream: AsyncIterator, heard: Heard) -> None:
    async for part in stream:
        if part.usage is not None:
            heard.tokens = (part.usage.prompt_tokens, part.usage.completion_tokens)
        if not part.choices:
            continue
        choice = part.choices[0]
        heard.text += choice.delta.content or ""
        heard.finish = choice.finish_reason or heard.finish
        for call in choice.delta.tool_calls or ():
            heard.tools += call.function.arguments or ""


def _ours(error: openai.OpenAIError) -> type[ModelError]:
    match error:
        case openai.RateLimitError():
            return ModelBusy
        case openai.InternalServerError():
            return ModelBusy if error.status_code in (503, 529) else ModelUnreachable
        case openai.APIStatusError():
            return ModelRefused
        case openai.APIConnectionError():
            return ModelUnreachable
    return ModelBroken


def _tool(arguments: str, **more: object) -> dict:
    return {"index": 0, "function": {"arguments": arguments}, **more}


USAGE = {**chunk(), "choices": [], "usage": {"prompt_tokens": 41, "completion_tokens": 7}}
TWO_LINES = json.dumps(chunk("Две строки"), ensure_ascii=False).replace(', "object"', ',\n"object"')
GOOD = {
    "plain": spoken(WORDS),
    "crlf": spoken(WORDS, end="\r\n"),
    "cr": spoken(WORDS, end="\r"),
    "line ends of all kinds": Reply(
        [event(chunk("а"), end="\r\n"), event(chunk("б"), end="\r"), event(chunk("в")), DONE]
    ),
    "no space after the colon": Reply(
        [event(chunk(w)).replace(b"data: ", b"data:") for w in WORDS]
    ),
    "comments and keep-alives": Reply(
        [b": ping\n\n", event(chunk("Да")), b":\n\n: \n", event(chunk(".")), b": end\n\n", DONE]
    ),
    "other fields": Reply(
        [b"retry: 10\nid: 1\n" + event(chunk("Да")), b"event: message\n" + event(chunk(".")), DONE]
    ),
    "several lines of data": Reply(
        [b"".join(b"data: %b\n" % line.encode() for line in TWO_LINES.split("\n")) + b"\n", DONE]
    ),
    "empty and null contents": Reply(
        [
            event(chunk("", role="assistant")),
            event(chunk(None)),
            event({**chunk(), "choices": [{"index": 0, "delta": {"content": None}}]}),
            event(chunk("Да")),
            event(chunk("", finish="stop")),
            DONE,
        ]
    ),
    "cut by length": spoken(WORDS, finish="length"),
    "usage at the end": Reply(
        [event(chunk("Да")), event(chunk(finish="stop")), event(USAGE), DONE]
    ),
    "tool calls beside text": Reply(
        [
            event(chunk("Секунду. ")),
            event(chunk(tool_calls=[_tool("", id="c1", type="function")])),
            event(chunk(tool_calls=[_tool('{"день":')])),
            event(chunk(tool_calls=[_tool(' "суббота"}')])),
            event(chunk(finish="tool_calls")),
            DONE,
        ]
    ),
    "reasoning before text": Reply(
        [event(chunk(reasoning_content="Думаю…")), event(chunk("Да")), DONE]
    ),
    "no DONE": Reply([event(chunk("Да")), event(chunk(finish="stop"))]),
    "no DONE and no reason": Reply([event(chunk("Да"))]),
    "data after DONE": Reply([event(chunk("Да")), DONE, event(chunk("нет")), b"data: {\n\n"]),
    "data after DONE in one read": Reply([event(chunk("Да")) + DONE + event(chunk("нет"))]),
    "error after DONE": Reply([event(chunk("Да")), DONE, event({"error": {"message": "late"}})]),
    "last event without its blank line": Reply([event(chunk("Да")), event(chunk("нет"))[:-1]]),
    "escaped characters": Reply(
        [b"data: " + json.dumps(chunk("«Да» 🕘\n\t\\ \u2028")).encode() + b"\n\n", DONE]
    ),
    "closed connection ends it": Reply([event(chunk("Да")), DONE], framing="close"),
    "content length": Reply([event(chunk("Да")), DONE], framing="length"),
    "a thousand pieces": spoken([f"слово{n} " for n in range(1000)]),
}
BAD = {
    "error in the stream": Reply(
        [event(chunk("Да")), event({"error": {"message": "boom", "type": "server_error"}})]
    ),
    "error as the first event": Reply([event({"error": {"message": "boom", "code": None}})]),
    "not JSON": Reply([event(chunk("Да")), event("{torn")]),
    "broken connection": Reply([event(chunk("Да")), Step.CUT]),
    **{
        f"status {status}": plain({"error": {"message": "no", "code": "c"}}, status=status)
        for status in (400, 401, 403, 404, 409, 422, 429, 500, 502, 503, 504)
    },
    "error page": Reply([b"<html>Bad Gateway</html>"], 502, {"Content-Type": "text/html"}),
    "error without a body": Reply([], 500, {}, "length"),
    "error of bytes": Reply([b"\xff\xfe\x00"], 403, {"Content-Type": "application/json"}),
    "error as a text": plain({"error": "no such model"}, status=404),
}


@pytest.mark.parametrize("reply", GOOD.values(), ids=GOOD.keys())
async def test_answers_are_read_alike(reply: Reply) -> None:
    """A whole answer gives the same text, reason, usage and tool calls in both clients."""
    async with ModelServer(reply) as server:
        ours = await heard_by_us(server.url)
        assert ours == await heard_by_sdk(server.url)
        assert ours == await heard_by_us(server.url, pushed=True)
    assert ours.text
    assert ours.fault is None


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
@pytest.mark.parametrize("name", ["plain", "crlf", "cr", "several lines of data"])
async def test_cuts_change_nothing(name: str, size: int) -> None:
    """Wherever the network cuts the bytes, both clients hear the uncut answer."""
    async with ModelServer(GOOD[name].cut_every(size)) as server:
        ours = await heard_by_us(server.url)
        assert ours == await heard_by_sdk(server.url)
        server.reply = GOOD[name]
        assert ours == await heard_by_us(server.url)


@pytest.mark.parametrize("reply", BAD.values(), ids=BAD.keys())
async def test_faults_are_seen_alike(reply: Reply) -> None:
    """Where the SDK raises, our client raises its own word for it, after the same text."""
    async with ModelServer(reply) as server:
        ours = await heard_by_us(server.url)
        assert ours == await heard_by_sdk(server.url)
        assert ours == await heard_by_us(server.url, pushed=True)
    assert ours.fault is not None


async def test_requests_are_alike() -> None:
    """The server gets the same JSON and the same key from both clients."""
    async with ModelServer() as server:
        await heard_by_us(server.url)
        await heard_by_sdk(server.url)
    ours, sdk = server.requests
    assert ours.json() == sdk.json()
    assert (ours.method, ours.path) == (sdk.method, sdk.path)
    for header in ("authorization", "content-type"):
        assert ours.headers[header] == sdk.headers[header]
