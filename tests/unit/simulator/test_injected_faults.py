"""Faults: each does what its name says, when it was told to."""

from __future__ import annotations

import random

import pytest

from halo_voice.simulator import (
    Faults,
    HttpResponse,
    ScriptedCaller,
    ScriptedNetwork,
    SilentCaller,
    When,
)
from halo_voice.simulator.faults import CALL

EARS = """
const asr = ears();
for (const name of Object.keys(ASREvents)) {
  asr.addEventListener(ASREvents[name], (e) => {
    log(name, field(e, "text"), field(e, "transcript"), String(field(e, "confidence")));
  });
}
call.addEventListener(CallEvents.PlaybackFinished, () => call.sendMediaTo(asr));
call.say("Слушаю", VOICE);
"""
MOUTH = """
for (const name of ["PlaybackReady", "PlaybackStarted", "PlaybackFinished"]) {
  call.addEventListener(CallEvents[name], (e) => log(name, field(e, "error")));
}
call.say("Первая фраза", VOICE);
"""
ONCE = When(at=[1])


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("F01", ["Started"]),
        ("F02", ["Started", "CaptureStarted"]),
        ("F03", ["Started", "CaptureStarted", "SpeechCaptured"]),
        ("F05", ["Started", "CaptureStarted", "SpeechCaptured", "Result Да  93", "Result Да  93"]),
        ("F08", ["Started", "CaptureStarted", "SpeechCaptured", "Result  Да 93"]),
        ("F09", ["Started", "CaptureStarted", "SpeechCaptured", "Result Да  0.93"]),
        ("F11", ["Started", "ASRError"]),
    ],
)
async def test_faults_of_the_recogniser(connected, fault, told):
    """What the scenario hears of one utterance when a fault takes it."""
    call = await connected(EARS, caller=ScriptedCaller(["Да"]), faults=Faults({fault: ONCE}))
    assert call.log == told
    assert call.struck == {fault: 1}
    assert [line.data["fault"] for line in call.trace if line.who == "fault"] == [fault]


async def test_a_blank_result(connected):
    """F07: the text is empty or spaces."""
    call = await connected(EARS, caller=ScriptedCaller(["Да"]), faults=Faults({"F07": ONCE}))
    assert call.log[-1].split() == ["Result", "93"]


async def test_a_confidence_of_nothing(connected):
    """F10: zero, or no field at all."""
    seen = set()
    for seed in range(8):
        call = await connected(
            EARS, caller=ScriptedCaller(["Да"]), faults=Faults({"F10": ONCE}), seed=seed
        )
        seen.add(call.log[-1])
    assert seen == {"Result Да  0", "Result Да"}


async def test_a_result_after_the_hang_up(connected):
    """F04: the result comes when the line is dead."""
    call = await connected(
        EARS + "call.removeEventListener(CallEvents.Disconnected);",
        caller=ScriptedCaller(["Да"], patience_ms=9_000),
        faults=Faults({"F04": ONCE}),
    )
    (result,) = [line for line in call.trace if line.data.get("event") == "ASR.Result"]
    assert result.ms > call.disconnected_ms


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("F19", ["PlaybackReady", "PlaybackStarted"]),
        ("F20", ["PlaybackReady"]),
        ("F21", ["PlaybackFinished Synthesis failed"]),
    ],
)
async def test_faults_of_the_voice(connected, fault, told):
    """What the scenario hears of one phrase when a fault takes it."""
    call = await connected(MOUTH, faults=Faults({fault: ONCE}))
    assert call.log == told
    assert len(call.playbacks) == (1 if fault == "F19" else 0)


async def test_a_late_end_of_a_phrase(connected):
    """F24: the phrase is over long before the scenario is told."""
    call = await connected(MOUTH, faults=Faults({"F24": ONCE}))
    (told,) = [line.ms for line in call.trace if line.data.get("event") == "Call.PlaybackFinished"]
    assert told - call.playbacks[0].ended_ms >= 300


async def test_a_late_hang_up(connected):
    """F25: in between, orders go nowhere and do no harm."""
    call = await connected(
        "setInterval(() => call.say('Вы тут?', VOICE), 150);",
        caller=SilentCaller(2_000),
        faults=Faults({"F25": ONCE}),
    )
    assert call.failures == []
    assert any(line.what == "ignored: the call has ended" for line in call.trace)
    assert all(span.ended_ms <= call.disconnected_ms for span in call.playbacks)


async def test_a_hang_up_that_nobody_reports(connected):
    """F60: only the scenario's own limit can end the session."""
    call = await connected(
        "setTimeout(() => VoxEngine.terminate(), 30000);",
        caller=SilentCaller(2_000),
        faults=Faults({"F60": ONCE}),
    )
    assert not any(line.data.get("event") == "Call.Disconnected" for line in call.trace)
    assert call.terminated_ms > 30_000


async def test_late_events(connected):
    """Any event of an object may come up to three seconds late."""
    call = await connected(MOUTH, faults=Faults({"late": When(at=[1], where="PlaybackStarted")}))
    (told,) = [line.ms for line in call.trace if line.data.get("event") == "Call.PlaybackStarted"]
    assert 100 <= told - call.playbacks[0].started_ms <= 3_000


@pytest.mark.parametrize(
    ("fault", "codes"),
    [
        ("F27", {-3, -4}),
        ("F28", {-7}),
        ("F29", {500, 502, 503, 504}),
        ("F30", {401, 403, 422}),
        ("F31", {429}),
        ("F32", {200, -9, -5}),
    ],
)
async def test_faults_of_the_network(connected, fault, codes):
    """Every shape of a broken backend, and that the backend was not asked."""
    asked = []
    network = ScriptedNetwork(lambda request: asked.append(request) or HttpResponse())
    body = "for (let i = 0; i < 30; i++) Net.httpRequestAsync('https://halo.test/' + i);"
    call = await connected(
        body, network=network, faults=Faults({fault: 1.0}), caller=SilentCaller(120_000 * 8)
    )
    assert {exchange.code for exchange in call.requests} == codes
    assert {exchange.fault for exchange in call.requests} == {fault}
    assert asked == []


async def test_a_request_that_arrives_twice(connected):
    """F51: the backend sees it twice, the scenario gets one reply."""
    asked = []
    network = ScriptedNetwork(lambda request: asked.append(request.url) or HttpResponse())
    call = await connected(
        "for (const p of ['a', 'b']) Net.httpRequest('https://halo.test/' + p, (r) => log(r.code));",
        network=network,
        faults=Faults({"F51": When(at=[1], where="/b")}),
    )
    assert asked == ["https://halo.test/a", "https://halo.test/b", "https://halo.test/b"]
    assert call.log == ["200", "200"]


async def test_retry_after_is_told(connected):
    """F31 carries the header that a scenario should obey."""
    call = await connected(
        "Net.httpRequest('https://halo.test/', (r) => log(r.headers.map((h) => h.key).join()));",
        faults=Faults({"F31": ONCE}),
    )
    assert call.log == ["Retry-After"]


def test_a_third_of_the_catalogue_is_drawn():
    """Each seed switches on a random share at a random rate; an unknown fault is refused."""
    drawn = Faults.drawn(random.Random(1))
    assert len(drawn.on) == round(len(CALL) / 3)
    assert drawn.on != Faults.drawn(random.Random(2)).on
    with pytest.raises(ValueError, match="no such fault: F99"):
        Faults({"F99": 1})
