"""Tools in the model's requests and answers: the real client over a real connection.

What a model calls is the same to us as to the official SDK; which model's calls count where two are
asked; and that nothing torn is ever taken for a call.
"""

from __future__ import annotations

import json
from contextlib import asynccontextmanager

import openai
import pytest

from halo_voice.core.errors import ModelError
from halo_voice.core.messages import Calling, Calls, Message, Returned, ToolCall
from halo_voice.core.tools import Offer, ToolSpec
from halo_voice.llm.endpoint import Endpoint, Limits
from halo_voice.llm.guarded import GuardedModel
from halo_voice.llm.openai_client import OpenAIClient
from halo_voice.llm.provider import Provider
from tests.halo import TalkingModel
from tests.standins.model_server import ModelServer, Pause, Reply, Step, chunk, event, plain, spoken

SCHEMA = {"type": "object", "properties": {"number": {"type": "string"}}, "required": ["number"]}
OFFER = Offer([ToolSpec(name="order_status", description="Состояние заказа", parameters=SCHEMA)])
ASKED = [Message("system", "Вы - помощник."), Message("user", "Где мой заказ 42?")]
END = [event(chunk(finish="tool_calls")), event("[DONE]")]
ONE = ToolCall("call_a", "order_status", '{"number": "42"}')
TWO = ToolCall("call_b", "order_status", '{"number": "43"}')


def delta(**call: object) -> bytes:
    return event(chunk(None, tool_calls=[call]))


def begun(index: int | None, call: ToolCall, arguments: str | None = None) -> bytes:
    function = {"name": call.name, "arguments": call.arguments if arguments is None else arguments}
    place = {} if index is None else {"index": index}
    return delta(**place, id=call.id, type="function", function=function)


def more(index: int, arguments: str) -> bytes:
    return delta(index=index, function={"arguments": arguments})


WHOLE = [begun(0, ONE)]
PIECES = [begun(0, ONE, ""), *(more(0, part) for part in ('{"num', 'ber": ', '"42"}'))]
BOTH = [begun(0, ONE, '{"number"'), begun(1, TWO, ""), more(0, ': "42"}'), more(1, TWO.arguments)]


@asynccontextmanager
async def client_of(reply, **limits):
    async with ModelServer(reply) as server:
        endpoint = Endpoint(url=server.url, model="m", limits=Limits(**limits))
        client = OpenAIClient(endpoint)
        yield server, client
        await client.close()


async def answer_of(reply, *, tools: Offer | None = OFFER, by_each: bool = False, **limits):
    """The text of an answer, and the calls with which it ends."""
    async with client_of(reply, **limits) as (_, client):
        how = {} if tools is None else {"tools": tools}
        answer = client.stream(ASKED, max_tokens=50, deadline_s=60.0, **how)
        pieces: list[str] = []
        if by_each:
            await answer.each(lambda piece: pieces.append(piece) or False)
        else:
            pieces = [piece async for piece in answer]
    calls = [call for piece in pieces if isinstance(piece, Calls) for call in piece.calls]
    return "".join(pieces), calls


@pytest.mark.parametrize("by_each", [False, True], ids=["iterated", "each"])
@pytest.mark.parametrize(
    ("steps", "calls"),
    [
        (WHOLE, [ONE]),
        (PIECES, [ONE]),
        (BOTH, [ONE, TWO]),
        ([begun(None, ONE), begun(None, TWO)], [ONE, TWO]),
        ([begun(0, ONE), begun(0, TWO)], [ONE, TWO]),
    ],
    ids=["whole", "in pieces", "two at once", "without index", "one index for all"],
)
async def test_calls_are_read_however_they_are_streamed(steps, calls, by_each):
    """After the answer has ended, never before: half a call is none."""
    assert await answer_of(Reply([*steps, *END]), by_each=by_each) == ("", calls)


@pytest.mark.parametrize("by_each", [False, True], ids=["iterated", "each"])
async def test_words_come_before_the_calls(by_each):
    """What the model says besides is text like any other."""
    steps = [event(chunk("Секунду, ")), event(chunk("смотрю.")), *PIECES, *END]
    assert await answer_of(Reply(steps), by_each=by_each) == ("Секунду, смотрю.", [ONE])


