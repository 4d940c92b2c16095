"""The realtime player's events, as the scenario reads them: it has one voice for all phrases, and
the platform tells no number of the phrase that starts or ends."""

from __future__ import annotations

import pytest

from tests.scenario.table import Table

PLAYER = """
const PlayerEvents = {
  Started: "Started", AudioChunksPlaybackFinished: "Finished", Error: "Error" };
const heard = {}, told = [], timers = [];
const VoxTTS = { createRealtimeTTSPlayer: () => ({
  addEventListener: (event, handler) => { heard[event] = handler; }, sendMediaTo: nothing,
  clearBuffer: nothing, send: () => done.push("send"), resume: () => done.push("resume") }) };
const done = [];
let now = 1000;
Date.now = () => now;
setTimeout = (then, ms) => timers.push([now + ms, then]);
dispatch = (line, read) => { const event = read(); if (event) told.push(event); };
const live = { player: null, phrase: 0, ahead: "", started: false, paused: false, clearedAt: 0,
  endsAt: 0, owes: 0, broken: false, ousted: false };
const line = { state: START_STATE, live, call: {}, due: Infinity, now: 0, shift: 0 };
live.player = createLive(line, live);
const order = (phrase) => Object.assign(live, { phrase, started: false });
const pass = (ms) => {
  now += ms;
  timers.splice(0).forEach(([at, then]) => (at <= now ? then() : timers.push([at, then])));
};
"""


@pytest.fixture
def player() -> Table:
    table = Table()
    table.run(PLAYER)
    return table


def told(player: Table, what: str) -> list[tuple[str, int]]:
    player.run(what)
    return [(event["type"], event["phrase"]) for event in player.evaluate("told")]


def test_a_phrase_starts_and_ends(player):
    """Durations are in s there, in ms here."""
    events = told(
        player, "order(1); heard.Started({ duration: 2 }); pass(2000); heard.Finished({})"
    )
    assert events == [("phraseStarted", 1), ("phraseEnded", 1)]
    assert player.evaluate("told[0].duration") == 2000


def test_the_late_start_of_a_dropped_phrase_does_not_shorten_the_next(player):
    """F24: by its length it would be given up while it sounds."""
    events = told(
        player,
        "order(1); pass(100); clearLive(line); order(2); heard.Started({ duration: 5 });"
        "pass(500); heard.Started({ duration: 1 })",
    )
    assert events == [("phraseStarted", 2)]


def test_the_late_start_of_a_dropped_phrase_does_not_lengthen_the_next(player):
    """F24, invariant 2: its end would be taken for an older one's, and waited for."""
    begin = "sayLive(line, 1, 'Здравствуйте! Чем могу помочь?'); pass(100); clearLive(line);"
    begin += "sayLive(line, 2, 'Да.'); heard.Started({ duration: 1 }); pass(500);"
    events = told(player, begin + "heard.Started({ duration: 5 })")
    assert events == [("phraseStarted", 2)]


def test_the_late_end_of_a_dropped_phrase_is_not_that_of_the_next(player):
    """F24: long before its length is over, and just before."""
    begin = "order(1); heard.Started({ duration: 5 }); pass(100); clearLive(line); order(2);"
    begin += "heard.Started({ duration: 5 });"
    assert told(player, begin + "pass(1000); heard.Finished({})")[1:] == [("phraseStarted", 2)]


def test_an_end_that_may_be_owed_ends_no_phrase_before_its_time(player):
    """F24: the tone that follows would cut the last word."""
    begin = "order(1); heard.Started({ duration: 5 }); pass(100); clearLive(line); order(2);"
    begin += "heard.Started({ duration: 5 });"
    assert told(player, begin + "pass(4800); heard.Finished({})")[1:] == [("phraseStarted", 2)]
    assert told(player, "pass(200)")[2:] == [("phraseEnded", 2)]


def test_what_a_dropped_phrase_owes_is_owed_after_another_one_was_dropped(player):
    """F24: two phrases are dropped, one after the other, and the first tells its end at last."""
    begin = "order(1); heard.Started({ duration: 5 }); pass(100); clearLive(line);"
    begin += "pass(100); clearLive(line); order(2); heard.Started({ duration: 5 });"
    assert told(player, begin + "pass(1000); heard.Finished({})")[1:] == [("phraseStarted", 2)]


def test_a_voice_that_was_paused_when_its_phrase_ended_speaks_on(player):
    """F13, F24: else the next phrase waits for ever."""
    player.run("order(1); live.paused = true; sayLive(line, 2, 'Да.')")
    assert player.evaluate("done") == ["resume", "send"]


def test_a_phrase_that_is_paused_does_not_end(player):
    """F24: the end that is told meanwhile is of an older phrase."""
    events = told(
        player,
        "order(1); heard.Started({ duration: 5 }); pass(500); live.paused = true;"
        "heard.Finished({})",
    )
    assert events == [("phraseStarted", 1)]


def test_each_phrase_that_was_dropped_owes_its_end(player):
    """F24, invariant 3: two were dropped, and the first tells its end after the second."""
    begin = "order(1); heard.Started({ duration: 5 }); pass(1000); clearLive(line); pass(500);"
    begin += "order(2); heard.Started({ duration: 5 }); pass(50); clearLive(line); pass(100);"
    begin += "heard.Finished({}); pass(600); order(3); heard.Started({ duration: 5 });"
    assert told(player, begin + "pass(500); heard.Finished({})")[2:] == [("phraseStarted", 3)]


def test_a_phrase_whose_end_was_not_told_in_time_owes_it(player):
    """F24, invariant 3: the next one sounds already, is dropped, and a third one is said."""
    begin = "order(1); heard.Started({ duration: 5 }); pass(5000); live.ahead = 'Да.';"
    begin += "heard.Started({ duration: 5 }); pass(20); live.ahead = ''; live.phrase = 2;"
    begin += "clearLive(line); order(3); heard.Started({ duration: 5 });"
    events = told(player, begin + "pass(100); heard.Finished({}); pass(500); heard.Finished({})")
    assert events[-1] == ("phraseStarted", 3)


def test_the_late_start_of_a_dropped_phrase_is_not_that_of_the_next_but_one(player):
    """F24, invariant 3: all phrases after it would be taken for the ones before them."""
    begin = "order(1); pass(500); clearLive(line); order(2); heard.Started({ duration: 5 });"
    begin += "live.ahead = 'Да.'; pass(300); heard.Started({ duration: 1 });"
    assert told(player, begin) == [("phraseStarted", 2)]
    ends = "pass(4700); heard.Started({ duration: 2 })"
    assert told(player, ends)[1:] == [("phraseEnded", 2), ("phraseStarted", 2)]


def test_the_late_start_of_what_was_sent_ahead_and_dropped_is_not_that_of_the_next(player):
    """F24: the phrase before was given up, since its end was not told; it sounded by then."""
    begin = "order(1); heard.Started({ duration: 2 }); live.ahead = 'Да, конечно.'; pass(3500);"
    begin += "clearLive(line); sayLive(line, 2, 'Да, конечно.'); pass(500);"
    begin += "heard.Started({ duration: 2 }); live.ahead = 'Что ещё?'; pass(300);"
    events = told(player, begin + "heard.Started({ duration: 2 })")
    assert ("phraseEnded", 2) not in events
    assert told(player, "pass(2000); heard.Started({ duration: 1 })")[-2:] == [
        ("phraseEnded", 2),
        ("phraseStarted", 2),
    ]
