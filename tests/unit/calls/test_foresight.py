"""An answer begun before the turn has ended: used if the words agree, else thrown away."""

from __future__ import annotations

import asyncio

import pytest

from halo_voice.calls import foresight
from halo_voice.core.errors import ModelBroken
from halo_voice.core.ports import Fate
from tests.one_call import PROFILE, asking, heard, until


async def test_an_answer_begun_in_silence_is_used(call, model, listener, meter):
    """One model call; its phrases are held until the turn is asked."""
    call.foresee(1, "где вы", quiet=True)
    await model.give("Мы на улице Ленина. ")
    await until(lambda: model._pieces[0].empty())
    assert listener.told == []
    answer = asking(call, 1, "Где вы?", listener)
    await model.give("Приходите!", None)
    record = await answer
    assert record.reply == "Мы на улице Ленина. Приходите!"
    assert record.user_text == "Где вы?"
    assert len(model.asked) == 1
    assert meter.speculations == [True]
    assert meter.stages["first_token_ms"] == 0


async def test_words_that_stand_still_are_enough(call, model, monkeypatch):
    """The line need not be silent."""
    monkeypatch.setattr(foresight, "STILL_S", 0.001)
    call.foresee(1, "где вы", quiet=False)
    await model.was_asked(1)


@pytest.mark.parametrize("other", ["где вы находитесь и до скольки", "сколько стоит доставка"])
async def test_other_words_drop_it(call, model, meter, other):
    """F34: the model is stopped, what it made is counted as wasted and stored with the turn."""
    call.foresee(1, "где вы", quiet=True)
    await model.give("Мы на")
    await until(lambda: model._pieces[0].empty())
    answer = asking(call, 1, other)
    await model.was_stopped(1)
    await model.give("Вот.", None, answer=1)
    assert (await answer).reply == "Вот."
    assert meter.speculations == [False]
    dropped, used = meter.attempts
    assert (dropped.fate, dropped.wasted_chars) == (Fate.UNWANTED, 5)
    assert (used.fate, used.wasted_chars, used.wasted_prompt_chars) == (Fate.USED, 0, 0)
    record = await answer
    assert (record.attempts, record.wasted_chars) == (2, 5)
    assert record.wasted_prompt_chars == sum(len(m.content) for m in model.asked[0])


async def test_a_changed_interim_drops_it_at_once(call, model, meter):
    """Only one at a time."""
    call.foresee(1, "где", quiet=True)
    await model.was_asked(1)
    call.foresee(1, "где вы", quiet=True)
    await model.was_stopped(1)
    await model.was_asked(2)
    assert meter.speculations == [False]


async def test_the_same_words_again_begin_nothing_new(call, model):
    """A recogniser repeats itself, with other punctuation."""
    for text in ("где вы", "Где вы", "Где вы?"):
        call.foresee(1, text, quiet=True)
    await model.was_asked(1)
    await asyncio.sleep(0)
    assert len(model.asked) == 1


async def test_a_caller_who_changes_his_words_for_ever_costs_little(call, model):
    """After so many answers in vain none is begun any more."""
    limit = PROFILE.limits.speculations
    for number in range(limit + 10):
        call.foresee(1, f"слово {number}", quiet=True)
        await asyncio.sleep(0)
    await until(lambda: model.stopped >= limit)
    assert len(model.asked) == limit


async def test_a_history_that_has_changed_drops_it(call, model, meter):
    """It was asked as if the whole reply had been heard; the caller had cut it."""
    first = asking(call, 1, "где вы")
    await model.give("Мы на улице Ленина. Приходите!", None)
    await first
    call.foresee(2, "до скольки", quiet=True)
    await model.was_asked(2)
    call.note(1, "Мы на", {})
    answer = asking(call, 2, "до скольки")
    await model.give("До девяти.", None, answer=2)
    assert (await answer).reply == "До девяти."
    assert meter.speculations == [False]


async def test_an_answer_that_failed_ahead_of_time_is_asked_again(call, model):
    """There is time for a second attempt."""
    call.foresee(1, "где вы", quiet=True)
    await model.give(ModelBroken())
    await until(lambda: call._foresight._draft.writing.done())
    answer = asking(call, 1, "где вы")
    await model.give("Мы здесь.", None, answer=1)
    assert (await answer).reply == "Мы здесь."


async def test_nothing_is_begun_while_a_turn_is_being_answered(call, model):
    """Two models never think for one call."""
    answer = asking(call, 1, "где вы")
    await model.was_asked(1)
    call.foresee(2, "алло", quiet=True)
    await asyncio.sleep(0)
    assert len(model.asked) == 1
    await model.give("Да.", None)
    await answer


async def test_it_ends_with_the_stream(call, model, listener):
    """Nobody would ask for it."""
    call.attach(listener)
    call.foresee(1, "где вы", quiet=True)
    await model.was_asked(1)
    call.detach(listener)
    await model.was_stopped(1)


async def test_what_is_noted_of_a_goodbye_needs_no_model(call, model):
    """Nothing is asked ahead for words that are answered without one."""
    call.foresee(1, "Спасибо, до свидания!", quiet=True)
    record = await call.take(heard(1, "Спасибо, до свидания!"))
    assert record.action == "hangup"
    assert model.asked == []
