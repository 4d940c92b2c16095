"""The scenario's state table: what the keys of a telephone do."""

from __future__ import annotations

import pytest

from tests.scenario.table import Table, done, spoken, waits

TRANSFER = "Минутку, я соединю вас с сотрудником. Пожалуйста, оставайтесь на линии."


def staffed(**settings) -> Table:
    table = Table(**settings)
    table.evaluate("state = {...state, profile: {...state.profile, operators: true}}, 0")
    return table


def answered(table: Table, text: str = "Мы на Садовой, 1.") -> Table:
    table.say("Где вы?")
    table.see("replied", 300, turn=1, text=text, action="listen")
    table.speak_out()
    return table


def test_zero_asks_for_a_person():
    """Where the profile has somebody; the announcement is said while the backend is asked."""
    table = staffed().greeted()
    actions = table.see("key", 100, digit="0")
    assert spoken(actions) == TRANSFER
    [asked] = [each for each in actions if each["do"] == "arrange"]
    assert (asked["transfer"], asked["why"]) == (1, "key")
    assert table.name == "calling"
    table = Table().greeted()
    assert "arrange" not in done(table.see("key", 100, digit="0"))
    assert table.name == "speaking", "nobody is there: what the keys do is said"


def test_zero_is_a_digit_where_a_number_is_dictated():
    """A number's zero puts nobody through."""
    table = staffed().asked()
    table.see("replied", 300, turn=1, text="Назовите номер.", action="listen", patience=1200)
    table.speak_out()
    for digit in "50":
        assert "arrange" not in done(table.see("key", 200, digit=digit))
    [question] = [a for a in table.see("key", 200, digit="#") if a["do"] == "ask"]
    assert question["text"] == "50"


def test_a_digit_into_the_goodbye_opens_no_turn():
    """Invariant 7: nor after we have hung up, while the end of the call is not told yet."""
    table = Table(barge_in__mode="asr").asked()
    table.see("replied", 300, turn=1, text="Назовите номер.", action="listen", patience=1200)
    table.speak_out()
    table.see("key", 200, digit="8")
    assert "ask" in done(table.see("key", 200, digit="#"))
    table.see("speechStarted", 300)
    table.see("interim", 400, text="и ещё пять")
    assert table.state["overtaken"]
    table.see("timeUp", 100)
    assert (table.see("key", 300, digit="5"), table.name) == ([], "speaking")
    table.speak_out()
    assert (table.see("key", 300, digit="5"), table.name) == ([], "hanging")


def test_a_star_repeats_the_last_answer():
    """As it was said, while listening and while something else is said; the greeting before it."""
    table = answered(Table().greeted())
    assert spoken(table.see("key", 500, digit="*")) == "Мы на Садовой, 1."
    table.speak_out()
    assert table.name == "listening"
    table = Table().greeted()
    greeting = table.state["profile"]["texts"]["greeting"]
    assert spoken(table.see("key", 500, digit="*")) == greeting


def test_a_star_waits_for_words_that_are_being_said():
    """F18: what the caller says is answered, whatever is pressed meanwhile."""
    table = answered(Table().greeted())
    table.see("interim", 300, text="а до скольки вы")
    assert "say" not in done(table.see("key", 100, digit="*"))
    assert table.name == "hearing"


@pytest.mark.parametrize("state", ["listening", "speaking", "thinking"])
def test_a_hash_ends_the_call(state):
    """With a goodbye; the caller has ended it, and the words that were not asked are reported."""
    table = answered(Table().greeted())
    if state != "listening":
        table.say("А сколько это стоит?")
    if state == "speaking":
        table.see("replied", 300, turn=2, text="Триста рублей.", action="listen")
        table.see("phraseStarted", 200, phrase=table.state["voice"]["phrase"], duration=2000)
    assert table.name == state
    assert spoken(table.see("key", 100, digit="#")) == "Спасибо, что позвонили. До свидания!"
    assert table.state["reason"] == "caller_hung_up"
    assert done(table.speak_out()) == ["hangup", "wait"]


def test_what_was_being_said_is_reported_when_a_key_ends_the_call():
    """Invariant 21."""
    table = answered(Table().greeted())
    table.see("interim", 300, text="а до скольки вы")
    table.see("key", 100, digit="#")
    assert table.state["late"] == ["а до скольки вы"]


def test_keys_are_the_profiles():
    """Others do it where the profile says so, or none."""
    table = staffed(keys__operator="9", keys__repeat="off", keys__end="off").greeted()
    assert "arrange" in done(table.see("key", 100, digit="9"))
    table = staffed(keys__operator="9", keys__repeat="off", keys__end="off").greeted()
    for digit in "0*#":
        assert table.see("key", 100, digit=digit) is not None
        assert table.state["reason"] == ""
        assert table.state["transfer"] is None


def test_a_goodbye_is_not_interrupted_by_keys():
    """Who is being said goodbye to presses in vain."""
    table = staffed().greeted()
    table.see("timeUp", 100)
    for digit in "0*#":
        assert not {"say", "arrange", "hangup"} & set(done(table.see("key", 100, digit=digit)))


