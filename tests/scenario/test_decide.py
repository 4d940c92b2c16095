"""The scenario's state table: what each event leads to in each state."""

from __future__ import annotations

import random

import pytest

from tests.scenario.table import Table, done, spoken, waits


def test_a_call_goes_round_from_greeting_to_listening_again():
    """Greeting, listening, hearing, recognising, thinking, speaking, and again listening."""
    table = Table()
    assert done(table.see("alerted")) == ["fetchProfile", "answer", "wait"]
    table.see("profiled", 50, confirmed=True)
    assert spoken(table.see("connected", 50)).startswith("Здравствуйте! Я голосовой ассистент")
    assert done(table.speak_out()) == ["listen", "wait"]
    table.see("speechStarted")
    assert table.name == "hearing"
    assert done(table.see("speechCaptured")) == ["deafen", "wait"]
    actions = table.see("heard", text="Где вы находитесь?", confidence=0.9)
    assert next(a for a in actions if a["do"] == "ask")["turn"] == 1
    assert (
        spoken(table.see("replied", 400, turn=1, text="В Москве.", action="listen")) == "В Москве."
    )
    assert done(table.speak_out()) == ["listen", "wait"]
    assert table.name == "listening"


def test_the_greeting_waits_a_second_for_the_profile_and_no_longer():
    """Without the backend's first answer the built-in greeting is spoken after one second."""
    table = Table()
    table.see("alerted")
    actions = table.see("connected", 100)
    assert table.name == "meeting"
    assert waits(actions) == 1000
    assert spoken(table.see("expired", 1000)).startswith("Здравствуйте!")


def test_every_state_but_the_last_has_one_deadline():
    """However events are mixed, a state that is entered sets a deadline, and only one."""
    for seed in range(300):
        rng = random.Random(seed)
        table = Table()
        table.see("alerted")
        before = "ringing"
        armed = True
        for _ in range(40):
            state = table.state
            kind, fields = _any_event(rng, state)
            actions = table.see(kind, rng.randint(1, 4000), **fields)
            after = table.state["name"]
            assert done(actions).count("wait") <= 1, (seed, kind, before, after, actions)
            if kind == "expired":
                armed = False
            armed = armed or "wait" in done(actions)
            if after == "over":
                break
            assert armed, (seed, kind, before, after)
            if after != before:
                assert "wait" in done(actions), (seed, kind, before, after)
            before = after


def _any_event(rng, state):
    phrase = state["voice"]["phrase"] if state["voice"] else state["phrase"]
    turn = max(0, state["turn"] - rng.choice([0, 0, 0, 1]))
    events = [
        ("connected", {}),
        ("profiled", {"confirmed": rng.random() < 0.8}),
        ("phraseStarted", {"phrase": phrase, "duration": rng.randint(300, 9000)}),
        ("phraseEnded", {"phrase": phrase, "failed": rng.random() < 0.2}),
        ("phraseEnded", {"phrase": phrase - 1, "failed": False}),
        ("speechStarted", {}),
        ("interim", {}),
        ("speechCaptured", {}),
        ("voiceStarted", {}),
        ("voiceStopped", {}),
        ("heard", {"text": rng.choice(["", "да", "где вы?"]), "confidence": rng.random()}),
        ("replied", {"turn": turn, "text": "Да.", "action": rng.choice(["listen", "hangup"])}),
        ("failed", {"turn": turn, "retry": rng.random() < 0.5, "retryMs": 100, "unknown": False}),
        ("asrFailed", {}),
        ("expired", {}),
        ("timeUp", {}),
        ("disconnected", {}),
        ("recordingStarted", {"url": "https://r/1"}),
        ("recorded", {"url": "https://r/2"}),
        ("reported", {"ok": rng.random() < 0.7}),
        ("filed", {}),
        ("broke", {}),
    ]
    weights = [1, 1, 6, 6, 1, 4, 2, 4, 2, 2, 6, 6, 3, 1, 4, 0.2, 0.4, 0.5, 0.5, 2, 1, 0.3]
    return rng.choices(events, weights)[0]


@pytest.mark.parametrize("seed", range(60))
def test_from_every_state_silence_leads_to_the_end(seed):
    """F01, F60: whatever happened before, deadlines alone bring the call to its end."""
    rng = random.Random(seed)
    table = Table()
    table.see("alerted")
    for _ in range(rng.randint(1, 30)):
        kind, fields = _any_event(rng, table.state)
        table.see(kind, rng.randint(1, 3000), **fields)
    for _ in range(20):
        if table.name == "over":
            break
        table.see("expired", 100)
    assert table.name == "over"


