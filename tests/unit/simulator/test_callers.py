"""People on the line: they wait, speak, press keys, interrupt, and hang up."""

from __future__ import annotations

import asyncio
import random

from halo_voice.simulator import (
    PROMPT,
    Cough,
    HangUp,
    InteractiveCaller,
    Interrupt,
    InterruptingCaller,
    Press,
    RandomCaller,
    Say,
    ScriptedCaller,
    Silence,
)

BOT = """
const asr = ears();
call.handleTones(true);
call.addEventListener(CallEvents.ToneReceived, (e) => log("tone", e.tone));
call.addEventListener(CallEvents.PlaybackFinished, () => call.sendMediaTo(asr));
asr.addEventListener(ASREvents.SpeechCaptured, () => call.stopMediaTo(asr));
asr.addEventListener(ASREvents.Result, (e) => { log(e.text); call.say("Вы сказали: " + e.text, VOICE); });
setTimeout(() => call.say("Вы молчите", VOICE), 15000);
call.say("Слушаю вас", VOICE);
"""


async def test_a_script_is_spoken_line_by_line(connected):
    """Each line waits for the end of a phrase and for somebody who listens; then the caller goes."""
    call = await connected(BOT, caller=ScriptedCaller(["Раз", Say("Два", confidence=0.4), "Три"]))
    assert call.log == ["Раз", "Два", "Три"]
    for speech, phrase in zip(call.speech, call.playbacks, strict=False):
        assert speech.started_ms >= phrase.ended_ms + 600
    assert call.disconnected_ms == call.playbacks[-1].ended_ms + 600


async def test_keys_silence_and_hang_up(connected):
    """A script may press keys, let a phrase pass, and leave in the middle."""
    lines = [Press("12"), Silence(), HangUp(), "никогда"]
    call = await connected(BOT.replace("15000", "4000"), caller=ScriptedCaller(lines))
    assert call.log == ["tone 1", "tone 2"]
    call = await connected(
        BOT, caller=ScriptedCaller(["Раз", Silence(), HangUp(200)], pause_ms=100)
    )
    assert call.log == ["Раз"]
    assert call.disconnected_ms - call.playbacks[-1].ended_ms == 300


async def test_a_caller_loses_patience(connected):
    """When nothing is heard for long, the caller hangs up."""
    call = await connected("", caller=ScriptedCaller(["Алло"], patience_ms=7_000))
    assert call.disconnected_ms - call.connected_ms == 7_000


async def test_a_random_caller_repeats_with_its_seed(connected):
    """Two callers of one seed do the same; a hundred of different seeds do different things."""

    async def play(seed: int):
        return await connected(
            BOT, caller=RandomCaller(random.Random(seed)), seed=1, max_ms=300_000
        )

    assert (await play(3)).hash == (await play(3)).hash
    calls = [await play(seed) for seed in range(25)]
    assert len({call.hash for call in calls}) > 20
    assert any(len(call.speech) > 2 for call in calls)
    assert any(not call.speech for call in calls)
    assert any(not speech.text for call in calls for speech in call.speech)


async def test_the_clock_stands_while_a_person_types(connected):
    """In virtual time a keyboard costs nothing; None hangs up."""
    typed = iter(["Раз", "", "#5"])

    async def read() -> str | None:
        await asyncio.sleep(0.01)
        return next(typed)

    call = await connected(BOT, caller=InteractiveCaller(read), max_ms=60_000)
    assert call.log == ["Раз", "tone 5"]


async def test_the_end_of_the_keyboard_is_a_hang_up(connected):
    """`read` giving None ends the call."""

    async def read() -> str | None:
        return None

    call = await connected(BOT, caller=InteractiveCaller(read))
    assert (call.finish_reason, call.speech) == ("Normal termination", [])


async def test_a_call_that_is_cancelled_leaves_nothing_behind(connected):
    """Ctrl-C in a real-time call: the keyboard's task is gone too."""
    asked = asyncio.Event()

    async def read() -> str | None:
        asked.set()
        await asyncio.Event().wait()

    before = asyncio.all_tasks()
    call = asyncio.create_task(connected(BOT, caller=InteractiveCaller(read), real_time=True))
    await asked.wait()
    call.cancel()
    await asyncio.gather(call, return_exceptions=True)
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == before


async def test_in_real_time_lines_are_said_when_they_are_typed(connected):
    """The clock runs; a line is said at once, whatever the assistant does."""
    typed: asyncio.Queue[str | None] = asyncio.Queue()
    for line in ("#1", None):
        typed.put_nowait(line)
    call = await connected(BOT, caller=InteractiveCaller(typed.get), real_time=True)
    assert call.log == ["tone 1"]
    assert call.terminated_ms < 2_000


DUPLEX = """
const asr = ears({ interimResults: true });
call.sendMediaTo(asr);
asr.addEventListener(ASREvents.Result, (e) => {
  log(e.text);
  setTimeout(() => call.say("Вы сказали: " + e.text + ", и я вам на это отвечаю долго", VOICE), 400);
});
call.say("Здравствуйте, я вас очень внимательно слушаю", VOICE);
"""


async def test_a_script_may_speak_over_the_assistant(connected):
    """So long after a phrase has begun: words, or a cough; then the script goes on."""
    lines = [Interrupt("Подождите", 500), Cough(300), "Спасибо"]
    call = await connected(DUPLEX, caller=ScriptedCaller(lines), recogniser=PROMPT)
    first, cough, last = call.speech
    assert first.started_ms == call.playbacks[0].started_ms + 500
    assert cough.text == ""
    assert cough.started_ms == first.ended_ms + 300 < call.playbacks[0].ended_ms
    assert last.text == "Спасибо"


async def test_an_interrupting_caller_speaks_at_any_moment(connected):
    """Over phrases and after them; sentences, nods and coughs, halves of a thought, numbers."""

    async def play(seed: int):
        return await connected(
            DUPLEX,
            caller=InterruptingCaller(random.Random(seed)),
            recogniser=PROMPT,
            max_ms=300_000,
        )

    assert (await play(3)).hash == (await play(3)).hash
    calls = [await play(seed) for seed in range(30)]
    over = [
        speech.text
        for call in calls
        for speech in call.speech
        if any(p.started_ms < speech.started_ms < (p.ended_ms or 0) for p in call.playbacks)
    ]
    assert {"", "угу"} <= set(over)
    assert any(len(text) > 20 for text in over)
    said = {speech.text for call in calls for speech in call.speech}
    assert {"восемь", "девятьсот шестнадцать"} <= said
