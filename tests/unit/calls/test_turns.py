"""A turn of a call: phrases as they come, one answer for all who ask, the newest turn wins."""

from __future__ import annotations

import asyncio
import gc
import weakref

import pytest

from halo_voice.calls.call import Call
from halo_voice.calls.words import Words
from halo_voice.core.dialogue import Dialogue
from halo_voice.core.errors import CallClosed, ModelBroken, StoreUnavailable, TurnConflict
from halo_voice.core.ports import CallStart, Outcome
from halo_voice.llm.guarded import GuardedModel
from halo_voice.llm.offline import OfflineAssistant
from tests.one_call import PROFILE, asking, heard, until


async def test_nothing_is_said_before_the_turn_is_written_down(
    call, model, store, listener, monkeypatch
):
    """Phrases are ready, the store is not: they wait for it."""
    written, accept = asyncio.Event(), store.accept_turn

    async def slow(*given, **how):
        await written.wait()
        return await accept(*given, **how)

    monkeypatch.setattr(store, "accept_turn", slow)
    answer = asking(call, 1, "где вы", listener)
    await model.give("Мы на улице Ленина. ", "Приходите!", None)
    await until(lambda: call._turns[1].decided.done())
    assert listener.told == []
    written.set()
    record = await answer
    assert listener.told == [
        ("accepted", 1),
        ("say", 1, 1, "Мы на улице Ленина."),
        ("say", 1, 2, "Приходите!"),
    ]
    assert record.reply == "Мы на улице Ленина. Приходите!"


async def test_a_phrase_hurries_what_shares_the_disk(call, model, store, listener, monkeypatch):
    """A turn may wait for others to be written down, but not once there is something to say."""
    hurried, accept = asyncio.Event(), store.accept_turn

    async def shared(*given, within_s, **marks):
        assert within_s > 0
        await hurried.wait()
        return await accept(*given, **marks)

    monkeypatch.setattr(store, "accept_turn", shared)
    monkeypatch.setattr(store, "hurry", hurried.set)
    answer = asking(call, 1, "где вы", listener)
    await until(lambda: 1 in call._turns)
    assert not hurried.is_set()
    await model.give("Мы на улице Ленина. ", None)
    await answer
    assert listener.told == [("accepted", 1), ("say", 1, 1, "Мы на улице Ленина.")]


async def test_a_dropped_answer_is_freed_at_once(call):
    """Answers begun too early are many: none waits for the collector."""

    class Slow:
        name = "slow"

        async def stream(self, messages, *, max_tokens, deadline_s):
            await asyncio.Event().wait()
            yield "Никогда."

    gc.disable()
    try:
        draft = Words(Slow(), max_tokens=1).begin(call.dialogue, [], due=1e9)
        await asyncio.sleep(0)  # not a pause: it lets the model begin
        dropped = weakref.ref(draft)
        draft.drop()
        await asyncio.wait([draft.writing])
        del draft
        assert dropped() is None
    finally:
        gc.enable()


async def test_who_asks_the_same_turn_meanwhile_gets_the_same_answer(call, model, listener):
    """F48, F51: over HTTP or on a new stream; the phrases go on where the first stream broke."""
    first = asking(call, 1, "где вы", listener)
    await model.give("Мы на улице Ленина. ", "Приходите! ")
    await until(lambda: len(listener.said(1)) == 2)
    over_http = asking(call, 1, "Где вы?")
    again = type(listener)()
    resumed = asking(call, 1, "где вы", again, have=1)
    await model.give("Ждём вас.", None)
    records = await asyncio.gather(first, over_http, resumed)
    assert len({record.reply for record in records}) == 1
    assert again.told[0] == ("accepted", 1)
    assert [told[2] for told in again.told[1:]] == [2, 3]
    assert len(model.asked) == 1


async def test_a_settled_turn_is_repeated_from_where_its_listener_is(call, model, listener):
    """The reply came, the connection broke before its end."""
    first = asking(call, 1, "где вы", listener)
    await model.give("Мы на улице Ленина. Приходите!", None)
    await first
    again = type(listener)()
    await call.take(heard(1, "где вы", have=1), again)
    assert again.told == [("accepted", 1), ("say", 1, 2, "Приходите!")]
    assert call.phrases(1) == 2


async def test_phrases_of_a_process_that_is_gone_are_taken_back(call, model, store, listener):
    """F43: a pending turn of which the scenario has phrases is answered anew, from its first."""
    await store.accept_turn("c-1", 1, "где вы", 0.9)
    answer = asking(call, 1, "где вы", listener, have=2)
    await model.give("Приходите!", None)
    await answer
    assert listener.told == [("accepted", 1), ("clear", 1), ("say", 1, 1, "Приходите!")]