class TestListening:
    """What the caller does, or does not."""

    def test_silence_is_asked_about_twice_then_goodbye(self):
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

    def test_speech_that_is_never_captured_is_asked_about(self):
        """F02: without interim results the caller has twelve seconds."""
        table = Table(asr__interim=False).greeted()
        assert waits(table.see("speechStarted", 100)) == 12000
        assert spoken(table.see("expired", 12000))

    def test_a_recogniser_that_died_is_told_from_a_caller_who_speaks_for_long(self):
        """F02: once the line is silent the wait is short; while there is a voice it is long."""
        table = Table(asr__interim=False).greeted()
        table.see("speechStarted", 100)
        assert waits(table.see("voiceStopped", 900)) == 6500
        assert waits(table.see("voiceStarted", 900)) == 12000

    def test_the_words_of_reprompts_change(self):
        """The same sentence is never asked twice in a row, over turns too."""
        table = Table().greeted()
        first = spoken(table.see("expired", 6500))
        table.speak_out()
        table.say("Где вы?")
        table.see("replied", 100, turn=1, text="Здесь.", action="listen")
        table.speak_out()
        assert spoken(table.see("expired", 6500)) != first

    def test_a_lost_result_is_asked_about_after_three_seconds(self):
        """F03: speech captured, no result."""
        table = Table().greeted()
        table.see("speechStarted", 100)
        assert waits(table.see("speechCaptured", 100)) == 3000
        assert spoken(table.see("expired", 3000))
        assert table.state["turn"] == 0

    def test_a_result_that_comes_during_the_reprompt_is_taken(self):
        """A slow recogniser: the re-prompt is cut and the words become the turn."""
        table = Table().greeted()
        table.see("speechStarted", 100)
        table.see("speechCaptured", 100)
        table.see("expired", 3000)
        actions = table.see("heard", 200, text="Где вы находитесь?", confidence=0.9)
        assert "hush" in done(actions)
        assert "ask" in done(actions)

    def test_the_same_result_twice_is_one_turn(self):
        """F05: the second one is dropped in every state."""
        table = Table().asked("Где вы?")
        assert table.see("heard", 5, text="Где вы?", confidence=0.9) == []
        table.see("replied", 300, turn=1, text="Здесь.", action="listen")
        assert table.see("heard", 5, text="Где вы?", confidence=0.9) == []
        table.speak_out()
        assert table.see("heard", 5, text="Где вы?", confidence=0.9) == []
        assert table.state["turn"] == 1
        assert table.state["late"] == []

    def test_the_same_words_said_again_are_a_new_turn(self):
        """A caller who repeats the question gets an answer again."""
        table = Table().asked("Где вы?")
        table.see("replied", 300, turn=1, text="Здесь.", action="listen")
        table.speak_out()
        assert "ask" in done(table.say("Где вы?"))

    def test_blank_text_is_asked_about_and_is_no_turn(self):
        """F07."""
        table = Table().greeted()
        actions = table.say("")
        assert spoken(actions)
        assert "ask" not in done(actions)
        assert table.state["turn"] == 0

    def test_low_confidence_is_asked_about_once_then_taken(self):
        """F10: never an endless loop."""
        table = Table().greeted()
        assert "ask" not in done(table.say("бу бу", 0.1))
        table.speak_out()
        assert "ask" in done(table.say("бу бу бу", 0.1))

    def test_a_recogniser_without_confidence_is_doubted_once_in_a_call(self):
        """F10: a vendor that gives no confidence must not be asked about in every turn."""
        table = Table().greeted()
        assert "ask" not in done(table.say("раз", 0))
        table.speak_out()
        assert "ask" in done(table.say("раз два", 0))
        table.see("replied", 300, turn=1, text="Да.", action="listen")
        table.speak_out()
        assert "ask" in done(table.say("три", 0))

    def test_a_dead_recogniser_is_renewed_once(self):
        """F11: the second fault says goodbye."""
        table = Table().greeted()
        actions = table.see("asrFailed", 100)
        assert "stopEars" in done(actions)
        assert spoken(actions)
        table.speak_out()
        table.see("asrFailed", 100)
        assert table.state["reason"] == "recogniser_down"

    def test_endless_speech_is_cut(self):
        """F15: after a minute of interim results the speech is taken as it is."""
        table = Table().greeted()
        table.see("speechStarted", 100)
        for _ in range(59):
            table.see("interim", 1000)
        assert table.name == "hearing"
        table.see("interim", 1500)
        assert table.name == "recognising"

    def test_words_after_hang_up_are_kept_for_the_report(self):
        """F04: no turn, no question to the model."""
        table = Table().greeted()
        table.see("speechStarted", 100)
        table.see("disconnected", 100)
        assert table.see("heard", 100, text="и ещё одно", confidence=0.9) == []
        report = table.see("expired", 400)[1]
        assert report["late"] == ["и ещё одно"]
        assert report["turns"] == 0
        assert report["reason"] == "caller_hung_up"


