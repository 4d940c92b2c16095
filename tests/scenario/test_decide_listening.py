"""The scenario's state table: what the caller does, or does not."""

from __future__ import annotations

from tests.scenario.table import Table, done, spoken, waits


def test_silence_is_asked_about_twice_then_goodbye():
    """F01: two re-prompts with different words, then a goodbye for `no_input`."""
    table = Table().greeted()
    first = spoken(table.see("expired", 6500))
    table.speak_out()
    second = spoken(table.see("expired", 6500))
    table.speak_out()
    third = spoken(table.see("expired", 6500))
    assert len({first, second, third}) == 3
    assert table.state["reason"] == "no_input"
    assert done(table.speak_out()) == ["hangup", "wait"]


def test_speech_that_is_never_captured_is_asked_about():
    """F02: without interim results the caller has twelve seconds."""
    table = Table(asr__interim=False).greeted()
    assert waits(table.see("speechStarted", 100)) == 12000
    assert spoken(table.see("expired", 12000))


def test_a_recogniser_that_died_is_told_from_a_caller_who_speaks_for_long():
    """F02: once the line is silent the wait is short; while there is a voice it is long."""
    table = Table(asr__interim=False).greeted()
    table.see("speechStarted", 100)
    assert waits(table.see("voiceStopped", 900)) == 6500
    assert waits(table.see("voiceStarted", 900)) == 60_000 - 1_800


def test_the_words_of_reprompts_change():
    """The same sentence is never asked twice in a row, over turns too."""
    table = Table().greeted()
    first = spoken(table.see("expired", 6500))
    table.speak_out()
    table.say("Где вы?")
    table.see("replied", 100, turn=1, text="Здесь.", action="listen")
    table.speak_out()
    assert spoken(table.see("expired", 6500)) != first


def test_a_lost_result_is_asked_about_after_three_seconds():
    """F03: speech captured, no result."""
    table = Table().greeted()
    table.see("speechStarted", 100)
    assert waits(table.see("speechCaptured", 100)) == 3000
    assert spoken(table.see("expired", 3000))
    assert table.state["turn"] == 0


def test_a_detector_that_tells_the_end_late_makes_nobody_wait_for_the_result():
    """F03, invariant 1: a sound that follows would make them wait anew."""
    table = Table(barge_in__mode="vad").greeted()
    table.see("voiceStarted", 300)
    table.see("speechStarted", 50)
    table.see("interim", 1_200, text="хочу записаться на завтра")
    assert waits(table.see("speechCaptured", 300)) == 3_000
    assert waits(table.see("voiceStopped", 150, lateMs=650)) == 1_500 - 450
    assert "ask" in done(table.see("expired", 1_050))


def test_a_result_that_comes_during_the_reprompt_is_taken():
    """A slow recogniser: the re-prompt is cut and the words become the turn."""
    table = Table().greeted()
    table.see("speechStarted", 100)
    table.see("speechCaptured", 100)
    table.see("expired", 3000)
    actions = table.see("heard", 200, text="Где вы находитесь?", confidence=0.9)
    assert "hush" in done(actions)
    assert "ask" in done(actions)


def test_the_same_result_twice_is_one_turn():
    """F05: the second one is dropped in every state."""
    table = Table().asked("Где вы?")
    assert table.see("heard", 5, text="Где вы?", confidence=0.9) == []
    table.see("replied", 300, turn=1, text="Здесь.", action="listen")
    assert table.see("heard", 5, text="Где вы?", confidence=0.9) == []
    table.speak_out()
    assert table.see("heard", 5, text="Где вы?", confidence=0.9) == []
    assert table.state["turn"] == 1
    assert table.state["late"] == []


def test_the_same_words_said_again_are_a_new_turn():
    """A caller who repeats the question gets an answer again."""
    table = Table().asked("Где вы?")
    table.see("replied", 300, turn=1, text="Здесь.", action="listen")
    table.speak_out()
    assert "ask" in done(table.say("Где вы?"))


def test_blank_text_is_asked_about_and_is_no_turn():
    """F07."""
    table = Table().greeted()
    actions = table.say("")
    assert spoken(actions)
    assert "ask" not in done(actions)
    assert table.state["turn"] == 0


def test_low_confidence_is_asked_about_once_then_taken():
    """F10: never an endless loop."""
    table = Table().greeted()
    assert "ask" not in done(table.say("бу бу", 0.1))
    table.speak_out()
    assert "ask" in done(table.say("бу бу бу", 0.1))


def test_a_recogniser_without_confidence_is_doubted_once_in_a_call():
    """F10: a vendor that gives no confidence must not be asked about in every turn."""
    table = Table().greeted()
    assert "ask" not in done(table.say("раз", 0))
    table.speak_out()
    assert "ask" in done(table.say("раз два", 0))
    table.see("replied", 300, turn=1, text="Да.", action="listen")
    table.speak_out()
    assert "ask" in done(table.say("три", 0))


def test_a_dead_recogniser_is_renewed_once():
    """F11: the second fault says goodbye."""
    table = Table().greeted()
    actions = table.see("asrFailed", 100)
    assert "stopEars" in done(actions)
    assert spoken(actions)
    table.speak_out()
    table.see("asrFailed", 100)
    assert table.state["reason"] == "recogniser_down"


def test_endless_speech_is_cut():
    """F15: after a minute of interim results the speech is taken as it is."""
    table = Table().greeted()
    table.see("speechStarted", 100)
    for _ in range(59):
        table.see("interim", 1000)
    assert table.name == "hearing"
    table.see("interim", 1500)
    assert table.name == "recognising"


def test_words_after_hang_up_are_kept_for_the_report():
    """F04: no turn, no question to the model."""
    table = Table().greeted()
    table.see("speechStarted", 100)
    table.see("disconnected", 100)
    assert table.see("heard", 100, text="и ещё одно", confidence=0.9) == []
    report = table.see("expired", 400)[1]
    assert report["late"] == ["и ещё одно"]
    assert report["turns"] == 0
    assert report["reason"] == "caller_hung_up"


def test_who_only_hesitates_for_a_minute_is_asked_again():
    """F15: «э» is no turn that could be acknowledged; one phrase is said, and a deadline set."""
    table = Table(limits__utterance_ms=5000).greeted()
    table.see("speechStarted", 100)
    table.see("interim", 200, text="э")
    for _ in range(6):
        if table.name == "hearing":
            table.see("interim", 1000, text="э")
    assert table.name == "recognising"
    asked = table.see("expired", 3000)
    assert done(asked).count("say") == 1
    assert waits(asked) > 0