async def test_an_answer_that_is_not_streamed_has_calls_too():
    """One JSON object instead of events."""
    function = {"name": ONE.name, "arguments": ONE.arguments}
    message = {
        "content": None,
        "tool_calls": [{"id": ONE.id, "type": "function", "function": function}],
    }
    whole = plain({"choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}]})
    assert await answer_of(whole) == ("", [ONE])


@pytest.mark.parametrize("steps", [WHOLE, PIECES, BOTH], ids=["whole", "in pieces", "two"])
async def test_the_official_sdk_reads_the_same_calls(steps):
    """Assembled by its own accumulator from the same bytes."""
    async with ModelServer(Reply([*steps, *END])) as server:
        sdk = openai.AsyncOpenAI(base_url=server.url, api_key="k", max_retries=0)
        messages = [{"role": m.role, "content": m.content} for m in ASKED]
        asked = {"model": "m", "messages": messages, "tools": OFFER.functions}
        async with sdk.chat.completions.stream(**asked) as stream:
            whole = await stream.get_final_completion()
        await sdk.close()
        theirs = [
            ToolCall(call.id, call.function.name, call.function.arguments)
            for call in whole.choices[0].message.tool_calls
        ]
        theirs_asked = server.requests[-1].json()
    _, ours = await answer_of(Reply([*steps, *END]))
    assert ours == theirs
    async with client_of(Reply([*steps, *END])) as (server, client):
        async for _ in client.stream(ASKED, max_tokens=50, deadline_s=60.0, tools=OFFER):
            pass
        ours_asked = server.requests[-1].json()
    assert ours_asked["tools"] == theirs_asked["tools"]
    assert ours_asked["messages"] == theirs_asked["messages"]


async def test_results_go_back_in_the_same_format():
    """The call with its id, then its result under that id; at the end of the steps no tool may be
    called."""
    told = [
        *ASKED,
        Calling("assistant", "", (ONE,)),
        Returned("tool", "Заказ в пути.", call_id=ONE.id, name=ONE.name),
    ]
    async with client_of(spoken(["Заказ в пути."])) as (server, client):
        stream = client.stream(told, max_tokens=50, deadline_s=60.0, tools=OFFER.without)
        assert [piece async for piece in stream] == ["Заказ в пути."]
        asked = server.requests[-1].json()
    function = {"name": ONE.name, "arguments": ONE.arguments}
    assert asked["messages"][2:] == [
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [{"id": ONE.id, "type": "function", "function": function}],
        },
        {"role": "tool", "content": "Заказ в пути.", "tool_call_id": ONE.id},
    ]
    assert asked["tool_choice"] == "none"


async def test_half_a_surrogate_pair_harms_no_request_with_tools():
    """F37: in the caller's words, as without tools."""
    async with client_of(spoken(["Да."])) as (server, client):
        hostile = [*ASKED, Message("user", "до\ud800по")]
        assert [p async for p in client.stream(hostile, max_tokens=9, deadline_s=60.0, tools=OFFER)]
        body = server.requests[-1].json()
    assert body["messages"][-1]["content"] == "до\ufffdпо"
    assert body["tools"] == OFFER.functions


@pytest.mark.parametrize(
    "steps",
    [
        [*PIECES[:-1], Step.CUT],
        [*PIECES[:-1], Step.HANG],
        [delta(index=n, function={"name": "x", "arguments": "y" * 2000}) for n in range(40)]
        + [Step.HANG],
    ],
    ids=["cut", "stalled", "without end"],
)
async def test_a_torn_call_is_none(steps):
    """F35, F36, F40: the answer fails as a torn one does."""
    with pytest.raises(ModelError):
        await answer_of(Reply(steps), stall_s=0.2)


async def test_without_an_offer_calls_are_no_answer():
    """F40: as before there were tools; and after the last step."""
    for tools in (None, OFFER.without):
        with pytest.raises(ModelError):
            await answer_of(Reply([*WHOLE, *END]), tools=tools)


def broken(*calls: object) -> Reply:
    return Reply([event(chunk(None, tool_calls=list(calls))), *END])


@pytest.mark.parametrize(
    "reply",
    [
        broken("?", 7, None, {}),
        broken({"index": "0", "function": {"name": 7}}, {"function": [1]}),
        broken({"index": 0, "function": {"name": "n" * 65, "arguments": "{}"}}),
    ],
)
async def test_what_is_no_call_is_left_out(reply):
    """A model's output is hostile."""
    assert await answer_of(reply) == ("", [])


async def test_at_most_four_calls_of_an_answer_count():
    """The rest is left out, and arguments of any size are bounded."""
    many = [begun(n, ToolCall(f"c{n}", "order_status", "{}")) for n in range(9)]
    _, calls = await answer_of(Reply([*many, *END]))
    assert [call.id for call in calls] == ["c0", "c1", "c2", "c3"]
    _, [large] = await answer_of(Reply([begun(0, ONE, '"' + "я" * 5000 + '"'), *END]))
    assert large.arguments == ""


# ------------------------------------------------------------------------------- two models


async def hedged(first: Reply, second: Reply):
    """What is given out where the second model is asked beside a slow first one."""
    async with ModelServer(first) as one, ModelServer(second) as two:
        clients = [
            OpenAIClient(Endpoint(url=s.url, model="m", name=n))
            for s, n in ((one, "1"), (two, "2"))
        ]
        guarded = GuardedModel([*(Provider(c, hedge_s=0.05) for c in clients), TalkingModel()])
        answer = guarded.stream(ASKED, max_tokens=50, deadline_s=60.0, tools=OFFER)
        pieces: list[str] = []
        await answer.each(lambda piece: pieces.append(piece) or False)
        spent = answer.spent(0)
        await guarded.close()
    calls = [call for piece in pieces if isinstance(piece, Calls) for call in piece.calls]
    return answer.source, calls, {tokens.model: tokens for tokens in spent}


async def test_the_calls_of_one_model_only_are_given_out():
    """F41: of two that call a tool, the first that begins to is heard, the other never."""
    slow = Reply([Pause(0.4), begun(0, ONE), *END])
    source, calls, spent = await hedged(slow, Reply([begun(0, TWO), *END]))
    assert (source, calls) == ("2", [TWO])
    assert set(spent) == {"1", "2"}


async def test_a_model_that_begins_to_call_wins_as_one_that_speaks_does():
    """A long call is no reason to ask a second model: its first delta decides."""
    slowly = [begun(0, ONE, ""), Pause(0.3), more(0, ONE.arguments), *END]
    async with ModelServer(Reply(slowly)) as one, ModelServer(spoken(["Нет."])) as two:
        clients = [
            OpenAIClient(Endpoint(url=s.url, model="m", name=n))
            for s, n in ((one, "1"), (two, "2"))
        ]
        guarded = GuardedModel([*(Provider(c, hedge_s=0.15) for c in clients), TalkingModel()])
        answer = guarded.stream(ASKED, max_tokens=50, deadline_s=60.0, tools=OFFER)
        pieces = [piece async for piece in answer]
        assert (answer.source, answer.attempts) == ("1", 1)
        assert pieces[-1].calls == (ONE,)
        assert two.requests == []
        await guarded.close()


async def test_the_net_is_told_nothing_of_tools():
    """It cannot call one, and reads the caller's words alone."""
    net = TalkingModel()
    guarded = GuardedModel([net])
    told = [*ASKED, Calling("assistant", "", (ONE,)), Returned("tool", "Да.", call_id=ONE.id)]
    stream = guarded.stream(told, max_tokens=50, deadline_s=60.0, tools=OFFER)
    assert "".join([piece async for piece in stream])
    assert net.asked == [ASKED]


async def test_what_is_offered_is_counted_as_read():
    """Where the server does not count tokens, the tools' descriptions are part of the estimate."""
    _, _, with_tools = await hedged(Reply([*WHOLE, *END]), spoken(["Нет."]))
    offered = json.dumps(OFFER.functions, ensure_ascii=False)
    assert with_tools["1"].tokens_in > len(offered) // 3
    assert with_tools["1"].tokens_out >= len(ONE.arguments) // 3
