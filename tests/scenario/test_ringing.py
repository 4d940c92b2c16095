"""What a caller hears while somebody's telephone rings: the company's music, or the tone."""

from __future__ import annotations

import pytest

from tests.scenario.table import Table

PLATFORM = """
const PlayerEvents = { Started: "Started", Error: "Error", PlaybackFinished: "Finished" };
const heard = [], timers = [];
const player = (what) => ({
  what, handlers: {}, addEventListener(event, handler) { this.handlers[event] = handler; },
  sendMediaTo: () => heard.push(what), stop: () => heard.push("stop " + what) });
const made = [];
const make = (what) => { made.push(player(what)); return made[made.length - 1]; };
VoxEngine.createURLPlayer = ({ url }) => make(url);
VoxEngine.createToneScriptPlayer = () => make("tone");
setTimeout = (then) => timers.push(then);
clearTimeout = () => timers.splice(0);
dispatch = (line, read) => read();
const line = { state: START_STATE, live: {}, call: {}, ringer: null, ringerTimer: null };
const happens = (event, number = 0) => made[number].handlers[event]({});
const elapse = () => timers.splice(0).forEach((then) => then());
"""


@pytest.fixture
def phone() -> Table:
    table = Table()
    table.run(PLATFORM)
    return table


def heard(phone: Table, what: str) -> list[str]:
    phone.run(what)
    return phone.evaluate("heard")


def test_without_music_the_tone_is_heard(phone):
    assert heard(phone, 'ring(line, "")') == ["tone"]


def test_music_that_plays_is_left_to_play(phone):
    """Its end would be silence, so that it is looped; an end that is told all the same is one."""
    music = 'ring(line, "https://a/music.mp3"); happens("Started"); elapse();'
    assert heard(phone, music) == ["https://a/music.mp3"]
    assert heard(phone, 'happens("Finished")')[1:] == ["stop https://a/music.mp3", "tone"]


@pytest.mark.parametrize("what", ['happens("Error")', "elapse()"])
def test_music_that_does_not_play_gives_way_to_the_tone(phone, what):
    """F26: an error, or silence for as long as a voice is waited for."""
    told = heard(phone, f'ring(line, "https://a/music.mp3"); {what}')
    assert told[1:] == ["stop https://a/music.mp3", "tone"]


def test_what_a_player_that_was_stopped_tells_changes_nothing(phone):
    """They have picked up."""
    told = heard(phone, 'ring(line, "https://a/music.mp3"); unring(line); happens("Error")')
    assert told == ["https://a/music.mp3", "stop https://a/music.mp3"]


def test_music_that_cannot_even_be_made_is_the_tone(phone):
    phone.run("VoxEngine.createURLPlayer = () => { throw new Error('35 players'); }")
    assert heard(phone, 'ring(line, "https://a/music.mp3")') == ["tone"]
