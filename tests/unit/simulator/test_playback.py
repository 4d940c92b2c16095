"""Voices on the line: one stream per call, what is reported and what is not, players and markers."""

from __future__ import annotations

import pytest

from halo_voice.simulator import SilentCaller, Voice

TOLD = """
for (const name of ["PlaybackReady", "PlaybackStarted", "PlaybackFinished"]) {
  call.addEventListener(CallEvents[name], (e) => log(name, field(e, "error")));
}
"""
WATCH = """
const watch = (player, label) => {
  for (const name of ["Started", "Stopped", "PlaybackFinished", "Error", "PlaybackMarkerReached"]) {
    player.addEventListener(PlayerEvents[name], (e) => log(label, name, field(e, "error")));
  }
  return player;
};
"""


async def test_a_phrase_is_made_started_and_finished(connected):
    """The three events of a phrase, in their order; the caller has heard it whole."""
    call = await connected(TOLD + "call.say('Здравствуйте', VOICE);")
    assert call.log == ["PlaybackReady", "PlaybackStarted", "PlaybackFinished"]
    (span,) = call.playbacks
    assert (span.text, span.heard, span.complete) == ("Здравствуйте", "Здравствуйте", True)
    assert span.ended_ms - span.started_ms == Voice().duration_ms("Здравствуйте")


async def test_stop_playback_reports_no_end(connected):
    """After stopPlayback PlaybackFinished does not come: the trap that left a line open for 44 s."""
    call = await connected(
        TOLD
        + "call.say('Очень длинная фраза, которую прервут', VOICE); setTimeout(() => call.stopPlayback(), 2000);"
    )
    assert call.log == ["PlaybackReady", "PlaybackStarted"]
    (span,) = call.playbacks
    assert span.cut_by == "stopped"
    assert span.text.startswith(span.heard)
    assert 0 < len(span.heard) < len(span.text)


async def test_a_new_phrase_replaces_the_old_one(connected):
    """A call has one audio stream."""
    call = await connected(
        TOLD
        + "call.say('Первая, довольно длинная фраза', VOICE); setTimeout(() => call.say('Вторая', VOICE), 1500);"
    )
    assert call.log.count("PlaybackFinished") == 1
    assert [(span.heard != "", span.cut_by) for span in call.playbacks] == [
        (True, "replaced"),
        (True, ""),
    ]
    assert call.playbacks[0].ended_ms <= call.playbacks[1].started_ms


async def test_too_long_a_text_ends_with_an_error(connected):
    """1,500 characters are spoken, 1,501 are an error and silence."""
    assert (await connected(TOLD + "call.say('я'.repeat(1501), VOICE)")).log == [
        "PlaybackFinished The text is over 1500 characters"
    ]
    fits = await connected(TOLD + "call.say('я'.repeat(1500), VOICE)")
    assert fits.log[:2] == ["PlaybackReady", "PlaybackStarted"]


async def test_a_phrase_without_a_voice_is_remarked(connected):
    """The platform would speak English."""
    call = await connected("call.say('Добрый день')")
    assert any("no voice was given" in line.what for line in call.trace)


async def test_a_player_starts_when_it_is_sent(connected):
    """A player says nothing until it has a target; stop() reports Stopped and not PlaybackFinished."""
    call = await connected(
        WATCH
        + """
        const first = watch(VoxEngine.createTTSPlayer("Первая фраза", VOICE), "first");
        const second = watch(VoxEngine.createTTSPlayer("Вторая фраза подлиннее", VOICE), "second");
        watch(VoxEngine.createTTSPlayer("Никому", VOICE), "third");
        first.sendMediaTo(call);
        first.addEventListener(PlayerEvents.PlaybackFinished, () => {
          second.sendMediaTo(call);
          setTimeout(() => second.stop(), 700);
        });
        """
    )
    assert call.log == [
        "first Started",
        "first PlaybackFinished",
        "second Started",
        "second Stopped",
    ]


async def test_markers_count_from_both_ends(connected):
    """A negative offset counts from the end."""
    call = await connected(
        WATCH
        + """
        const player = watch(VoxEngine.createTTSPlayer("Фраза длиной около двух секунд", VOICE), "");
        player.addMarker(-300);
        player.addMarker(500);
        player.sendMediaTo(call);
        """
    )
    reached = {
        line.data["offset"]: line.ms
        for line in call.trace
        if "Marker" in str(line.data.get("event"))
    }
    (span,) = call.playbacks
    assert reached == {500: span.started_ms + 500, -300: span.ended_ms - 300}


async def test_a_paused_player_is_silent_and_goes_on(connected):
    """Pause and resume split what the caller hears, and lose nothing."""
    call = await connected(
        WATCH
        + """
        const player = watch(VoxEngine.createTTSPlayer("Фраза длиной около двух секунд", VOICE), "p");
        player.sendMediaTo(call);
        setTimeout(() => player.pause(), 1500);
        setTimeout(() => player.resume(), 4000);
        """
    )
    first, second = call.playbacks
    assert (first.cut_by, second.complete) == ("paused", True)
    assert second.started_ms - first.ended_ms > 2000
    length = first.ended_ms - first.started_ms + second.ended_ms - second.started_ms
    assert length == Voice().duration_ms("Фраза длиной около двух секунд")
    assert call.log[-1] == "p PlaybackFinished"


async def test_ten_players_are_all(connected):
    """Finished players count until they are stopped."""
    call = await connected(
        """
        const players = [];
        for (let i = 0; i < 10; i++) players.push(VoxEngine.createTTSPlayer("Фраза " + i, VOICE));
        try { VoxEngine.createTTSPlayer("ещё", VOICE); } catch (e) { log(e.message); }
        players[3].stop();
        VoxEngine.createTTSPlayer("теперь можно", VOICE);
        log("free again");
        """
    )
    assert call.log == ["Exceeded the limit of 10 media players!", "free again"]


async def test_a_stopped_player_is_dead(connected):
    """stop() destroys a player; a second stop() does no harm."""
    call = await connected(
        "const p = VoxEngine.createTTSPlayer('а', VOICE); p.stop(); p.stop(); p.sendMediaTo(call);"
    )
    assert "stop() destroys it" in call.failures[0]


async def test_a_file_is_played(connected):
    """startPlayback and createURLPlayer play an address."""
    call = await connected(
        """
        call.addEventListener(CallEvents.PlaybackFinished, () => {
          VoxEngine.createURLPlayer({ url: "https://halo.test/b.mp3" }).sendMediaTo(call);
        });
        call.startPlayback("https://halo.test/a.mp3");
        """,
        caller=SilentCaller(15_000),
    )
    assert [span.text for span in call.playbacks] == [
        "https://halo.test/a.mp3",
        "https://halo.test/b.mp3",
    ]


@pytest.mark.parametrize(("unit", "reported"), [("s", "0.78"), ("ms", "780")])
async def test_the_unit_of_a_duration_is_a_setting(connected, unit, reported):
    """The platform does not document it, so a scenario has to survive both."""
    call = await connected(
        "call.addEventListener(CallEvents.PlaybackStarted, (e) => log(e.duration)); call.say('Здравствуйте', VOICE);",
        voice=Voice(duration_unit=unit),
    )
    assert call.log == [reported]
