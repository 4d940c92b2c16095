"""The scenario's state table: the backend's answer, or none."""

from __future__ import annotations

import pytest

from tests.scenario.table import Table, done, spoken, waits


def test_a_slow_answer_gets_a_filler_then_an_apology():
    """F28: filler at 2 s, apology at 7 s, the late reply is dropped."""
    table = Table().asked()
    filler = table.see("expired", 2000)
    assert "Секунду" in spoken(filler)
    assert waits(filler) == 5000
    assert table.name == "thinking"
    apology = table.see("expired", 5000)
    assert "Извините" in spoken(apology)
    assert table.see("replied", 100, turn=1, text="Поздно.", action="listen") == []


def test_an_answer_waits_for_the_end_of_the_filler():
    """Invariant 3: never two voices."""
    table = Table().asked()
    phrase = table.see("expired", 2000)[0]["phrase"]
    table.see("phraseStarted", 300, phrase=phrase, duration=1200)
    held = table.see("replied", 200, turn=1, text="Триста рублей.", action="listen")
    assert done(held) == ["wait"]
    assert spoken(table.see("phraseEnded", 1000, phrase=phrase, failed=False)) == "Триста рублей."


def test_a_filler_that_never_ends_is_stopped():
    """F19 under an answer that is ready."""
    table = Table().asked()
    phrase = table.see("expired", 2000)[0]["phrase"]
    table.see("phraseStarted", 300, phrase=phrase, duration=1200)
    held = table.see("replied", 200, turn=1, text="Триста рублей.", action="listen")
    assert waits(held) == 1200 - 200 + 1500  # the rest of the filler, and its grace
    actions = table.see("expired", waits(held))
    assert done(actions)[0] == "hush"
    assert spoken(actions) == "Триста рублей."


def test_a_broken_connection_is_tried_once_more_under_the_same_turn():
    """F27, F29: the same turn number, the time that is left."""
    table = Table().asked()
    retry = table.see("failed", 300, turn=1, retry=True, retryMs=90, unknown=False)
    assert retry[0]["do"] == "ask"
    assert retry[0]["turn"] == 1
    assert retry[0]["ms"] < 7000
    assert spoken(table.see("failed", 300, turn=1, retry=True, retryMs=90, unknown=False))


def test_no_second_attempt_without_time():
    """F29: a retry needs two and a half seconds."""
    table = Table().asked()
    table.see("expired", 2000)
    actions = table.see("failed", 2700, turn=1, retry=True, retryMs=90, unknown=False)
    assert "ask" not in done(actions)


def test_our_own_mistake_is_not_tried_again():
    """F30."""
    table = Table().asked()
    actions = table.see("failed", 100, turn=1, retry=False, retryMs=90, unknown=False)
    assert "Извините" in spoken(actions)


def test_a_backend_that_lost_the_call_is_told_of_it_again():
    """404 unknown_call: the second attempt carries the call's start."""
    table = Table().asked()
    retry = table.see("failed", 100, turn=1, retry=True, retryMs=50, unknown=True)
    assert retry[0]["start"] is True


def test_retry_after_is_obeyed_within_the_turn():
    """F31: 1 s is waited for, 30 s are not."""
    table = Table().asked()
    assert (
        table.see("failed", 100, turn=1, retry=True, retryMs=1000, unknown=False)[0]["delay"]
        == 1000
    )
    table = Table().asked()
    assert spoken(table.see("failed", 100, turn=1, retry=True, retryMs=30000, unknown=False))


def test_the_third_bad_turn_in_a_row_says_goodbye():
    """F27: at most two apologies in a row."""
    table = Table().greeted()
    for turn in (1, 2):
        table.say(f"вопрос {turn}")
        table.see("failed", 100, turn=turn, retry=False, retryMs=0, unknown=False)
        table.speak_out()
    table.say("вопрос 3")
    table.see("failed", 100, turn=3, retry=False, retryMs=0, unknown=False)
    assert table.state["reason"] == "backend_down"
    assert done(table.speak_out()) == ["hangup", "wait"]


def test_apologies_of_the_backend_count_too():
    """Invariant 10: it does not matter who apologises."""
    table = Table().greeted()
    for turn in (1, 2, 3):
        table.say(f"вопрос {turn}")
        table.see(
            "replied", 100, turn=turn, text="Извините.", action="listen", outcome="apologised"
        )
        if turn < 3:
            table.speak_out()
    assert table.state["reason"] == "backend_down"


def test_an_apology_of_the_backend_that_waited_for_the_caller_counts_too():
    """Invariant 10: it came while they were saying more, and was all there was to go back to."""
    table = Table(barge_in__mode="asr").greeted()
    for turn in (1, 2, 3):
        table.say(f"вопрос {turn}")
        table.see("speechStarted", 50)
        table.see("interim", 200, text="ещё вопрос")
        table.see(
            "replied", 100, turn=turn, text="Извините.", action="listen", outcome="apologised"
        )
        table.see("speechCaptured", 100)
        table.see("heard", 100, text="", confidence=0.0)
        assert table.state["apologies"] == turn
        table.speak_out()
    assert table.state["reason"] == "backend_down"


