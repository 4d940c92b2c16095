"""What a recogniser hears while the assistant speaks, how late, and what it makes of it later."""

from __future__ import annotations

import random

import pytest

from halo_voice.simulator import PROMPT, TARDY, Faults, Say, ScriptedCaller, SilentCaller, When
from halo_voice.simulator.recogniser import rewritten

OPEN = """
const asr = ears({ interimResults: true });
for (const name of Object.keys(ASREvents)) {
  asr.addEventListener(ASREvents[name], (e) => log(name, field(e, "text")));
}
call.sendMediaTo(asr);
call.say("Слушаю вас внимательно, говорите пожалуйста", VOICE);
"""
WORDS = "Подскажите пожалуйста сколько стоит доставка за город"


def told(call, event: str) -> list[tuple[int, str]]:
    """When an event of the recogniser came, and with which text."""
    lines = [line for line in call.trace if line.data.get("event") == f"ASR.{event}"]
    return [(line.ms, line.data.get("text", "")) for line in lines]


async def test_interim_results_lag_and_the_last_comes_after_the_voice(connected):
    """Each has the words of 200 ms ago; 200 ms after the last sound all are there."""
    call = await connected(OPEN, caller=ScriptedCaller([WORDS]), recogniser=PROMPT)
    (speech,) = call.speech
    interims = told(call, "InterimResult")
    assert interims[-1] == (speech.ended_ms + 200, WORDS)
    share = (interims[3][0] - 200 - speech.started_ms) / (speech.ended_ms - speech.started_ms)
    assert len(WORDS) * share - 14 <= len(interims[3][1]) <= len(WORDS) * share


@pytest.mark.parametrize(("vendor", "late_ms"), [(PROMPT, 600), (TARDY, 4_600)])
async def test_the_final_comes_as_late_as_the_vendor_is(connected, vendor, late_ms):
    """Counted from the caller's last sound; `singleUtterance` does not change a given vendor."""
    call = await connected(
        OPEN, caller=ScriptedCaller([WORDS], hang_up_after=False), recogniser=vendor, max_ms=20_000
    )
    ((ms, text),) = told(call, "Result")
    assert ms == call.speech[0].ended_ms + late_ms
    assert (text == WORDS) == (vendor is PROMPT)


def test_rewriting_changes_the_middle_only():
    """So many of the inner words, by the seed; a text of two words has no middle."""
    text = rewritten(WORDS, 0.3, random.Random(1))
    assert text == rewritten(WORDS, 0.3, random.Random(1))
    changed = [a != b for a, b in zip(WORDS.split(), text.split(), strict=False)]
    assert not changed[0]
    assert text.endswith("город")
    assert sum(changed) >= 1
    assert rewritten("Добрый день", 1.0, random.Random(1)) == "Добрый день"


async def test_the_ears_are_open_while_the_assistant_speaks(connected):
    """Full duplex: what is said over the assistant is recognised."""
    call = await connected(OPEN, caller=Eager("подождите минуту"), recogniser=PROMPT)
    (ms, text), *_ = told(call, "InterimResult")
    assert call.playbacks[0].started_ms < ms < call.playbacks[0].ended_ms
    assert "подождите".startswith(text.split()[0])


async def test_a_sound_without_words_has_no_text(connected):
    """A cough is captured; then comes an empty result, or none at all."""
    seen = set()
    for seed in range(8):
        call = await connected(
            OPEN, caller=ScriptedCaller([Say("", duration_ms=400)]), recogniser=PROMPT, seed=seed
        )
        assert told(call, "CaptureStarted")
        assert not told(call, "InterimResult")
        seen.add(tuple(text for _, text in told(call, "Result")))
    assert seen == {(), ("",)}


async def test_an_echo_is_recognised_as_if_the_caller_had_said_it(connected):
    """F12: our own phrase comes back, the caller has not said a word."""
    call = await connected(
        OPEN, caller=SilentCaller(9_000), recogniser=PROMPT, faults=Faults({"F12": When(at=[1])})
    )
    assert [text for _, text in told(call, "Result")] == [call.playbacks[0].text]
    assert call.speech == []


async def test_an_echo_ends_with_the_voice(connected):
    """Of a phrase that is cut, only what was heard comes back."""
    body = OPEN.replace("call.say(", "setTimeout(() => call.stopPlayback(), 2500); call.say(")
    call = await connected(
        body, caller=SilentCaller(9_000), recogniser=PROMPT, faults=Faults({"F12": When(at=[1])})
    )
    assert [text for _, text in told(call, "Result")] == [call.playbacks[0].heard]
    assert call.playbacks[0].heard != call.playbacks[0].text


