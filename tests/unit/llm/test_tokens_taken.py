"""What a turn took of the models, whoever won and whatever became of the others."""

from __future__ import annotations

import asyncio

import pytest
from scripted_model import ASKED, Fake

from halo_voice.core.errors import (
    ModelBroken,
    ModelBusy,
    ModelRefused,
    ModelTimeout,
    ModelUnreachable,
)
from halo_voice.core.money import Tokens, tokens_asked, tokens_of
from halo_voice.llm.guarded import GuardedAnswer, GuardedModel
from halo_voice.llm.provider import Provider

READ = tokens_asked(ASKED)


async def taken(*models: Fake, net: str = "Да.", pieces: int = 100) -> list[Tokens]:
    """Read so many pieces of an answer; what it took."""
    guarded = GuardedModel([*(Provider(m, hedge_s=0.5) for m in models), Fake("offline", net)])
    answer = guarded.stream(ASKED, max_tokens=9, deadline_s=5.7)
    given = 0
    try:
        async for piece in answer:
            given += len(piece)
            pieces -= 1
            if not pieces:
                break
    except ModelBroken:
        pass
    await answer.aclose()
    return answer.spent(given)


async def test_a_whole_answer_is_estimated_from_its_characters() -> None:
    """Where no server counts: what was sent, and what came."""
    assert await taken(Fake("a", "Мы откр", "ыты.")) == [Tokens("a", READ, tokens_of(11))]


async def test_the_loser_of_a_hedge_is_paid_too() -> None:
    """F34: it has read the question, and may have begun to write."""
    spent = await taken(Fake("a", None), Fake("b", "Да."))
    assert spent == [Tokens("a", READ, 0), Tokens("b", READ, 1)]


async def test_an_answer_that_breaks_off_is_paid_as_far_as_it_came() -> None:
    """F35: a torn stream costs what it gave."""
    spent = await taken(Fake("a", "Мы откры", ModelBroken("torn")))
    assert spent == [Tokens("a", READ, tokens_of(8))]


async def test_an_answer_that_nobody_reads_on_is_paid_as_far_as_it_came() -> None:
    """F34: one piece was taken, then it was called off."""
    spent = await taken(Fake("a", "Мы ", "открыты. ", 9.0, "До восьми."), pieces=1)
    assert spent == [Tokens("a", READ, 1)]


@pytest.mark.parametrize("fault", [ModelBusy(), ModelUnreachable(), ModelRefused("", 401)])
async def test_a_question_that_was_not_taken_costs_nothing(fault) -> None:
    """F33, F64: no provider bills a 429, a refusal or a dead line; the net is ours."""
    assert await taken(Fake("a", fault)) == []
    assert await taken(Fake("a", fault), Fake("b", "Да.")) == [Tokens("b", READ, 1)]


async def test_a_model_that_ran_out_of_time_is_paid() -> None:
    """F34: whether it worked on the question is not known; it counts as if it had."""
    assert await taken(Fake("a", ModelTimeout())) == [Tokens("a", READ, 0)]


async def test_a_turn_that_is_dropped_before_its_first_word_is_paid() -> None:
    """F34: speculation that is thrown away has sent its question already."""
    model = Fake("a", None)
    guarded = GuardedModel([Provider(model), Fake("offline", "Да.")])
    answer: GuardedAnswer = guarded.stream(ASKED, max_tokens=9, deadline_s=5.7)
    reading = asyncio.create_task(anext(answer))
    await model.asked.wait()
    reading.cancel()
    await asyncio.wait([reading])
    await answer.aclose()
    assert answer.spent(0) == [Tokens("a", READ, 0)]


async def test_nobody_asked_is_nobody_paid() -> None:
    """Without a model the offline assistant answers, for nothing."""
    assert await taken() == []
