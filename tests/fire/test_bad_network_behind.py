"""What lies behind the backend on a network that breaks: the model's server, and PostgreSQL."""

from __future__ import annotations

import asyncio
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest

from halo_voice.core.errors import StoreUnavailable
from halo_voice.core.ports import CallStart
from halo_voice.store import SpooledStore, open_store
from tests.contract import postgres
from tests.halo import PACED_ANSWER, TalkingModel, in_tokens
from tests.standins.fault_proxy import Blow, End, FaultProxy, Pace
from tests.standins.model_server import ModelServer, spoken
from tests.streams import Scenario, served

HEAD, EVENT, MIDDLE = b"HTTP/1.1 200", b'"role": "assistant"', "сплат".encode()
MODELS = {
    "slow": (Pace(latency_s=0.2, jitter_s=0.15),),
    "narrow": (Pace(bytes_a_s=20_000),),
    "reset without a byte": (Blow(End.RESET, HEAD),),
    "cut in the head": (Blow(End.CLOSE, HEAD, 12),),
    "garbled head": (Blow(End.GARBAGE, HEAD, 1),),
    "silent in the head": (Blow(End.HALF_OPEN, HEAD, 12),),
    "reset before the first token": (Blow(End.RESET, EVENT),),
    "garbled tokens": (Blow(End.GARBAGE, EVENT),),
    "silent before the first token": (Blow(End.HALF_OPEN, EVENT),),
    "cut in a sentence": (Blow(End.CLOSE, MIDDLE),),
    "reset in a character": (Blow(End.RESET, MIDDLE, 1),),
    "silent in a sentence": (Blow(End.HALF_OPEN, MIDDLE),),
    "closed slowly in a sentence": (Blow(End.SLOW_CLOSE, MIDDLE),),
    "garbled sentence": (Blow(End.GARBAGE, MIDDLE),),
}


async def turn(scenario: Scenario, number: int, text: str) -> dict:
    await scenario.ask(number, text)
    return await scenario.hear("answered", "failed")


async def two_turns(name: str) -> None:
    """The first one while the network breaks, the second when it is good again."""
    blows = [each for each in MODELS[name] if isinstance(each, Blow)]
    pace = next((each for each in MODELS[name] if isinstance(each, Pace)), None)
    async with (
        ModelServer(spoken(in_tokens(PACED_ANSWER))) as model,
        FaultProxy(urlsplit(model.url).port, *blows, pace=pace, seed=1) as proxy,
        served(model_url=f"http://127.0.0.1:{proxy.port}/v1", model_name="standin") as halo,
        halo.stream() as scenario,
    ):
        first = await turn(scenario, 1, "Сколько стоит доставка?")
        second = await turn(scenario, 2, "А за город?")
        assert proxy.blows == []
        stored = await halo.halo.store.turns("c-1")
    for number, done in enumerate((first, second), 1):
        assert (done["type"], done["outcome"]) == ("answered", "answered"), name
        assert done["phrases"] >= 1, name
        assert done["text"] == " ".join(scenario.said(number)) == stored[number - 1].reply, name
    assert second["text"].startswith("Доставка по городу стоит триста рублей."), name
    told = [m["content"] for m in model.requests[-1].json()["messages"]]
    assert any("Сколько стоит доставка?" in words for words in told), name


async def test_turns_survive_a_bad_network_to_the_model():
    """F33, F34, F35, F36, invariant 18: whole sentences of the model, or the offline assistant's
    words; on a good network the model answers again, and knows what was said meanwhile."""
    await asyncio.gather(*map(two_turns, MODELS))


def reached_through(proxy: FaultProxy, url: str) -> str:
    """A database's address on the other side of the proxy."""
    return f"postgresql://postgres@127.0.0.1:{proxy.port}{urlsplit(url).path}"


def server_of(url: str) -> int | Path:
    """Where the server of a database listens: a port, or its socket's file."""
    parts = urlsplit(url)
    folder = parse_qs(parts.query).get("host")
    return Path(folder[0]) / ".s.PGSQL.5432" if folder else parts.port or 5432


@pytest.mark.postgres
@pytest.mark.parametrize("end", list(End), ids=lambda end: end.name)
async def test_calls_go_on_while_postgresql_is_cut_off(tmp_path: Path, end: End):
    """F54, F55, F56, invariants 8 and 18: twelve calls notice nothing; what they were told is in
    the store, as it was told, when the network is back."""
    calls = [f"c-{number}" for number in range(12)]  # more than the pool has connections
    with postgres.server() as server, postgres.database(server) as database:
        async with FaultProxy(server_of(database)) as proxy:
            values = {
                "store_url": reached_through(proxy, database),
                "store_spool": str(tmp_path / "spool.jsonl"),
            }
            async with served(TalkingModel(), **values) as halo, halo.http() as http:
                store = halo.halo.store
                assert isinstance(store, SpooledStore)

                async def ask(call_id: str, number: int) -> str:
                    said = {"call_id": call_id, "turn": number, "user_text": f"Вопрос {number}"}
                    start = {"call_id": call_id}
                    # A connection that idled while the store came back may be closed by now.
                    fresh = {"Connection": "close"}
                    asked = {**said, "start": start}
                    reply = await http.post("/process_text", json=asked, headers=fresh)
                    assert reply.status_code == 200, reply.text
                    return reply.json()["ai_text"]

                async def everyone(number: int) -> list[str]:
                    return await asyncio.gather(*(ask(call_id, number) for call_id in calls))

                told = [await everyone(1)]
                proxy.refuses = True
                proxy.strike(end)
                told += [await everyone(2), await everyone(3)]
                assert store.spooled >= 2 * 12 * 2 - 12
                proxy.refuses = False
                async with asyncio.timeout(40):
                    await store.recovered()
                told.append(await everyone(4))
                assert store.spooled == 0
            with psycopg.connect(database) as direct:
                rows = direct.execute("SELECT call_id, turn, outcome, reply FROM turns").fetchall()
    wanted = {
        (call_id, number): ("answered", reply)
        for number, replies in enumerate(told, 1)
        for call_id, reply in zip(calls, replies, strict=True)
    }
    assert {(call_id, number): tuple(rest) for call_id, number, *rest in rows} == wanted
    assert len(rows) == len(wanted)


@pytest.mark.postgres
async def test_a_silent_postgresql_does_not_hold_up_a_stop():
    """F44, F56: what still waits for it when the store is closed is given up."""
    with postgres.server() as server, postgres.database(server) as database:
        async with FaultProxy(server_of(database)) as proxy:
            store = await open_store(reached_through(proxy, database))
            await store.open_call(CallStart("c-1"))
            proxy.strike(End.HALF_OPEN)
            waiting = asyncio.create_task(store.accept_turn("c-1", 1, "Вопрос", None))
            await asyncio.sleep(0)  # it is on its way, on the only connection there is
            async with asyncio.timeout(10):
                await store.close()
                with pytest.raises(StoreUnavailable):
                    await waiting
