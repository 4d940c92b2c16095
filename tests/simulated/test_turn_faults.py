"""Faults of a conversation by number: who has the word, what was heard, what a model gives out.

Whole calls through HALO on one clock; the stream's own faults are in test_stream_faults.py.
"""

from __future__ import annotations

import asyncio
import re

import pytest

from halo_voice.core.ports import Outcome
from halo_voice.simulator import (
    HttpRequest,
    Interrupt,
    Press,
    Say,
    ScriptedCaller,
    When,
)
from halo_voice.simulator.turns import letters
from halo_voice.simulator.wire import fields
from tests.halo import HOST, PACED_ANSWER, HttpOnly, PacedModel, virtually
from tests.played import ALWAYS, EARS, Played, play

WORDS = ["до скольки вы работаете", "сколько стоит доставка", "где вы находитесь"]
REPAIR = "+74950000002"  # the assistant whose recogniser tells no words before the end


class GoesOn:
    """Asks, and `after_ms` after the end of that says more, whatever the assistant does."""

    def __init__(self, first: str, more: str, after_ms: float) -> None:
        self._first, self._more, self._after_ms = first, more, after_ms
        self._said = 0

    def hear(self, line) -> None:
        if self._said == 0 and line.heard and not line.audible:
            self._said = 1
            line.say(self._first)
        elif self._said == 1 and not line.speaking:
            self._said = 2
            line.after(self._after_ms, lambda: line.say(self._more))
            line.after(25_000, line.hang_up)

    def ended(self, line) -> None: ...


class LateReply(HttpOnly):
    """Over HTTP, where the reply to turn 1 takes some seconds longer on its way."""

    longer_s = 4

    async def request(self, request: HttpRequest):
        reply = await super().request(request)
        if fields(request.body).get("turn") == 1:
            await asyncio.sleep(self.longer_s)
        return reply


class TooLateReply(LateReply):
    longer_s = 9


class Leaves:
    """Asks, and hangs up two seconds after that, in the silence."""

    def __init__(self) -> None:
        self._said = 0

    def hear(self, line) -> None:
        if self._said == 0 and line.heard and not line.audible:
            self._said = 1
            line.say(WORDS[0])
        elif self._said == 1 and not line.speaking:
            self._said = 2
            line.after(1_900, line.hang_up)

    def ended(self, line) -> None: ...


async def goes_on(after_ms: int, ears: str, *, http: bool = False) -> Played:
    """Two halves of a question with a pause between; only the whole is answered aloud."""
    model = PacedModel(2.4, answer=lambda heard: f"Отвечаю, слов {len(heard.split())}.")
    caller = GoesOn("сколько стоит доставка", "и когда вы её привезёте", after_ms)
    # A filler that was cut may come once more.
    played = await play(
        caller, model=model, http=http, recogniser=EARS[ears], expected=["invariant 6"]
    )
    assert [text for text in played.heard if text.startswith("Отвечаю")] == [played.turns[-1].reply]
    return played


