"""The scenario's state table: a caller who breaks in, murmurs, coughs, or gives our words back."""

from __future__ import annotations

import pytest

from tests.scenario.table import Table, done, spoken

REPLY = "Доставка стоит триста рублей и занимает один день."


def answering(text: str = REPLY, **settings) -> Table:
    """The answer of turn 1 is audible for one second of four, over HTTP."""
    table = Table(**{"barge_in__mode": "asr", **settings}).asked()
    table.see("replied", 300, turn=1, text=text, action="listen")
    table.see("phraseStarted", 200, phrase=table.state["voice"]["phrase"], duration=4000)
    table.see("speechStarted", 1000)
    return table


def test_two_words_stop_the_voice_and_what_was_heard_is_kept():
    """F14: at once, and by time to the last whole word."""
    table = answering()
    actions = table.see("interim", 1000, text="подождите пожалуйста")
    assert "hush" in done(actions)
    assert table.name == "hearing"
    [note] = table.state["notes"]
    assert note["heard"] == "Доставка стоит триста"
    [question] = [
        a
        for a in table.see("heard", 900, text="подождите пожалуйста", confidence=0.9)
        if a["do"] == "ask"
    ]
    assert question["turn"] == 2


@pytest.mark.parametrize("text", ["угу", "да-да", "так, понятно"])
def test_a_murmur_neither_stops_the_voice_nor_is_a_turn(text):
    table = answering()
    table.see("interim", 400, text=text)
    assert table.see("heard", 600, text=text, confidence=0.9) == []
    assert table.name == "speaking"


def test_a_murmur_into_a_question_is_its_answer():
    """Asked when the question is over."""
    table = answering("Вам удобно завтра?")
    table.see("heard", 600, text="да", confidence=0.9)
    phrase = table.state["voice"]["phrase"]
    ended = table.see("phraseEnded", 2000, phrase=phrase, failed=False)
    assert [a["text"] for a in ended if a["do"] == "ask"] == ["да"]


def test_our_own_words_are_no_turn():
    """F12."""
    table = answering()
    assert table.see("interim", 300, text="стоит триста рублей") == []
    assert table.see("heard", 300, text="доставка стоит триста рублей", confidence=0.9) == []
    assert table.name == "speaking"


def test_a_cough_pauses_the_voice_and_it_goes_on():
    """F13: sound without words, told by a voice detector."""
    table = answering(barge_in__mode="vad")
    table.see("voiceStarted", 100)
    assert done(table.see("expired", 300)) == ["pause", "wait"]
    table.see("voiceStopped", 200)
    assert done(table.see("expired", 1000)) == ["resume", "wait"]
    assert table.state["turn"] == 1


def test_words_before_the_answer_belong_to_the_question():
    """F06, F53: one turn with both, the older answer is dropped by its number."""
    table = Table(barge_in__mode="asr").asked("Сколько стоит доставка")
    table.see("speechStarted", 100)
    table.see("interim", 400, text="в Казань и обратно")
    actions = table.see("heard", 600, text="в Казань и обратно", confidence=0.9)
    [question] = [a for a in actions if a["do"] == "ask"]
    assert (question["turn"], question["text"]) == (2, "Сколько стоит доставка в Казань и обратно")
    assert table.see("replied", 10, turn=1, text="Старое.", action="listen") == []


def test_who_breaks_in_before_the_answer_and_says_nothing_hears_it():
    """The answer that came meanwhile is not lost."""
    table = Table(barge_in__mode="asr").asked()
    table.see("speechStarted", 100)
    table.see("interim", 400, text="я хотел")
    table.see("replied", 100, turn=1, text="Триста рублей.", action="listen")
    assert spoken(table.see("heard", 500, text="", confidence=0)) == "Триста рублей."


def test_the_goodbye_cannot_be_interrupted():
    table = Table(barge_in__mode="asr").asked()
    table.see("replied", 100, turn=1, text="Всего доброго!", action="hangup")
    assert "deafen" in done(table.see("timeUp", 1)) or table.state["answer"]["action"] == "hangup"
    assert table.see("interim", 100, text="подождите ещё вопрос") == []


def test_off_is_half_duplex():
    """Nothing is heard while the assistant speaks."""
    table = answering(barge_in__mode="off")
    assert table.see("interim", 500, text="подождите пожалуйста") == []
    assert table.name == "speaking"
