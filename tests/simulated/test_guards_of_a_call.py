"""Guards that chance does not reach: a call without end, a fault of the file, a lost message."""

from __future__ import annotations

import json

import pytest

from halo_voice.simulator import (
    Closed,
    Faults,
    HttpResponse,
    ScriptedCaller,
    ScriptedNetwork,
    When,
    place_call,
)
from halo_voice.simulator.wire import messages
from tests.halo import SCENARIO, SECRETS

WORDS = "сколько стоит доставка"
ANSWER = "Доставка стоит триста рублей."
BROKEN = '\n%s = () => { throw new Error("broken"); };\n'

# A player that has ended complains when it is stopped.
STRICT_PLAYERS = """
const watched = watchPlayer;
watchPlayer = (line, text, player) => {
  const made = watched(line, text, player);
  const stop = () => { player.stop(); throw new Error("it has ended"); };
  const resume = () => player.resume();
  made.player = { stop, resume, sendMediaTo: (unit) => player.sendMediaTo(unit) };
  return made;
};
"""


class Backend:
    """Answers every turn with the same words; `profile` is what it gives to the scenario.

    With `stream` there is one; messages of the kinds in `lost` use up a number and never arrive.
    """

    def __init__(
        self, *, stream: bool = True, lost: str = "", action: str = "listen", **profile
    ) -> None:
        self._lost = lost
        self._action = action
        self._profile = {"stream": stream, **profile}

    def network(self) -> ScriptedNetwork:
        return ScriptedNetwork(self._answer, stream=self._talk)

    def _answer(self, request) -> HttpResponse:
        told = {"call_id": json.loads(request.body)["call_id"], "profile": self._profile}
        told |= {"ai_text": ANSWER, "action": self._action, "outcome": "answered"}
        return HttpResponse(200, json.dumps(told).encode())

    async def _talk(self, end) -> None:
        sent = 0
        while not isinstance(text := await end.receive(), Closed):
            asked = json.loads(text)
            turn, replies = asked.get("turn"), []
            if asked["type"] == "call":
                replies = [{"type": "ready", "version": 1}]
            elif asked["type"] == "ping":
                replies = [{"type": "pong"}]
            elif asked["type"] == "final":
                whole = {"text": ANSWER, "action": "listen", "outcome": "answered"}
                replies = [
                    {"type": "accepted", "turn": turn},
                    {"type": "say", "turn": turn, "phrase": 1, "text": ANSWER},
                    {"type": "answered", "turn": turn, "phrases": 1, "patience_ms": 0, **whole},
                ]
            for reply in replies:
                sent += 1
                if reply["type"] != self._lost:
                    await end.send(json.dumps({**reply, "seq": sent}, ensure_ascii=False))


async def play(backend: Backend, scenario: str, turns: int = 2, **faults):
    done = await place_call(
        scenario,
        caller=ScriptedCaller([WORDS] * turns, pause_ms=1_000),
        network=backend.network(),
        secrets=SECRETS,
        faults=Faults(faults),
    )
    assert done.struck.keys() == faults.keys()
    assert done.finish_reason == "Normal termination"
    return done


@pytest.fixture
def scenario() -> str:
    return SCENARIO.read_text("utf-8")


async def test_a_call_has_an_end_whatever_is_said(scenario):
    """F60: who asks for ever hears that the time is up; the voice that speaks is cut for it."""
    backend = Backend(stream=False, limits={"call_ms": 20_000})
    done = await play(backend, scenario, turns=12)
    assert "слишком долго" in done.playbacks[-1].text
    assert 20_000 <= done.disconnected_ms - done.connected_ms <= 30_000


async def test_a_hang_up_of_ours_that_nobody_confirms_ends_the_call(scenario):
    """F60, invariant 11: the line is closed, and the platform never says so."""
    done = await play(Backend(stream=False, action="hangup"), scenario, F60=When(at=[1]))
    assert done.terminated_ms - done.disconnected_ms <= 20_000
    report = next(r for r in done.requests if r.url.endswith("/call/end"))
    assert json.loads(report.body)["reason"] == "assistant_hung_up"


@pytest.mark.parametrize("place", ["ACT.ask", "MESSAGES.accepted", "MESSAGES.ready"])
async def test_a_fault_of_the_scenario_ends_in_a_goodbye(scenario, place):
    """F66, invariant 11: an exception in any handler: a spoken goodbye, a report, an end."""
    done = await play(Backend(), scenario + BROKEN % place)
    assert "неполадки" in done.playbacks[-1].text
    assert done.playbacks[-1].complete
    report = next(r for r in done.requests if r.url.endswith("/call/end"))
    assert json.loads(report.body)["reason"] == "scenario_error"


async def test_a_fault_of_the_goodbye_itself_ends_the_call(scenario):
    """F66, invariant 11: where not even the goodbye can be said, the line is hung up."""
    done = await play(Backend(stream=False), scenario + BROKEN % "ACT.ask" + BROKEN % "ACT.hush")
    assert done.disconnected_ms - done.connected_ms <= 15_000


async def test_a_request_has_the_time_of_its_turn(scenario):
    """F28: nobody waits for the platform's own 90 seconds, neither in a call nor after it."""
    done = await play(Backend(stream=False), scenario, F28=When(probability=1))
    assert done.terminated_ms - done.disconnected_ms <= 20_000
    assert all(r.done_ms - r.sent_ms <= 7_500 for r in done.requests if r.done_ms)


@pytest.mark.parametrize("lost", ["accepted", "say"])
async def test_a_message_that_is_lost_ends_the_stream_in_two_seconds(scenario, lost):
    """F49: what follows waits for it so long; then the stream is opened anew."""
    done = await play(Backend(lost=lost), scenario, turns=1)
    assert [span.text for span in done.playbacks].count(ANSWER) == 1
    told = list(messages(done.trace))
    asked = next(m.ms for m in told if m.type == "final")
    opened = [m.ms for m in told if m.type == "call"]
    assert len(opened) >= 2
    assert 2_000 <= opened[1] - asked <= 3_500


async def test_a_half_open_stream_is_opened_anew(scenario):
    """F47: two pings unanswered: the next turns are on a stream that works, without a detour."""
    half_open = When(at=[1], where='"accepted"')
    done = await play(Backend(), scenario, turns=6, F47=half_open)
    told = list(messages(done.trace))
    [first, second, *_] = [m.ms for m in told if m.type == "call"]
    assert 9_000 <= second - first <= 20_000
    by_http = [r for r in done.requests if r.url.endswith("/process_text")]
    assert json.loads(by_http[-1].body)["turn"] < 6


async def test_what_has_ended_already_is_no_fault(scenario):
    """F25: a platform that complains of what is over: the call goes on as ever."""
    done = await play(Backend(stream=False), scenario + STRICT_PLAYERS)
    assert any("ended already" in line for line in done.log)
    assert [span.text for span in done.playbacks].count(ANSWER) == 2
    report = next(r for r in done.requests if r.url.endswith("/call/end"))
    assert json.loads(report.body)["reason"] == "caller_hung_up"
