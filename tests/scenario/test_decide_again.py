"""The scenario's state table: the same words twice, said again or told again."""

from __future__ import annotations

from tests.scenario.speeches import hearing, listening
from tests.scenario.table import Table, done, waits
from tests.scenario.test_decide_interruptions import answering


def test_one_word_twice_is_reported_when_a_person_takes_the_call():
    """Invariant 21: the second one is not the first once more."""
    table = answering(operators=True)
    table.run("state = { ...state, profile: { ...state.profile, operators: true } };")
    table.see("heard", 200, text="стойте", confidence=0.9)
    table.see("speechStarted", 100)
    table.see("interim", 200, text="стойте")
    table.see("speechStarted", 200)
    table.see("key", 50, digit="0")
    assert table.name == "calling"
    table.see("heard", 300, text="стойте", confidence=0.9)
    assert table.state["late"] == ["стойте"]


def test_the_same_word_as_before_is_reported_when_a_person_takes_the_call():
    """Invariant 21: its speech has just ended, so it is no result that comes twice."""
    table = Table(barge_in__mode="asr")
    table.run("state = { ...state, profile: { ...state.profile, operators: true } };")
    table.asked("восемь")
    table.see("replied", 300, turn=1, text="Хорошо.", action="listen")
    table.speak_out()
    table.see("speechStarted", 300)
    table.see("key", 100, digit="0")
    table.see("speechCaptured", 300)
    table.see("heard", 300, text="восемь", confidence=0.9)
    assert table.state["late"] == ["восемь"]
    assert not table.state["fresh"], "their speech is over"


def test_a_result_that_comes_twice_is_not_of_who_has_no_word_yet():
    """F05, invariant 21: nobody's result comes while they are still speaking."""
    table = hearing("девятьсот шестнадцать")
    table.see("speechCaptured", 100)
    table.see("speechStarted", 100)
    table.see("heard", 100, text="девятьсот шестнадцать", confidence=0.9)
    table.see("interim", 400, text="сто двадцать три")
    table.see("voiceStarted", 100)
    table.see("speechStarted", 50)
    table.see("speechCaptured", 50)
    assert done(table.see("heard", 100, text="девятьсот шестнадцать", confidence=0.9)) == []
    assert table.state["fresh"]


def test_a_late_result_is_of_its_words_though_they_are_speaking_again():
    """Invariant 6: ten seconds after them, and nobody is answered twice."""
    table = hearing("до скольки вы работаете")
    table.see("speechCaptured", 300)
    assert "ask" in done(table.see("expired", 2_700))
    table.see("replied", 100, turn=1, text="До девяти.", action="listen")
    table.speak_out(6_000)
    table.see("speechStarted", 600)
    assert done(table.see("heard", 50, text="до скольки вы работаете", confidence=0.9)) == []
    assert table.state["turn"] == 1


def test_one_word_twice_is_reported_into_our_goodbye():
    """Invariant 21: the second one, overheard, is not the result of the first once more."""
    table = answering()
    table.see("heard", 200, text="стойте", confidence=0.9)
    table.see("speechStarted", 100)
    table.see("interim", 200, text="стойте")
    table.see("speechStarted", 200)
    table.see("timeUp", 50)
    assert table.state["voice"]["next"] == "leave"
    table.see("heard", 300, text="стойте", confidence=0.9)
    assert table.state["late"] == ["стойте"]


def test_one_word_twice_breaks_in_twice():
    """F14: the second one, overheard, is not the result of the first once more."""
    table = answering()
    assert "ask" in done(table.see("heard", 200, text="стойте", confidence=0.9))
    table.see("replied", 300, turn=2, text="Доставка стоит триста рублей.", action="listen")
    table.see("phraseStarted", 200, phrase=table.state["phrase"], duration=4_000)
    table.see("speechStarted", 500)
    table.see("interim", 200, text="стойте")
    table.see("voiceStarted", 200)
    table.see("speechStarted", 100)
    assert "ask" in done(table.see("heard", 300, text="стойте", confidence=0.9))
    assert table.state["turn"] == 3


def test_the_same_said_again_long_after_is_no_result_told_twice():
    """F05, F07, invariant 21: where a recogniser tells nothing before the end."""
    table = Table(barge_in__mode="asr", asr__interim=False).greeted()
    table.say("шестьдесят семь")
    table.see("replied", 300, turn=1, text="Записал.", action="listen")
    table.see("phraseStarted", 200, phrase=table.state["voice"]["phrase"], duration=4_000)
    assert done(table.see("heard", 500, text="шестьдесят семь", confidence=0.9)) == []
    table.see("speechStarted", 3_000)
    table.see("speechCaptured", 500)
    table.see("heard", 300, text="", confidence=0.0)
    table.speak_out()
    table.see("heard", 3_000, text="шестьдесят семь", confidence=0.9)
    assert table.state["turn"] == 2