class TestTheCallerGoesOn:
    """F06 and F53: more words while the answer is being made."""

    @pytest.mark.parametrize("http", [False, True], ids=["stream", "http"])
    @pytest.mark.parametrize("ears", EARS)
    @virtually
    async def test_f06_one_answer_to_both(self, ears, http):
        """F06: after half a breath the answer is not there yet; the model is told the whole."""
        played = await goes_on(300, ears, http=http)
        *older, whole = played.turns
        assert {turn.outcome for turn in older} <= {Outcome.SUPERSEDED}
        assert len(whole.user_text.split()) in (7, 8)  # a recogniser rewrites some
        told = [m.content for m in played.model.asked[-1] if m.role == "user"]
        assert told == [whole.user_text]

    @pytest.mark.parametrize("after_ms", [900, 1_500])
    @pytest.mark.parametrize("ears", EARS)
    @virtually
    async def test_f06_the_answer_comes_while_they_go_on(self, ears, after_ms):
        """F06: it is not spoken, nor taken for heard; the newer words hold the older ones."""
        played = await goes_on(after_ms, ears)
        older, whole = played.turns
        assert older.outcome is Outcome.SUPERSEDED or older.heard == ""
        assert len(whole.user_text.split()) in (7, 8)
        assert not any(m.role == "assistant" for m in played.model.asked[-1])

    @virtually
    async def test_f06_the_answer_comes_over_http_while_they_go_on(self):
        """F06, invariant 9: the same over HTTP."""
        played = await goes_on(900, "prompt", http=True)
        older, _ = played.turns
        assert older.outcome is Outcome.SUPERSEDED or older.heard == ""
        assert not any(m.role == "assistant" for m in played.model.asked[-1])

    @virtually
    async def test_f53_the_older_reply_comes_after_the_newer(self):
        """F53, F06, invariant 9: the network brings the reply to turn 1 last; nobody hears it, nor
        is it stored as heard."""
        model = PacedModel(0.3, answer=lambda heard: f"Отвечаю, слов {len(heard.split())}.")
        caller = GoesOn("сколько стоит доставка", "и когда вы её привезёте", 900)
        played = await play(caller, model=model, network=lambda halo: LateReply(halo.web, HOST))
        assert played.by_http() == [1, 2]
        replies = [r.done_ms for r in played.call.requests if r.url.endswith("/process_text")]
        assert replies[0] > replies[1]
        assert [t for t in played.heard if t.startswith("Отвечаю")] == [played.turns[1].reply]
        assert [turn.heard for turn in played.turns] == ["", None]

    @virtually
    async def test_an_answer_that_the_hang_up_overtakes_was_not_heard(self):
        """Invariant 9: stored as answered, and as heard by nobody; the call's end tells so."""
        played = await play(Leaves(), network=lambda halo: LateReply(halo.web, HOST))
        [turn] = played.turns
        assert (turn.outcome, turn.heard) == (Outcome.ANSWERED, "")

    @virtually
    async def test_an_answer_that_an_apology_overtakes_was_not_heard(self):
        """Invariant 9: the model is not told that the caller knows it."""
        model = PacedModel(0.3)
        network = lambda halo: TooLateReply(halo.web, HOST)  # noqa: E731
        played = await play(GoesOn(*WORDS[:2], 10_000), model=model, network=network)
        first, second = played.turns
        assert played.texts.apology in played.heard
        assert (first.outcome, first.heard) == (Outcome.ANSWERED, "")
        assert second.heard is None
        assert not any(m.role == "assistant" for m in model.asked[-1])

    @virtually
    async def test_f53_a_model_that_does_not_stop(self):
        """F53: turn 1's model goes on for seconds after turn 2 was answered; nobody hears it."""
        model = Unstoppable()
        caller = GoesOn("сколько стоит доставка", "и когда вы её привезёте", 900)
        played = await play(caller, model=model)
        assert model.late
        assert [turn.outcome for turn in played.turns] == [Outcome.SUPERSEDED, Outcome.ANSWERED]
        answers = [text for text in played.heard if text in ("Первый ответ.", "Второй ответ.")]
        assert answers == ["Второй ответ."]


class Unstoppable(PacedModel):
    """Its first answer comes after three seconds, even when it was called off."""

    def __init__(self) -> None:
        super().__init__(0.3)
        self.late = 0

    async def stream(self, messages, *, max_tokens, deadline_s):
        self.asked.append(list(messages))
        if len(messages[-1].content.split()) > 3:
            await asyncio.sleep(0.3)
            yield "Второй ответ."
            return
        try:
            await asyncio.sleep(3)
        except asyncio.CancelledError:
            await asyncio.sleep(2)
            self.late += 1
        yield "Первый ответ."


def price_or_warranty(heard: str) -> str:
    return "Гарантия два года." if "гаранти" in heard else PACED_ANSWER


def interrupts(after_ms: int) -> ScriptedCaller:
    """A question, and another one into its answer."""
    words = Interrupt("подождите я спросил про гарантию", after_ms)
    return ScriptedCaller([WORDS[1], words], pause_ms=5_500)