def test_a_reply_to_an_older_turn_is_dropped():
    """F53, invariant 5: while a newer turn is being asked, it is not spoken."""
    table = Table().asked()
    table.see("failed", 100, turn=1, retry=False, retryMs=0, unknown=False)
    table.speak_out()
    table.say("другой вопрос")
    assert table.see("replied", 10, turn=1, text="Старое.", action="listen") == []


def test_the_twelfth_answer_is_followed_by_a_goodbye():
    """Twelve turns, then goodbye and hang-up."""
    table = Table().greeted()
    for turn in range(1, 13):
        table.say(f"вопрос {turn}")
        table.see("replied", 200, turn=turn, text=f"ответ {turn}", action="listen")
        last = table.speak_out()
    assert "до свидания" in spoken(last).lower()
    assert table.state["reason"] == "turn_limit"
    assert done(table.speak_out()) == ["hangup", "wait"]


def test_the_backend_may_end_the_call():
    """`action: hangup`: its words are spoken, then the line is closed."""
    table = Table().asked("До свидания")
    table.see("replied", 200, turn=1, text="Всего доброго!", action="hangup")
    assert done(table.speak_out()) == ["hangup", "wait"]
    assert table.state["reason"] == "assistant_hung_up"


def test_who_broke_in_with_nothing_hears_a_filler_again():
    """Invariant 1: the first one was cut by their sound; what it was, nobody has understood."""
    table = Table(barge_in__mode="asr").asked()
    assert spoken(table.see("expired", 2_000)) is not None
    table.see("speechStarted", 100)
    assert "hush" in done(table.see("interim", 300, text="повторите ещё"))
    table.see("speechCaptured", 300)
    waited = table.see("heard", 300, text="", confidence=0.0)
    assert table.name == "thinking"
    assert waits(waited) <= 700
    assert spoken(table.see("expired", 700)) == table.state["profile"]["texts"]["filler"]


def test_who_made_a_sound_before_the_filler_hears_it_at_once():
    """Invariant 1: it is due, and nothing of it was heard that could be heard twice."""
    table = Table(barge_in__mode="asr").asked()
    table.see("voiceStarted", 1_500)
    table.see("speechStarted", 100)
    table.see("interim", 300, text="э")
    table.see("voiceStopped", 100)
    table.see("speechCaptured", 200)
    waited = table.see("heard", 300, text="", confidence=0.0)
    assert table.name == "thinking"
    assert waits(waited) == 1


def test_who_waited_for_an_end_that_nobody_told_waits_no_longer_for_the_answer():
    """F19, F28: the time of a turn begins when the caller has said all."""
    table = Table(barge_in__mode="asr")
    table.see("alerted")
    table.see("profiled", 100, confirmed=True)
    table.see("connected", 100)
    table.see("phraseStarted", 200, phrase=1, duration=2_000)
    table.see("speechStarted", 200)
    table.see("heard", 300, text="да", confidence=0.9)
    asked = table.see("expired", 3_000)
    question = next(each for each in asked if each["do"] == "ask")
    assert question["ms"] == table.state["profile"]["limits"]["turn_ms"] - 1_500


def test_what_is_no_word_keeps_no_answer_waiting():
    """Invariant 1: 1.5 s after the last words, however often they hesitate or cough."""
    table = Table(barge_in__mode="asr").asked()
    table.see("speechStarted", 100)
    table.see("interim", 300, text="и когда привезут")
    table.see("speechStarted", 300)
    table.see("interim", 200, text="мм")
    table.see("speechStarted", 400)
    assert waits(table.see("speechCaptured", 100)) == 500


@pytest.mark.parametrize(
    ("now", "sent"),
    [
        ("{ turn: 1, name: 'thinking', answer: { done: false } }", 1),
        ("{ turn: 1, name: 'hearing', answer: { done: false } }", 1),
        ("{ turn: 1, name: 'speaking', answer: { done: true } }", 0),
        ("{ turn: 1, name: 'listening', answer: null }", 0),
        ("{ turn: 2, name: 'thinking', answer: { done: false } }", 0),
    ],
)
def test_a_second_attempt_that_waits_is_made_as_long_as_its_answer_is_wanted(now, sent):
    """F29, F31: also when the caller has begun to speak meanwhile, and perhaps says nothing."""
    table = Table()
    table.run(
        "var sent = 0, due; setTimeout = (what) => { due = what; };"
        "sendTurn = () => { sent += 1; return null; };"
        "const line = { state, queue: [], busy: false };"
        "ACT.ask(line, { way: 'http', turn: 1, delay: 2000 });"
        f"line.state = {now}; due();"
    )
    assert table.evaluate("sent") == sent