def test_what_was_said_before_a_key_is_asked_with_it():
    """Invariant 21: its result may never come. Who waits for an answer waits no longer for keys."""
    table = Table(barge_in__mode="asr").asked()
    table.see("speechStarted", 100)
    table.see("interim", 500, text="вы сегодня работаете")
    table.see("patience", 10, coming=2, ms=1_200)
    assert waits(table.see("key", 200, digit="5")) == 1_500
    table.see("expired", 1_500)
    assert table.state["question"]["text"].endswith("вы сегодня работаете 5")


def dictating() -> Table:
    """The caller was asked for a number."""
    table = Table(barge_in__mode="asr").asked()
    table.see("replied", 300, turn=1, text="Назовите номер.", action="listen", patience=1200)
    table.speak_out()
    return table


def said(actions) -> list[str]:
    return [action["text"] for action in actions if action["do"] == "ask"]


def test_keys_are_asked_with_the_words_that_were_said_before_them():
    """F18: the result of these words comes between two keys, and ends nothing."""
    table = dictating()
    table.see("speechStarted", 100)
    table.see("interim", 500, text="мой номер")
    table.see("speechCaptured", 500)
    table.see("key", 200, digit="5")
    assert done(table.see("heard", 200, text="мой номер", confidence=0.9)) == []
    table.see("key", 200, digit="6")
    assert said(table.see("expired", 3_000)) == ["мой номер 56"]


def test_keys_are_asked_with_the_words_that_follow_them():
    """F18: nothing is waited for but the next key."""
    table = dictating()
    table.see("key", 200, digit="5")
    table.see("speechStarted", 500)
    table.see("interim", 500, text="это квартира")
    table.see("speechCaptured", 500)
    assert done(table.see("heard", 200, text="это квартира", confidence=0.9)) == []
    assert said(table.see("expired", 1_000)) == ["это квартира 5"]


@pytest.mark.parametrize("text", ["", "назовите номер"])
def test_a_sound_beside_keys_ends_nothing(text):
    """F07, F12, F18: a cough, our echo."""
    table = dictating()
    table.see("key", 200, digit="5")
    table.see("speechStarted", 200)
    table.see("speechCaptured", 300)
    assert done(table.see("heard", 200, text=text, confidence=0.9)) == []
    table.see("key", 200, digit="6")
    assert said(table.see("expired", 3_000)) == ["56"]


def test_who_speaks_on_beside_keys_is_heard_to_the_end():
    """F18, invariant 21: the time for the next key is over amid a sentence."""
    table = dictating()
    table.see("key", 200, digit="5")
    table.see("voiceStarted", 2_000)
    table.see("speechStarted", 100)
    table.see("interim", 500, text="сто двадцать")
    assert said(table.see("expired", 400)) == []
    assert table.name == "hearing"
    table.see("voiceStopped", 300)
    table.see("speechCaptured", 100)
    table.see("heard", 200, text="сто двадцать три", confidence=0.9)
    assert said(table.see("expired", 1_200)) == ["5 сто двадцать три"]


def test_who_begins_to_speak_as_the_keys_are_asked_is_known_from_older_words():
    """F02, invariant 21: the same were said before, and never got a result."""
    table = dictating()
    table.see("speechStarted", 100)
    table.see("interim", 500, text="сорок пять")
    table.see("key", 200, digit="5")
    table.see("voiceStarted", 2_500)
    table.see("speechStarted", 100)
    assert said(table.see("expired", 400)) == ["сорок пять 5"]
    assert table.state["fresh"]
    table.see("interim", 300, text="сорок пять")
    table.see("speechCaptured", 200)
    assert said(table.see("heard", 200, text="сорок пять", confidence=0.9)) == [
        "сорок пять 5 сорок пять"
    ]


def test_keys_that_were_not_asked_are_reported():
    """F18: the caller hangs up amid a number."""
    table = dictating()
    table.see("key", 200, digit="5")
    table.see("key", 200, digit="6")
    table.see("disconnected", 300)
    assert table.state["late"] == ["56"]


def asking_for_a_number() -> Table:
    """The answer that asks for it is being said."""
    table = Table().asked()
    table.see("replied", 300, turn=1, text="Назовите номер.", action="listen", patience=1200)
    table.see("phraseStarted", 200, phrase=table.state["voice"]["phrase"], duration=2000)
    return table


def test_keys_cut_the_voice_that_asks_for_them():
    """F18: who knows what is wanted does not wait for the end of the sentence."""
    table = asking_for_a_number()
    assert done(table.see("key", 300, digit="5")) == ["hush", "listen", "wait"]
    assert table.state["voice"] is None
    table.see("key", 300, digit="6")
    assert said(table.see("expired", 3_000)) == ["56"]


def test_keys_cut_no_answer_that_says_goodbye():
    """F18: nor one after which nothing can be asked any more."""
    table = Table().asked()
    table.see(
        "replied", 300, turn=1, text="Всего доброго, номер 5.", action="hangup", patience=1200
    )
    table.see("phraseStarted", 200, phrase=table.state["voice"]["phrase"], duration=2000)
    assert "hush" not in done(table.see("key", 300, digit="5"))
    table = asking_for_a_number()
    table.evaluate("state = {...state, turn: state.profile.limits.turns}, 0")
    table.see("key", 300, digit="5")
    assert table.name != "keying"


