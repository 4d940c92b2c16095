"""The scenario's state table: words are taken in parts, and each result finds the part it is of."""

from __future__ import annotations

import pytest

from tests.scenario.table import Table, done, spoken, waits
from tests.scenario.test_decide_interruptions import answering

REPEATED = "Доставка стоит триста рублей."


def taken(table: Table) -> list[tuple[int, str]]:
    """The parts, each with its turn."""
    return [(part["turn"], part["text"]) for part in table.state["taken"]]


def dictating(*numbers: str) -> Table:
    """The caller has said these, one after the other; the results are still to come."""
    table = Table(barge_in__mode="asr").greeted()
    for number in numbers:
        table.see("speechStarted", 300)
        table.see("interim", 700, text=number)
    return table


def test_each_part_is_put_right_by_its_own_result():
    table = dictating("девятьсот шестнадцать", "сто двадцать три", "сорок пять")
    table.see("heard", 200, text="сто двадцать три с половиной", confidence=0.9)
    table.see("heard", 200, text="девятьсот шестнадцать", confidence=0.9)
    table.see("speechCaptured", 100)
    table.see("heard", 300, text="сорок пять", confidence=0.9)
    asked = table.state["question"]["text"]
    assert asked == "девятьсот шестнадцать сто двадцать три с половиной сорок пять"


def test_the_same_words_twice_are_two_parts():
    """F05 is the same result twice; this is a caller who repeats himself."""
    table = dictating("восемь", "восемь")
    table.see("speechCaptured", 100)
    table.see("heard", 100, text="восемь", confidence=0.9)
    table.see("heard", 300, text="восемь", confidence=0.9)
    assert taken(table) == [(1, "восемь"), (1, "восемь")]


def test_what_was_overheard_interrupts_with_its_result():
    """One word is too little; its result is a turn, and what they say since then goes on."""
    table = answering()
    table.see("interim", 400, text="Казань")
    table.see("speechCaptured", 100)
    table.see("speechStarted", 200)
    assert taken(table)[-1] == (-1, "Казань")
    assert table.name == "speaking"
    table.see("interim", 300, text="Самара")
    assert "hush" in done(table.see("heard", 100, text="Казань", confidence=0.9))
    assert table.state["question"]["text"] == "Казань"
    assert table.state["fresh"]
    assert table.state["words"] == "Самара"


def test_a_blank_result_is_of_the_part_that_has_waited_longest():
    """F07: the next result is not taken for it."""
    table = dictating("восемь", "восемь")
    table.see("heard", 200, text="", confidence=0)
    assert [part["sure"] for part in table.state["taken"]] == [True]
    assert table.name == "hearing"


def test_words_that_are_said_again_are_not_a_late_result():
    """F03: the first ones' result never came, and most results come within six seconds."""
    table = answering(REPEATED)
    table.see("interim", 500, text="стойте повторите цену")
    table.see("voiceStopped", 500)
    table.see("expired", 3000)
    assert taken(table)[-1] == (2, "стойте повторите цену")
    table.see("replied", 900, turn=2, text=REPEATED, action="listen")
    table.speak_out()
    table.see("speechStarted", 500)
    table.see("interim", 900, text="стойте повторите цену")
    table.see("speechCaptured", 300)
    actions = table.see("heard", 300, text="Стойте, повторите цену", confidence=0.9)
    assert [a["turn"] for a in actions if a["do"] == "ask"] == [3]


def test_a_result_that_went_nowhere_is_reported():
    """The last turn is being answered: nothing more can be asked."""
    table = Table(barge_in__mode="asr", limits__turns=1).asked()
    table.see("speechStarted", 100)
    table.see("interim", 500, text="и ещё вопрос")
    table.see("speechCaptured", 300)
    table.see("heard", 300, text="и ещё один вопрос", confidence=0.9)
    assert table.state["late"] == ["и ещё один вопрос"]


def test_no_echo_after_all():
    """What was passed over as ours, and is not, by its result: nothing is lost of it."""
    table = answering()
    table.see("interim", 300, text="стоит триста")
    table.see("speechStarted", 300)
    table.see("heard", 300, text="стоит двести", confidence=0.9)
    assert table.name == "speaking"
    assert table.state["late"] == ["стоит двести"]