class TestThinking:
    """The backend's answer, or none."""

    def test_a_slow_answer_gets_a_filler_then_an_apology(self):
        """F28: filler at 2 s, apology at 7 s, the late reply is dropped."""
        table = Table().asked()
        assert "Секунду" in spoken(table.see("expired", 2000))
        assert table.name == "thinking"
        apology = table.see("expired", 5000)
        assert "Извините" in spoken(apology)
        assert table.see("replied", 100, turn=1, text="Поздно.", action="listen") == []

    def test_an_answer_waits_for_the_end_of_the_filler(self):
        """Invariant 3: never two voices."""
        table = Table().asked()
        phrase = table.see("expired", 2000)[0]["phrase"]
        table.see("phraseStarted", 300, phrase=phrase, duration=1200)
        held = table.see("replied", 200, turn=1, text="Триста рублей.", action="listen")
        assert done(held) == ["wait"]
        assert (
            spoken(table.see("phraseEnded", 1000, phrase=phrase, failed=False)) == "Триста рублей."
        )

    def test_a_filler_that_never_ends_is_stopped(self):
        """F19 under an answer that is ready."""
        table = Table().asked()
        phrase = table.see("expired", 2000)[0]["phrase"]
        table.see("phraseStarted", 300, phrase=phrase, duration=1200)
        held = table.see("replied", 200, turn=1, text="Триста рублей.", action="listen")
        actions = table.see("expired", waits(held))
        assert done(actions)[0] == "hush"
        assert spoken(actions) == "Триста рублей."

    def test_a_broken_connection_is_tried_once_more_under_the_same_turn(self):
        """F27, F29: the same turn number, the time that is left."""
        table = Table().asked()
        retry = table.see("failed", 300, turn=1, retry=True, retryMs=90, unknown=False)
        assert retry[0]["do"] == "ask"
        assert retry[0]["turn"] == 1
        assert retry[0]["ms"] < 7000
        assert spoken(table.see("failed", 300, turn=1, retry=True, retryMs=90, unknown=False))

    def test_no_second_attempt_without_time(self):
        """F29: a retry needs two and a half seconds."""
        table = Table().asked()
        table.see("expired", 2000)
        actions = table.see("failed", 2700, turn=1, retry=True, retryMs=90, unknown=False)
        assert "ask" not in done(actions)

    def test_our_own_mistake_is_not_tried_again(self):
        """F30."""
        table = Table().asked()
        actions = table.see("failed", 100, turn=1, retry=False, retryMs=90, unknown=False)
        assert "Извините" in spoken(actions)

    def test_a_backend_that_lost_the_call_is_told_of_it_again(self):
        """404 unknown_call: the second attempt carries the call's start."""
        table = Table().asked()
        retry = table.see("failed", 100, turn=1, retry=True, retryMs=50, unknown=True)
        assert retry[0]["start"] is True

    def test_retry_after_is_obeyed_within_the_turn(self):
        """F31: 1 s is waited for, 30 s are not."""
        table = Table().asked()
        assert (
            table.see("failed", 100, turn=1, retry=True, retryMs=1000, unknown=False)[0]["delay"]
            == 1000
        )
        table = Table().asked()
        assert spoken(table.see("failed", 100, turn=1, retry=True, retryMs=30000, unknown=False))

    def test_the_third_bad_turn_in_a_row_says_goodbye(self):
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

    def test_apologies_of_the_backend_count_too(self):
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

    def test_a_reply_to_an_older_turn_is_dropped(self):
        """F53, invariant 5: while a newer turn is being asked, it is not spoken."""
        table = Table().asked()
        table.see("failed", 100, turn=1, retry=False, retryMs=0, unknown=False)
        table.speak_out()
        table.say("другой вопрос")
        assert table.see("replied", 10, turn=1, text="Старое.", action="listen") == []

    def test_the_twelfth_answer_is_followed_by_a_goodbye(self):
        """Twelve turns, then goodbye and hang-up."""
        table = Table().greeted()
        for turn in range(1, 13):
            table.say(f"вопрос {turn}")
            table.see("replied", 200, turn=turn, text=f"ответ {turn}", action="listen")
            last = table.speak_out()
        assert "до свидания" in spoken(last).lower()
        assert table.state["reason"] == "turn_limit"
        assert done(table.speak_out()) == ["hangup", "wait"]

    def test_the_backend_may_end_the_call(self):
        """`action: hangup`: its words are spoken, then the line is closed."""
        table = Table().asked("До свидания")
        table.see("replied", 200, turn=1, text="Всего доброго!", action="hangup")
        assert done(table.speak_out()) == ["hangup", "wait"]
        assert table.state["reason"] == "assistant_hung_up"