async def test_a_newer_turn_stops_an_older_one_that_nobody_heard(call, model, listener, meter):
    """F06, F53: the model is stopped, the older turn is superseded and no part of the history."""
    older = asking(call, 1, "где", listener)
    await model.give("Мы на улице Ленина. ")
    await until(lambda: listener.said(1))
    newer = asking(call, 2, "где вы и до скольки", listener)
    await model.was_stopped(1)
    await model.give("До девяти.", None)
    assert (await older).outcome is Outcome.SUPERSEDED
    assert (await older).reply == ""
    assert (await newer).reply == "До девяти."
    assert "Мы на улице Ленина." not in [m.content for m in model.asked[1]]
    assert meter.outcomes == [Outcome.SUPERSEDED, Outcome.ANSWERED]


async def test_an_older_turn_that_was_heard_is_answered_with_what_was_given(call, model, listener):
    """The caller heard its beginning: that stays said, and the model knows it."""
    older = asking(call, 1, "где", listener)
    await model.give("Мы на улице Ленина. ", "Приходите! ")
    await until(lambda: len(listener.said(1)) == 2)
    call.phrase_started(1, 1, {"voice_ms": 200})
    newer = asking(call, 2, "а до скольки", listener)
    await model.give("До девяти.", None, answer=1)
    assert (await older).outcome is Outcome.ANSWERED
    assert (await older).reply == "Мы на улице Ленина. Приходите!"
    await newer
    assert [m.role for m in model.asked[1]] == ["system", "user", "assistant", "user"]


async def test_the_model_stops_when_the_caller_interrupts(call, model, listener, store, meter):
    """F14: what was heard is stored, to the letter; nothing more is made."""
    answer = asking(call, 1, "где", listener)
    await model.give("Мы на улице Ленина. ", "Приходите! ")
    await until(lambda: len(listener.said(1)) == 2)
    call.phrase_started(1, 1, {"voice_ms": 200, "audible_ms": 900})
    call.phrase_finished(1, 1)
    call.phrase_started(1, 2, {"voice_ms": 10})
    call.phrase_interrupted(1, 2, "Прих")
    await model.was_stopped(1)
    await answer
    await call.finish()
    [turn] = await store.turns("c-1")
    assert turn.reply == "Мы на улице Ленина. Приходите!"
    assert turn.heard == "Мы на улице Ленина. Прих"
    assert turn.latency["voice_ms"] == 200
    assert turn.latency["audible_ms"] == 900
    assert meter.interruptions == [True]


async def test_words_that_follow_no_longer_are_a_conflict(call, model):
    """Other words under a number that is being answered; a number that goes back."""
    answer = asking(call, 3, "где вы")
    await model.was_asked(1)
    with pytest.raises(TurnConflict):
        await call.take(heard(3, "совсем другое"))
    with pytest.raises(TurnConflict):
        await call.take(heard(2, "раньше"))
    await model.give("Да.", None)
    assert (await answer).reply == "Да."


async def test_whoever_asks_may_leave(call, model, listener, store):
    """A stream that ends, a client that gives up: the turn is answered all the same."""
    answer = asking(call, 1, "где вы", listener)
    await model.was_asked(1)
    answer.cancel()
    await model.give("Мы здесь.", None)
    await call.finish()
    [turn] = await store.turns("c-1")
    assert turn.reply == "Мы здесь."


async def test_a_store_that_is_gone_stops_the_model(call, model, store):
    """No turn is answered that was not written down; it may be asked again."""
    store.fault = StoreUnavailable()
    with pytest.raises(StoreUnavailable):
        await call.take(heard(1, "где вы"))
    await until(lambda: model.stopped == len(model.asked))
    store.fault = None
    answer = asking(call, 1, "где вы")
    await model.give("Мы здесь.", None, answer=len(model.asked))
    assert (await answer).reply == "Мы здесь."


async def test_a_reply_that_could_not_be_stored_was_not_given(call, model, store, monkeypatch):
    """F54, invariant 8: the turn is open still, and whoever asks again gets a reply on the disk."""

    async def refuse(*_, **__):
        raise StoreUnavailable

    with monkeypatch.context() as patch:
        patch.setattr(store, "settle_turn", refuse)
        answer = asking(call, 1, "где вы")
        await model.give("Мы здесь.", None)
        with pytest.raises(StoreUnavailable):
            await answer
    again = asking(call, 1, "где вы")
    await model.give("Мы тут.", None, answer=1)
    assert (await again).reply == "Мы тут."
    [turn] = await store.turns("c-1")
    assert turn.reply == "Мы тут."


