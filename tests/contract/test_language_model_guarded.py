"""The first-word guarantee on real connections: whatever a model does, the turn is answered.

Two stand-in servers, the real client, and for `/process_text` the whole app.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx
import pytest

from halo_voice.app import Halo
from halo_voice.core.ports import Message
from halo_voice.llm.endpoint import Endpoint, Limits
from halo_voice.llm.guarded import GuardedModel
from halo_voice.llm.openai_client import OpenAIClient
from halo_voice.llm.provider import Provider
from tests.halo import TalkingModel, backend, client_of
from tests.standins.model_server import ModelServer, Reply, Step, chunk, event, plain, spoken

ASKED = [Message("user", "Сколько стоит доставка?")]
SECOND = "Доставка бесплатная."
OFFLINE = "триста девяносто"  # of the sample company's texts
DEADLINE_MS = 1500


def said(*pieces: str, then: Step) -> Reply:
    return Reply([*(event(chunk(piece)) for piece in pieces), then])


SILENT = said(then=Step.HANG)
STALLS = said("Мы ", "открыты. ", "Приез", then=Step.HANG)
DIES = said("Мы ", "открыты. ", "Приез", then=Step.CUT)
STALLS_EARLY = said("Мы ", "откры", "ты", then=Step.HANG)
DIES_EARLY = said("Мы ", "откры", "ты", then=Step.CUT)
DIES_MUTE = said(then=Step.CUT)


def client(server: ModelServer, name: str) -> OpenAIClient:
    limits = Limits(first_token_s=2.0, stall_s=2.0)
    return OpenAIClient(Endpoint(url=server.url, model="m", name=name, limits=limits))


@asynccontextmanager
async def chain(*replies: Reply) -> AsyncIterator[tuple[GuardedModel, list[ModelServer]]]:
    """A guarded model over a server for each reply; hedged after 50 ms."""
    async with AsyncExitStack() as stack:
        servers = [await stack.enter_async_context(ModelServer(reply)) for reply in replies]
        models = [client(server, name) for server, name in zip(servers, "ab", strict=False)]
        net = TalkingModel()
        guarded = GuardedModel([*(Provider(m, hedge_s=0.05) for m in models), net])
        stack.push_async_callback(guarded.close)
        async with asyncio.timeout(60):
            yield guarded, servers


async def test_the_loser_s_connection_is_closed() -> None:
    """F34: when the second wins, the first's connection is closed before the first word
    is given out, and no task is left; the winner's is kept for the next turn."""
    async with chain(SILENT, spoken([SECOND])) as (guarded, (first, second)):
        before = asyncio.all_tasks()
        answer = guarded.stream(ASKED, max_tokens=50, deadline_s=60.0)
        assert await anext(answer) == SECOND
        ours = {t for t in asyncio.all_tasks() - before if "ModelServer" not in repr(t)}
        assert ours == set()
        await first.idle()
        assert [piece async for piece in answer] == []
        assert (answer.source, answer.attempts, answer.hedged, answer.wasted) == ("b", 2, True, 1)
        again = guarded.stream(ASKED, max_tokens=50, deadline_s=60.0)
        assert "".join([piece async for piece in again]) == SECOND
        assert second.opened == 1


async def test_the_hedge_s_connection_is_closed_when_the_first_wins() -> None:
    """The other way round: the second was asked in vain."""
    async with chain(spoken([SECOND]), SILENT) as (guarded, (first, second)):
        gate = asyncio.Event()
        serve = first._answer

        async def after_the_second(*request: Any) -> bool:
            await gate.wait()
            return await serve(*request)

        first._answer = after_the_second
        answer = guarded.stream(ASKED, max_tokens=50, deadline_s=60.0)
        turn = asyncio.create_task(anext(answer))
        await second.received(1)
        gate.set()
        assert await turn == SECOND
        await second.idle()
        assert (answer.source, answer.hedged, answer.wasted) == ("a", True, 1)
        await answer.aclose()


async def test_a_turn_called_off_closes_both_connections() -> None:
    """The caller hangs up while two models are asked."""
    async with chain(SILENT, SILENT) as (guarded, (first, second)):
        turn = asyncio.create_task(
            anext(guarded.stream(ASKED, max_tokens=50, deadline_s=60.0))  # type: ignore[arg-type]
        )
        await second.received(1)
        turn.cancel()
        with pytest.raises(asyncio.CancelledError):
            await turn
        await first.idle()
        await second.idle()


# ------------------------------------------------------------------------------- the whole app


