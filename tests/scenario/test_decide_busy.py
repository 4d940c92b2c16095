"""The scenario's table where the backend does not let the call begin."""

from __future__ import annotations

import pytest

from tests.scenario.table import Table, done, spoken, waits


@pytest.fixture
def table():
    return Table()


def refused(table, **fields):
    return table.see("profiled", 100, confirmed=True, refused=True, **fields)


def said(table, which: str) -> str:
    return table.state["profile"]["texts"][which]


def hung_up(table) -> None:
    """What is being said is the goodbye; then the line is closed, with its reason."""
    assert table.state["voice"]["next"] == "leave"
    assert "hangup" in done(table.speak_out())
    table.see("disconnected", 100)
    report = table.see("expired", 1000)
    assert next(each["reason"] for each in report if each["do"] == "report") == "busy"


def test_a_refusal_while_it_rings_is_said_instead_of_the_greeting(table):
    """F62: no stream is opened, no ears are made, the caller hears it at once."""
    table.see("alerted")
    assert "openStream" not in done(refused(table))
    actions = table.see("connected", 100)
    assert spoken(actions) == said(table, "bye_busy")
    assert "listen" not in done(actions)
    hung_up(table)


def test_a_refusal_that_is_waited_for_is_said_instead_of_the_greeting(table):
    """F62: the call is up, the greeting has not begun."""
    table.see("alerted")
    table.see("connected", 100)
    assert spoken(refused(table)) == said(table, "bye_busy")
    hung_up(table)


def greeted_and_refused() -> Table:
    """The refusal comes while the greeting is audible."""
    table = Table(barge_in__mode="asr")
    table.see("alerted")
    table.see("connected", 100)
    assert spoken(table.see("expired", 1000)) == said(table, "greeting")
    table.see("phraseStarted", 200, phrase=1, duration=2000)
    assert done(refused(table)) == []
    return table


def test_a_refusal_in_the_greeting_lets_it_end():
    """F62: nothing is cut."""
    table = greeted_and_refused()
    actions = table.see("phraseEnded", 1000, phrase=1, failed=False)
    assert spoken(actions) == said(table, "bye_busy")
    hung_up(table)


def test_who_speaks_into_that_greeting_is_turned_away_at_once():
    """F62, invariant 4: they are not asked, and what they said is reported."""
    table = greeted_and_refused()
    table.see("speechStarted", 100)
    actions = table.see("heard", 300, text="сколько стоит доставка", confidence=0.9)
    assert done(actions)[0] == "hush"
    assert spoken(actions) == said(table, "bye_busy")
    assert table.state["late"] == ["сколько стоит доставка"]
    hung_up(table)


@pytest.mark.parametrize("state", ["listening", "hearing", "recognising"])
def test_a_refusal_while_the_caller_has_the_word_ends_the_call(table, state):
    """F62: whoever is listened to hears it now; there is nothing that could answer them."""
    table.see("alerted")
    table.see("connected", 100)
    table.see("expired", 1000)
    table.speak_out()
    if state != "listening":
        table.see("speechStarted", 100)
    if state == "recognising":
        table.see("speechCaptured", 500)
    assert table.name == state
    actions = refused(table)
    assert spoken(actions) == said(table, "bye_busy")
    assert waits(actions) is not None
    hung_up(table)


def test_a_refusal_on_the_stream_brings_its_own_words(table):
    """F62: the profile that has them never came; without words the built-in ones are said."""
    table.see("alerted")
    table.see("profiled", 100, confirmed=False)
    table.see("connected", 100)
    table.see("turnedAway", 100, text="Занято.")
    actions = table.speak_out()
    assert spoken(actions) == "Занято."
    hung_up(table)


def test_a_refusal_after_the_call_changes_nothing(table):
    """Invariant 12: the caller is gone."""
    table.greeted()
    table.see("disconnected", 100)
    before = table.name
    assert done(table.see("turnedAway", 100, text="")) == []
    assert table.name == before


def test_a_refused_turn_ends_the_call():
    """F62: where neither start nor stream could say so; no answer is waited for any more."""
    table = Table(barge_in__mode="asr").asked()
    table.see("expired", 2_000)  # the filler
    actions = table.see("turnedAway", 200, text="Занято.")
    assert done(actions)[0] == "hush"
    assert spoken(actions) == "Занято."
    assert table.state["answer"] is None
    hung_up(table)


def test_what_a_refused_turn_is_told_is_no_answer():
    """Invariant 4: an answer could be broken in upon, and what comes then has nobody to ask."""
    read = Table().evaluate(
        "readReply({ state: START_STATE }, 1, "
        '{ code: 200, text: \'{"ai_text": "Занято.", "refused": "busy"}\' })'
    )
    assert read == {"type": "turnedAway", "text": "Занято."}
