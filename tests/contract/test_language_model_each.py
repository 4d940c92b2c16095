"""Pieces given to a function as they come: the same promises as the iteration keeps."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from halo_voice.core.errors import ModelBroken, ModelTimeout, ModelUnreachable
from halo_voice.core.ports import Message
from halo_voice.llm.answer import Answer
from halo_voice.llm.endpoint import Endpoint, Limits
from halo_voice.llm.guarded import GuardedAnswer, GuardedModel
from halo_voice.llm.openai_client import OpenAIClient
from halo_voice.llm.provider import Provider
from tests.halo import TalkingModel
from tests.standins.model_server import ModelServer, Pause, Reply, Step, chunk, event, plain, spoken

ASKED = [Message("user", "Когда вы работаете?")]
Ask = Callable[[], Answer | GuardedAnswer]


@pytest.fixture(params=["client", "guarded"])
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


@asynccontextmanager
async def talk(kind: str, reply: object, **limits: float) -> AsyncIterator[tuple[Ask, ModelServer]]:
    """How to ask for an answer, and the server."""
    async with ModelServer(reply) as server:
        model = OpenAIClient(Endpoint(url=server.url, model="m", limits=Limits(**limits)))
        guarded = GuardedModel([Provider(model), TalkingModel()])
        asked = model if kind == "client" else guarded
        try:
            async with asyncio.timeout(60):
                yield lambda: asked.stream(ASKED, max_tokens=9, deadline_s=60.0), server
        finally:
            await guarded.close()


async def test_every_piece_is_given_in_order(kind: str) -> None:
    """Nothing is lost between the first piece and the rest, and the connection is kept."""
    words = [f"слово{n} " for n in range(50)]
    reply = replace(spoken(words), framing="length")  # it ends with its last word
    async with talk(kind, reply) as (ask, server):
        for _ in range(3):
            pieces: list[str] = []
            await ask().each(pieces.append)
            assert "".join(pieces) == "".join(words)
        assert server.opened == 1


async def test_a_piece_is_given_while_the_server_is_busy_with_the_next(kind: str) -> None:
    """Nobody waits for the answer's end."""
    async with talk(kind, Reply([event(chunk("а")), event(chunk("б")), Step.HANG])) as (ask, _):
        both, pieces = asyncio.Event(), []

        def take(piece: str) -> None:
            pieces.append(piece)
            if "".join(pieces) == "аб":
                both.set()

        reading = asyncio.create_task(ask().each(take))
        await both.wait()
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading


@pytest.mark.parametrize("enough", [1, 2, 5])
async def test_enough_is_enough(kind: str, enough: int) -> None:
    """Whoever has heard enough gets no further piece, and the connection goes."""
    steps = [event(chunk(f"{n} ")) for n in range(9)]
    async with talk(kind, Reply([*steps, Step.HANG])) as (ask, server):
        pieces: list[str] = []

        def take(piece: str) -> bool:
            pieces.append(piece)
            return len("".join(pieces)) >= 2 * enough

        answer = ask()
        await answer.each(take)
        await server.idle()
        said = "".join(pieces)
        await answer.each(take)  # it stays closed
    assert said == "".join(pieces)
    assert said.startswith("0 ")


async def test_a_fault_of_the_taker_is_raised_where_it_is_waited_for(kind: str) -> None:
    """It is no fault of the model, and leaves no connection behind."""

    def take(piece: str) -> None:
        raise RuntimeError(piece)

    async with talk(kind, Reply([event(chunk("а")), Pause(0.01), Step.HANG])) as (ask, server):
        answer = ask()
        with pytest.raises(RuntimeError, match="а"):
            await answer.each(take)
        await answer.aclose()
        await server.idle()


@pytest.mark.parametrize(
    ("tail", "error"),
    [
        ([Step.HANG], ModelTimeout),
        ([Step.CUT], ModelUnreachable),
        ([event("{torn"), Step.HANG], ModelBroken),
    ],
    ids=["stall", "cut", "torn"],
)
async def test_what_was_said_before_a_fault_is_given_first(
    kind: str, tail: list, error: type[Exception]
) -> None:
    """F35, F36: the words come before the error, and the connection goes."""
    reply = Reply([event(chunk("Мы ")), event(chunk("здесь.")), *tail])
    limits = {"stall_s": 0.1} if error is ModelTimeout else {"stall_s": 60.0}
    async with talk(kind, reply, **limits) as (ask, server):
        pieces: list[str] = []
        with pytest.raises(error):
            await ask().each(pieces.append)
        await server.idle()
    assert "".join(pieces) == "Мы здесь."


async def test_keep_alives_do_not_put_the_stall_off(kind: str) -> None:
    """F36: only text counts."""
    noise = [step for _ in range(300) for step in (b": ping\n\n", Pause(0.01))]
    async with talk(kind, Reply([event(chunk("Мы")), *noise]), stall_s=0.1) as (ask, _):
        with pytest.raises(ModelTimeout):
            await ask().each(lambda _: None)


async def test_a_steady_answer_is_not_a_stall(kind: str) -> None:
    """Every piece starts the stall's time anew."""
    steps = [step for n in range(20) for step in (event(chunk(f"{n} ")), Pause(0.08))]
    async with talk(kind, Reply([*steps, event("[DONE]")]), stall_s=1.0) as (ask, _):
        pieces: list[str] = []
        await ask().each(pieces.append)
    assert "".join(pieces) == "".join(f"{n} " for n in range(20))


async def test_the_net_answers_for_a_refusal() -> None:
    """F33: whoever takes pieces has the same guard as whoever iterates."""
    async with talk("guarded", plain({}, status=500)) as (ask, _):
        answer, pieces = ask(), []
        await answer.each(pieces.append)
        assert pieces
        assert answer.source == TalkingModel().name


async def test_closing_from_elsewhere_ends_the_wait() -> None:
    """The caller has hung up: `each` comes back without an error."""
    async with talk("client", Reply([event(chunk("а")), Step.HANG])) as (ask, server):
        answer, heard = ask(), asyncio.Event()
        reading = asyncio.create_task(answer.each(lambda _: heard.set()))
        await heard.wait()
        await answer.aclose()
        await reading
        await server.idle()
