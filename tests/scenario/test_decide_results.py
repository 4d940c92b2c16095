"""The scenario's state table: results that are blank, late, lost, told twice, or of our echo."""

from __future__ import annotations

from tests.scenario.table import Table, done, spoken, waits
from tests.scenario.test_decide_interruptions import answering


def listening() -> Table:
    table = Table(barge_in__mode="asr")
    table.now = 1_790_000_000_000  # as the platform's clock has it
    return table.greeted()


def hearing(text: str) -> Table:
    """The caller has just said this, and is silent; the recogniser has not noticed the end."""
    table = listening()
    table.see("voiceStarted", 300)
    table.see("speechStarted", 50)
    table.see("interim", 400, text=text)
    table.see("voiceStopped", 100)
    return table


def saying_more(text: str) -> Table:
    """The caller has said this, whose end is told only now, and is speaking on without a word."""
    table = hearing(text)
    table.see("voiceStarted", 200)
    table.see("speechStarted", 100)
    table.see("speechCaptured", 100)
    return table


def asked(table: Table) -> list[str]:
    """The words of the turn that is being asked."""
    return [part["text"] for part in table.state["taken"] if part["turn"] == table.state["turn"]]


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


def test_who_has_waited_for_a_result_in_vain_hears_the_filler_sooner():
    """F03, invariant 1: three seconds have passed when the turn closes without it."""
    table = hearing("где вы находитесь")
    table.see("speechCaptured", 100)
    actions = table.see("expired", 3_000)
    assert "ask" in done(actions)
    assert waits(actions) == 600


def test_a_key_makes_our_last_words_no_younger():
    """Invariant 4: nearly a second after them, the same words are the caller's own."""
    table = Table(barge_in__mode="asr").greeted()
    table.see("key", 400, digit="*")
    table.see("phraseStarted", 150, phrase=table.state["voice"]["phrase"], duration=4000)
    table.run("state = { ...state, voice: { ...state.voice, text: 'Да.' } };")
    table.see("speechStarted", 400)
    assert table.state["during"] == "Да."


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


def test_what_was_overheard_and_never_got_a_result_is_reported():
    """F03, F07, invariant 21: or its result was taken for another's of the same words."""
    table = answering()
    table.see("interim", 300, text="стойте")
    table.see("speechStarted", 200)
    assert taken_while_speaking(table) == ["стойте"]
    table.see("disconnected", 200)
    assert table.state["late"] == ["стойте"]


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


def test_what_is_said_into_our_goodbye_is_reported():
    """Invariant 21: also where no result comes of it any more."""
    table = answering()
    table.see("key", 100, digit="#")
    assert table.state["voice"]["next"] == "leave"
    table.see("interim", 300, text="погодите минуту")
    table.see("disconnected", 300)
    assert table.state["late"] == ["погодите минуту"]


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


def test_a_result_without_a_word_of_what_was_just_said_takes_no_place():
    """F07, invariant 21: it is of words before, of which a blank result has told too early."""
    table = hearing("девятьсот шестнадцать")
    table.see("speechCaptured", 300)
    table.see("heard", 200, text="сорок пять", confidence=0.9)
    assert table.state["words"] == "девятьсот шестнадцать"
    table.see("expired", 700)
    assert asked(table) == ["сорок пять", "девятьсот шестнадцать"]


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


def test_a_beginning_that_is_told_after_its_end_is_the_same_speech():
    """Invariant 2: where a recogniser tells no words before the end, it is not waited for anew."""
    table = Table(barge_in__mode="asr", asr__interim=False).greeted()
    assert waits(table.see("speechCaptured", 1_000)) == 3_000
    assert waits(table.see("speechStarted", 100)) is None
    assert table.name == "recognising"
    table.see("heard", 300, text="мой номер", confidence=0.9)
    assert asked(table) == ["мой номер"]


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