class TestSpeaking:
    """The voice, or its absence."""

    def test_a_phrase_that_never_ends_is_given_up(self):
        """F19: at its duration and a grace."""
        table = Table()
        table.see("alerted")
        table.see("profiled", 10, confirmed=True)
        phrase = table.see("connected", 10)[-2]["phrase"]
        assert waits(table.see("phraseStarted", 200, phrase=phrase, duration=3000)) == 4500
        assert done(table.see("expired", 4500))[:2] == ["hush", "listen"]

    def test_a_phrase_that_never_starts_is_given_up(self):
        """F20: within two and a half seconds."""
        table = Table()
        table.see("alerted")
        table.see("profiled", 10, confirmed=True)
        assert waits(table.see("connected", 10)) == 2500
        assert "listen" in done(table.see("expired", 2500))

    def test_a_failed_phrase_is_tried_as_plain_text_then_as_a_recording(self):
        """F21: no loop."""
        table = Table(audio__apology="https://halo.example/sorry.mp3").asked()
        table.see("replied", 100, turn=1, text="Цена: <b>300</b> ₽!", action="listen")
        plain = table.see("phraseEnded", 10, phrase=table.state["voice"]["phrase"], failed=True)
        assert spoken(plain) == "Цена b 300 b !"
        played = table.see("phraseEnded", 10, phrase=table.state["voice"]["phrase"], failed=True)
        assert "play" in done(played)
        last = table.see("phraseEnded", 10, phrase=table.state["voice"]["phrase"], failed=True)
        assert "listen" in done(last)

    def test_the_end_of_an_older_phrase_changes_nothing(self):
        """F24."""
        table = Table().asked()
        old = table.state["phrase"]
        table.see("replied", 100, turn=1, text="Новый ответ.", action="listen")
        assert table.see("phraseEnded", 10, phrase=old, failed=False) == []
        assert table.name == "speaking"

    def test_the_whole_call_is_bounded(self):
        """Invariant 10: after ten minutes a goodbye, whatever is going on."""
        table = Table().greeted()
        assert "завершить" in spoken(table.see("timeUp", 1))
        assert done(table.speak_out()) == ["hangup", "wait"]

    def test_what_the_caller_has_waited_counts(self):
        """Invariant 2: after a silent phrase the next re-prompt comes sooner."""
        table = Table().asked()
        table.see("replied", 1000, turn=1, text="Ответ.", action="listen")
        actions = table.see("expired", 2500)
        assert waits(actions) == 6500 - 3500


