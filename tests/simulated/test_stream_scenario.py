"""The shipped scenario on a scripted stream: phrases, breaks, and the way back to HTTP."""

from __future__ import annotations

import json

import pytest

from halo_voice.simulator import HttpResponse, ScriptedCaller, ScriptedNetwork, When, place_call
from halo_voice.simulator.faults import Faults
from halo_voice.simulator.invariants import breaches
from halo_voice.simulator.sockets import Closed
from tests.halo import SCENARIO, SECRETS

PHRASES = ["Триста рублей.", "Привезём завтра.", "Что ещё?"]
WORDS = ["сколько стоит доставка", "где вы находитесь"]


class Backend:
    """Speaks protocol 1 and answers every turn with the same phrases, by either way."""

    def __init__(self, **profile) -> None:
        self._profile = profile
        self.heard: list[dict] = []

    def http(self, request) -> HttpResponse:
        body = json.loads(request.body or b"{}")
        answer = {"ai_text": " ".join(PHRASES), "action": "listen", "outcome": "answered"}
        if request.url.endswith("/call/start"):
            answer = {"profile": self._profile}
        return HttpResponse(200, json.dumps({"call_id": body.get("call_id"), **answer}).encode())

    async def stream(self, end) -> None:
        sent = 0

        async def send(**message) -> None:
            nonlocal sent
            sent += 1
            await end.send(json.dumps({**message, "seq": sent}, ensure_ascii=False))

        while not isinstance(text := await end.receive(), Closed):
            message = json.loads(text)
            self.heard.append(message)
            if message["type"] == "call":
                await send(type="ready", version=1)
            elif message["type"] == "ping":
                await send(type="pong")
            elif message["type"] == "final":
                turn = message["turn"]
                await send(type="accepted", turn=turn)
                for number, phrase in enumerate(PHRASES, 1):
                    if number > message["have"]:
                        await send(type="say", turn=turn, phrase=number, text=phrase)
                whole = {"action": "listen", "outcome": "answered", "text": " ".join(PHRASES)}
                await send(type="answered", turn=turn, phrases=3, patience_ms=0, **whole)

    def kinds(self, kind: str) -> list[dict]:
        return [message for message in self.heard if message["type"] == kind]


async def call(backend: Backend, *, seed: int = 3, **faults):
    network = ScriptedNetwork(backend.http, stream=backend.stream)
    done = await place_call(
        SCENARIO,
        caller=ScriptedCaller(list(WORDS), pause_ms=4_000),
        network=network,
        secrets=SECRETS,
        seed=seed,
        faults=Faults(faults),
    )
    for name in faults:
        assert done.struck.get(name), f"{name} never struck"
    assert done.failures == []
    assert done.finish_reason == "Normal termination"
    assert [str(breach) for breach in breaches(done)] == []
    return done


def answers(done) -> list[str]:
    return [s.text for s in done.playbacks if any(p in s.text for p in PHRASES)]


def asked_over_http(done) -> list[int]:
    return [json.loads(r.body)["turn"] for r in done.requests if r.url.endswith("/process_text")]


async def test_every_phrase_is_heard_in_order_and_told_of():
    """Two turns, no request but start and end; the ledger goes up."""
    backend = Backend()
    done = await call(backend)
    assert answers(done) == PHRASES * 2
    assert asked_over_http(done) == []
    assert len(backend.kinds("phrase_finished")) == 6
    assert all(message["voice_ms"] >= 0 for message in backend.kinds("phrase_started"))
    assert backend.heard[-1]["type"] == "ended"


@pytest.mark.parametrize("fault", ["F48", "F49"])
async def test_messages_that_come_twice_or_in_another_order_change_nothing(fault):
    """F48, F49."""
    done = await call(Backend(), **{fault: When(probability=0.5)})
    assert "".join(answers(done)).replace(" ", "") == "".join(PHRASES * 2).replace(" ", "")


@pytest.mark.parametrize("where", ['"accepted"', '"phrase": 2', '"answered"', '"final"'])
@pytest.mark.parametrize("fault", ["cut", "F47"])
async def test_a_stream_that_breaks_costs_no_word(fault, where):
    """F47: cut or half open at any point of the first answer: the rest over HTTP, nothing twice."""
    subject = where.replace(": ", ":") if where == '"final"' else where
    done = await call(Backend(), **{fault: When(at=[1], where=subject)})
    assert " ".join(answers(done)) == " ".join(PHRASES * 2)
    assert asked_over_http(done).count(1) == 1


async def test_the_stream_is_used_again_when_it_is_back():
    """A cut in turn 1; turn 2 goes by the new stream, and tells what was heard of turn 1."""
    backend = Backend()
    done = await call(backend, cut=When(at=[1], where='"answered"'))
    assert asked_over_http(done) == [1]
    first, second = backend.kinds("final")
    assert (first["turn"], second["turn"]) == (1, 2)
    assert "notes" not in first
    [note] = second["notes"]
    assert (note["turn"], note["heard"]) == (1, None)
    assert note["audible_ms"] > 0


async def test_without_a_stream_every_turn_is_a_request():
    """`refused`: HTTP only, and what was heard is noted."""
    backend = Backend()
    done = await call(backend, refused=When(probability=1))
    assert asked_over_http(done) == [1, 2]
    bodies = [json.loads(r.body) for r in done.requests if r.url.endswith("/process_text")]
    assert [note["turn"] for note in bodies[1]["notes"]] == [1]


async def test_a_realtime_player_speaks_all_phrases():
    """VoxTTS: one player for the call."""
    done = await call(Backend(realtime_voice="Anna"))
    assert answers(done) == PHRASES * 2
    assert not any("createTTSPlayer" in line.what for line in done.trace)


async def test_a_realtime_player_that_fails_is_replaced():
    """F21 on it: the profile's other voice speaks from then on."""
    done = await call(Backend(realtime_voice="Anna"), F21=When(at=[1], where="Триста"))
    assert answers(done) == PHRASES * 2
    assert any("createTTSPlayer" in line.what for line in done.trace)
