"""Faults of docs/reliability.md by number: what the caller hears, and what is stored afterwards.

Each fault strikes once or for good in an otherwise calm call, through the shipped scenario and the
real app; whatever the fault, no invariant may break.
"""

from __future__ import annotations

import json
import sqlite3

import pytest

from halo_voice.core.ports import Outcome
from halo_voice.simulator import (
    AsgiNetwork,
    FinishedCall,
    HttpResponse,
    Line,
    Recogniser,
    ScriptedNetwork,
    Spread,
    When,
)
from halo_voice.simulator.faults import Faults
from halo_voice.simulator.invariants import breaches
from tests.halo import HOST, HttpOnly, TalkingModel, backend, call_to
from tests.simulated.test_settings_of_a_call import with_profile

WORDS = ["до скольки вы работаете", "сколько стоит доставка", "где вы находитесь"]
ALWAYS = When(probability=1)
PHRASES = When(probability=1, where=" ")  # an address has no space


def heard(call: FinishedCall) -> list[str]:
    """What the caller heard, phrase by phrase."""
    return [span.text for span in call.playbacks]


def turns_sent(call: FinishedCall) -> list[int]:
    return [json.loads(r.body)["turn"] for r in call.requests if r.url.endswith("/process_text")]


# What is lost must be its result: with interim results a turn needs none.
EARS = Recogniser(scale=100, interims=False)


@pytest.fixture
def struck(halo):
    """Play a call over HTTP under faults; the faults must strike and no invariant may break."""

    async def play(caller=None, expected=None, network=None, **faults) -> FinishedCall:
        network = network or HttpOnly(halo.web, HOST)
        place = call_to(halo.web)
        done = await place(
            caller or list(WORDS), network=network, faults=Faults(faults), recogniser=EARS, seed=7
        )
        for name in faults:
            assert done.struck.get(name), f"{name} never struck"
        assert done.failures == []
        assert [str(breach) for breach in breaches(done)] == (expected or [])
        assert done.finish_reason == "Normal termination"
        return done

    return play


@pytest.fixture
def texts(halo):
    return next(p for p in halo.switchboard.profiles if p.default).texts


async def kept(halo):
    [record] = await halo.store.recent_calls(10)
    return record, await halo.store.turns(record.call_id)