def test_an_echo_that_was_passed_over_is_not_reported():
    """F12."""
    table = answering()
    table.see("interim", 300, text="стоит триста")
    table.see("speechStarted", 300)
    table.see("heard", 300, text="стоит триста рублей", confidence=0.9)
    assert table.state["late"] == []


def test_an_interim_that_says_more_is_no_old_one():
    """A caller who goes on after one word was taken for an echo's result is heard."""
    table = answering()
    table.see("interim", 300, text="стойте")
    table.see("speechStarted", 200)
    table.see("speechCaptured", 100)
    table.see("heard", 200, text="доставка стоит триста", confidence=0.9)
    table.see("interim", 200, text="стойте повторите")
    assert table.name == "hearing"


def test_who_said_yes_into_a_question_waits_from_the_questions_end():
    """F19, invariant 1: an end that was never reported has cost them time already."""
    table = answering("Вам удобно завтра?")
    table.see("heard", 600, text="да", confidence=0.9)
    actions = table.see("expired", 4000)
    assert "ask" in done(actions)
    assert waits(actions) < 2000


def test_words_over_the_goodbye_are_reported():
    table = Table(barge_in__mode="asr", limits__turns=1).asked()
    table.see("replied", 300, turn=1, text="Триста рублей.", action="listen")
    table.see("phraseStarted", 200, phrase=table.state["voice"]["phrase"], duration=4000)
    table.see("speechStarted", 500)
    table.see("interim", 700, text="подождите пожалуйста")
    table.see("disconnected", 300)
    assert table.state["late"] == ["подождите пожалуйста"]


def test_unfinished_speech_goes_with_the_recogniser_that_heard_it():
    """F11: nobody waits for its result, a line that sounds or not."""
    table = Table(barge_in__mode="asr", asr__interim=False).asked()
    table.see("replied", 100, turn=1, text="Триста рублей.", action="listen")
    table.see("phraseStarted", 100, phrase=table.state["phrase"], duration=2_000)
    table.see("voiceStarted", 400)
    table.see("speechStarted", 10)
    table.see("asrFailed", 10)
    ended = table.see("phraseEnded", 1_600, phrase=table.state["phrase"], failed=False)
    assert waits(ended) <= table.state["profile"]["limits"]["no_speech_ms"]


def test_a_hesitation_is_no_turn():
    """Nobody has said anything yet."""
    table = Table().greeted()
    table.see("speechStarted", 500)
    table.see("interim", 200, text="э эм")
    table.see("voiceStopped", 100)
    assert spoken(table.see("expired", 3_000)) is not None
    assert table.state["turn"] == 0


def test_hesitations_in_a_row_are_no_turn():
    """F03: sounds, one after the other, of which no result tells more."""
    table = Table().greeted()
    for text in ("э", "мм"):
        table.see("speechStarted", 300)
        table.see("interim", 200, text=text)
    table.see("speechStarted", 300)
    table.see("voiceStopped", 100)
    assert spoken(table.see("expired", 3_000)) is not None
    assert table.state["turn"] == 0


def test_the_result_of_what_is_said_now_is_of_now_though_it_was_said_before():
    """The turn is asked at once; the older words are known all the same."""
    table = Table(barge_in__mode="asr").greeted()
    for text in ("заказ номер пять", "заказ номер пять"):
        table.see("speechStarted", 300)
        table.see("interim", 300, text=text)
    table.see("speechCaptured", 300)
    asked = table.see("heard", 300, text="заказ номер пять", confidence=0.9)
    assert "ask" in done(asked)


def test_an_older_result_is_no_turn_while_the_caller_says_other_words():
    """Both are one turn, in the order in which they were said."""
    table = Table(barge_in__mode="asr").greeted()
    table.see("speechStarted", 300)
    table.see("speechCaptured", 400)
    table.see("speechStarted", 100)
    table.see("interim", 300, text="сколько стоит")
    assert "ask" not in done(table.see("heard", 100, text="добрый день", confidence=0.9))
    table.see("speechCaptured", 300)
    table.see("heard", 300, text="сколько стоит", confidence=0.9)
    assert table.state["question"]["text"] == "добрый день сколько стоит"


