"""A call that may not begin, on the stream and over HTTP, from a real server."""

from __future__ import annotations

import pytest

from halo_voice.core.ports import CallStart
from tests.halo import TalkingModel, backend, client_of
from tests.streams import START, served


@pytest.fixture
def model():
    return TalkingModel()


async def test_a_refused_call_is_told_so_and_its_stream_ends(model):
    """F62: `ready` with the reason and what to say, then 1000; no model is asked, another call's
    stream goes on."""
    async with served(model, number_calls=1) as halo, halo.stream("c-0") as other:
        async with halo.socket() as scenario:
            start = {**START, "call_id": "c-1"}
            await scenario.send("call", version=1, call_id="c-1", start=start)
            ready = await scenario.hear("ready")
            assert ready["refused"] == "busy"
            assert ready["text"] == halo.halo.switchboard.profiles.default.texts.bye_busy
            assert await scenario.closed() == 1000
        assert other.heard[0]["refused"] == ""
        await other.ask(1, "где вы")
        await other.hear("answered")
    assert len(model.asked) == 1


async def test_the_start_and_the_turn_tell_it_over_http(model):
    """F62, F77: `/call/start` with the profile's words, twice the same; a turn that brings the
    start says it itself and hangs up; neither asks a model."""
    async with backend(model=model, number_calls=1) as halo, client_of(halo) as client:
        await halo.switchboard.start(CallStart("c-0", caller=START["caller"]))
        first, second = [await client.post("/call/start", json=START) for _ in range(2)]
        assert first.content == second.content
        told = first.json()
        assert (first.status_code, told["refused"]) == (200, "busy")
        turn = {"call_id": "c-2", "turn": 1, "user_text": "где вы"}
        start = {**START, "call_id": "c-2"}
        reply = await client.post("/process_text", json={**turn, "start": start})
        said = reply.json()
        assert reply.status_code == 200
        assert (said["action"], said["refused"]) == ("hangup", "busy")
        assert said["ai_text"] == told["profile"]["texts"]["bye_busy"]
        again = await client.post("/process_text", json=turn)
        assert (again.status_code, again.json()["code"]) == (409, "call_closed")
        end = {"call_id": "c-1", "reason": "busy", "duration_ms": 4000}
        report = (await client.post("/call/end", json=end)).json()
        assert report["stored"] is False
        assert report["roubles"]["total"] == 0
    assert model.asked == []