class TestRecogniser:
    """F01 to F11."""

    async def test_f01_no_result_ever(self, halo, struck, texts):
        """F01: two re-prompts, then a goodbye; no turn, no model."""
        done = await struck(F01=ALWAYS)
        assert heard(done)[1:] == [*texts.reprompts, texts.bye_silence]
        record, turns = await kept(halo)
        assert record.end_reason == "no_input"
        assert turns == []

    async def test_f02_speech_that_is_never_captured(self, halo, struck, texts):
        """F02: asked to speak again, then all goes on."""
        done = await struck(F02=When(at=[1]))
        assert heard(done)[1] in texts.reprompts
        _, turns = await kept(halo)
        assert [turn.user_text for turn in turns] == WORDS[1:]

    async def test_f03_a_captured_phrase_without_a_result(self, halo, struck, texts):
        """F03: a re-prompt three seconds after the speech was captured."""
        done = await struck(F03=When(at=[1]))
        captured = next(
            line.ms for line in done.trace if line.data.get("event") == "ASR.SpeechCaptured"
        )
        assert heard(done)[1] in texts.reprompts
        assert 3000 <= done.playbacks[1].started_ms - captured <= 4500
        _, turns = await kept(halo)
        assert [turn.user_text for turn in turns] == WORDS[1:]

    async def test_f04_words_that_are_recognised_after_hang_up(self, halo, struck):
        """F04: nothing is said, no model is asked, the words are kept with the call as late."""
        await struck(LeavingCaller(WORDS[1], after_ms=100), F04=ALWAYS)
        record, turns = await kept(halo)
        assert turns == []
        assert record.late_texts == (WORDS[1],)
        assert record.end_reason == "caller_hung_up"

    async def test_f05_the_same_result_twice(self, halo, struck):
        """F05: one answer, one row."""
        done = await struck(F05=ALWAYS)
        assert turns_sent(done) == [1, 2, 3]
        record, turns = await kept(halo)
        assert [turn.user_text for turn in turns] == WORDS
        assert record.late_texts == ()

    async def test_f07_blank_text(self, halo, struck, texts):
        """F07: asked to speak, no turn is used up."""
        done = await struck(F07=When(at=[1]))
        assert heard(done)[1] in texts.reprompts
        _, turns = await kept(halo)
        assert [turn.turn for turn in turns] == [1, 2]

    async def test_f08_the_text_under_another_name(self, halo, struck):
        """F08: `transcript` instead of `text` is a normal turn."""
        await struck(F08=ALWAYS)
        _, turns = await kept(halo)
        assert [turn.user_text for turn in turns] == WORDS

    async def test_f09_confidence_on_the_other_scale(self, halo, struck):
        """F09: 0.9 and 90 are the same."""
        await struck(F09=ALWAYS)
        _, turns = await kept(halo)
        assert len(turns) == 3
        assert all(0.5 <= turn.confidence <= 1 for turn in turns)

    async def test_f10_no_confidence(self, halo, struck, texts):
        """F10: asked to repeat once in the call, then taken."""
        done = await struck(list(WORDS) * 2, F10=ALWAYS)
        assert heard(done).count(texts.repeat) == 1
        _, turns = await kept(halo)
        assert len(turns) == 5

    async def test_f11_the_recogniser_fails_once(self, halo, struck, texts):
        """F11: it is made anew, the caller is asked to repeat."""
        done = await struck(F11=When(at=[1]))
        assert texts.repeat in heard(done)
        assert sum(line.what.startswith("createASR") for line in done.trace) == 2
        _, turns = await kept(halo)
        assert turns

    async def test_f11_the_recogniser_fails_for_good(self, halo, struck, texts):
        """F11: the second fault says goodbye."""
        done = await struck(F11=ALWAYS)
        assert heard(done)[-1] == texts.bye_failure
        record, _ = await kept(halo)
        assert record.end_reason == "recogniser_down"


class TestVoice:
    """F19 to F25."""

    async def test_f19_the_end_of_a_phrase_is_never_told(self, halo, struck):
        """F19: it listens again a second and a half after the phrase's length."""
        await struck(F19=ALWAYS)
        _, turns = await kept(halo)
        assert [turn.user_text for turn in turns] == WORDS

    async def test_f20_a_phrase_that_never_starts(self, halo, struck):
        """F20: within two and a half seconds it moves on."""
        done = await struck(F20=When(at=[2]))
        _, turns = await kept(halo)
        assert len(turns) >= 2
        assert done.terminated_ms

    async def test_f20_a_voice_that_is_gone(self, halo, struck):
        """F20 for good: three phrases that nobody hears end the call."""
        await struck(F20=ALWAYS)
        record, _ = await kept(halo)
        assert record.end_reason == "voice_down"

    async def test_f21_a_phrase_that_fails(self, halo, struck):
        """F21: once more as plain text."""
        done = await struck(F21=When(at=[2]))
        _, turns = await kept(halo)
        assert len(turns) == 3
        assert len(done.playbacks) >= 4

    async def test_f21_a_voice_that_fails_for_good(self, halo, struck):
        """F21: no loop; the call ends."""
        done = await struck(F21=ALWAYS)
        record, _ = await kept(halo)
        assert record.end_reason == "voice_down"
        assert sum(line.what.startswith("createTTSPlayer") for line in done.trace) == 6

    async def test_f21_recorded_prompts_when_the_voice_is_down(self, halo, call):
        """F21, F26: with a recording in the profile the caller hears that."""
        network = profile_with(halo, audio={"apology": "https://files.example/sorry.mp3"})
        done = await call([WORDS[0]], network=network, faults=Faults({"F21": PHRASES}))
        assert "https://files.example/sorry.mp3" in heard(done)

    @pytest.mark.parametrize(
        "said",
        ["Слово. " * 400, "слово" * 500, "Первое предложение длинное. " + "а" * 3000],
        ids=["sentences", "one word", "no end"],
    )
    async def test_f22_long_text_is_cut_here_too(self, call, said):
        """F22: whatever the backend sends, no phrase has more than 400 characters."""
        done = await call([WORDS[0]], network=answering(said))
        assert done.failures == []
        assert 0 < len(heard(done)[1]) <= 400

    @pytest.mark.parametrize("said", ["", "   ", "\u0000\u0007", "<>&"], ids=repr)
    async def test_f23_nothing_to_speak_is_an_apology(self, call, said):
        """F23: a reply without a speakable character."""
        done = await call([WORDS[0]], network=answering(said))
        assert "Извините" in heard(done)[1]

    async def test_f23_markup_is_not_spoken(self, call):
        """F23: SSML-breaking characters and control characters are gone."""
        done = await call([WORDS[0]], network=answering("Цена <b>5</b> & \u0000 точка"))
        assert not set(heard(done)[1]) & set("<>&\u0000")

    async def test_f24_a_late_end_of_an_older_phrase(self, halo, struck):
        """F24: the new phrase is not cut by it."""
        done = await struck(F24=ALWAYS)
        _, turns = await kept(halo)
        assert len(turns) == 3
        answers = [span for span in done.playbacks if span.text in {t.reply for t in turns}]
        assert all(span.complete for span in answers)

    async def test_f25_hang_up_is_told_late(self, halo, struck):
        """F25: what is tried on a dead line raises nothing."""
        await struck(LeavingCaller(WORDS[1], after_ms=1200), F25=ALWAYS)
        record, _ = await kept(halo)
        assert record.end_reason == "caller_hung_up"


