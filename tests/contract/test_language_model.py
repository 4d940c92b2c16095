"""What every language model behind the port keeps, and what ours does otherwise than the SDK."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable

import pytest

from halo_voice.core.errors import (
    ModelBroken,
    ModelBusy,
    ModelError,
    ModelRefused,
    ModelTimeout,
    ModelUnreachable,
)
from halo_voice.core.ports import LanguageModel, Message
from halo_voice.llm.endpoint import Endpoint, Limits
from halo_voice.llm.guarded import GuardedModel
from halo_voice.llm.openai_client import CONTEXT, OpenAIClient
from tests.standins.model_server import (
    ModelServer,
    Pause,
    Reply,
    Step,
    chunk,
    event,
    plain,
    spoken,
)

ASKED = [Message("system", CONTEXT), Message("user", "Когда вы работаете?")]
DONE = event("[DONE]")
#: A test that lasts longer has met another limit than the one it is about.
PATIENCE_S = 30.0
#: A busy machine misses none of these; each test sets the one it is about.
PATIENT = dict.fromkeys(("connect_s", "first_token_s", "stall_s", "answer_s"), PATIENCE_S)
Make = Callable[..., LanguageModel]


def client(url: str, **limits: float) -> OpenAIClient:
    patient = Limits(**{**PATIENT, **limits})
    return OpenAIClient(Endpoint(url=url, model="standin", key="k", limits=patient))


def guarded(url: str, **limits: float) -> GuardedModel:
    return GuardedModel([client(url, **limits)])


@pytest.fixture(params=[client, guarded])
def make(request: pytest.FixtureRequest) -> Make:
    """Each implementation that speaks to a server."""
    return request.param


async def read(
    model: LanguageModel, deadline_s: float = PATIENCE_S
) -> tuple[list[str], ModelError | None]:
    """The pieces of one answer and the error that ended it."""
    pieces = []
    try:
        async for piece in model.stream(ASKED, max_tokens=50, deadline_s=deadline_s):
            pieces.append(piece)
    except ModelError as error:
        return pieces, error
    return pieces, None


@contextlib.asynccontextmanager
async def talk(make: Make, reply: object, **limits: float) -> AsyncIterator[tuple]:
    async with ModelServer(reply) as server:
        model = make(server.url, **limits)
        try:
            async with asyncio.timeout(PATIENCE_S):
                yield model, server
        finally:
            await model.close()


async def test_pieces_come_as_they_are_said(make: Make) -> None:
    """The first piece is given out while the server is still busy with the next."""
    async with talk(make, Reply([event(chunk("Здравствуйте")), Step.HANG])) as (model, _):
        answer = model.stream(ASKED, max_tokens=50, deadline_s=PATIENCE_S)
        assert await anext(answer) == "Здравствуйте"
        await answer.aclose()


async def test_no_piece_is_empty(make: Make) -> None:
    """Empty deltas never become pieces."""
    async with talk(make, spoken(["", "Да", "", "."])) as (model, _):
        pieces, error = await read(model)
    assert error is None
    assert "".join(pieces) == "Да."
    assert all(pieces)


async def test_closing_early_closes_the_connection(make: Make) -> None:
    """A closed iterator leaves neither a socket nor a task behind, and stays closed."""
    async with talk(make, Reply([event(chunk("Да")), Step.HANG])) as (model, server):
        answer = model.stream(ASKED, max_tokens=50, deadline_s=PATIENCE_S)
        await anext(answer)
        await answer.aclose()
        await server.idle()
        assert [piece async for piece in answer] == []


async def test_leaving_a_loop_closes_the_connection(make: Make) -> None:
    """An answer that nobody holds any more lets its connection go."""
    async with talk(make, Reply([event(chunk("Да")), Step.HANG])) as (model, server):
        async for _ in model.stream(ASKED, max_tokens=50, deadline_s=PATIENCE_S):
            break
        await server.idle()


async def test_a_cancelled_reader_closes_the_connection(make: Make) -> None:
    """A turn that is called off does not leave its request running."""
    async with talk(make, Reply([Step.HANG])) as (model, server):
        turn = asyncio.create_task(read(model))
        await server.received(1)
        turn.cancel()
        with pytest.raises(asyncio.CancelledError):
            await turn
        await server.idle()


async def test_silence_at_the_start_is_a_timeout(make: Make) -> None:
    """F34: a server that takes the request and is silent is given up at the first-token limit."""
    async with talk(make, Reply([Step.HANG]), first_token_s=0.05) as (model, server):
        pieces, error = await read(model)
        await server.idle()
    assert (pieces, type(error)) == ([], ModelTimeout)


async def test_keep_alives_and_thoughts_are_silence(make: Make) -> None:
    """Comments, empty deltas and reasoning do not put the first-token limit off."""
    noise = [b": ping\n\n", event(chunk("")), event(chunk(reasoning_content="Хм…"))]
    steps = [step for part in noise * 100 for step in (part, Pause(0.01))]
    async with talk(make, Reply(steps), first_token_s=0.1) as (model, _):
        pieces, error = await read(model)
    assert (pieces, type(error)) == ([], ModelTimeout)


async def test_a_stall_is_a_timeout(make: Make) -> None:
    """F36: a server that stops in the middle is given up; what it said was given out."""
    reply = Reply([event(chunk("Мы работаем")), b": ping\n\n", Step.HANG])
    async with talk(make, reply, stall_s=0.05) as (model, server):
        pieces, error = await read(model)
        await server.idle()
    assert (pieces, type(error)) == (["Мы работаем"], ModelTimeout)


async def test_a_slow_reader_is_not_a_stall(make: Make) -> None:
    """Only the time in which the reader waits counts as the server's silence."""
    reply = Reply([event(chunk("а")), Pause(0.01), event(chunk("б")), Step.HANG])
    async with talk(make, reply, stall_s=0.5) as (model, server):
        answer = model.stream(ASKED, max_tokens=50, deadline_s=PATIENCE_S)
        assert [await anext(answer), await anext(answer)] == ["а", "б"]
        late = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_later(0.8, late.set_result, None)
        await late
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.001):
                await server.idle()  # the connection is still there
        await answer.aclose()


