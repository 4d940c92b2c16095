"""The scenario's state table: a turn by the stream, phrase by phrase, or over HTTP."""

from __future__ import annotations

from tests.scenario.table import Table, done, spoken, waits


def asked(text: str = "Сколько стоит доставка?", **settings) -> Table:
    """A turn that is being asked on the stream."""
    table = Table(**settings).greeted()
    table.see("streamReady")
    table.say(text)
    return table


def say(table: Table, part: int, text: str, turn: int = 1):
    return table.see("said", 100, turn=turn, part=part, text=text)


def answered(table: Table, text: str, parts: int, **fields):
    fields = {"turn": 1, "action": "listen", "outcome": "answered", **fields}
    return table.see("answered", 50, text=text, parts=parts, **fields)


def told(actions, kind: str):
    return [a["message"] for a in actions if a["do"] == "tell" and a["message"]["type"] == kind]


def http(actions):
    return [a for a in actions if a["do"] == "ask" and a["way"] == "http"]


def test_the_first_phrase_is_spoken_before_the_last_has_come():
    """Phrases follow each other; the next one is made while one plays; then it listens."""
    table = asked()
    table.see("accepted", 50, turn=1)
    assert spoken(say(table, 1, "Триста рублей.")) == "Триста рублей."
    assert [a["text"] for a in say(table, 2, "Что ещё?") if a["do"] == "prepare"] == ["Что ещё?"]
    assert spoken(table.speak_out()) == "Что ещё?"
    answered(table, "Триста рублей. Что ещё?", 2)
    assert done(table.speak_out())[-2:] == ["listen", "wait"]
    assert table.name == "listening"


def test_what_was_heard_is_told_upwards():
    """phrase_started with its times, phrase_finished."""
    table = asked()
    say(table, 1, "Триста рублей.")
    phrase = table.state["voice"]["phrase"]
    [started] = told(table.see("phraseStarted", 200, phrase=phrase, duration=900), "phrase_started")
    assert started["voice_ms"] == 200
    ended = table.see("phraseEnded", 900, phrase=phrase, failed=False)
    assert told(ended, "phrase_finished") == [{"type": "phrase_finished", "turn": 1, "phrase": 1}]


def test_a_turn_that_is_not_accepted_goes_over_http():
    """F47: after one and a half seconds, once, under the same number."""
    table = asked()
    actions = table.see("expired", 1500)
    assert http(actions)[0]["turn"] == 1
    assert waits(actions) == 500
    assert "Секунду" in spoken(table.see("expired", 500))
    retry = table.see("failed", 100, turn=1, retry=True, retryMs=50, unknown=False)
    assert not http(retry)
    assert "Извините" in (table.state["pending"] or table.state["voice"])["text"]


def test_a_stream_that_is_lost_between_two_phrases_costs_no_word():
    """F47: the rest of the same reply comes over HTTP, nothing is said twice."""
    table = asked()
    say(table, 1, "Триста рублей.")
    assert http(table.see("streamLost", 100))[0]["have"] == 1
    table.speak_out()
    assert table.name == "awaiting"
    rest = table.see(
        "replied", 300, turn=1, text="Триста рублей. Привезём завтра.", action="listen"
    )
    assert spoken(rest) == "Привезём завтра."
    assert done(table.speak_out())[-2:] == ["listen", "wait"]


def test_phrases_are_taken_in_their_order_and_once():
    """F48, F49: a phrase that came already, or too early, is left to the whole answer."""
    table = asked()
    say(table, 1, "Раз.")
    assert say(table, 1, "Раз.") == []
    assert say(table, 3, "Три.") == []
    answered(table, "Раз. Два. Три.", 3)
    assert spoken(table.speak_out()) == "Два. Три."


def test_an_answer_that_is_whole_grows_no_more():
    """F51, invariant 6: the same answer by the other way, or a phrase after the end, is dropped."""
    table = asked()
    say(table, 1, "Раз.")
    answered(table, "Раз. Два.", 2)
    assert table.see("replied", 50, turn=1, text="Раз. Два.", action="listen") == []
    assert say(table, 2, "Два.") == []
    assert spoken(table.speak_out()) == "Два."
    assert done(table.speak_out())[-2:] == ["listen", "wait"]