async def coughing(phrase: int) -> Played:
    """A cough into one phrase, at an assistant that has a voice detector and no interims."""
    # A pause of ours is no end: this caller waits longer.
    caller = ScriptedCaller(list(WORDS[:2]), pause_ms=2_500)
    cough = When(at=[phrase])
    return await play(caller, F13=cough, destination=REPAIR, recogniser=EARS["no interims"])


class TestInterruptions:
    """F12 to F14: what is heard while the assistant speaks."""

    @pytest.mark.parametrize("seed", range(4))
    @pytest.mark.parametrize("ears", EARS)
    @virtually
    async def test_f12_our_own_voice_is_no_turn(self, ears, seed):
        """F12: every phrase comes back as an echo, in other words at times; none is answered."""
        played = await play(list(WORDS), F12=ALWAYS, recogniser=EARS[ears], seed=seed)
        asked = [set(turn.user_text.split()) for turn in played.turns]
        assert len(asked) == len(WORDS)
        assert all(words & set(meant.split()) for words, meant in zip(asked, WORDS, strict=True))
        assert all(span.complete for span in played.call.playbacks)
        assert played.sent("phrase_interrupted") == []

    @pytest.mark.parametrize("phrase", range(1, 7))
    @virtually
    async def test_f13_a_cough_is_not_an_interruption(self, phrase):
        """F13: with a voice detector the phrase resumes within two seconds, or goes on; no turn."""
        played = await coughing(phrase)
        assert [turn.user_text for turn in played.turns] == WORDS[:2]
        paused = [span for span in played.call.playbacks if span.cut_by == "paused"]
        for span in paused:
            after = [s for s in played.call.playbacks if s.started_ms >= span.ended_ms]
            again = next(s for s in after if s.number == span.number)
            assert again.started_ms - span.ended_ms <= 2_000
        assert not any(span.cut_by == "stopped" for span in played.call.playbacks)
        assert all(turn.heard is None for turn in played.turns)

    @virtually
    async def test_f13_coughs_do_pause_the_voice(self):
        """F13: of the coughs above some do, and the backend is told of those in its answers."""
        paused = told = 0
        for phrase in range(1, 7):
            played = await coughing(phrase)
            paused += sum(span.cut_by == "paused" for span in played.call.playbacks)
            told += len(played.sent("phrase_resumed"))
        assert paused >= told > 0

    @virtually
    async def test_f13_a_cough_where_words_decide(self):
        """F13: a recogniser with interims hears no word in it; every phrase is heard whole."""
        played = await play(list(WORDS[:2]), F13=ALWAYS)
        assert len(played.turns) == 2
        assert all(span.complete for span in played.call.playbacks)

    @pytest.mark.parametrize("after_ms", [700, 2_600, 6_500])
    @pytest.mark.parametrize("ears", ["prompt", "tardy"])
    @virtually
    async def test_f14_the_voice_stops_and_the_model_knows(self, ears, after_ms):
        """F14, invariants 4 and 9: within 300 ms of confirmed words; the heard part is stored to
        the word, and what was cut is told to the model with the next words."""
        model = PacedModel(0.4, answer=price_or_warranty)
        caller = interrupts(after_ms)
        played = await play(caller, model=model, recogniser=EARS[ears])
        first, second = played.turns
        assert played.misheard() == []
        assert first.heard is not None
        assert PACED_ANSWER.startswith(first.heard)
        assert len(first.heard) < len(first.reply)
        told = model.asked[-1]
        assert told[-1].role == "user"
        note = re.match(r"\[Собеседник перебил .*?«(.+?)»\] (.*)", told[-1].content)
        assert note is not None
        assert letters(first.reply).startswith(letters(first.heard + note[1].rstrip("…")))
        assert note[2] == second.user_text
        said = [message.content for message in told if message.role == "assistant"]
        assert said == ([first.heard] if first.heard else [])
        assert played.heard.count(played.call.playbacks[1].text) == 1

    @virtually
    async def test_f14_over_http_too(self):
        """F14, invariant 9: the note goes with the next request."""
        model = PacedModel(0.4, answer=price_or_warranty)
        played = await play(interrupts(2_600), model=model, http=True)
        first, _ = played.turns
        assert first.heard
        assert first.reply.startswith(first.heard)
        assert played.misheard() == []
        assert "Собеседник перебил" in model.asked[-1][-1].content