class TestNetwork:
    """F27 to F32, F51."""

    async def test_f27_no_connection_once(self, halo, struck):
        """F27: tried once more under the same turn; the caller notices nothing."""
        done = await struck(F27=When(at=[1], where="/process_text"))
        assert turns_sent(done) == [1, 1, 2, 3]
        _, turns = await kept(halo)
        assert {turn.outcome for turn in turns} == {Outcome.ANSWERED}

    async def test_f27_no_backend_at_all(self, struck):
        """F27: built-in greeting, two apologies, then a goodbye; the session ends."""
        done = await struck(list(WORDS) * 2, F27=ALWAYS)
        assert "HALO" in heard(done)[0]
        assert sum("Извините, сейчас не получилось" in text for text in heard(done)) == 2
        assert "неполадки" in heard(done)[-1]
        assert done.terminated_ms - done.disconnected_ms <= 20_000

    async def test_f28_no_answer(self, halo, struck, texts):
        """F28: a filler, an apology by seven seconds; the next turn is answered."""
        # A caller who may break in would speak again after the filler.
        network = with_profile(halo, barge_in={"mode": "off"})
        done = await struck(network=network, F28=When(at=[1], where="/process_text"))
        assert heard(done)[1:3] == [texts.filler, texts.apology]
        _, turns = await kept(halo)
        assert turns[-1].outcome is Outcome.ANSWERED

    async def test_f29_a_server_error(self, halo, struck):
        """F29: the same turn again, answered."""
        done = await struck(F29=When(at=[1], where="/process_text"))
        assert turns_sent(done) == [1, 1, 2, 3]
        _, turns = await kept(halo)
        assert [turn.turn for turn in turns] == [1, 2, 3]

    async def test_f30_our_own_mistake(self, struck, texts):
        """F30: an apology at once, no second attempt."""
        done = await struck(F30=When(at=[1], where="/process_text"))
        assert turns_sent(done) == [1, 2, 3]
        assert heard(done)[1] == texts.apology

    @pytest.mark.parametrize("seed", range(8))
    async def test_f32_a_broken_answer(self, halo, seed, texts):
        """F32: not JSON, another shape, over 2 MB, redirects without end: an apology each."""
        faults = Faults({"F32": When(at=[1], where="/process_text")})
        network = HttpOnly(halo.web, HOST)
        done = await call_to(halo.web)(list(WORDS), network=network, faults=faults, seed=seed)
        assert done.struck["F32"] == 1
        assert heard(done)[1] == texts.apology
        assert [str(breach) for breach in breaches(done)] == []

    async def test_f51_a_request_that_arrives_twice(self, halo, struck):
        """F51: one row and one answer each."""
        await struck(F51=ALWAYS)
        record, turns = await kept(halo)
        assert [turn.user_text for turn in turns] == WORDS
        assert record.turns_reported == 3


