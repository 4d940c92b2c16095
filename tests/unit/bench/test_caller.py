"""Callers of the bench against a scripted server: what they say, note, and count as a fault."""

from __future__ import annotations

import msgspec
import pytest

from halo_voice.api.signature import Verifier
from halo_voice.bench.caller import HttpCall, Place, StreamCall
from halo_voice.bench.wire import Signer
from tests.unit.bench.conftest import answered

KEY = ("bench", "k" * 32)


async def test_a_call_over_the_stream_goes_as_the_scenario_s(server, place):
    """Start, stream, the turns with every phrase acknowledged, ended, the report; numbered."""
    await StreamCall(place).play(2)
    turn = ["final", "phrase_started", "phrase_started", "phrase_finished", "phrase_finished"]
    assert [t for t in server.types() if t != "ping"] == ["call", *turn, *turn, "ended"]
    assert [message["seq"] for message in server.heard] == list(range(1, len(server.heard) + 1))
    assert [path for path, _ in server.posted] == ["/call/start", "/call/end"]
    assert server.headers["Sec-WebSocket-Protocol"] == "halo.v1"
    assert place.faults == {}


async def test_a_turn_s_times_are_in_order(place):
    """Sent, first phrase, answered; the first phrase's text and the number of phrases are kept."""
    await StreamCall(place).play(2)
    assert len(place.turns) == 2
    for turn in place.turns:
        assert 0 < turn.sent < turn.phrase_at <= turn.answered_at
        assert (turn.phrase, turn.phrases, turn.fault) == ("Доставка бесплатная.", 2, "")


async def test_interim_results_grow_towards_the_final_words(server, place):
    """Each is the beginning of the turn's words, the early one all of them in a quiet line."""
    place.plan = msgspec.structs.replace(place.plan, interims=1, early_s=0.01)
    await StreamCall(place).play(1)
    interims = [m for m in server.heard if m["type"] == "interim"]
    final = next(m for m in server.heard if m["type"] == "final")
    assert [m["quiet"] for m in interims] == [False, True]
    assert final["text"].startswith(interims[0]["text"])
    assert final["text"] != interims[0]["text"]
    assert interims[1]["text"] == final["text"]
    assert {m["turn"] for m in interims} == {1}


async def gap(turn, say):
    await say("say", turn=turn, phrase=1, text="Да.", seq=9)


async def nothing_said(turn, say):
    await answered(turn, say, phrases=0)


async def apologised(turn, say):
    await say("say", turn=turn, phrase=1, text="Простите.")
    await answered(turn, say, phrases=1, outcome="apologised")


async def failed(turn, say):
    await say("failed", turn=turn, code="call_closed", message="")


@pytest.mark.parametrize(
    ("script", "fault"),
    [
        (gap, "stream: a gap in the server's numbers"),
        (nothing_said, "turn: answered without a phrase"),
        (apologised, "turn: outcome apologised"),
        (failed, "turn: failed call_closed"),
    ],
)
async def test_what_is_no_answer_is_counted_as_a_fault(server, place, script, fault):
    """A load that is not answered must not look like a fast one."""
    server.on_final = script
    await StreamCall(place).play(1)
    assert place.faults[fault] == 1
    assert all(turn.fault for turn in place.turns)


async def test_a_stream_that_is_closed_in_a_turn_ends_the_call(server, place):
    """The turn is at fault, the call is reported all the same."""

    async def close(turn, say):
        await server.socket.close(code=1012)

    server.on_final = close
    await StreamCall(place).play(2)
    assert [turn.fault for turn in place.turns] == ["the stream was closed with 1012"]
    assert server.posted[-1][0] == "/call/end"


async def test_a_refused_stream_is_a_fault(server, place):
    """Its status is told; nobody is left open."""
    server.refuse = 401
    await StreamCall(place).play(1)
    assert list(place.faults) == ["call: the stream was refused with 401"]
    assert place.open == 0


async def test_a_call_over_http_asks_turn_by_turn(server, place):
    """One request a turn on a kept connection, the reply whole."""
    await HttpCall(place).play(2)
    asked = [body["turn"] for path, body in server.posted if path == "/process_text"]
    assert asked == [1, 2]
    assert [(t.phrase, t.fault) for t in place.turns] == [("Да.", "")] * 2
    assert server.heard == []


async def test_the_signature_is_the_backend_s():
    """Made from the written rule alone, it is taken by the backend's own check."""

    async def new(nonce: str, ttl_s: float) -> bool:
        return True

    lines = Signer(KEY).headers("GET", "/stream", b"").split("\r\n")
    headers = dict(line.split(": ") for line in lines if line)
    stamp = int(headers["X-Halo-Timestamp"])
    verifier = Verifier(dict([KEY]), new, now=lambda: stamp)
    await verifier.verify("GET", "/stream", headers.items(), b"")


async def test_a_stopped_load_ends_its_calls(server, place: Place):
    """No more turns, but the end is reported."""
    place.stopped.set()
    await StreamCall(place).play(5)
    assert place.turns == []
    assert [path for path, _ in server.posted] == ["/call/start", "/call/end"]