class TestLongAndSilent:
    """F15 and F18: callers who speak without end, or do not speak."""

    @pytest.mark.parametrize("ears", EARS)
    @virtually
    async def test_f15_three_minutes_are_cut_at_one(self, ears):
        """F15: acknowledged after 60 s, answered at once; the text is bounded. Nothing else of the
        three minutes is asked before the caller has ended."""
        speech = Say("я хочу рассказать вам всё по порядку " * 60, duration_ms=180_000)
        caller = ScriptedCaller([speech], polite=False)
        called = REPAIR if ears == "no interims" else "+74950000000"
        played = await play(caller, recogniser=EARS[ears], destination=called)
        [spoken] = [s for s in played.call.speech if s.text == speech.text]
        said = [s for s in played.spans(played.texts.too_long) if s.started_ms > spoken.started_ms]
        assert 60_000 <= said[0].started_ms - spoken.started_ms <= 63_000
        assert played.turns[0].outcome is Outcome.ANSWERED
        assert all(len(turn.user_text) <= 2_000 for turn in played.turns)
        assert played.turns[0].text_cut

    @virtually
    async def test_f18_dictated_keys_are_a_turn(self):
        """F18: digits after "name the number" are the caller's words, without a final key."""
        model = PacedModel(0.3, answer=lambda heard: NAME_IT if "заказ" in heard else "Нашёл его.")
        played = await play(["где мой заказ", Press("40815")], model=model)
        assert [turn.user_text for turn in played.turns] == ["где мой заказ", "40815"]
        assert "Нашёл его." in played.heard
        assert [m.fields["digit"] for m in played.sent("key")] == list("40815")
        assert played.texts.keys not in played.heard

    @pytest.mark.parametrize("http", [False, True], ids=["stream", "http"])
    @virtually
    async def test_f18_keys_without_meaning_are_explained_once(self, http):
        """F18: "say it in words", once in a call; no turn."""
        played = await play([Press("5"), WORDS[0], Press("78"), WORDS[1]], http=http)
        assert played.heard.count(played.texts.keys) == 1
        assert [turn.user_text for turn in played.turns] == WORDS[:2]


NAME_IT = "Назовите, пожалуйста, номер заказа."


class TestTheModel:
    """F37 and F39 through a whole call; F33 to F36 and F38: test_first_words.py."""

    @pytest.mark.parametrize("http", [False, True], ids=["stream", "http"])
    @virtually
    async def test_f37_halves_of_characters(self, http):
        """F37: what is no character is neither spoken nor stored."""
        model = PacedModel(0.3, answer=lambda _: "Доставка \ud83d стоит\udc00 \x00триста\ufffd.")
        played = await play([WORDS[1]], model=model, http=http)
        [turn] = played.turns
        assert turn.outcome is Outcome.ANSWERED
        assert letters(turn.reply) == "доставкастоиттриста"
        assert not re.search("[\ud800-\udfff\x00\ufffd]", " ".join(played.heard))

    @pytest.mark.parametrize("http", [False, True], ids=["stream", "http"])
    @virtually
    async def test_f39_an_answer_without_end(self, http):
        """F39: 400 characters, an offer to go on as the last phrase, and the model is stopped."""
        model = PacedModel(0.3, 0.001, answer=lambda _: "Ещё одно предложение. " * 5_000)
        played = await play([WORDS[1]], model=model, http=http)
        [turn] = played.turns
        assert 300 < len(turn.reply) <= 400
        assert turn.reply.endswith("Продолжить?")
        assert model.finished == 0
        assert model.characters < 1_000 * len(model.asked)
        assert played.heard[-1].endswith("Продолжить?")

    @virtually
    async def test_f39_a_sentence_without_end(self):
        """F39: nothing of it can be spoken, so the company's texts answer."""
        model = PacedModel(0.3, 0.001, answer=lambda _: "слово " * 5_000)
        played = await play([WORDS[1]], model=model)
        assert "триста девяносто" in played.turns[0].reply
        assert model.finished == 0