async def test_a_steady_answer_is_not_a_stall(make: Make) -> None:
    """Every piece starts the stall's time anew, however long the whole answer takes."""
    steps = [step for n in range(20) for step in (event(chunk(f"{n} ")), Pause(0.08))]
    async with talk(make, Reply([*steps, DONE]), stall_s=1.0) as (model, _):
        pieces, error = await read(model)
    assert error is None
    assert "".join(pieces) == "".join(f"{n} " for n in range(20))


@pytest.mark.parametrize("limit", ["answer_s", "deadline_s"])
async def test_an_endless_answer_is_a_timeout(make: Make, limit: str) -> None:
    """The whole answer is bounded by the limit and by the turn's own deadline."""
    steps = [step for n in range(500) for step in (event(chunk(f"{n} ")), Pause(0.01))]
    limits = {"answer_s": 1.0} if limit == "answer_s" else {}
    async with talk(make, Reply(steps), **limits) as (model, server):
        pieces, error = await read(model, 1.0 if limit == "deadline_s" else PATIENCE_S)
        await server.idle()
    assert pieces
    assert isinstance(error, ModelTimeout)


async def test_a_server_that_does_not_shake_hands_is_a_timeout(make: Make) -> None:
    """The connection, TLS included, has its own limit."""
    async with talk(make, None, connect_s=0.05) as (_, server):
        model = make(server.url.replace("http:", "https:"), connect_s=0.05)
        _, error = await read(model)
        await model.close()
    assert isinstance(error, ModelTimeout)


async def test_nobody_there_is_unreachable(make: Make) -> None:
    """A refused connection is `ModelUnreachable`."""
    async with ModelServer() as server:
        url = server.url
    model = make(url)
    assert isinstance((await read(model))[1], ModelUnreachable)
    await model.warm_up()  # never raises
    await model.close()


@pytest.mark.parametrize(
    "reply",
    [
        spoken([]),
        Reply([]),
        Reply([DONE]),
        Reply([event(chunk(reasoning_content="Думаю…")), event(chunk(finish="stop")), DONE]),
        Reply([event(chunk(tool_calls=[{"index": 0}])), event(chunk(finish="tool_calls")), DONE]),
        Reply([b"<html>Hello</html>"], headers={"Content-Type": "text/html"}),
        Reply([], 204, {}, "length"),
        plain({"choices": []}),
        plain([]),
    ],
    ids=["no text", "nothing", "DONE", "thoughts", "tools", "page", "204", "no choice", "list"],
)
async def test_an_empty_answer_is_broken(make: Make, reply: Reply) -> None:
    """F38: an answer without a word is an error, where the SDK ends in silence."""
    async with talk(make, reply) as (model, _):
        pieces, error = await read(model)
    assert (pieces, type(error)) == ([], ModelBroken)


@pytest.mark.parametrize("kind", ["application/json", "text/plain; charset=utf-8"])
async def test_an_answer_that_is_not_streamed_is_read(make: Make, kind: str) -> None:
    """A server that answers a request to stream with one JSON object is understood."""
    answer = {"choices": [{"message": {"content": "С 9 до 21."}, "finish_reason": "stop"}]}
    body = json.dumps(answer, indent=1).encode()
    reply = Reply([body[:9], body[9:]], headers={"Content-Type": kind})
    async with talk(make, reply) as (model, _):
        assert await read(model) == (["С 9 до 21."], None)


