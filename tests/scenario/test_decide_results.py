"""The scenario's state table: results that are blank, late, or lost."""

from __future__ import annotations

import pytest

from tests.scenario.speeches import asked, hearing, listening, saying_more
from tests.scenario.table import Table, done, spoken, waits
from tests.scenario.test_decide_interruptions import answering


def test_a_blank_result_is_of_the_older_words():
    """F07, invariant 21: though the end that came last may be of either."""
    table = hearing("девятьсот шестнадцать")
    table.see("speechStarted", 300)
    table.see("interim", 400, text="сорок пять")
    table.see("speechCaptured", 300)
    assert done(table.see("heard", 200, text="", confidence=0.0)) == []
    assert table.state["words"] == "сорок пять"
    table.see("heard", 300, text="сорок пять", confidence=0.9)
    assert asked(table) == ["девятьсот шестнадцать", "сорок пять"]


def test_a_blank_result_long_after_is_of_the_present_speech():
    """F03, F07: the older words are asked and answered already."""
    table = hearing("девятьсот шестнадцать")
    table.see("expired", 3_000)
    table.see("replied", 500, turn=1, text="Записал.", action="listen")
    table.speak_out()
    table.see("speechStarted", 2_000)
    table.see("speechCaptured", 500)
    assert spoken(table.see("heard", 300, text="", confidence=0.0))


def test_a_blank_result_that_comes_twice_is_one():
    """F05, F07, invariant 21: the second is not of those who are speaking."""
    table = saying_more("восемь")
    table.see("heard", 100, text="", confidence=0.0)
    table.see("interim", 300, text="сто")
    table.see("voiceStopped", 100)
    assert done(table.see("heard", 200, text="", confidence=0.0)) == []
    assert table.state["words"] == "сто"


def test_nobody_is_cut_short_because_older_words_are_sure():
    """Invariant 21: they are speaking, and the recogniser has no word of it yet."""
    table = saying_more("восемь")
    assert waits(table.see("heard", 100, text="восемь", confidence=0.9)) is None
    assert table.name == "recognising"


def test_hesitation_after_a_whole_sentence_keeps_nobody_waiting():
    """F02, invariant 1: «мм» whose end is never told."""
    table = hearing("повторите ещё раз")
    table.see("speechStarted", 300)
    table.see("heard", 100, text="повторите ещё раз", confidence=0.9)
    table.see("interim", 100, text="мм")
    table.see("voiceStarted", 10)
    assert waits(table.see("voiceStopped", 50)) == 500


def test_a_beginning_that_is_told_after_its_end_is_not_waited_for_twice():
    """Invariant 2: their time to speak ends as if it had been told in order."""
    table = listening()
    table.see("speechCaptured", 1_000)
    table.see("speechStarted", 900)
    assert spoken(table.see("expired", 5_500))


def test_a_speech_after_one_whose_beginning_was_told_late_is_heard_out():
    """Invariant 2: its time counts from that one, not from the beginning of the call."""
    table = Table(barge_in__mode="asr", asr__interim=False)
    table.now = 1_790_000_000_000
    table.greeted()
    table.see("speechCaptured", 1_000)
    table.see("speechStarted", 100)
    table.see("voiceStarted", 100)
    assert waits(table.see("speechStarted", 100)) == 59_700


def test_a_lost_recogniser_takes_its_results_with_it():
    """F11, invariant 21: the same words, said to the next one, are other words."""
    table = hearing("восемь")
    table.see("speechCaptured", 300)
    assert "ask" in done(table.see("asrFailed", 100))
    table.see("replied", 300, turn=1, text="Хорошо.", action="listen")
    table.see("phraseStarted", 100, phrase=table.state["voice"]["phrase"], duration=3000)
    table.see("speechStarted", 300)
    table.see("interim", 300, text="восемь")
    table.see("speechCaptured", 300)
    table.see("speechStarted", 100)
    assert "ask" in done(table.see("heard", 300, text="восемь", confidence=0.9))
    assert table.state["turn"] == 2


def test_an_answer_that_came_by_stream_is_spoken_though_http_failed():
    """F27, invariant 7: who broke in upon it said nothing after all."""
    table = listening()
    table.see("streamReady")
    table.say("Где вы?")
    assert "ask" in done(table.see("expired", 1_500))
    table.see("said", 200, turn=1, part=1, text="На Тверской.")
    table.see("answered", 100, turn=1, parts=1, text="На Тверской.", action="listen")
    table.see("speechStarted", 100)
    table.see("interim", 300, text="нет нет")
    assert table.state["overtaken"]
    table.see("failed", 100, turn=1, retry=True, retryMs=100, unknown=False)
    table.see("speechCaptured", 300)
    assert spoken(table.see("heard", 300, text="", confidence=0.0)) == "На Тверской."


