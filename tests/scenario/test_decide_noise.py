"""The scenario's state table: noise beside the caller, of which no recogniser has a word."""

from __future__ import annotations

from tests.scenario.speeches import asked, hearing, listening
from tests.scenario.table import Table, done, spoken, waits


def answering(**settings: object) -> Table:
    """The answer of turn 1 begins to sound; nobody has been noticed since."""
    table = Table(barge_in__mode="asr", **settings).asked()
    table.see("replied", 300, turn=1, text="Триста рублей.", action="listen")
    table.see("phraseStarted", 200, phrase=table.state["voice"]["phrase"], duration=2_000)
    return table


def test_noise_wins_no_time():
    """F16, invariant 2: a recogniser that has noticed somebody and has no word of them is not
    waited for anew with every sound."""
    table = listening()
    table.see("voiceStarted", 300)
    assert waits(table.see("speechStarted", 50)) == 6_500
    assert waits(table.see("voiceStopped", 300)) == 6_200
    assert waits(table.see("voiceStarted", 4_000)) == 2_200
    assert waits(table.see("voiceStopped", 1_500)) == 700
    assert waits(table.see("voiceStarted", 600)) == 500, "who begins now is noticed by then"
    assert spoken(table.see("expired", 500))


def test_noise_does_not_hold_up_what_was_dictated():
    """F16, invariant 1: it is known; a sound is waited for until it can have been noticed."""
    table = Table(barge_in__mode="asr").asked()
    table.see("replied", 300, turn=1, text="Назовите номер.", action="listen", patience=1_200)
    table.speak_out()
    table.see("voiceStarted", 300)
    table.see("speechStarted", 50)
    table.see("interim", 600, text="девятьсот шестнадцать")
    table.see("voiceStopped", 100)
    table.see("speechCaptured", 300)
    assert waits(table.see("heard", 300, text="девятьсот шестнадцать", confidence=0.9)) == 1_200
    assert waits(table.see("voiceStarted", 850)) == 500
    assert waits(table.see("voiceStopped", 400)) == 500
    assert "ask" in done(table.see("expired", 500))
    assert asked(table) == ["девятьсот шестнадцать"]


def test_who_is_noticed_beside_what_was_dictated_is_heard():
    """F16: it was no noise."""
    table = Table(barge_in__mode="asr").asked()
    table.see("replied", 300, turn=1, text="Назовите номер.", action="listen", patience=1_200)
    table.speak_out()
    table.see("speechStarted", 50)
    table.see("speechCaptured", 900)
    table.see("heard", 300, text="девятьсот шестнадцать", confidence=0.9)
    table.see("voiceStarted", 1_000)
    assert waits(table.see("speechStarted", 100)) == 1_500, "their first words come by then"


def test_a_hesitation_in_a_noise_holds_up_no_answer():
    """F02, F16, invariant 1: «мм» is no word, whoever may still be speaking."""
    table = hearing("хочу записаться на завтра")
    table.see("voiceStarted", 100)
    table.see("speechStarted", 80)
    table.see("heard", 200, text="хочу записаться на завтра", confidence=0.9)
    assert waits(table.see("interim", 200, text="мм")) == 1_500


def test_coughs_after_a_hesitation_hold_up_no_answer():
    """F02, invariant 1: who said «э» into the time of an answer has until then to say a word."""
    table = Table(barge_in__mode="asr").asked()
    table.see("voiceStarted", 300)
    table.see("speechStarted", 50)
    table.see("interim", 400, text="э")
    assert table.name == "hearing"
    assert waits(table.see("speechStarted", 500)) == 1_000
    assert waits(table.see("speechStarted", 700)) == 300


def test_a_hesitation_after_words_holds_up_no_answer():
    """Invariant 1: nor does the cough after it; what was said before is known."""
    table = Table(barge_in__mode="asr").asked()
    table.see("voiceStarted", 300)
    table.see("speechStarted", 50)
    table.see("interim", 400, text="нет мне привезли")
    table.see("speechStarted", 300)
    table.see("interim", 300, text="мм")
    assert waits(table.see("speechStarted", 100)) == 800


