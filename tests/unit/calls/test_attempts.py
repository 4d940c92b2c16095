"""What was asked of models for a turn, and what of it was in vain, whatever became of the turn."""

from __future__ import annotations

import pytest

from halo_voice.core.errors import ModelBroken, ModelTimeout
from halo_voice.core.ports import Attempted, Fate
from tests.one_call import asking, heard, until


def prompt_chars(model, number: int = 0) -> int:
    return sum(len(message.content) for message in model.asked[number])


@pytest.mark.parametrize(
    ("pieces", "cut", "fate", "wasted"),
    [
        (["Мы на Ленина.", None], False, Fate.USED, 0),
        (["Мы на Ленина. ", "Приходите в", ModelBroken()], True, Fate.TORN, 12),
        (["Мы на Лен", ModelBroken()], False, Fate.TORN, 9),
        ([ModelBroken()], False, Fate.FAILED, 0),
        ([ModelTimeout()], False, Fate.SILENT, 0),
        (["** ", None], False, Fate.FAILED, 3),
    ],
    ids=["whole", "torn", "torn at once", "refused", "late", "unspeakable"],
)
async def test_an_attempt_ends_in_one_way(call, model, meter, pieces, cut, fate, wasted):
    """F34, F35: how it ended, what of it was in vain, and whether the reply is marked as cut."""
    answer = asking(call, 1, "где вы")
    await model.give(*pieces)
    record = await answer
    [attempt] = meter.attempts
    assert (attempt.fate, attempt.wasted_chars) == (fate, wasted)
    assert attempt.wasted_prompt_chars == (
        0 if record.source == model.name else prompt_chars(model)
    )
    assert (record.reply_cut, record.attempts, record.wasted_chars) == (cut, 1, wasted)


async def test_an_answer_that_was_stopped_at_the_limit_is_marked(call, model, meter):
    """F35, F39: of an endless answer, what was beyond the limit is in vain."""
    answer = asking(call, 1, "где")
    await model.give(*["Это предложение. "] * 1000)
    record = await answer
    assert record.reply_cut
    [attempt] = meter.attempts
    assert attempt.fate is Fate.ENDLESS
    assert 0 < attempt.wasted_chars < 1000


async def test_an_answer_that_was_stopped_in_time_is_marked(call, model, meter):
    """F35, F36: with a whole sentence the reply is cut; without one the attempt was silent."""
    answer = asking(call, 1, "где", deadline_s=0.32)
    await model.give("Мы на улице Ленина. ", "А ещё")
    assert (await answer).reply_cut
    silent = await call.take(heard(2, "где", deadline_s=0.32))
    assert (silent.reply_cut, silent.attempts) == (False, 1)
    assert [attempt.fate for attempt in meter.attempts] == [Fate.ENDLESS, Fate.SILENT]


async def test_a_superseded_answer_is_in_vain_whole(call, model, meter, store):
    """F34: its attempt and its characters are counted, and stored with its turn."""
    older = asking(call, 1, "где")
    await model.give("Мы на улице Ленина. ")
    await until(lambda: 1 in call._turns and call._turns[1].phrases)
    newer = asking(call, 2, "где вы и до скольки")
    await model.give("До девяти.", None, answer=1)
    await newer
    await older
    assert meter.attempts[0] == Attempted(
        "stepping", Fate.UNWANTED, len("Мы на улице Ленина. "), prompt_chars(model)
    )
    first, second = await store.turns("c-1")
    assert (first.attempts, first.wasted_chars) == (1, 20)
    assert (second.attempts, second.wasted_chars, second.wasted_prompt_chars) == (1, 0, 0)


async def test_of_an_interrupted_answer_the_rest_is_in_vain(call, model, listener, meter):
    """F34: the caller heard its beginning; what was being made is thrown away, its prompt was not.

    What was cut by the caller is not cut by the model."""
    answer = asking(call, 1, "где", listener)
    await model.give("Мы на улице Ленина. ", "А ещё мы")
    await until(lambda: listener.said(1) and model._pieces[0].empty())
    call.phrase_started(1, 1, {})
    call.phrase_interrupted(1, 1, "Мы на")
    record = await answer
    assert (record.reply, record.reply_cut) == ("Мы на улице Ленина.", False)
    assert meter.attempts == [Attempted("stepping", Fate.UNWANTED, 9)]


async def test_an_answer_that_is_made_anew_costs_two_attempts(call, model, listener, meter):
    """F34: the recogniser's late words made the first one worthless."""
    turn = asking(call, 1, "сколько стоит доска", listener)
    await model.give("Доски по сто рублей. ")
    await until(lambda: listener.said(1))
    call.revise(1, "сколько стоит доставка")
    await model.give("Доставка бесплатна.", None, answer=1)
    record = await turn
    assert [attempt.fate for attempt in meter.attempts] == [Fate.UNWANTED, Fate.USED]
    assert (record.attempts, record.wasted_chars) == (2, len("Доски по сто рублей. "))


async def test_every_attempt_is_counted_once(call, model, meter):
    """F34: whoever asks for the turn again, and whatever is dropped with the call."""
    call.foresee(1, "где", quiet=True)
    await model.was_asked(1)
    answer = asking(call, 1, "где вы находитесь")
    await model.give("Тут.", None, answer=1)
    await answer
    await call.take(heard(1, "где вы находитесь"))
    call.foresee(2, "а ещё", quiet=True)
    await model.was_asked(3)
    call.close()
    await call.finish()
    assert [attempt.fate for attempt in meter.attempts] == [
        Fate.UNWANTED,
        Fate.USED,
        Fate.UNWANTED,
    ]