def test_who_has_waited_for_a_result_in_vain_hears_the_filler_sooner():
    """F03, invariant 1: so much has passed when the turn closes without it; after three seconds
    nothing is waited for any more."""
    for waited, ms in ((2_900, 600), (3_000, 1)):
        table = hearing("где вы находитесь")
        table.see("speechCaptured", 100)
        actions = table.see("expired", waited - 100)
        assert "ask" in done(actions)
        assert waits(actions) == ms


def test_agreement_with_what_was_not_heard_yet_is_reported():
    """Invariant 21: the answer was dropped before it sounded."""
    table = Table(barge_in__mode="asr").asked()
    table.see("replied", 300, turn=1, text="Доставка стоит триста рублей.", action="listen")
    table.see("heard", 100, text="и сколько ждать", confidence=0.9)
    assert table.name == "thinking"
    table.see("speechStarted", 100)
    table.see("speechCaptured", 300)
    table.see("heard", 300, text="понятно", confidence=0.9)
    assert table.state["turn"] == 3


def test_a_yes_that_was_said_before_the_question_does_not_answer_it():
    """Invariant 21: its result comes when the question is about to be heard."""
    table = Table(barge_in__mode="asr").asked()
    table.see("speechStarted", 100)
    table.see("interim", 300, text="да")
    table.see("replied", 100, turn=1, text="Хотите, я запишу вас?", action="listen")
    table.see("speechStarted", 100)
    assert "ask" in done(table.see("heard", 200, text="да", confidence=0.9))
    assert table.state["question"]["text"] == "Сколько стоит доставка? да"


def test_what_was_overheard_and_never_got_a_result_is_reported():
    """F03, F07, invariant 21: or its result was taken for another's of the same words."""
    table = answering()
    table.see("interim", 300, text="стойте")
    table.see("speechStarted", 200)
    assert taken_while_speaking(table) == ["стойте"]
    table.see("disconnected", 200)
    assert table.state["late"] == ["стойте"]


def test_what_is_said_into_our_goodbye_is_reported():
    """Invariant 21: also where no result comes of it any more."""
    table = answering()
    table.see("key", 100, digit="#")
    assert table.state["voice"]["next"] == "leave"
    table.see("interim", 300, text="погодите минуту")
    table.see("disconnected", 300)
    assert table.state["late"] == ["погодите минуту"]


def test_a_blank_result_does_not_end_words_that_go_on():
    """F07, invariant 1: nothing older is awaited; it is of a sound before them."""
    table = listening()
    table.see("voiceStarted", 100)
    table.see("speechStarted", 50)
    table.see("interim", 400, text="когда")
    table.see("speechCaptured", 50)
    assert done(table.see("heard", 100, text="", confidence=0.0)) == []
    assert table.state["words"] == "когда"


def taken_while_speaking(table: Table) -> list[str]:
    return [part["text"] for part in table.state["taken"] if part["turn"] == -1]


def test_a_result_without_a_word_of_what_was_just_said_takes_no_place():
    """F07, invariant 21: it is of words before, of which a blank result has told too early."""
    table = hearing("девятьсот шестнадцать")
    table.see("speechCaptured", 300)
    table.see("heard", 200, text="сорок пять", confidence=0.9)
    assert table.state["words"] == "девятьсот шестнадцать"
    table.see("expired", 700)
    assert asked(table) == ["сорок пять", "девятьсот шестнадцать"]


def test_a_beginning_that_is_told_after_its_end_is_the_same_speech():
    """Invariant 2: where a recogniser tells no words before the end, it is not waited for anew."""
    table = Table(barge_in__mode="asr", asr__interim=False).greeted()
    assert waits(table.see("speechCaptured", 1_000)) == 3_000
    assert waits(table.see("speechStarted", 100)) is None
    assert table.name == "recognising"
    table.see("heard", 300, text="мой номер", confidence=0.9)
    assert asked(table) == ["мой номер"]


@pytest.mark.parametrize(("silent_ms", "filler_ms"), [(1_500, 2_000), (4_000, 1_000), (6_000, 0)])
def test_whose_result_was_very_late_hears_the_filler_sooner(silent_ms, filler_ms):
    """Invariant 2: it is of words long ago, and nobody has spoken since."""
    table = listening()
    table.see("heard", silent_ms, text="сколько стоит доставка", confidence=0.9)
    assert table.state["fillAt"] - table.now == filler_ms