@pytest.mark.parametrize("words", ["подождите пожалуйста", "в Казань пожалуйста"])
def test_what_was_overheard_is_no_turn_while_the_caller_is_listened_to(words):
    table = answering()
    table.see("interim", 400, text="Казань")
    table.see("speechCaptured", 100)
    table.see("speechStarted", 200)
    table.see("interim", 300, text=words)
    assert table.name == "hearing"
    assert "ask" not in done(table.see("heard", 100, text="Казань", confidence=0.9))
    assert taken(table)[-1] == (2, "Казань")


def test_a_result_like_one_of_long_ago_is_new():
    """F05 is the same result twice in a row."""
    table = Table(barge_in__mode="asr").asked("сто двадцать три")
    table.see("replied", 300, turn=1, text="Триста рублей.", action="listen")
    table.speak_out()
    table.see("speechStarted", 300)
    table.see("interim", 300, text="восемь")
    table.see("speechStarted", 500)
    table.see("heard", 100, text="восемь", confidence=0.9)
    assert table.state["lastText"] == "восемь"


def test_known_words_do_not_wait_for_a_hesitation():
    """F03: whoever says "um" after a sentence has said it."""
    table = Table(barge_in__mode="asr").greeted()
    table.see("speechStarted", 300)
    table.see("interim", 300, text="где вы")
    table.see("voiceStarted", 10)
    table.see("speechStarted", 300)
    table.see("heard", 100, text="где вы", confidence=0.9)
    table.see("interim", 200, text="мм")
    table.see("speechCaptured", 200)
    assert waits(table.see("voiceStopped", 100)) <= 500
    assert "ask" in done(table.see("expired", 500))
    assert table.state["question"]["text"] == "где вы"


def test_an_echo_does_not_take_the_place_of_who_broke_in():
    """F12: our last words come back while the caller speaks."""
    table = answering("Доставка стоит триста рублей.")
    table.see("interim", 900, text="подождите пожалуйста")
    assert table.name == "hearing"
    table.see("interim", 200, text="доставка стоит")
    assert table.state["words"] == "подождите пожалуйста"
    table.see("interim", 200, text="подождите пожалуйста где вы")
    assert table.state["words"] == "подождите пожалуйста где вы"


def test_a_result_before_the_end_of_its_speech_is_of_what_is_being_said():
    """The event that tells the end may be late; equal words are enough."""
    table = Table(barge_in__mode="asr").greeted()
    table.see("speechStarted", 300)
    table.see("interim", 300, text="нужен адрес")
    table.see("voiceStopped", 100)
    assert "ask" in done(table.see("expired", 3_000))
    table.see("speechStarted", 300)
    table.see("interim", 300, text="нужен адрес вашего магазина")
    assert "ask" in done(
        table.see("heard", 200, text="нужен адрес вашего магазина", confidence=0.9)
    )
    assert table.state["turn"] == 2


def test_a_blank_result_is_no_text_that_could_come_twice():
    """F07, invariant 21: the result with the same words is still to come."""
    table = Table(barge_in__mode="asr").greeted()
    table.see("speechStarted", 300)
    table.see("interim", 300, text="сорок пять")
    table.see("voiceStopped", 100)
    assert "ask" in done(table.see("expired", 3_000))
    table.see("heard", 100, text="", confidence=0.0)
    assert table.state["lastText"] != "сорок пять"


def test_sounds_without_words_hold_nothing_back():
    """Invariant 1: who said something over a turn, and then only clears his throat, is answered."""
    table = Table(barge_in__mode="asr").asked()
    table.see("speechStarted", 100)
    table.see("interim", 500, text="нет мне привезли")
    said_at = table.now
    table.see("voiceStopped", 100)
    for _ in range(3):
        table.see("voiceStarted", 200)
        begun = table.see("speechStarted", 50)
        assert waits(begun) == said_at + 1_500 - table.now
        stopped = table.see("voiceStopped", 100)
    assert waits(stopped) <= said_at + 1_500 - table.now


