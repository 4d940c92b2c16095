"""The realtime player of VoxTTS: written, flushed, heard from the first byte on, cleared."""

from __future__ import annotations

import pytest

from halo_voice.simulator import Faults, SilentCaller, Spread, Voice, When

VOICE = Voice(first_byte=Spread(150, 0), ms_per_character=100)
PLAYER = """
require(Modules.VoxTTS);
const player = VoxTTS.createRealtimeTTSPlayer({
  createContextParameters: { create: { modelId: VoxTTSModelList.VoxTTS, voiceId: VoxTTSVoiceList.Anna }, contextId: "1" } });
for (const name of Object.keys(PlayerEvents)) {
  player.addEventListener(PlayerEvents[name], (e) => log(name, field(e, "timeToFirstByte"), String(field(e, "final")), field(e, "error")));
}
const write = (text) => player.send({ send_text: { text }, contextId: "1" });
const flush = (text) => player.send({ send_text: { text, flush_context: {} }, contextId: "1" });
"""
HEARD = PLAYER + "player.sendMediaTo(call);\n"


async def test_a_flush_makes_a_phrase(connected):
    """What was written is heard as one phrase, from the first byte on; then its end is told."""
    call = await connected(
        HEARD + 'write("Добрый "); setTimeout(() => flush("день"), 1000);', voice=VOICE
    )
    (span,) = call.playbacks
    assert (span.text, span.heard, span.complete) == ("Добрый день", "Добрый день", True)
    assert span.started_ms - call.connected_ms == 1150
    assert span.ended_ms - span.started_ms == 1100
    assert call.log == ["Created", "Started", "AudioChunksPlaybackFinished 150 true"]


async def test_phrases_follow_each_other_without_a_gap(connected):
    """The second is made while the first is heard."""
    call = await connected(HEARD + 'flush("Первая."); flush("Вторая.");', voice=VOICE)
    first, second = call.playbacks
    assert (first.text, second.text) == ("Первая.", "Вторая.")
    assert second.started_ms == first.ended_ms
    assert call.log.count("AudioChunksPlaybackFinished 150 true") == 2


async def test_clearing_cuts_what_is_heard(connected):
    """The heard part is kept, nothing that waited is heard, and a stray end comes soon after."""
    call = await connected(
        HEARD
        + 'flush("раз два три четыре"); flush("Вторая."); write("Третья");'
        + 'setTimeout(() => { player.clearBuffer(); log("cleared"); }, 1050);'
        + 'setTimeout(() => flush("Новая."), 3000);',
        voice=VOICE,
    )
    cut, new = call.playbacks
    assert (cut.text, cut.heard, cut.cut_by) == ("раз два три четыре", "раз два", "cleared")
    assert (new.text, new.complete) == ("Новая.", True)
    assert call.log[1:4] == ["Started", "cleared", "AudioChunksPlaybackFinished 150 true"]


async def test_nobody_hears_it_before_it_is_sent_somewhere(connected):
    """A phrase waits for an ear, and for resume()."""
    call = await connected(
        PLAYER
        + 'flush("Слышно?"); player.pause(); setTimeout(() => player.sendMediaTo(call), 1000);'
        + "setTimeout(() => player.resume(), 2000);",
        voice=VOICE,
    )
    (span,) = call.playbacks
    assert span.started_ms - call.connected_ms == 2000


@pytest.mark.parametrize(
    ("order", "why"), [("stop()", "stopped"), ("stopMediaTo(call)", "stopped")]
)
async def test_it_is_silenced(connected, order, why):
    """stop() and stopMediaTo() cut the phrase."""
    call = await connected(
        HEARD + f'flush("раз два три четыре"); setTimeout(() => player.{order}, 1000);', voice=VOICE
    )
    (span,) = call.playbacks
    assert (span.heard, span.cut_by) == ("раз два", why)


async def test_the_hang_up_cuts_it(connected):
    """What the caller had heard when the line went."""
    call = await connected(
        HEARD + 'flush("раз два три четыре");', voice=VOICE, caller=SilentCaller(1000)
    )
    assert (call.playbacks[0].heard, call.playbacks[0].cut_by) == ("раз два", "call over")


async def test_an_empty_flush_says_nothing(connected):
    """Inferred: nothing is made, nothing is told."""
    call = await connected(HEARD + 'flush("");', voice=VOICE)
    assert (call.playbacks, call.log) == ([], ["Created"])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("а  \\n б", "Synthesis failed"),
        ("а' + 'б'.repeat(1500) + '", "The text is over 1500 characters"),
    ],
)
async def test_synthesis_that_fails(connected, text, problem):
    """Error instead of sound; the next phrase is heard."""
    call = await connected(HEARD + f"flush('{text}'); flush('Дальше.');", voice=VOICE)
    assert [line for line in call.log if line.startswith("Error")] == [f"Error   {problem}"]
    assert [span.text for span in call.playbacks] == ["Дальше."]


async def test_faults_of_the_player(connected):
    """F19: the end of the first phrase is not told; the second is heard all the same."""
    call = await connected(
        HEARD + 'flush("Первая."); flush("Вторая.");', faults=Faults({"F19": When(at=[1])})
    )
    assert sum("AudioChunksPlaybackFinished" in line for line in call.log) == 1
    assert len(call.playbacks) == 2


@pytest.mark.parametrize(
    ("body", "failure"),
    [
        (
            "VoxTTS.createRealtimeTTSPlayer({ createContextParameters: {} })",
            "needs require(Modules.VoxTTS)",
        ),
        ("require(Modules.VoxTTS); VoxTTS.createRealtimeTTSPlayer()", "an object is needed"),
        (PLAYER + 'player.send("текст")', "an object is needed, got string"),
        (PLAYER + "player.send({ send_text: { text: 1 } })", "text must be a string"),
        (PLAYER + 'player.send({ text: "а" })', "the field text does not exist"),
        (PLAYER + "player.addMarker(1)", "RealtimeTTSPlayer.addMarker does not exist"),
        (PLAYER + 'player.stop(); write("а")', "the player was stopped"),
        (
            'require(Modules.VoxTTS); VoxTTS.createRealtimeTTSPlayer({ createContextParameters: { create: { voiceId: "Вася" } } })',
            "voiceId must be a member of VoxTTSVoiceList",
        ),
    ],
)
async def test_a_broken_rule_is_reported(connected, body, failure):
    """What the platform would not take is a violation."""
    call = await connected(body)
    assert failure in call.failures[0]


async def test_it_counts_as_a_player(connected):
    """Ten players in all; a stopped one is forgotten."""
    call = await connected(
        PLAYER
        + 'for (let i = 0; i < 9; i++) VoxEngine.createTTSPlayer("а", VOICE);'
        + 'try { VoxEngine.createTTSPlayer("а", VOICE); } catch (e) { log(e.message); }'
        + 'player.stop(); VoxEngine.createTTSPlayer("а", VOICE);'
    )
    assert "Exceeded the limit of 10 media players!" in call.log
    assert call.failures == []