async def test_a_cough_strikes_while_the_assistant_speaks(connected):
    """F13: a short sound without words within the phrase."""
    call = await connected(
        OPEN, caller=SilentCaller(9_000), recogniser=PROMPT, faults=Faults({"F13": When(at=[1])})
    )
    (cough,) = call.speech
    assert call.playbacks[0].started_ms < cough.started_ms < call.playbacks[0].ended_ms
    assert cough.text == ""


async def test_the_microphone_reports_a_little_late_and_in_order(connected):
    """Some tens of milliseconds after sound and silence; never silence before sound."""
    body = "call.handleMicStatus(true);" + OPEN
    call = await connected(body, caller=ScriptedCaller([Say("Да", duration_ms=30)]))
    status = [line for line in call.trace if line.data.get("event") == "Call.MicStatusChange"]
    assert [line.data["active"] for line in status] == [True, False]
    assert 0 < status[0].ms - call.speech[0].started_ms < 400


class Eager(SilentCaller):
    """Speaks as soon as the assistant does."""

    def __init__(self, words: str) -> None:
        super().__init__(9_000)
        self._words = words

    def hear(self, line) -> None:
        super().hear(line)
        if line.audible and self._words:
            words, self._words = self._words, ""
            line.after(500, lambda: line.say(words))


class Microphone:
    """Somebody whose words become known one by one, once the assistant is heard."""

    def __init__(self, *said: str) -> None:
        self.said = said
        self.begun = False

    def hear(self, line) -> None:
        if self.begun or not line.audible:
            return
        self.begun = True
        for place, text in enumerate(self.said):
            line.after(500 + 400 * place, lambda text=text: line.speak_on(text))
        line.after(500 + 400 * len(self.said), line.fall_silent)
        line.after(9_000, line.hang_up)

    def ended(self, line) -> None: ...


async def test_words_of_a_microphone_are_heard_as_they_become_known(connected):
    """Each interim result has the words so far, the final one the last version of all of them."""
    said = ("", "Подскажите", "Подскажи пожалуйста", "Подскажите, пожалуйста, адрес.")
    call = await connected(OPEN, caller=Microphone(*said), recogniser=PROMPT)
    assert [text for _, text in told(call, "InterimResult")] == list(said[1:])
    assert [text for _, text in told(call, "Result")] == [said[-1]]
    assert [span.text for span in call.speech] == [said[-1]]
    (began,) = [ms for ms, _ in told(call, "CaptureStarted")]
    assert began == call.speech[0].started_ms + 150


async def test_a_microphone_that_hears_no_words_hears_a_cough(connected):
    """A sound is noticed; no text is made up."""
    call = await connected(OPEN, caller=Microphone("", ""), recogniser=PROMPT)
    assert told(call, "CaptureStarted")
    assert all(text == "" for _, text in told(call, "Result"))


async def test_ears_that_open_late_miss_the_first_words_of_a_microphone(connected):
    """What was said before the recogniser heard the line is not in its texts."""
    late = OPEN.replace("call.sendMediaTo(asr);", "setTimeout(() => call.sendMediaTo(asr), 1500);")
    caller = Microphone("раз", "раз два", "раз два три четыре", "раз два три четыре пять")
    call = await connected(late, caller=caller, recogniser=PROMPT)
    ((_, text),) = told(call, "Result")
    assert text
    assert "раз" not in text
    assert text.endswith("пять")


NOISE = "call.handleMicStatus(true);" + OPEN
ALWAYS = Faults({"F16": When(probability=1)})


def switched(call) -> list[bool]:
    """What the scenario is told of the line's own ear."""
    lines = [line for line in call.trace if line.data.get("event") == "Call.MicStatusChange"]
    return [line.data["active"] for line in lines]


async def test_noise_beside_a_silent_caller(connected):
    """F16: the line sounds again and again, and no recogniser has anything to tell."""
    call = await connected(NOISE, caller=SilentCaller(90_000), recogniser=PROMPT, faults=ALWAYS)
    assert call.struck["F16"] > 2
    assert len(switched(call)) >= 2 * (call.struck["F16"] - 1)
    assert switched(call) == [i % 2 == 0 for i in range(len(switched(call)))]
    assert not [line for line in call.having("event") if line.data["event"].startswith("ASR.C")]
    assert call.speech == []


async def test_noise_and_a_caller_are_one_sound(connected):
    """F16: it ends with the last of the two."""
    words = ["до скольки вы работаете в субботу и в воскресенье", "спасибо"] * 3
    call = await connected(
        NOISE, caller=ScriptedCaller(words), recogniser=PROMPT, faults=ALWAYS, seed=4
    )
    heard = switched(call)
    assert heard == [i % 2 == 0 for i in range(len(heard))]
    begun = len(call.speech) + call.struck["F16"]
    assert sum(heard) < begun, "some of them overlap"