def test_a_blank_result_is_not_of_words_that_go_on():
    """F07, invariant 1: it is of an older speech; nobody is asked while they speak."""
    table = Table(barge_in__mode="asr").greeted()
    table.see("speechStarted", 300)
    table.see("interim", 300, text="где вы")
    table.see("voiceStarted", 300)
    table.see("speechStarted", 100)
    table.see("speechCaptured", 50)
    table.see("interim", 200, text="когда")
    assert done(table.see("heard", 100, text="", confidence=0.0)) == []
    assert table.state["words"] == "когда"


def test_a_murmur_over_nothing_is_reported():
    """Invariant 21: what it might agree to was cut before."""
    table = answering()
    table.see("heard", 400, text="подождите я", confidence=0.9)
    assert table.name == "thinking"
    table.see("speechStarted", 100)
    table.see("speechCaptured", 300)
    table.see("heard", 300, text="да-да", confidence=0.9)
    assert table.state["late"] == ["да-да"]


def test_words_that_were_taken_in_the_middle_get_their_result():
    """Not the older ones that were the same in full, and whose result never came."""
    table = Table(barge_in__mode="asr").greeted()
    table.see("speechStarted", 300)
    table.see("interim", 300, text="сто двадцать три")
    table.see("voiceStopped", 100)
    assert "ask" in done(table.see("expired", 800))
    table.see("speechStarted", 300)
    table.see("interim", 400, text="сто")
    table.see("interim", 400, text="сто двадцать")
    assert "ask" in done(table.see("expired", 800))
    table.see("speechCaptured", 300)
    table.see("heard", 300, text="сто двадцать три", confidence=0.9)
    assert [part["sure"] for part in table.state["taken"]][-1]


def test_without_interim_results_a_speech_of_its_own_tells_words_said_twice():
    """F05, invariant 21: a result that comes twice has one speech."""
    table = Table(barge_in__mode="asr", asr__interim=False).asked("восемь")
    table.see("heard", 100, text="восемь", confidence=0.9)
    assert table.state["question"]["text"] == "восемь"
    table.see("speechStarted", 100)
    table.see("speechCaptured", 500)
    table.see("speechStarted", 100)
    table.see("heard", 200, text="восемь", confidence=0.9)
    assert table.state["question"]["text"] == "восемь восемь"


def test_a_result_that_comes_twice_is_not_of_other_words():
    """F05, invariant 21: though the end of the present speech seems to be told already."""
    table = Table(barge_in__mode="asr").greeted()
    table.see("speechStarted", 300)
    table.see("interim", 300, text="где вы")
    table.see("speechStarted", 300)
    table.see("speechCaptured", 50)
    table.see("interim", 300, text="сорок пять")
    table.see("heard", 100, text="где вы", confidence=0.9)
    assert done(table.see("heard", 100, text="где вы", confidence=0.9)) == []
    assert table.state["words"] == "сорок пять"


def test_a_blank_result_does_not_end_the_speech_of_who_is_speaking():
    """F07, invariant 4: it is of an older one, or of our echo."""
    table = answering()
    table.see("voiceStarted", 100)
    table.see("speechCaptured", 10)
    table.see("heard", 200, text="", confidence=0.0)
    assert table.state["fresh"]


def test_a_murmur_whose_result_comes_late_is_reported():
    """Invariant 21: where it was said over a phrase that has ended since."""
    table = answering()
    table.see("interim", 300, text="да")
    table.see("speechStarted", 300)
    table.see("heard", 300, text="да", confidence=0.9)
    assert table.state["late"] == ["да"]


def test_the_end_of_our_echo_is_not_the_end_of_who_is_speaking():
    """F12, invariant 21: what they are saying has no word yet."""
    table = answering("Доставка стоит триста рублей.")
    table.see("interim", 900, text="подождите пожалуйста")
    table.see("voiceStarted", 100)
    table.see("speechStarted", 50)
    table.see("speechCaptured", 100)
    table.see("heard", 100, text="доставка стоит", confidence=0.9)
    assert table.state["fresh"]


def test_what_has_no_words_is_no_echo():
    """Signs alone are like everything."""
    assert Table().evaluate('isEcho("?!", "Добрый день.")') is False


def test_another_answer_is_no_rest_of_this_one():
    """The two ways of one turn disagree: nothing is said twice."""
    assert Table().evaluate('remainder("Четыреста рублей.", "Триста рублей.")') == ""
