"""The scenario's state table: what the recogniser makes of our own voice."""

from __future__ import annotations

from tests.scenario.speeches import asked
from tests.scenario.table import Table
from tests.scenario.test_decide_interruptions import answering


def test_the_result_of_our_echo_comes_after_other_words():
    """F12, invariant 21: it does not take the place of what the caller has said since."""
    table = answering()
    table.see("interim", 200, text="доставка стоит")
    table.see("interim", 200, text="девятьсот")
    table.see("interim", 200, text="девятьсот шестнадцать")
    table.see("speechCaptured", 100)
    table.see("heard", 200, text="доставка стоит триста", confidence=0.9)
    assert table.state["words"] == "девятьсот шестнадцать"
    table.see("heard", 300, text="девятьсот шестнадцать", confidence=0.9)
    assert asked(table) == ["девятьсот шестнадцать"]


def test_an_echo_that_goes_on_with_other_words_is_one_speech():
    """What began like our words, and is theirs, has one result."""
    table = answering()
    table.see("interim", 200, text="доставка стоит")
    table.see("interim", 200, text="доставка стоит дороже чем у других")
    assert [part["turn"] for part in table.state["taken"]] == [1]
    assert table.name == "hearing"


def test_an_interim_after_the_result_of_our_echo_is_no_new_speech():
    """F06, F12, invariant 1: nobody has spoken."""
    table = answering()
    table.see("interim", 200, text="доставка стоит")
    table.see("speechStarted", 200)
    table.see("heard", 200, text="доставка стоит триста рублей", confidence=0.9)
    table.see("speechCaptured", 100)
    table.see("heard", 100, text="", confidence=0.0)
    table.see("phraseEnded", 2_000, phrase=table.state["voice"]["phrase"], failed=False)
    assert table.see("interim", 700, text="доставка стоит триста рублей") == []
    assert table.name == "listening"


def test_the_filler_may_come_back_over_the_answer():
    """F12, invariant 4: it has only just ended, and its echo is told late."""
    table = Table(barge_in__mode="asr").asked()
    filler = table.see("expired", 2000)[0]
    table.see("phraseStarted", 300, phrase=filler["phrase"], duration=1200)
    table.see("replied", 200, turn=1, text="Триста рублей.", action="listen")
    table.see("phraseEnded", 1000, phrase=filler["phrase"], failed=False)
    table.see("phraseStarted", 100, phrase=table.state["voice"]["phrase"], duration=2000)
    table.see("speechStarted", 100)
    assert table.see("interim", 100, text=filler["text"]) == []
    assert table.name == "speaking"


def test_a_key_makes_our_last_words_no_younger():
    """Invariant 4: nearly a second after them, the same words are the caller's own."""
    table = Table(barge_in__mode="asr").greeted()
    table.see("key", 400, digit="*")
    table.see("phraseStarted", 150, phrase=table.state["voice"]["phrase"], duration=4000)
    table.run("state = { ...state, voice: { ...state.voice, text: 'Да.' } };")
    table.see("speechStarted", 400)
    assert table.state["during"] == "Да."


def test_an_echo_amid_the_callers_words_has_a_result_of_its_own():
    """F07, F12, invariant 21: a blank one, which does not end what they are saying."""
    table = answering()
    table.see("voiceStarted", 100)
    table.see("speechStarted", 50)
    table.see("interim", 200, text="подождите я")
    table.see("interim", 100, text="доставка стоит")
    table.see("interim", 200, text="подождите я другое")
    table.see("speechCaptured", 100)
    table.see("voiceStopped", 100)
    table.see("heard", 100, text="", confidence=0.0)
    assert table.name == "recognising"
    assert table.state["words"] == "подождите я другое"


def test_our_echo_told_once_more_is_no_word_of_who_is_speaking():
    """F01, F12, invariant 1: the recogniser has not noticed them, and its interim comes late."""
    table = answering("Секунду.")
    table.see("voiceStarted", 100)
    table.see("interim", 100, text="секунду")
    table.see("phraseEnded", 2000, phrase=table.state["voice"]["phrase"], failed=False)
    table.see("speechCaptured", 100)
    assert table.name == "recognising"
    table.see("heard", 300, text="секунду", confidence=0.9)
    table.see("interim", 900, text="секунду")
    assert table.state["words"] == ""


def test_our_echo_after_their_words_does_not_replace_them():
    """F12, invariant 21: told when the end of their speech is known, and its result is due."""
    table = answering("Доставка стоит триста рублей и занимает один день.")
    table.see("interim", 1000, text="девятьсот шестнадцать")
    table.see("speechCaptured", 100)
    table.see("interim", 150, text="доставка стоит")
    assert table.state["words"] == "девятьсот шестнадцать"


def test_an_echo_that_is_told_late_does_not_take_the_place_of_words():
    """F12: of a phrase that was cut by these very words, two seconds ago."""
    table = answering()
    table.see("interim", 200, text="скажите пожалуйста")
    table.see("interim", 2_000, text="доставка стоит триста рублей")
    assert table.state["words"] == "скажите пожалуйста"


def test_a_voice_that_is_paused_is_no_echo_for_long():
    """F13, invariant 21: who says one of our words then has said it."""
    table = answering(barge_in__mode="vad")
    table.see("voiceStarted", 200)
    table.see("expired", 300)
    assert table.name == "paused"
    table.see("voiceStopped", 300, lateMs=0)
    table.see("voiceStarted", 300)
    table.see("speechStarted", 100)
    table.see("heard", 400, text="доставка", confidence=0.9)
    assert asked(table) == ["доставка"]
