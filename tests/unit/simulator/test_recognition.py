"""Recognisers: what they hear, what they report, in which order and on which scale."""

from __future__ import annotations

from itertools import pairwise

import pytest

from halo_voice.simulator import Say, ScriptedCaller, recogniser_of

TOLD = """
const told = (asr) => {
  for (const name of Object.keys(ASREvents)) {
    asr.addEventListener(ASREvents[name], (e) => log(name, field(e, "text"), field(e, "confidence")));
  }
  return asr;
};
"""
GREET = """
call.addEventListener(CallEvents.PlaybackFinished, () => call.sendMediaTo(asr));
call.say("Слушаю", VOICE);
"""


async def test_an_utterance_is_reported_in_order(connected):
    """Started, then for each utterance CaptureStarted, SpeechCaptured, Result."""
    call = await connected(
        TOLD + "const asr = told(ears());" + GREET, caller=ScriptedCaller(["Добрый день"])
    )
    assert call.log == [
        "Started",
        "CaptureStarted",
        "SpeechCaptured",
        "Result Добрый день 93",
    ]
    (speech,) = call.speech
    assert speech.heard_by == ["asr:1"]


async def test_interim_results_grow(connected):
    """With interimResults the words come as they are spoken."""
    call = await connected(
        TOLD + "const asr = told(ears({ interimResults: true }));" + GREET,
        caller=ScriptedCaller(["Подскажите пожалуйста сколько стоит доставка за город"]),
    )
    interim = [line.split(" ", 1)[1].strip() for line in call.log if line.startswith("Interim")]
    assert len(interim) >= 4
    assert all(after.startswith(before) for before, after in pairwise(interim))


async def test_vendors_without_interim_results_give_none(connected):
    """Microsoft and YandexV3 ignore the wish."""
    call = await connected(
        TOLD
        + "const asr = told(ears({ profile: ASRProfileList.Microsoft.ru_RU, interimResults: true }));"
        + GREET,
        caller=ScriptedCaller(["Подскажите пожалуйста сколько стоит доставка за город"]),
    )
    assert not any(line.startswith("Interim") for line in call.log)
    assert call.log[-1].startswith("Result Подскажите")


@pytest.mark.parametrize(("vendor", "confidence"), [("Google", "80"), ("Yandex", "0.8")])
async def test_confidence_is_on_the_vendors_scale(connected, vendor, confidence):
    """Google counts to 100, the others to 1."""
    call = await connected(
        TOLD + f"const asr = told(ears({{ profile: ASRProfileList.{vendor}.ru_RU }}));" + GREET,
        caller=ScriptedCaller([Say("Да", confidence=0.8)]),
    )
    assert call.log[-1] == f"Result Да {confidence}"


async def test_a_caller_who_is_not_listened_to_is_not_heard(connected):
    """Speech into a stopped feed is lost, and the trace says so."""
    call = await connected(
        TOLD + "const asr = told(ears()); call.say('Говорите', VOICE);",
        caller=ScriptedCaller(["Меня слышно?"], polite=False),
    )
    assert call.log == ["Started"]
    assert call.speech[0].heard_by == []
    assert any(line.what == "no recogniser hears the caller" for line in call.trace)


async def test_speech_already_captured_gives_a_result_after_the_feed_stops(connected):
    """stopMediaTo in the middle of an utterance: what was heard until then is recognised."""
    call = await connected(
        TOLD
        + "const asr = told(ears());"
        + "asr.addEventListener(ASREvents.CaptureStarted, () => setTimeout(() => call.stopMediaTo(asr), 1200));"
        + GREET,
        caller=ScriptedCaller(["Подскажите пожалуйста сколько стоит доставка за город"]),
    )
    assert call.log[-1].startswith("Result Подскажите")
    assert "город" not in call.log[-1]


async def test_a_feed_that_begins_late_loses_the_beginning(connected):
    """Who speaks before the recogniser listens is heard from then on."""
    call = await connected(
        TOLD
        + "const asr = told(ears()); call.handleMicStatus(true);"
        + "call.addEventListener(CallEvents.MicStatusChange, (e) => e.active && setTimeout(() => call.sendMediaTo(asr), 1500));"
        + "call.say('Говорите', VOICE);",
        caller=ScriptedCaller(
            ["Подскажите пожалуйста сколько стоит доставка за город"], polite=False
        ),
    )
    assert call.log[-1].startswith("Result ")
    assert "Подскажите" not in call.log[-1]
    assert "город" in call.log[-1]


async def test_a_stopped_recogniser_is_dead(connected):
    """stop() reports Stopped with cost and duration; afterwards it must not be used."""
    call = await connected(
        """
        const asr = ears();
        asr.addEventListener(ASREvents.Stopped, (e) => { log(typeof e.cost, e.duration); call.sendMediaTo(asr); });
        setTimeout(() => asr.stop(), 2000);
        """
    )
    assert call.log == ["string 2"]
    assert "the recogniser was stopped; make a new one" in call.failures[0]


async def test_a_minute_of_speech_is_reported_each_minute(connected):
    """Longer speech gives a result every 60 s, and loses no word in between."""
    words = " ".join(f"слово{n}" for n in range(130))
    call = await connected(
        TOLD + "const asr = told(ears());" + GREET,
        caller=ScriptedCaller([Say(words, duration_ms=130_000)]),
    )
    results = [
        line.split(" ", 1)[1].removesuffix(" 93") for line in call.log if line.startswith("Result")
    ]
    assert len(results) == 3
    assert " ".join(results) == words


def test_an_unknown_vendor_behaves_like_google():
    """A profile that we have no model for still works."""
    assert recogniser_of("ASRProfileList.Nobody.ru_RU").vendor == "Google"
