"""The scenario's state table as a whole: round a call, and out of every state.

What each event leads to is in the files beside it: listening, thinking, speaking, the end,
interruptions, the stream.
"""

from __future__ import annotations

import random

import pytest

from tests.scenario.table import Table, any_event, done, spoken, waits


def test_a_call_goes_round_from_greeting_to_listening_again():
    """Greeting, listening, hearing, recognising, thinking, speaking, and again listening."""
    table = Table()
    assert done(table.see("alerted")) == ["fetchProfile", "answer", "wait"]
    table.see("profiled", 50, confirmed=True)
    assert spoken(table.see("connected", 50)).startswith("Здравствуйте! Я голосовой ассистент")
    assert done(table.speak_out()) == ["listen", "wait"]
    table.see("speechStarted")
    assert table.name == "hearing"
    assert done(table.see("speechCaptured")) == ["deafen", "wait"]
    actions = table.see("heard", text="Где вы находитесь?", confidence=0.9)
    assert next(a for a in actions if a["do"] == "ask")["turn"] == 1
    assert (
        spoken(table.see("replied", 400, turn=1, text="В Москве.", action="listen")) == "В Москве."
    )
    assert done(table.speak_out()) == ["listen", "wait"]
    assert table.name == "listening"


def test_the_greeting_waits_a_second_for_the_profile_and_no_longer():
    """Without the backend's first answer the built-in greeting is spoken after one second."""
    table = Table()
    table.see("alerted")
    actions = table.see("connected", 100)
    assert table.name == "meeting"
    assert waits(actions) == 1000
    assert spoken(table.see("expired", 1000)).startswith("Здравствуйте!")


def test_every_state_but_the_last_has_one_deadline():
    """However events are mixed, a state that is entered sets a deadline, and only one."""
    for seed in range(300):
        rng = random.Random(seed)
        table = Table()
        table.see("alerted")
        before = "ringing"
        armed = True
        for _ in range(40):
            state = table.state
            kind, fields = any_event(rng, state)
            actions = table.see(kind, rng.randint(1, 4000), **fields)
            after = table.state["name"]
            assert done(actions).count("wait") <= 1, (seed, kind, before, after, actions)
            if kind == "expired":
                armed = False
            armed = armed or "wait" in done(actions)
            if after == "over":
                break
            assert armed, (seed, kind, before, after)
            if after != before:
                assert "wait" in done(actions), (seed, kind, before, after)
            before = after


@pytest.mark.parametrize("seed", range(60))
def test_from_every_state_silence_leads_to_the_end(seed):
    """F01, F60: whatever happened before, deadlines alone bring the call to its end."""
    rng = random.Random(seed)
    table = Table()
    table.see("alerted")
    for _ in range(rng.randint(1, 30)):
        kind, fields = any_event(rng, table.state)
        table.see(kind, rng.randint(1, 3000), **fields)
    for _ in range(20):
        if table.name == "over":
            break
        table.see("expired", 100)
    assert table.name == "over"