@pytest.mark.parametrize(
    ("sent", "heard"),
    [
        (b'"\xd0\x94\xd0 \xff!"', "Д\ufffd \ufffd!"),
        (rb'"\ud800 a"', "\ufffd a"),
        (rb'"a\udc00"', "a\ufffd"),
        (rb'"\ud83d\ude00"', "😀"),
        (b'[{"type": "text", "text": "a"}, {"text": null}]', "a"),
    ],
)
async def test_broken_characters_are_replaced(make: Make, sent: bytes, heard: str) -> None:
    """F37: what is no text becomes U+FFFD, where the SDK raises or passes it on."""
    data = json.dumps(chunk("@")).encode().replace(b'"@"', sent)
    async with talk(make, Reply([b"data: " + data + b"\n\n", DONE])) as (model, _):
        assert await read(model) == ([heard], None)


async def test_hostile_text_reaches_the_server_as_text(make: Make) -> None:
    """Halves of surrogate pairs, NUL and quotes in messages do not break the request."""
    text = 'Кто\ud800 вы?\x00 "}]}\r\n\r\ndata: \udfff😀'
    async with talk(make, None) as (model, server):
        asked = [*ASKED, Message("user", text)]
        async for _ in model.stream(asked, max_tokens=50, deadline_s=PATIENCE_S):
            pass
    sent = server.requests[0].json()["messages"]
    assert sent[0] == {"role": "system", "content": CONTEXT}
    assert sent[2]["content"] == text.replace("\ud800", "\ufffd").replace("\udfff", "\ufffd")


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_redirects_are_refused(make: Make, status: int) -> None:
    """The key and the caller's words go to the configured address only."""
    async with ModelServer() as elsewhere:
        reply = Reply([], status, {"Location": elsewhere.url}, "length")
        async with talk(make, reply) as (model, _):
            _, error = await read(model)
            await model.warm_up()
        assert elsewhere.requests == []
    assert isinstance(error, ModelRefused)
    assert error.status == status


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"retry-after-ms": "1500", "Retry-After": "9"}, 1.5),
        ({"Retry-After": "Thu, 01 Jan 1970 00:00:00 GMT"}, 0.0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-1"}, None),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": "1e99"}, 3600.0),
        ({}, None),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
async def test_busy_says_when_to_come_back(
    make: Make, status: int, headers: dict[str, str], seconds: float | None
) -> None:
    """429 and 503 carry the server's own advice, in seconds, where it makes sense."""
    async with talk(make, plain({}, status=status, headers=headers)) as (model, _):
        _, error = await read(model)
    assert isinstance(error, ModelBusy)
    assert error.retry_after_s == seconds


@pytest.mark.parametrize(
    ("inside", "kind"),
    [
        ({"code": 429, "message": "slow down"}, ModelBusy),
        ({"code": "503"}, ModelBusy),
        ({"type": "rate_limit_exceeded"}, ModelBusy),
        ({"code": 401}, ModelRefused),
        ({"code": 500}, ModelUnreachable),
        ({"code": "content_filter"}, ModelBroken),
        ("words only", ModelBroken),
    ],
)
async def test_errors_inside_the_stream_are_told_apart(
    make: Make, inside: object, kind: type[ModelError]
) -> None:
    """An error object in a 200 answer means what its code says."""
    async with talk(make, Reply([event({"error": inside})])) as (model, _):
        assert type((await read(model))[1]) is kind


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (event({"object": "error", "message": "boom", "code": 500}), ModelUnreachable),
        (event({"object": "error", "message": "boom"}), ModelBroken),
        (b"event: error\n" + event({"message": "slow down", "code": "429"}), ModelBusy),
        (event({"message": "boom"}), ModelBroken),
    ],
    ids=["object", "object without code", "event", "message"],
)
async def test_an_error_that_is_not_called_one_is_a_fault(
    make: Make, error: bytes, kind: type[ModelError]
) -> None:
    """F35: vLLM and GigaChat put its fields in place of an `error` object; a half is no answer."""
    async with talk(make, Reply([event(chunk("Доставка не стоит")), error, DONE])) as (model, _):
        pieces, fault = await read(model)
    assert (pieces, type(fault)) == (["Доставка не стоит"], kind)


async def test_news_beside_an_answer_is_no_fault(make: Make) -> None:
    """Events without an answer that tell of no error are passed over."""
    news = [{}, {"code": 0, "message": "ok"}, {"choices": [], "object": "", "id": ""}]
    steps = [event(each) for each in news]
    async with talk(make, Reply([*steps, event(chunk("Да.")), *steps, DONE])) as (model, _):
        assert await read(model) == (["Да."], None)