def test_a_stall_between_two_phrases_ends_the_turn():
    """Never silent: asked once over HTTP, then what was said stays, and the caller is heard."""
    table = asked()
    say(table, 1, "Триста рублей.")
    assert waits(table.speak_out()) == 2500
    actions = table.see("expired", 2500)
    assert http(actions)
    assert waits(actions) == 1500
    assert done(table.see("expired", 1500))[-2:] == ["listen", "wait"]


def test_a_filler_is_not_cut_by_the_first_phrase():
    """Invariant 3: the phrase is spoken when the filler has ended."""
    table = asked()
    table.see("accepted", 50, turn=1)
    phrase = table.see("expired", 1950)[0]["phrase"]
    table.see("phraseStarted", 100, phrase=phrase, duration=1200)
    assert done(say(table, 1, "Триста рублей.")) == ["wait"]
    ended = table.see("phraseEnded", 1200, phrase=phrase, failed=False)
    assert spoken(ended) == "Триста рублей."


def test_what_the_backend_takes_back_is_not_spoken():
    """`clear`: the answer is being made anew."""
    table = asked()
    say(table, 1, "Триста рублей.")
    assert "hush" in done(table.see("cleared", 50, turn=1))
    assert spoken(say(table, 1, "Четыреста рублей.")) == "Четыреста рублей."


def test_a_profile_without_the_stream_opens_none():
    """`stream: false`."""
    for wanted in (True, False):
        table = Table()
        table.evaluate("1")
        table._js.eval(
            f"state = {{...state, profile: {{...state.profile, stream: {str(wanted).lower()}}}}};"
        )
        table.see("alerted")
        assert ("openStream" in done(table.see("profiled", 10, confirmed=True))) is wanted


def test_over_http_the_next_request_brings_what_was_heard():
    """Notes: a turn by HTTP is told of with the next one."""
    table = Table().asked()
    table.see("replied", 300, turn=1, text="Ответ.", action="listen")
    table.speak_out()
    assert [(n["turn"], n["heard"]) for n in table.state["notes"]] == [(1, None)]
    table.say("Ещё вопрос")
    table.see("replied", 300, turn=2, text="Да.", action="listen")
    assert table.state["notes"] == []


def test_a_turn_is_closed_on_stable_words_and_its_late_result_only_told():
    """A late, rewritten result is never answered again."""
    table = Table(limits__close_ms=700).greeted()
    table.see("streamReady")
    table.see("speechStarted", 100)
    table.see("voiceStopped", 900)
    assert waits(table.see("interim", 200, text="сколько стоит доставка")) == 700
    actions = table.see("expired", 700)
    assert [(a["text"], a["closed"]) for a in actions if a["do"] == "ask"] == [
        ("сколько стоит доставка", "stable")
    ]
    late = table.see("heard", 2500, text="сколько стоила доставка", confidence=0.9)
    assert done(late) == ["tell"]
    assert late[0]["message"]["type"] == "revised"
    assert table.state["turn"] == 1


def test_a_dictation_is_waited_for_and_joined():
    """Patience: what comes in time belongs to the same turn."""
    table = Table().asked()
    table.see("replied", 300, turn=1, text="Назовите номер.", action="listen", patience=1200)
    table.speak_out()
    assert waits(table.say("пять семь")) == 1200
    table.see("speechStarted", 300)
    table.see("heard", 900, text="три восемь", confidence=0.9)
    [question] = [a for a in table.see("expired", 1200) if a["do"] == "ask"]
    assert question["text"] == "пять семь три восемь"


def test_keys_are_a_dictated_number_or_are_explained_once():
    """F18."""
    table = Table().asked()
    table.see("replied", 300, turn=1, text="Назовите номер.", action="listen", patience=1200)
    table.speak_out()
    for digit in "57":
        table.see("key", 200, digit=digit)
    [question] = [a for a in table.see("key", 200, digit="#") if a["do"] == "ask"]
    assert question["text"] == "57"
    table = Table().greeted()
    assert "Звёздочка" in spoken(table.see("key", 100, digit="1"))
    assert spoken(table.see("key", 100, digit="1")) is None