class TestBackend:
    """F43: what happens on our side of the wire."""

    async def test_f43_a_restart_in_the_middle_of_a_call(self, tmp_path):
        """F43: another process carries the call on with its history; nobody notices."""
        url = f"sqlite:///{tmp_path}/halo.sqlite3"
        model = TalkingModel()
        async with (
            backend(store_url=url) as first,
            backend(store_url=url, model=model) as second,
        ):
            one, two = AsgiNetwork(first.web, HOST), AsgiNetwork(second.web, HOST)
            count = 0

            async def route(request):
                nonlocal count
                count += request.url.endswith("/process_text")
                return await (one if count < 2 else two).request(request)

            network = ScriptedNetwork(route, latency=Spread(80))
            done = await call_to(None)(list(WORDS), network=network)
            assert breaches(done) == []
            record, turns = await kept(second)
            assert [turn.user_text for turn in turns] == WORDS
            assert {turn.outcome for turn in turns} == {Outcome.ANSWERED}
            assert record.end_reason == "caller_hung_up"
            # The second process tells its model what had been said through the first.
            assert [m.content for m in model.asked[0] if m.role == "user"] == WORDS[:2]
            assert turns[0].reply in [m.content for m in model.asked[0]]

    async def test_f54_the_store_is_locked(self, tmp_path):
        """F54: no audible effect; what was acknowledged is in the store once it answers again."""
        path = tmp_path / "halo.sqlite3"
        async with backend(store_url=f"sqlite:///{path}", store_busy_ms=50) as halo:
            inner = AsgiNetwork(halo.web, HOST)
            other = sqlite3.connect(path, isolation_level=None)

            async def route(request):
                if request.url.endswith("/process_text") and not other.in_transaction:
                    other.execute("BEGIN IMMEDIATE")
                return await inner.request(request)

            network = ScriptedNetwork(route, latency=Spread(80))
            done = await call_to(None)(list(WORDS), network=network)
            other.rollback()
            other.close()
            await halo.store.recovered()
            record, turns = await kept(halo)
        assert breaches(done) == []
        assert [r.code for r in done.requests] == [200] * 5
        assert [turn.user_text for turn in turns] == WORDS
        assert record.end_reason == "caller_hung_up"

    async def test_f52_turns_of_one_call_keep_their_order(self, halo):
        """F52, F53: numbers go upwards and each is told what came before."""
        done = await call_to(halo.web)(list(WORDS), network=HttpOnly(halo.web, HOST))
        assert turns_sent(done) == [1, 2, 3]
        _, turns = await kept(halo)
        assert [turn.turn for turn in turns] == [1, 2, 3]


class LeavingCaller:
    """Says one thing as soon as somebody listens and hangs up `after_ms` after its end."""

    def __init__(self, text: str, after_ms: float) -> None:
        self._text = text
        self._after_ms = after_ms
        self._said = False

    def hear(self, line: Line) -> None:
        if line.listening and not line.audible and not self._said:
            self._said = True
            line.say(self._text, duration_ms=1500)
            line.after(1500 + self._after_ms, line.hang_up)

    def ended(self, line: Line) -> None: ...


def answering(said: str) -> ScriptedNetwork:
    """A backend that says this to everything."""

    def answer(request):
        asked = json.loads(request.body)
        reply = {"user_text": "", "ai_text": said, "turn": asked.get("turn"), "action": "listen"}
        return HttpResponse(200, json.dumps(reply).encode())

    return ScriptedNetwork(answer)


def profile_with(halo, **changes) -> ScriptedNetwork:
    """The real app, with something else in the profile that it gives out."""
    inner = AsgiNetwork(halo.web, HOST)

    async def answer(request):
        response = await inner.request(request)
        if not request.url.endswith("/call/start"):
            return response
        content = json.loads(response.body)
        content["profile"].update(changes)
        return HttpResponse(200, json.dumps(content).encode())

    return ScriptedNetwork(answer)