async def test_nothing_is_made_for_a_caller_who_is_gone(call, model, listener, store):
    """Invariant 12: the model is stopped, none is begun, the turn has its one outcome."""
    answer = asking(call, 1, "где вы", listener)
    await model.give("Мы на улице Ленина. ")
    await until(lambda: listener.said(1))
    call.gone()
    await model.was_stopped(1)
    with pytest.raises(CallClosed):
        await answer
    with pytest.raises(CallClosed):
        await call.take(heard(2, "алло"))
    call.foresee(2, "алло", quiet=True)
    await call.finish()
    assert len(model.asked) == 1
    [turn] = await store.turns("c-1")
    assert turn.outcome is Outcome.CALLER_GONE


async def test_a_goodbye_and_the_limit_are_said_on_the_stream_too(call, model, listener):
    """Without a model; then the line is closed."""
    record = await call.take(heard(1, "Спасибо, до свидания!"), listener)
    assert record.action == "hangup"
    assert listener.said(1) == [PROFILE.texts.farewell]
    record = await call.take(heard(PROFILE.limits.turns + 1, "ещё"), listener)
    assert record.action == "hangup"
    assert model.asked == []


async def test_a_model_that_forgets_its_deadline_is_stopped_in_time(call, model, listener):
    """F34, F36: what is there is kept, with an offer; without a word it is the apology."""
    answer = asking(call, 1, "где", listener, deadline_s=0.32)
    await model.give("Мы на улице Ленина. ", "А ещё")
    async with asyncio.timeout(5):
        assert (await answer).reply == "Мы на улице Ленина. Продолжить?"
        second = await call.take(heard(2, "где", deadline_s=0.32), listener)
    assert second.reply == PROFILE.texts.apology
    await until(lambda: model.stopped == 2)


@pytest.mark.parametrize(
    ("pieces", "reply", "outcome"),
    [
        (["Мы на Ленина. ", "Приходите в", ModelBroken()], "Мы на Ленина. Продолжить?", "answered"),
        (["Мы на Ленина", ModelBroken()], PROFILE.texts.apology, "apologised"),
        ([ModelBroken()], PROFILE.texts.apology, "apologised"),
        ([None], PROFILE.texts.apology, "apologised"),
        (["** ", "🙂", None], PROFILE.texts.apology, "apologised"),
        (["\ud800Да\udfff\u202e.", None], "Да.", "answered"),
    ],
    ids=["torn", "torn at once", "refused", "empty", "unspeakable", "half characters"],
)
async def test_whatever_a_model_does_the_turn_is_answered(
    call, model, listener, pieces, reply, outcome
):
    """F35, F37, F38: whole sentences, an offer to go on, or an apology; always the phrases."""
    answer = asking(call, 1, "где", listener)
    await model.give(*pieces)
    record = await answer
    assert (record.reply, record.outcome) == (reply, outcome)
    assert " ".join(listener.said(1)) == reply


async def test_an_endless_answer_is_ended(call, model, listener):
    """F39: 400 characters in all, the model is stopped, the caller may ask for more."""
    answer = asking(call, 1, "где", listener)
    await model.give(*["Это предложение. "] * 1000)
    record = await answer
    assert len(record.reply) <= 400
    assert record.reply.endswith("предложение. Продолжить?")
    assert " ".join(listener.said(1)) == record.reply
    await until(lambda: model.stopped == 1)


async def test_a_call_that_ends_takes_its_stream_along(call, listener):
    """And a newer stream takes over from an older one, which is told why."""
    newer = type(listener)()
    call.attach(listener)
    call.attach(newer)
    assert listener.told == [("leave", False)]
    call.detach(listener)
    call.close()
    assert newer.told == [("leave", True)]


class CutShort:
    """Any answer ends where the model's limit of tokens was."""

    name = source = "short"
    truncated = True

    def __init__(self) -> None:
        self.left = ["Мы на улице Ленина. ", "Приходите в лю"]

    def stream(self, messages, *, max_tokens, deadline_s):
        return self

    def __aiter__(self):
        return self

    async def __anext__(self):
        if not self.left:
            raise StopAsyncIteration
        return self.left.pop(0)

    async def warm_up(self) -> None: ...

    async def close(self) -> None: ...


@pytest.mark.parametrize("guarded", [False, True])
async def test_an_answer_that_ran_out_of_tokens_ends_with_an_offer(store, guarded):
    """F39: the sentence that it cut is not spoken."""
    await store.open_call(CallStart("c-1"))
    model = GuardedModel([CutShort(), OfflineAssistant(None, PROFILE.texts)])
    words = Words(model if guarded else CutShort(), max_tokens=9)
    call = Call("c-1", Dialogue(PROFILE), words=words, store=store)
    record = await call.take(heard(1, "где вы"))
    assert record.reply == "Мы на улице Ленина. Продолжить?"