def test_who_spoke_as_nobody_could_be_reached_is_heard():
    """Invariant 21: they said the same before, and had begun again as a key asked for somebody."""
    table = Table(barge_in__mode="asr")
    table.evaluate("state = {...state, profile: {...state.profile, operators: true}}, 0")
    table.greeted().say("спасибо")
    table.see("speechStarted", 900)
    table.see("key", 300, digit="0")
    assert table.name == "calling"
    table.see("arranged", 50, transfer=1, refused="closed")
    table.see("interim", 30, text="спасибо")
    table.see("speechCaptured", 200)
    table.see("heard", 300, text="спасибо", confidence=0.9)
    assert table.state["turn"] == 2


def test_an_interim_result_long_after_the_same_words_is_of_new_ones():
    """Invariant 21: the first result never came, and the recogniser's word of a new beginning is
    late. Soon after it is the old ones that are told once more."""
    for later_ms, turns in ((400, 1), (2_000, 2)):
        table = hearing("сорок пять")
        table.see("expired", 700)
        table.see("replied", 300, turn=1, text="Записал.", action="listen")
        table.speak_out(500)
        table.see("interim", later_ms, text="сорок пять")
        table.see("speechCaptured", 200)
        table.see("heard", 300, text="сорок пять", confidence=0.9)
        assert table.state["turn"] == turns


def test_what_was_begun_when_a_turn_closed_is_new():
    """Invariant 21: the same words as before, said while the older ones are being answered."""
    table = Table(barge_in__mode="asr").asked("сто двадцать три")
    table.see("speechStarted", 100)
    table.see("interim", 300, text="нет мне")
    table.see("voiceStarted", 100)
    table.see("speechStarted", 50)
    assert "ask" in done(table.see("expired", 1_500))
    table.see("interim", 300, text="сто двадцать три")
    assert table.name == "hearing"
    assert table.state["words"] == "сто двадцать три"


def test_patience_for_more_does_not_keep_an_answer_waiting():
    """Invariant 1: their result, told after a cough, made them wait anew."""
    table = Table(barge_in__mode="asr").asked("девятьсот шестнадцать")
    table.see("speechStarted", 100)
    table.see("interim", 400, text="сорок пять")
    table.see("replied", 100, turn=1, text="Записал.", action="listen", patience=1500)
    table.see("speechStarted", 300)
    table.see("voiceStopped", 200)
    table.see("speechCaptured", 100)
    told = table.see("heard", 200, text="сорок пять", confidence=0.9)
    assert (table.name, waits(told)) == ("recognising", 600)


def test_late_results_of_what_was_dictated_are_no_more_of_it():
    """Invariant 2: each made who had dictated three numbers wait anew, for eight seconds."""
    table = hearing("девятьсот шестнадцать")
    table.see("patience", 10, coming=1, ms=1500)
    table.see("speechStarted", 300)
    table.see("interim", 400, text="сто двадцать три")
    table.see("voiceStopped", 100)
    table.see("speechStarted", 200)
    table.see("speechCaptured", 300)
    assert waits(table.see("heard", 100, text="девятьсот шестнадцать", confidence=0.9)) == 1_500
    assert waits(table.see("heard", 1_300, text="сто двадцать три", confidence=0.9)) == 1_000
    assert "ask" in done(table.see("expired", 1_000))


def test_words_beside_keys_are_known_from_older_ones():
    """F02, invariant 21: the same were said before, and never got a result."""
    table = hearing("сорок пять")
    table.see("patience", 10, coming=1, ms=1500)
    table.see("key", 100, digit="7")
    assert table.name == "keying"
    table.see("speechStarted", 300)
    table.see("interim", 300, text="сорок пять")
    table.see("speechCaptured", 100)
    table.see("heard", 200, text="сорок пять", confidence=0.9)
    assert [part["text"] for part in table.state["taken"]] == ["сорок пять", "сорок пять"]


def test_a_result_that_may_be_of_either_speech_is_reported():
    """F03, invariant 21: the first one's result may still come, and the second is of one word."""
    table = hearing("сорок пять")
    table.see("expired", 700)
    table.see("replied", 300, turn=1, text="Записал.", action="listen")
    table.speak_out(1_000)
    table.see("speechStarted", 400)
    table.see("heard", 500, text="сорок пять", confidence=0.9)
    assert table.state["turn"] == 1
    assert table.state["late"] == ["сорок пять"]


def test_a_late_result_after_which_nobody_spoke_is_not_reported():
    """It is of the words that were asked."""
    table = hearing("сорок пять")
    table.see("expired", 700)
    table.see("replied", 300, turn=1, text="Записал.", action="listen")
    table.speak_out(1_000)
    table.see("heard", 900, text="сорок пять", confidence=0.9)
    assert table.state["turn"] == 1
    assert table.state["late"] == []