def test_endless_speech_is_acknowledged_and_answered():
    """F15: with words at hand the turn is closed with them."""
    table = Table().greeted()
    table.see("speechStarted", 100)
    for count in range(60):
        actions = table.see("interim", 1000, text=f"слово {count}")
    assert "отвечу" in spoken(actions)
    assert table.state["question"]["text"] == "слово 59"


def test_endless_speech_without_interims_is_taken_as_it_is_recognised():
    """F15: after a minute the ears close; the result that this brings is acknowledged, asked."""
    table = Table(asr__interim=False).greeted()
    table.see("voiceStarted", 100)
    table.see("speechStarted", 100)
    assert spoken(table.see("expired", 60_000)) is None
    actions = table.see("heard", 600, text="и тут я вам говорю", confidence=0.9)
    assert "отвечу" in spoken(actions)
    assert table.state["question"]["text"] == "и тут я вам говорю"


def test_a_stream_that_accepts_a_turn_and_falls_silent_is_not_waited_for():
    """F47: after `accepted` and before a first phrase: a filler, then the same turn over HTTP, in
    time for its answer."""
    table = asked()
    accepted = table.see("accepted", 50, turn=1)
    assert waits(accepted) == 1950
    assert "Секунду" in spoken(table.see("expired", 1950))
    [again] = http(table.see("expired", 2000))
    assert (again["turn"], again["have"]) == (1, 0)
    assert again["ms"] >= 2500
    assert table.name == "thinking"


def test_who_said_yes_does_not_wait_long_for_the_rest_of_an_answer():
    """Invariant 1: the question was heard; the stream may have died before the answer's end."""
    table = asked(barge_in__mode="asr")
    table.see("accepted", 50, turn=1)
    say(table, 1, "Записать вас на завтра?")
    phrase = table.state["voice"]["phrase"]
    table.see("phraseStarted", 200, phrase=phrase, duration=2_000)
    table.see("speechStarted", 1_500)
    table.see("interim", 300, text="да")
    table.see("phraseEnded", 300, phrase=phrase, failed=False)
    assert table.name == "awaiting"
    assert waits(table.see("heard", 200, text="да", confidence=0.9)) == 1_200
    assert "ask" in done(table.see("expired", 1_200))
    assert table.state["question"]["text"] == "да"


def test_the_rest_of_an_answer_is_waited_for_from_the_last_sound_on():
    """F20, invariant 2: the next phrase was tried in vain, and in all that time nothing came."""
    table = asked()
    table.see("accepted", 50, turn=1)
    say(table, 1, "Доставка стоит триста рублей.")
    say(table, 2, "Мы везём её за день.")
    assert waits(table.speak_out()) == 2_500
    assert waits(table.see("expired", 2_500)) == 1
    assert table.name == "awaiting"
    assert http(table.see("expired", 1))


def test_an_answer_without_words_is_apologised_for():
    """The backend may send nothing and say that it was all."""
    table = asked()
    assert "Извините" in spoken(answered(table, "", 0))


def test_an_apology_after_the_first_words_is_the_end_of_the_answer():
    """It counts, and it is no second one: what is left of it follows what was heard."""
    table = asked()
    say(table, 1, "Триста рублей.")
    table.see("phraseStarted", 200, phrase=table.state["voice"]["phrase"], duration=900)
    answered(table, "Триста рублей. Больше не знаю.", 2, outcome="apologised")
    assert table.state["apologies"] == 1
    phrase = table.state["voice"]["phrase"]
    assert spoken(table.see("phraseEnded", 900, phrase=phrase, failed=False)) == "Больше не знаю."
    assert done(table.speak_out())[-2:] == ["listen", "wait"]


def test_an_apology_may_be_the_last_word():
    """The backend apologises and hangs up: the caller hears it, and then the end."""
    table = asked()
    actions = answered(table, "Извините, до свидания.", 0, action="hangup", outcome="apologised")
    assert spoken(actions) == "Извините, до свидания."
    assert done(table.speak_out()) == ["hangup", "wait"]
    assert table.state["reason"] == "assistant_hung_up"


