"""The start and the end of a call, and the health pages."""

from __future__ import annotations

import pytest

from tests.halo import backend, client_of


async def test_the_start_gives_the_scenario_its_profile(client):
    """Greeting, voice, recogniser and limits; the same again for a repeated request."""
    start = {"call_id": "c-1", "called": "+74950000000", "scenario_version": "1.0"}
    first, second = [await client.post("/call/start", json=start) for _ in range(2)]
    assert first.content == second.content
    profile = first.json()["profile"]
    assert profile["texts"]["greeting"].startswith("Здравствуйте! Я голосовой ассистент")
    assert profile["asr"]["profile"] == "Google.ru_RU"
    assert profile["limits"]["turns"] == 12


async def test_the_end_is_stored_once(client, halo, call_id):
    """The second report changes nothing."""
    end = {"call_id": call_id, "reason": "no_input", "duration_ms": 9000, "turns": 2, "late": ["а"]}
    stored = [(await client.post("/call/end", json=end)).json()["stored"] for _ in range(2)]
    assert stored == [True, False]
    record = await halo.store.find_call(call_id)
    assert (record.end_reason, record.duration_ms, record.turns_reported) == ("no_input", 9000, 2)
    assert record.late_texts == ("а",)
    assert len(halo.switchboard) == 0


async def test_an_end_that_brings_the_start_may_come_twice(client):
    """F57: the call was never known to begin; the second report is answered like any other."""
    end = {"call_id": "c-9", "reason": "caller_hung_up", "start": {"call_id": "c-9"}}
    replies = [await client.post("/call/end", json=end) for _ in range(2)]
    assert [reply.status_code for reply in replies] == [200, 200]
    assert [reply.json()["stored"] for reply in replies] == [True, False]


async def test_a_report_may_bring_a_call_that_nobody_knows(client, halo):
    """The start was lost and no turn came: the call is in the store all the same."""
    end = {"call_id": "lost", "reason": "backend_down", "start": {"call_id": "lost"}}
    assert (await client.post("/call/end", json=end)).json()["stored"] is True
    assert (await halo.store.find_call("lost")).end_reason == "backend_down"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"call_id": "c-1", "reason": "whatever"}, 422),
        ({"call_id": "c-1"}, 422),
        ({"call_id": "nobody", "reason": "no_input"}, 404),
        ({"call_id": "c-1", "reason": "no_input", "duration_ms": -1}, 422),
    ],
)
async def test_a_wrong_report_is_refused(client, call_id, body, status):
    """With a code and words."""
    reply = await client.post("/call/end", json=body)
    assert reply.status_code == status
    assert set(reply.json()) == {"code", "message"}


async def test_readyz_says_who_answers(client):
    """Ready, which profiles, and that without a model HALO is offline."""
    state = (await client.get("/readyz")).json()
    assert state["ready"] is True
    assert state["offline"] is True
    assert "halo" in state["profiles"]
    assert (await client.get("/healthz")).json() == {"status": "ok"}


async def test_readyz_fails_when_the_store_does(model):
    """503 and the store's code."""
    from halo_voice.core.errors import StoreUnavailable
    from halo_voice.store.memory import MemoryStore

    class GoneStore(MemoryStore):
        async def ping(self) -> None:
            raise StoreUnavailable

    async with (
        backend(model=model, store=GoneStore()) as halo,
        client_of(halo) as client,
    ):
        reply = await client.get("/readyz")
        assert reply.status_code == 503
        assert reply.json()["store"] == "store_unavailable"


async def test_an_unforeseen_fault_is_a_clean_500(model, capsys):
    """No stack, no text of the fault: a code and words."""
    from halo_voice.store.memory import MemoryStore

    class BrokenStore(MemoryStore):
        async def open_call(self, start):
            raise RuntimeError("secret +79161234567")

    async with (
        backend(model=model, store=BrokenStore()) as halo,
        client_of(halo) as client,
    ):
        reply = await client.post("/call/start", json={"call_id": "c-1"})
        assert reply.status_code == 500
        assert reply.json()["code"] == "halo_error"
    shown = capsys.readouterr()
    assert "7916" not in reply.text + shown.out + shown.err
    assert "RuntimeError" in shown.out + shown.err


async def test_a_line_end_is_no_part_of_a_call_id(client):
    """`$` alone would let one through at the end."""
    reply = await client.post("/call/start", json={"call_id": "c-1\n"})
    assert reply.status_code == 422