def test_a_late_result_that_is_not_of_who_is_speaking_is_not_reported():
    """They say other words, or began too shortly before."""
    for other, after_ms in (("на завтра", 100), ("", 200)):
        table = hearing("сорок пять")
        table.see("expired", 700)
        table.see("replied", 300, turn=1, text="Записал.", action="listen")
        table.speak_out(1_000)
        table.see("speechStarted", 400)
        if other:
            table.see("interim", 500, text=other)
        table.see("heard", after_ms, text="сорок пять", confidence=0.9)
        assert table.state["turn"] == 1
        assert table.state["late"] == []


def test_our_own_words_in_the_callers_mouth_are_reported():
    """F12, invariant 21: an echo was passed over, and its result comes when theirs is due."""
    for ended, late in ((True, ["скажите пожалуйста"]), (False, [])):
        table = Table(barge_in__mode="asr")
        table.evaluate("state = {...state, profile: {...state.profile, operators: true}}, 0")
        table.greeted()
        table.run("state = { ...state, said: 'Скажите, пожалуйста, чем помочь?' };")
        table.see("speechStarted", 100)
        table.see("interim", 300, text="скажите пожалуйста чем помочь")
        table.see("speechStarted", 900)
        table.see("key", 400, digit="0")
        assert table.name == "calling"
        if ended:
            table.see("speechCaptured", 200)
        table.see("heard", 300, text="скажите пожалуйста", confidence=0.9)
        assert table.state["late"] == late


def test_a_yes_that_is_taken_for_the_one_before_is_reported():
    """F05, invariant 21: on a silent line it is no murmur, and somebody has spoken since."""
    for spoke, late in ((True, ["да"]), (False, [])):
        table = listening()
        table.say("да")
        table.see("replied", 100, turn=1, text="Хорошо.", action="listen")
        table.speak_out(500)
        if spoke:
            table.see("speechStarted", 700)
        table.see("heard", 400, text="да", confidence=0.9)
        assert table.state["turn"] == 1
        assert table.state["late"] == late


def test_a_yes_before_a_phrase_sounds_is_no_murmur_over_it():
    """F05, invariant 21: the phrase is ordered, and nobody has heard it."""
    table = listening()
    table.say("да")
    table.see("speechStarted", 700)
    table.see("speechCaptured", 300)
    table.see("heard", 200, text="", confidence=0.9)
    table.see("replied", 100, turn=1, text="Хорошо.", action="listen")
    table.see("heard", 100, text="да", confidence=0.9)
    assert (table.state["turn"], table.state["late"]) == (1, ["да"])


def test_a_word_said_again_is_reported_though_its_caller_has_begun_to_say_another():
    """Invariant 21: nothing was told of it before its end, and its result may be the first's."""
    table = Table(barge_in__mode="asr").asked("восемь")
    table.see("speechStarted", 400)
    table.see("speechCaptured", 300)
    table.see("speechStarted", 200)
    table.see("heard", 100, text="восемь", confidence=0.9)
    assert table.state["late"] == ["восемь"]


def test_of_one_sentence_said_twice_the_result_is_of_the_one_that_is_waited_for():
    """F02, F03, invariant 1: the first is answered, and its result may still come."""
    table = hearing("позовите оператора")
    table.see("expired", 700)
    table.see("replied", 300, turn=1, text="Доставка стоит триста рублей.", action="listen")
    table.see("phraseStarted", 200, phrase=table.state["phrase"], duration=4_000)
    table.see("speechStarted", 500)
    table.see("interim", 400, text="позовите оператора")
    table.see("speechStarted", 300)
    table.see("heard", 600, text="позовите оператора", confidence=0.9)
    parts = {part["turn"]: part["sure"] for part in table.state["taken"]}
    assert parts == {1: False, 2: True}


def test_what_was_asked_for_again_is_no_news_when_it_is_told_once_more():
    """F10, F11: words of a recogniser that has failed since, told late; nothing would end them."""
    table = listening()
    table.see("speechStarted", 300)
    table.see("speechCaptured", 900)
    heard = table.see("heard", 400, text="заказ номер пять семь", confidence=0)
    assert "say" in done(heard)
    table.see("phraseStarted", 300, phrase=table.state["phrase"], duration=3_000)
    table.see("asrFailed", 100)
    assert done(table.see("interim", 800, text="заказ номер пять семь")) == []
    assert table.name == "speaking"


def test_a_long_result_told_twice_is_not_that_of_shorter_words_in_it():
    """F05, invariant 21: theirs is still to come, and there would be no room for it."""
    table = listening()
    long = "мне привезли не то, когда вы работаете, нет, хочу записаться на завтра"
    for text in (long, "хочу записаться на завтра"):
        table.see("speechStarted", 300)
        table.see("interim", 400, text=text)
    table.see("speechStarted", 300)
    for _ in range(2):
        table.see("heard", 200, text=long, confidence=0.9)
    parts = [(part["text"], part["sure"]) for part in table.state["taken"]]
    assert parts == [(long, True), ("хочу записаться на завтра", False)]
