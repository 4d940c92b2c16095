"""The scenario's state table: a caller who breaks in, murmurs, coughs, or gives our words back."""

from __future__ import annotations

import pytest

from tests.scenario.table import Table, done, spoken, waits

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


def test_a_sound_after_all_was_said_costs_little():
    """Invariant 1: who broke in upon an unheard answer has said all, and coughs."""
    table = Table(barge_in__mode="asr").asked()
    table.see("voiceStarted", 300)
    table.see("speechStarted", 50)
    table.see("interim", 400, text="и скажите адрес")
    assert table.state["overtaken"]
    assert waits(table.see("voiceStopped", 100)) == 1_400, "the words are as old as that"
    table.see("voiceStarted", 1_200)
    assert waits(table.see("voiceStopped", 200)) == 500


def test_an_answer_that_was_cut_is_over():
    """F14, invariant 9: what was heard of it is told once, and an end that comes for it is ours."""
    table = answering()
    table.see("streamReady")
    table.see("interim", 1000, text="подождите пожалуйста")
    assert table.state["answer"] is None
    assert "hangup" in done(table.see("dismissed", 100))
    ended = table.see("disconnected", 500)
    assert not [a for a in ended if a["do"] == "tell"]


def test_an_interim_that_comes_after_its_result_is_no_new_speech():
    """F06: an answered turn's words, told late, begin no turn and keep nobody waiting."""
    table = answering()
    table.see("interim", 1000, text="а сколько стоит доставка за город")
    table.see("heard", 900, text="а сколько стоит доставка за город", confidence=0.9)
    table.see("replied", 300, turn=2, text="Пятьсот рублей.", action="listen")
    table.speak_out()
    assert table.name == "listening"
    assert table.see("interim", 200, text="а сколько стоит доставка") == []
    assert table.name == "listening"
    table.see("interim", 200, text="тогда везите завтра")
    assert table.name == "hearing"


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


def test_a_murmur_into_a_question_that_was_dropped_unheard_is_reported():
    """Invariant 21: nobody has heard what it might agree to, so it answers nothing."""
    table = Table(barge_in__mode="asr").asked()
    table.see("speechStarted", 300)
    table.see("speechCaptured", 300)
    table.see("replied", 100, turn=1, text="Записать вас на завтра?", action="listen")
    table.see("speechStarted", 50)
    asked = table.see("heard", 100, text="мой номер сто", confidence=0.9)
    assert "ask" in done(asked)
    table.see("replied", 400, turn=2, text="Спросите ещё раз.", action="listen")
    table.see("speechCaptured", 50)
    table.see("heard", 50, text="да-да", confidence=0.9)
    assert (table.state["nod"], table.state["late"]) == (None, ["да-да"])


def test_a_murmur_into_a_question_that_does_not_sound_yet_is_reported():
    """Invariant 21: the same, and the question is heard after it."""
    table = Table(barge_in__mode="asr").asked()
    table.see("replied", 100, turn=1, text="Записать вас на завтра?", action="listen")
    table.see("speechStarted", 50)
    table.see("heard", 100, text="да-да", confidence=0.9)
    assert (table.state["nod"], table.state["late"]) == (None, ["да-да"])


def test_a_hesitation_neither_stops_the_voice_nor_is_a_turn():
    """Nor is the turn asked anew for its sake, while the answer does not sound yet."""
    table = answering()
    assert table.see("heard", 600, text="э-э", confidence=0.9) == []
    assert table.name == "speaking"
    table = Table(barge_in__mode="asr").asked()
    table.see("speechStarted", 300)
    table.see("speechCaptured", 300)
    assert table.see("heard", 200, text="э", confidence=0.9) == []
    assert (table.name, table.state["fresh"], table.state["late"]) == ("thinking", False, [])


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


def parting(**settings):
    """An answer that ends the call is being spoken."""
    table = Table(barge_in__mode="asr", **settings).asked()
    table.see("replied", 100, turn=1, text="Всего доброго и до свидания!", action="hangup")
    table.see("phraseStarted", 100, phrase=table.state["phrase"], duration=2_000)
    return table


def test_who_has_more_to_say_to_a_goodbye_is_heard():
    """The call goes on: nothing of the end that was meant is left."""
    table = parting()
    assert "hush" in done(table.see("interim", 400, text="подождите ещё вопрос"))
    assert (table.state["name"], table.state["reason"]) == ("hearing", "")
    assert "ask" in done(table.see("heard", 900, text="подождите ещё вопрос", confidence=0.9))


