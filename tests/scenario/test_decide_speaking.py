"""The scenario's state table: the voice, or its absence."""

from __future__ import annotations

from tests.scenario.table import Table, done, spoken, waits


def test_a_phrase_that_never_ends_is_given_up():
    """F19: at its duration and a grace."""
    table = Table()
    table.see("alerted")
    table.see("profiled", 10, confirmed=True)
    phrase = table.see("connected", 10)[-2]["phrase"]
    assert waits(table.see("phraseStarted", 200, phrase=phrase, duration=3000)) == 4500
    assert done(table.see("expired", 4500))[:2] == ["hush", "listen"]


def test_a_phrase_that_never_starts_is_given_up():
    """F20: within two and a half seconds."""
    table = Table()
    table.see("alerted")
    table.see("profiled", 10, confirmed=True)
    assert waits(table.see("connected", 10)) == 2500
    assert "listen" in done(table.see("expired", 2500))


def test_a_failed_phrase_is_tried_as_plain_text_then_as_a_recording():
    """F21: no loop."""
    table = Table(audio__apology="https://halo.example/sorry.mp3").asked()
    table.see("replied", 100, turn=1, text="Цена: <b>300</b> ₽!", action="listen")
    plain = table.see("phraseEnded", 10, phrase=table.state["voice"]["phrase"], failed=True)
    assert spoken(plain) == "Цена b 300 b !"
    played = table.see("phraseEnded", 10, phrase=table.state["voice"]["phrase"], failed=True)
    assert "play" in done(played)
    last = table.see("phraseEnded", 10, phrase=table.state["voice"]["phrase"], failed=True)
    assert "listen" in done(last)


def test_the_end_of_an_older_phrase_changes_nothing():
    """F24."""
    table = Table().asked()
    old = table.state["phrase"]
    table.see("replied", 100, turn=1, text="Новый ответ.", action="listen")
    assert table.see("phraseEnded", 10, phrase=old, failed=False) == []
    assert table.name == "speaking"


def test_the_whole_call_is_bounded():
    """Invariant 10: after ten minutes a goodbye, whatever is going on."""
    table = Table().greeted()
    assert "завершить" in spoken(table.see("timeUp", 1))
    assert done(table.speak_out()) == ["hangup", "wait"]


def test_what_the_caller_has_waited_counts():
    """Invariant 2: after a silent phrase the next re-prompt comes sooner."""
    table = Table().asked()
    table.see("replied", 1000, turn=1, text="Ответ.", action="listen")
    actions = table.see("expired", 2500)
    assert waits(actions) == 6500 - 3500