def test_noise_after_words_that_are_not_sure_is_no_part_of_them():
    """F16, invariant 1: the caller's end is some time after their words, whatever sounds go on."""
    table = hearing("когда вы работаете")
    table.see("voiceStarted", 300)
    assert waits(table.see("voiceStopped", 2_500)) == 3_000 - (2_900 - 1_500)


def test_a_cough_after_words_whose_result_is_due_costs_little():
    """Invariant 1: they have been said for long enough."""
    table = hearing("хочу записаться на завтра")
    table.see("speechCaptured", 300)
    table.see("voiceStarted", 100)
    table.see("speechStarted", 80)
    table.see("speechCaptured", 600)
    assert waits(table.see("voiceStopped", 150)) == 500


def test_a_noise_while_our_echo_is_recognised_is_no_speech():
    """F16, invariant 2: the caller's time runs from the end of our phrase."""
    table = listening()
    table.see("voiceStarted", 300)
    table.see("speechStarted", 50)
    greeting = table.state["said"]
    table.see("interim", 200, text=greeting)
    table.see("speechCaptured", 200)
    quiet_at = table.state["quietAt"]
    table.see("voiceStopped", 900)
    assert table.state["quietAt"] == quiet_at


def test_a_noise_while_our_echo_is_still_to_be_recognised_wins_no_time():
    """F12, F16, invariant 2: the echo began over our voice, and its result comes late."""
    table = answering()
    table.see("speechStarted", 100)
    table.see("interim", 400, text="триста рублей")
    table.see("speechCaptured", 200)
    table.see("phraseEnded", 1_300, phrase=table.state["voice"]["phrase"], failed=False)
    quiet_at = table.state["quietAt"]
    table.see("voiceStarted", 1_000)
    table.see("voiceStopped", 400)
    assert (table.name, table.state["quietAt"]) == ("listening", quiet_at)


def test_a_noise_while_nobody_was_noticed_wins_no_time():
    """F16, invariant 2: the caller's time runs from the end of our phrase."""
    table = answering()
    table.see("voiceStarted", 1_000)
    quiet_at = table.state["quietAt"]
    table.see("voiceStopped", 500)
    assert table.state["quietAt"] == quiet_at


def test_noise_does_not_break_a_phrase_into_pieces():
    """F16: sounds without words pause it twice at most; words still stop it."""
    table = Table(barge_in__mode="vad").asked()
    table.see("replied", 300, turn=1, text="Доставка стоит триста рублей.", action="listen")
    table.see("phraseStarted", 200, phrase=table.state["voice"]["phrase"], duration=9_000)
    for _ in range(2):
        table.see("voiceStarted", 500)
        assert "pause" in done(table.see("expired", 300))
        assert "resume" in done(table.see("expired", 1_200))
        table.see("voiceStopped", 100)
    assert waits(table.see("voiceStarted", 500)) > 300
    assert table.name == "speaking"
    table.see("speechStarted", 100)
    assert "hush" in done(table.see("interim", 500, text="а за город"))


def test_noise_that_does_not_end_holds_up_no_answer():
    """F16, invariant 1: all is known, the recogniser has told the end of a sound without words."""
    table = hearing("хочу записаться на завтра")
    table.see("speechCaptured", 300)
    table.see("voiceStarted", 100)
    table.see("speechStarted", 80)
    table.see("heard", 200, text="хочу записаться на завтра", confidence=0.9)
    assert waits(table.see("speechCaptured", 300)) == 500, "so long ago were they said"


def test_whose_end_was_told_is_not_taken_for_a_speaker_of_a_minute():
    """F03, F16, invariant 2: without interim results, over our voice: the result is due, the line
    goes on."""
    table = answering(asr__interim=False)
    table.see("speechStarted", 1_000)
    table.see("voiceStarted", 50)
    table.see("speechCaptured", 700)
    ended = table.see("phraseEnded", 250, phrase=table.state["voice"]["phrase"], failed=False)
    assert waits(ended) == 3_000