@asynccontextmanager
async def app_over(
    *replies: Reply,
) -> AsyncIterator[tuple[Halo, httpx.AsyncClient, list[ModelServer]]]:
    """The app with a model for each reply, and limits that a test can wait for; the servers."""
    async with AsyncExitStack() as stack:
        servers = [await stack.enter_async_context(ModelServer(reply)) for reply in replies]
        values = {f"{p}_url": s.url for p, s in zip(("model", "model2"), servers, strict=False)}
        values |= {f"{p}_name": "m" for p in ("model", "model2")[: len(servers)]}
        halo = await stack.enter_async_context(
            backend(**values, model_first_token_s=0.4, model_stall_s=0.25, model_hedge_ms=100)
        )
        yield halo, await stack.enter_async_context(client_of(halo)), servers


async def turn_of(client: httpx.AsyncClient, call_id: str, number: int = 1) -> dict[str, Any]:
    body = {"call_id": call_id, "turn": number, "user_text": ASKED[0].content}
    body |= {"deadline_ms": DEADLINE_MS, "start": {"call_id": call_id}}
    async with asyncio.timeout(DEADLINE_MS / 1000):
        reply = await client.post("/process_text", json=body)
    assert reply.status_code == 200
    return reply.json()


@pytest.mark.parametrize(
    ("first", "alone", "with_second"),
    [
        (SILENT, OFFLINE, SECOND),
        (DIES_MUTE, OFFLINE, SECOND),
        (plain({}, status=500), OFFLINE, SECOND),
        (STALLS, "Мы открыты.", "Мы открыты."),
        (DIES, "Мы открыты.", "Мы открыты."),
    ],
    ids=["silent", "dies mute", "500", "stalls", "dies"],
)
@pytest.mark.parametrize("second", [None, spoken([SECOND])], ids=["alone", "with second"])
async def test_whatever_the_model_does_the_turn_is_answered_in_time(
    first: Reply, alone: str, with_second: str, second: Reply | None
) -> None:
    """F33, F34, F35, F36: within the deadline, by the second model, by the company's texts, or
    with the whole sentences of a torn answer."""
    async with app_over(*filter(None, (first, second))) as (halo, client, _):
        reply = await turn_of(client, "c-1")
        [stored] = await halo.store.turns("c-1")
    assert reply["outcome"] == "answered"
    assert (with_second if second else alone) in reply["ai_text"]
    sources = {SECOND: "compatible-2", OFFLINE: "offline", "Мы открыты.": "compatible"}
    assert stored.source == sources[with_second if second else alone]


@pytest.mark.parametrize("first", [STALLS_EARLY, DIES_EARLY], ids=["stalls", "dies"])
@pytest.mark.parametrize("second", [None, spoken([SECOND])], ids=["alone", "with second"])
async def test_a_torn_first_sentence_is_answered_by_the_net_in_time(
    first: Reply, second: Reply | None
) -> None:
    """F35, F36: with no whole sentence nothing was heard yet: the company's texts answer."""
    async with app_over(*filter(None, (first, second))) as (_, client, _):
        reply = await turn_of(client, "c-1")
    assert reply["outcome"] == "answered"
    assert OFFLINE in reply["ai_text"]
    assert reply["ai_text"]


async def test_a_silent_model_costs_three_turns_their_wait_and_no_more() -> None:
    """F34: the fourth turn is answered without it, and `/readyz` tells why."""
    async with app_over(SILENT) as (_, client, [server]):
        for number in (1, 2, 3):
            await turn_of(client, "c-1", number)
        assert OFFLINE in (await turn_of(client, "c-2"))["ai_text"]
        asked = [request for request in server.requests if request.method == "POST"]
        assert len(asked) == 3
        state = (await client.get("/readyz")).json()
    assert state["ready"] is True
    assert state["models"] == [
        {
            "name": "compatible",
            "state": "open",
            "failures": 3,
            "first_piece_ms": None,
            "tokens_left": None,
        }
    ]


class CountingModel(TalkingModel):
    """Counts how often it was warmed up and closed."""

    def __init__(self) -> None:
        super().__init__()
        self.warmed = self.closed = 0

    async def warm_up(self) -> None:
        self.warmed += 1

    async def close(self) -> None:
        self.closed += 1


async def test_all_profiles_share_one_client() -> None:
    """However many profiles there are, the client is warmed up once and closed once."""
    model = CountingModel()
    async with backend(model=model) as halo:
        assert len(halo.switchboard.profiles) > 1
        assert (model.warmed, model.closed) == (1, 0)
    assert (model.warmed, model.closed) == (1, 1)
