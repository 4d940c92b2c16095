"""What the scenario tells beside the turns, and the call that is ended from here, on a real
connection."""

from __future__ import annotations

import asyncio

import pytest

from halo_voice.core.ports import Outcome
from tests.streams import Served, SteppingModel, served


@pytest.fixture
def model():
    return SteppingModel()


@pytest.fixture
async def halo(model):
    async with served(model) as whole:
        yield whole


async def counted(halo: Served, name: str) -> float:
    """One series of `/metrics`."""
    async with halo.http() as http:
        lines = (await http.get("/metrics")).text.splitlines()
    return next(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name + " "))


async def through(scenario) -> None:
    """What was sent before has been taken."""
    await scenario.send("ping")
    await scenario.hear("pong")


@pytest.mark.parametrize("cut", [True, False])
async def test_a_turn_that_was_cut_is_stored_as_cut(halo: Served, model, cut):
    """F15: `final` says that the caller said more than it holds."""
    async with halo.stream() as scenario:
        await scenario.ask(1, "и ещё вот что", cut=cut)
        await model.give("Понял. ", None)
        await scenario.hear("answered")
    [turn] = await halo.halo.store.turns("c-1")
    assert turn.text_cut is cut


async def test_a_turn_that_was_cut_is_stored_as_cut_over_http_too(halo: Served, model):
    """F15: the field is called `cut` there as well."""
    async with halo.http() as http:
        await http.post("/call/start", json={"call_id": "c-1"})
        for turn, more in ((1, {"cut": True}), (2, {})):
            body = {"call_id": "c-1", "turn": turn, "user_text": f"слово {turn}", **more}
            asking = asyncio.create_task(http.post("/process_text", json=body))
            await model.give("Понял. ", None, answer=turn - 1)
            assert (await asking).json()["outcome"] == "answered"
    assert [turn.text_cut for turn in await halo.halo.store.turns("c-1")] == [True, False]


async def test_a_phrase_that_goes_on_is_a_false_interruption(halo: Served):
    """F13: a sound had paused it; one with words is another kind."""
    kinds = [f'halo_interruptions_total{{kind="{kind}"}}' for kind in ("false", "real")]
    async with halo.stream() as scenario:
        await scenario.send("phrase_resumed", turn=1, phrase=1)
        await through(scenario)
        assert [await counted(halo, kind) for kind in kinds] == [1, 0]
        await scenario.send("phrase_interrupted", turn=1, phrase=1)
        await through(scenario)
        assert [await counted(halo, kind) for kind in kinds] == [1, 1]


async def test_keys_and_reprompts_are_counted(halo: Served):
    """F18: how often, never which key."""
    async with halo.stream() as scenario:
        for digit in "12#":
            await scenario.send("key", digit=digit)
        await scenario.send("silence", count=1)
        await scenario.send("silence", count=2)
        await through(scenario)
    assert await counted(halo, "halo_keys_total") == 3
    assert await counted(halo, "halo_reprompts_total") == 2


async def test_a_call_that_is_ended_here_is_told_so(halo: Served):
    """The stream gets `hangup`, at once and after each reconnect."""
    async with halo.stream() as scenario:
        async with halo.http() as http:
            told = (await http.post("/call/hangup", json={"call_id": "c-1"})).json()
        assert told == {"call_id": "c-1", "told": True}
        await scenario.hear("hangup")
    async with halo.stream() as scenario:
        await scenario.hear("hangup")


async def test_without_a_stream_the_next_turn_ends_the_call(halo: Served, model):
    """No model is asked any more: the farewell, and the line hangs up."""
    async with halo.http() as http:
        await http.post("/call/start", json={"call_id": "c-1"})
        told = (await http.post("/call/hangup", json={"call_id": "c-1"})).json()
        assert told["told"] is False
        body = {"call_id": "c-1", "turn": 1, "user_text": "а ещё"}
        reply = (await http.post("/process_text", json=body)).json()
    farewell = halo.halo.switchboard.profiles.default.texts.farewell
    assert (reply["action"], reply["ai_text"]) == ("hangup", farewell)
    assert model.asked == []
    [turn] = await halo.halo.store.turns("c-1")
    assert (turn.outcome, turn.source) == (Outcome.ANSWERED, "dismissed")


async def test_only_a_call_that_is_up_can_be_ended(halo: Served):
    """404 for an unknown one, 409 for one that is over."""
    async with halo.http() as http:
        unknown = await http.post("/call/hangup", json={"call_id": "nobody"})
        await http.post("/call/start", json={"call_id": "c-1"})
        await http.post("/call/end", json={"call_id": "c-1", "reason": "caller_hung_up"})
        closed = await http.post("/call/hangup", json={"call_id": "c-1"})
    assert (unknown.status_code, closed.status_code) == (404, 409)


async def test_what_was_heard_before_the_stream_came_back_is_told_with_the_next_turn(
    halo: Served, model
):
    """F06, invariant 9: notes of turns over HTTP come with a `final`, too."""
    async with halo.http() as http:
        await http.post("/call/start", json={"call_id": "c-1"})
        body = {"call_id": "c-1", "turn": 1, "user_text": "где вы"}
        asking = asyncio.create_task(http.post("/process_text", json=body))
        await model.give("Мы на улице Ленина. Приходите!", None)
        await asking
    async with halo.stream(turn=1) as scenario:
        await scenario.ask(2, "что", notes=[{"turn": 1, "heard": "Мы на", "audible_ms": 900}])
        await model.give("Да.", None, answer=1)
        await scenario.hear("answered")
    said = [message.content for message in model.asked[1] if message.role == "assistant"]
    assert said == ["Мы на"]
    async with halo.http() as http:
        await http.post("/call/end", json={"call_id": "c-1", "reason": "caller_hung_up"})
    first, _ = await halo.halo.store.turns("c-1")
    assert (first.heard, first.latency["audible_ms"]) == ("Мы на", 900)