class TestTheEnd:
    """After the call."""

    @pytest.mark.parametrize("seed", range(40))
    def test_after_hang_up_nothing_is_said(self, seed):
        """F25, invariant 12: no voice and no question after Disconnected, from any state."""
        rng = random.Random(seed)
        table = Table().greeted()
        for _ in range(rng.randint(0, 25)):
            kind, fields = _any_event(rng, table.state)
            table.see(kind, 50, **fields)
        said = done(table.see("disconnected", 10))
        for _ in range(60):
            kind, fields = _any_event(rng, table.state)
            said += done(table.see(kind, 50, **fields))
        assert not {"say", "ask", "listen", "play"} & set(said)
        assert said.count("report") <= 1

    def test_the_report_counts_turns_and_time(self):
        """Reason, duration in ms and accepted turns."""
        table = Table().asked()
        table.see("replied", 100, turn=1, text="Ответ.", action="listen")
        table.speak_out()
        table.see("disconnected", 700)
        report = table.see("expired", 500)[1]
        assert report["turns"] == 1
        assert report["duration_ms"] == 7500
        assert report["reason"] == "caller_hung_up"
        assert done(table.see("reported", 100, ok=True)) == ["terminate"]

    def test_a_recording_is_posted_when_its_address_comes(self):
        """The address comes after hang-up; the session waits for it, but not for ever."""
        table = Table(recording__enabled=True)
        table.see("alerted")
        table.see("profiled", 10, confirmed=True)
        table.see("connected", 10)
        assert "record" in done(table.speak_out())
        table.see("recordingStarted", 10, url="https://r/start")
        table.see("disconnected", 100)
        table.see("expired", 500)
        table.see("reported", 50, ok=True)
        assert table.name == "filing"
        posted = table.see("recorded", 900, url="https://r/final")
        assert posted[0]["url"] == "https://r/final"
        assert done(table.see("filed", 100)) == ["terminate"]

    def test_a_recording_that_never_comes_does_not_hold_the_session(self):
        """The address from the start is used, and the session ends within twenty seconds."""
        table = Table(recording__enabled=True).greeted()
        table.see("recordingStarted", 10, url="https://r/start")
        table.see("disconnected", 100)
        waited = 1000
        waited += waits(table.see("expired", 500))
        waited += waits(table.see("expired", 5000))
        actions = table.see("expired", 8000)
        assert actions[0]["url"] == "https://r/start"
        waited += waits(actions)
        assert done(table.see("expired", 5000)) == ["terminate"]
        assert waited <= 20_000

    def test_a_session_that_is_ended_from_outside_still_reports(self):
        """The one request that is allowed while terminating."""
        table = Table().asked()
        actions = table.see("terminating", 10)
        assert done(actions) == ["report"]
        assert actions[0]["reason"] == "terminated"

    @pytest.mark.parametrize(("ok", "again"), [(True, []), (False, ["report"])])
    def test_a_report_that_got_lost_is_sent_once_more_while_terminating(self, ok, again):
        """F59: and one that arrived is not."""
        table = Table().asked()
        table.see("disconnected", 10)
        table.see("expired", 500)
        assert done(table.see("reported", 100, ok=ok)) == ["terminate"]
        assert done(table.see("terminating", 10)) == again
        assert table.see("terminating", 10) == []

    def test_a_fault_of_the_scenario_says_goodbye_once(self):
        """F66: not silence; the second fault ends the call."""
        table = Table().greeted()
        assert "неполадки" in spoken(table.see("broke", 10))
        assert done(table.see("broke", 10))[0] == "hangup"
        assert table.name == "closing"


class TestReading:
    """Small pure pieces that read foreign values."""

    @pytest.mark.parametrize(
        ("value", "scale", "expected"),
        [
            ("0.95", None, 0.95),
            ("95", 100, 0.95),
            ("90", None, 0.9),
            ("0.9", 100, 0.9),
            ("0", 100, 0),
            ("undefined", 100, 0),
            ("'x'", None, 0),
            ("250", 100, 1),
            ("-1", None, 0),
            ("1", 100, 0.01),
            ("1", None, 1),
        ],
    )
    def test_confidence_is_normalised(self, value, scale, expected):
        """F09, F10: both scales, clamped; nothing is 0."""
        scale = "null" if scale is None else scale
        assert Table().evaluate(f"normalise({value}, {scale})") == expected

    def test_a_strange_profile_leaves_the_defaults(self):
        """F32: values of a wrong type, blank texts and empty lists do not get through."""
        table = Table()
        merged = table.evaluate(
            'merge(DEFAULTS, {texts: {greeting: "", filler: 5, reprompts: []}, limits: "many", '
            'voice: null, asr: {interim: "yes", phrase_hints: ["да"]}, extra: 1})'
        )
        defaults = table.evaluate("DEFAULTS")
        assert merged["texts"] == defaults["texts"]
        assert merged["limits"] == defaults["limits"]
        assert merged["voice"] == defaults["voice"]
        assert merged["asr"]["interim"] is True
        assert merged["asr"]["phrase_hints"] == ["да"]
        assert "extra" not in merged

    def test_long_text_is_cut_at_a_sentence(self):
        """F22: never over the limit, at a sentence end where there is one."""
        table = Table()
        cut = table.evaluate('speakable("Первое предложение. ".repeat(40), 400)')
        assert len(cut) <= 400
        assert cut.endswith("предложение.")
        assert len(table.evaluate('speakable("а".repeat(5000), 400)')) == 400

    def test_markup_and_control_characters_are_not_spoken(self):
        """F23."""
        assert (
            Table().evaluate(r'speakable(" <speak>\u0000да &\n нет</speak> ", 400)')
            == "speak да нет /speak"
        )

    def test_the_body_is_ascii(self):
        """The signed bytes must be the same in every encoding."""
        text = Table().evaluate('ascii(JSON.stringify({t: "ё😀~"}))')
        assert text.isascii()
        assert "\\u0451\\ud83d\\ude00~" in text