@pytest.mark.parametrize("end", [[], [DONE], [event(chunk(finish="stop"))]])
async def test_only_a_body_that_tells_its_end_is_whole(make: Make, end: list[bytes]) -> None:
    """F35: where a closed connection ends the body, it ends a torn one in the same way."""
    reply = Reply([event(chunk("Доставка не стоит")), *end], framing="close")
    async with talk(make, reply) as (model, _):
        pieces, error = await read(model)
    assert pieces == ["Доставка не стоит"]
    assert isinstance(error, ModelUnreachable) != bool(end)


async def test_errors_keep_secrets_and_words(make: Make) -> None:
    """Nothing of a provider's message comes into our error: it may quote key and caller."""
    reply = plain(
        {"error": {"message": "bad key sk-123, asked «Когда»", "code": "bad"}}, status=401
    )
    async with talk(make, reply) as (model, _):
        _, error = await read(model)
    assert "sk-123" not in str(error)
    assert "Когда" not in str(error)
    assert "401 (bad)" in str(error)
    assert error.__cause__ is None


async def test_a_break_keeps_what_was_said(make: Make) -> None:
    """A connection that breaks in the middle is `ModelUnreachable` after the pieces it gave."""
    async with talk(make, Reply([event(chunk("Мы работаем")), Step.CUT])) as (model, _):
        pieces, error = await read(model)
    assert (pieces, type(error)) == (["Мы работаем"], ModelUnreachable)


async def test_bytes_that_are_not_http_are_broken(make: Make) -> None:
    """A server of another protocol is `ModelBroken`, not unreachable."""

    async def babble(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ESMTP\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(babble, "127.0.0.1", 0)
    model = make(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1")
    _, error = await read(model)
    await model.close()
    server.close()
    assert isinstance(error, ModelBroken)


@pytest.mark.parametrize("what", ["event", "body"])
async def test_floods_are_broken(make: Make, what: str) -> None:
    """One event, or one body, larger than the limit is not collected to its end."""
    flood = [b"data: " if what == "event" else b'{"choices": "', *[b"x" * 1000] * 50, Step.HANG]
    kind = "text/event-stream" if what == "event" else "application/json"
    reply = Reply(flood, headers={"Content-Type": kind})
    async with talk(make, reply, event_bytes=9000, body_bytes=9000) as (model, server):
        _, error = await read(model)
        await server.idle()
    assert isinstance(error, ModelBroken)


async def test_warm_up_opens_the_connection_the_answer_uses(make: Make) -> None:
    """After `warm_up` no answer waits for a handshake, and answers share one connection."""
    reply = Reply([b"".join(spoken(["Да."]).steps)], framing="length")
    async with talk(make, reply) as (model, server):
        await model.warm_up()
        assert server.opened == 1
        for _ in range(3):
            assert await read(model) == (["Да."], None)
        assert server.opened == 1


async def test_an_end_that_never_comes_is_not_waited_for(make: Make) -> None:
    """After DONE, or after the reason to stop, the answer is whole and the connection goes."""
    for tail in ([DONE, Step.HANG], [Step.HANG]):
        reply = Reply([event(chunk("Да.")), event(chunk(finish="stop")), *tail])
        async with talk(make, reply, ending_s=0.05) as (model, server):
            assert await read(model) == (["Да."], None)
            await server.idle()


async def test_an_empty_reason_to_stop_is_none(make: Make) -> None:
    """A server that sends `"finish_reason": ""` with every chunk has not stopped: it may pause."""
    first, rest = (event(chunk(text, finish="")) for text in ("Доставка стоит ", "300 рублей."))
    reply = Reply([first, Pause(0.2), rest, event(chunk(finish="stop")), DONE])
    async with talk(make, reply, ending_s=0.02) as (model, _):
        pieces, error = await read(model)
    assert ("".join(pieces), error) == ("Доставка стоит 300 рублей.", None)


async def test_a_closed_model_is_unreachable(make: Make) -> None:
    """After `close` an answer fails with the port's own error, and closing twice is harmless."""
    async with talk(make, None) as (model, _):
        await model.close()
        assert isinstance((await read(model))[1], ModelUnreachable)


async def test_many_answers_at_once_keep_apart(make: Make) -> None:
    """Fifty answers over one client each get their own words."""

    def echo(request: object) -> Reply:
        return spoken(request.json()["messages"][-1]["content"].split("|"))

    async def ask(model: LanguageModel, number: int) -> str:
        asked = [Message("user", "|".join(f"{number}.{n} " for n in range(9)))]
        return "".join([p async for p in model.stream(asked, max_tokens=9, deadline_s=PATIENCE_S)])

    async with talk(make, echo) as (model, _):
        answers = await asyncio.gather(*(ask(model, number) for number in range(50)))
    assert answers == ["".join(f"{k}.{n} " for n in range(9)) for k in range(50)]