def test_a_goodbye_in_return_cuts_nobody_short():
    """What one says back is no question, and the call ends as it was meant to."""
    table = parting()
    assert table.see("interim", 400, text="спасибо до свидания") == []
    assert table.see("heard", 300, text="спасибо до свидания", confidence=0.9) == []
    assert "hangup" in done(
        table.see("phraseEnded", 1_300, phrase=table.state["phrase"], failed=False)
    )
    assert table.state["reason"] == "assistant_hung_up"


def test_whom_the_backend_dismisses_is_not_heard_any_more():
    """Somebody ended the call from outside: the last words stay the last."""
    table = parting()
    table.see("dismissed", 10)
    assert table.see("interim", 400, text="подождите ещё вопрос") == []


def test_off_is_half_duplex():
    """Nothing is heard while the assistant speaks."""
    table = answering(barge_in__mode="off")
    assert table.see("interim", 500, text="подождите пожалуйста") == []
    assert table.name == "speaking"


def test_a_voice_that_must_have_ended_is_not_paused():
    """F19: who speaks then has the word, a short yes included."""
    table = Table(barge_in__mode="vad").asked()
    table.see("replied", 100, turn=1, text="Вам перезвонить?", action="listen")
    table.see("phraseStarted", 100, phrase=table.state["phrase"], duration=2_000)
    table.see("voiceStarted", 2_700)
    table.see("speechStarted", 50)
    assert "pause" not in done(table.see("expired", 300))
    table.see("interim", 100, text="да")
    assert table.state["words"] == "да"


@pytest.mark.parametrize(("at", "left"), [(500, 300), (1_900, 1_600), (2_100, 1_400)])
def test_a_voice_is_paused_only_before_its_known_end(at, left):
    """F19, invariant 21: paused after it, it was thought to sound on over a murmur."""
    table = Table(barge_in__mode="vad").asked()
    table.see("replied", 100, turn=1, text="Вам перезвонить?", action="listen")
    table.see("phraseStarted", 100, phrase=table.state["phrase"], duration=2_000)
    assert waits(table.see("voiceStarted", at)) == left


def test_who_breaks_into_an_apology_and_says_nothing_hears_it():
    """There is no answer to go back to: silence would be the other choice."""
    table = Table(barge_in__mode="asr").asked()
    table.see("failed", 300, turn=1, retry=False, retryMs=0, unknown=False)
    assert "hush" in done(table.see("interim", 100, text="подождите пожалуйста"))
    assert table.name == "hearing"
    assert "Извините" in spoken(table.see("heard", 900, text="", confidence=0.0))


def test_a_voice_that_goes_on_is_no_cough():
    """A recogniser without interim results tells no words: it is asked what they were."""
    table = answering(asr__interim=False)
    table.see("voiceStarted", 50)
    table.see("expired", 1_000)
    assert table.name == "paused"
    assert "hush" in done(table.see("expired", 1_000))
    assert table.name == "hearing"


def test_a_filler_of_the_last_turn_falls_silent_and_the_answer_is_still_heard():
    """F14, invariant 4: nothing more can be asked, but nobody is talked over by «Секунду»."""
    for answered in (False, True):
        table = Table(barge_in__mode="asr", limits__turns=1).asked()
        table.see("expired", 2_000)
        table.see("phraseStarted", 100, phrase=table.state["phrase"], duration=1_300)
        if answered:
            table.see("replied", 100, turn=1, text="Триста рублей.", action="listen")
        table.see("speechStarted", 100)
        actions = table.see("interim", 400, text="и ещё вопрос")
        assert done(actions)[0] == "hush"
        if not answered:
            actions = table.see("replied", 100, turn=1, text="Триста рублей.", action="listen")
        assert spoken(actions) == "Триста рублей."


def test_who_cut_the_last_filler_hears_another_and_who_did_not_hears_it():
    """Invariant 1: the answer is still on its way, and one that does not sound yet cuts nobody."""
    for sounding in (True, False):
        table = Table(barge_in__mode="asr", limits__turns=1).asked()
        table.see("expired", 2_000)
        if sounding:
            table.see("phraseStarted", 100, phrase=table.state["phrase"], duration=1_300)
        table.see("speechStarted", 100)
        actions = table.see("interim", 400, text="и ещё вопрос")
        assert done(actions) == (["hush", "wait"] if sounding else [])
        assert (spoken(table.see("expired", 600)) == "Секунду, пожалуйста.") == sounding