def test_an_apology_too_many_stops_the_answer_that_nobody_has_heard():
    """Invariant 10: its first phrase was on its way to the caller."""
    table = asked(limits__apologies=0)
    say(table, 1, "Триста рублей.")
    actions = answered(table, "Триста рублей. Извините.", 2, outcome="apologised")
    assert done(actions)[0] == "hush"
    assert table.state["reason"] == "backend_down"


def test_what_is_whole_or_heard_is_not_taken_back():
    """`clear` comes too late; of what was heard nothing follows."""
    table = asked()
    say(table, 1, "Триста рублей.")
    say(table, 2, "Или четыреста.")
    table.see("phraseStarted", 200, phrase=table.state["voice"]["phrase"], duration=900)
    table.see("cleared", 50, turn=1)
    phrase = table.state["voice"]["phrase"]
    assert done(table.see("phraseEnded", 900, phrase=phrase, failed=False))[-2:] == [
        "listen",
        "wait",
    ]
    table = asked()
    answered(table, "Триста рублей.", 0)
    assert table.see("cleared", 50, turn=1) == []
    assert done(table.speak_out())[-2:] == ["listen", "wait"]


def held() -> Table:
    """The first phrase waits for the filler's end."""
    table = asked()
    table.see("accepted", 50, turn=1)
    filler = table.see("expired", 2000)
    assert "Секунду" in spoken(filler)
    table.see("phraseStarted", 100, phrase=table.state["voice"]["phrase"], duration=900)
    say(table, 1, "Триста рублей.")
    assert table.name == "holding"
    return table


def end_filler(table: Table):
    return table.see("phraseEnded", 900, phrase=table.state["voice"]["phrase"], failed=False)


def test_what_is_taken_back_while_the_filler_plays_is_made_anew():
    """The words that come then are heard, no apology is; they are waited for as any answer's."""
    table = held()
    assert waits(table.see("cleared", 50, turn=1)) > 1_500
    end_filler(table)
    assert table.name == "thinking"
    assert spoken(say(table, 1, "Четыреста рублей.")) == "Четыреста рублей."


def test_what_is_taken_back_and_then_fails_is_apologised_for():
    """Nothing of it was heard: that is no end of an answer."""
    table = held()
    table.see("cleared", 50, turn=1)
    end_filler(table)
    failed = table.see("failed", 50, turn=1, retry=False, retryMs=0, unknown=False)
    assert "Извините" in spoken(failed)


def test_the_backend_ends_a_call_that_is_being_greeted():
    """After what is being said."""
    table = Table()
    table.see("alerted")
    table.see("profiled", 100, confirmed=True)
    table.see("connected", 100)
    assert table.see("dismissed", 50) == []
    assert done(table.speak_out()) == ["hangup", "wait"]
    assert table.state["reason"] == "assistant_hung_up"


def test_what_was_heard_of_an_answer_is_told_even_if_its_text_comes_late():
    """Invariant 9: a reply to a turn that is over takes no note along that was not sent."""
    table = asked(barge_in__mode="asr")
    say(table, 1, "Мы на Садовой улице, дом один.")
    table.see("phraseStarted", 200, phrase=table.state["voice"]["phrase"], duration=3000)
    table.see("streamLost", 50)
    table.see("speechStarted", 900)
    table.see("interim", 300, text="а на метро")
    noted = [note["turn"] for note in table.state["notes"]]
    table.see("replied", 300, turn=1, text="Мы на Садовой улице, дом один.", action="listen")
    assert [note["turn"] for note in table.state["notes"]] == noted == [1]


def test_an_answer_that_waits_behind_a_goodbye_is_interrupted_at_its_first_phrase():
    """Phrases are counted from one: the wire takes no other number."""
    table = asked(barge_in__mode="asr")
    table.run("state = { ...state, turnedAway: 'Все линии заняты.' };")
    table.see("speechStarted", 300)
    assert spoken(table.see("interim", 300, text="алло вы слышите")) == "Все линии заняты."
    ended = table.see("disconnected", 300)
    assert [each["phrase"] for each in told(ended, "phrase_interrupted")] == [1]
