"""Callers who speak while the assistant speaks: what stops the voice, and what does not."""

from __future__ import annotations

from halo_voice.simulator import ScriptedNetwork, place_call
from tests.halo import SCENARIO, SECRETS
from tests.simulated.test_stream_scenario import PHRASES, Backend


class Breaker:
    """Asks once, then says `words` so many ms into the first phrase of the answer."""

    def __init__(self, words: str, after_ms: int = 400, duration_ms: int | None = None) -> None:
        self._words, self._after_ms, self._duration_ms = words, after_ms, duration_ms
        self._asked = self._broken = False

    def hear(self, line) -> None:
        if not self._asked and line.heard and not line.audible:
            self._asked = True
            line.say("сколько стоит доставка")
        elif self._asked and not self._broken and line.audible and not line.speaking:
            self._broken = True
            line.after(self._after_ms, lambda: line.say(self._words, duration_ms=self._duration_ms))
            line.after(20_000, line.hang_up)

    def ended(self, line) -> None: ...


async def broken(words: str, *, after_ms: int = 400, duration_ms: int | None = None, **profile):
    """A call in which somebody speaks into the answer; the call and what the backend was told."""
    backend = Backend(**profile)
    done = await place_call(
        SCENARIO,
        caller=Breaker(words, after_ms, duration_ms),
        network=ScriptedNetwork(backend.http, stream=backend.stream),
        secrets=SECRETS,
        seed=5,
    )
    assert done.failures == []
    assert done.finish_reason == "Normal termination"
    return done, backend


async def test_an_interruption_stops_the_voice_and_is_asked():
    """F14: within 300 ms of the confirming words; the heard part goes up and is what was played."""
    done, backend = await broken("подождите а самовывоз у вас есть")
    [cut] = backend.kinds("phrase_interrupted")
    span = next(s for s in done.playbacks if s.cut_by)
    confirmed = next(
        line.ms
        for line in done.trace
        if str(line.data.get("text", "")).startswith("подождите а")
        and line.data.get("event") == "ASR.InterimResult"
    )
    assert span.ended_ms - confirmed <= 300
    assert PHRASES[cut["phrase"] - 1].startswith(cut["heard"])
    assert [m["text"] for m in backend.kinds("final")][1] == "подождите а самовывоз у вас есть"


async def test_a_murmur_is_passed_over():
    """«Угу»: every phrase is heard whole, no second turn."""
    done, backend = await broken("угу")
    assert [s.text for s in done.playbacks[1:4]] == PHRASES
    assert all(s.complete for s in done.playbacks[1:4])
    assert len(backend.kinds("final")) == 1


async def test_our_own_words_are_passed_over():
    """F12: an echo is no turn."""
    _, backend = await broken("триста рублей привезём завтра", after_ms=900)
    assert backend.kinds("phrase_interrupted") == []
    assert len(backend.kinds("final")) == 1


async def test_a_cough_pauses_the_voice_which_then_goes_on():
    """F13: with a voice detector, a sound without words; the phrase resumes within two seconds."""
    barge_in = {"mode": "vad", "min_ms": 300, "min_words": 2, "resume_ms": 1200}
    done, backend = await broken("", after_ms=100, duration_ms=700, barge_in=barge_in)
    paused = next(s for s in done.playbacks if s.cut_by == "paused")
    again = next(s for s in done.playbacks if s.started_ms > paused.ended_ms)
    assert again.text == paused.text
    assert again.started_ms - paused.ended_ms <= 2000
    assert backend.kinds("phrase_interrupted") == []


async def test_off_hears_nothing_while_it_speaks():
    """`mode = "off"`: half-duplex, as without a stream."""
    done, _ = await broken("подождите пожалуйста", barge_in={"mode": "off"})
    assert [s.text for s in done.playbacks[1:4]] == PHRASES
    assert all(s.complete for s in done.playbacks[1:4])