def test_digits_that_follow_those_that_are_asked_belong_to_them():
    """F06, F18: somebody reads a number off a paper, and looks for the rest of it."""
    table = dictating()
    table.see("key", 200, digit="5")
    assert said(table.see("expired", 3_000)) == ["5"]
    assert waits(table.see("key", 500, digit="6")) == 1_500
    assert said(table.see("expired", 1_500)) == ["5 6"]


def test_digits_after_words_that_are_asked_are_none_of_theirs():
    """F18: a turn only where digits were asked for."""
    table = Table().asked()
    table.see("key", 500, digit="6")
    assert table.name == "thinking"


def test_digits_are_wanted_though_the_answer_was_cut():
    """F18: its end, which tells that a number is wanted, comes after an interruption."""
    table = Table().asked()
    table.see("said", 300, turn=1, part=1, text="Назовите номер.")
    table.see("phraseStarted", 200, phrase=table.state["voice"]["phrase"], duration=2000)
    table.see("key", 600, digit="*")
    table.see(
        "answered",
        100,
        turn=1,
        parts=1,
        text="Назовите номер.",
        action="listen",
        outcome="answered",
        patience=1200,
    )
    table.see("key", 300, digit="5")
    assert said(table.see("expired", 3_000)) == ["5"]


def test_digits_are_taken_though_the_start_of_the_answer_was_not_told():
    """F18, F24: the caller may hear it already. The turn is asked with them."""
    table = Table().asked()
    table.see("replied", 300, turn=1, text="Назовите номер.", action="listen", patience=1200)
    table.see("key", 800, digit="5")
    assert said(table.see("expired", 1_500)) == ["Сколько стоит доставка? 5"]


def test_keys_are_explained_in_the_last_turn_and_lead_to_no_other():
    """Invariant 10: after it comes the goodbye."""
    table = Table().asked()
    table.see("replied", 300, turn=1, text="Мы на Садовой, 1.", action="listen")
    table.see("phraseStarted", 200, phrase=table.state["voice"]["phrase"], duration=2000)
    table.evaluate("state = {...state, turn: state.profile.limits.turns}, 0")
    table.see("key", 300, digit="5")
    assert spoken(table.speak_out()) == table.state["profile"]["texts"]["bye_turns"]


def test_who_presses_a_key_is_there():
    """Invariant 10: their silence is counted anew, also where the key has no answer any more."""
    table = Table().greeted()
    reprompts = table.state["profile"]["texts"]["reprompts"]
    table.see("key", 500, digit="5")
    table.speak_out()
    for _ in reprompts:
        assert spoken(table.see("expired", 6_500)) in reprompts
        table.speak_out()
    assert spoken(table.see("key", 500, digit="5")) is None
    assert spoken(table.see("expired", 6_000)) in reprompts
    assert table.state["reason"] == ""


def dictated(**settings) -> Table:
    """A number is asked for."""
    table = Table(**settings).asked()
    table.see("replied", 300, turn=1, text="Назовите номер.", action="listen", patience=1500)
    table.speak_out()
    return table


def test_a_hash_behind_a_number_hangs_up_on_nobody():
    """F18: pressed late, pressed twice, or after a number that was spoken."""
    table = dictated()
    for digit in "1234":
        table.see("key", 200, digit=digit)
    assert "ask" in done(table.see("expired", 3000))
    assert "say" not in done(table.see("key", 400, digit="#"))
    assert table.name == "thinking"
    table = dictated()
    for digit in "1234":
        table.see("key", 200, digit=digit)
    assert "ask" in done(table.see("key", 200, digit="#"))
    assert "say" not in done(table.see("key", 200, digit="#"))
    assert table.name == "thinking"
    table = dictated()
    table.see("interim", 400, text="сорок восемь пятнадцать")
    assert "say" not in done(table.see("key", 400, digit="#"))
    assert table.name == "hearing"


def test_a_hash_before_a_number_ends_the_call():
    """Over the question and after it: who has said and typed nothing does not want to go on."""
    for spoken_out in (True, False):
        table = Table(barge_in__mode="asr").asked()
        table.see("replied", 300, turn=1, text="Назовите номер.", action="listen", patience=1500)
        if spoken_out:
            table.speak_out()
        else:
            table.see("phraseStarted", 200, phrase=table.state["voice"]["phrase"], duration=2000)
        assert spoken(table.see("key", 400, digit="#")) == "Спасибо, что позвонили. До свидания!"


def test_a_star_ends_a_number_as_a_hash_does():
    """F18: the digits are asked, and no repetition doubles them."""
    table = dictated()
    for digit in "1234":
        table.see("key", 200, digit=digit)
    [question] = [each for each in table.see("key", 200, digit="*") if each["do"] == "ask"]
    assert question["text"] == "1234"
