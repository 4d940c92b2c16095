"""The voice detector: when speech begins and ends, in seconds of its media."""

from __future__ import annotations

import pytest

from halo_voice.simulator import Line, SilentCaller

VAD = """
require(Modules.Silero);
Silero.createVAD({ threshold: 0.5, minSilenceDurationMs: MIN }).then((vad) => {
  vad.addEventListener(Silero.VADEvents.Result, (e) => {
    if ("speechStartAt" in e) log("start", e.speechStartAt, e.vad === vad);
    if ("speechEndAt" in e) log("end", e.speechEndAt);
  });
  vad.addEventListener(Silero.VADEvents.Reset, () => log("reset"));
  call.sendMediaTo(vad);
  MORE
});
"""


class Speaker(SilentCaller):
    """Says one second of speech at each of these times after the call is connected."""

    def __init__(self, *at_ms: int) -> None:
        super().__init__(10_000)
        self.at_ms = list(at_ms)

    def hear(self, line: Line) -> None:
        while self.at_ms:
            line.after(self.at_ms.pop(0), lambda: line.say("да", duration_ms=1000))
        super().hear(line)


def scenario(min_silence_ms: int = 300, more: str = "") -> str:
    return VAD.replace("MIN", str(min_silence_ms)).replace("MORE", more)


def events(call) -> list[str]:
    return [line.split()[0] for line in call.log]


async def test_beginning_and_end_are_told(connected):
    """Seconds from the first media, the end after the silence that was asked for."""
    call = await connected(scenario(), caller=Speaker(2000))
    assert call.failures == []
    assert events(call) == ["start", "end"]
    start, end = float(call.log[0].split()[1]), float(call.log[1].split()[1])
    assert 1.5 < start < 2
    assert end - start == pytest.approx(1, abs=0.01)
    told = next(line.ms for line in call.trace if "speechEndAt" in line.what)
    assert told - call.speech[0].ended_ms == 300


async def test_a_short_pause_does_not_end_speech(connected):
    """A pause below minSilenceDurationMs is a part of the speech; a longer one is not."""
    assert events(await connected(scenario(700), caller=Speaker(1000, 2500))) == ["start", "end"]
    apart = await connected(scenario(300), caller=Speaker(1000, 2500))
    assert events(apart) == ["start", "end", "start", "end"]


async def test_reset_and_close(connected):
    """Reset is told and time begins anew; a closed detector tells nothing more."""
    call = await connected(
        scenario(more="setTimeout(() => vad.reset(), 1500);"), caller=Speaker(2000)
    )
    assert events(call) == ["reset", "start", "end"]
    assert float(call.log[1].split()[1]) < 1
    call = await connected(scenario(more="vad.close();"), caller=Speaker(2000))
    assert call.log == []


async def test_a_detector_alone_understands_nobody(connected):
    """The trace says that no recogniser hears the caller."""
    call = await connected(scenario(), caller=Speaker(2000))
    assert "no recogniser hears the caller" in [line.what for line in call.trace]


@pytest.mark.parametrize(
    ("body", "failure"),
    [
        ("Silero.createVAD({})", "needs require(Modules.Silero)"),
        ("require(Modules.Silero); Silero.createVAD({ silence: 1 })", "silence does not exist"),
        (scenario(more="vad.close(); call.stopMediaTo(vad); call.sendMediaTo(vad);"), "was closed"),
        (scenario(more="vad.stop();"), "Silero.VAD.stop does not exist"),
    ],
)
async def test_a_broken_rule_is_reported(connected, body, failure):
    """What the platform would not take is a violation."""
    call = await connected(body)
    assert failure in call.failures[0]
