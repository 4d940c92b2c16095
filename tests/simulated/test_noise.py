"""Noise beside the caller, whole calls: a television, a street (F16)."""

from __future__ import annotations

import pytest

from halo_voice.simulator import PROMPT, Recogniser, SilentCaller, When
from halo_voice.simulator.faults import Faults
from halo_voice.simulator.invariants import breaches
from tests.halo import TalkingModel, backend, call_to

WORDS = ["до скольки вы работаете", "сколько стоит доставка", "где вы находитесь"]
NOISE = Faults({"F16": When(probability=1)})


@pytest.mark.parametrize("recogniser", [PROMPT, Recogniser(interims=False)], ids=["interim", "not"])
@pytest.mark.parametrize("seed", range(1, 5))
async def test_every_question_is_answered_beside_a_television(seed, recogniser):
    """F16: in its time, whatever the line's own ear tells; nobody is asked to speak again."""
    async with backend(model=TalkingModel()) as halo:
        place = call_to(halo.web)
        call = await place(list(WORDS), faults=NOISE, recogniser=recogniser, seed=seed)
        [record] = await halo.store.recent_calls(10)
        turns = await halo.store.turns(record.call_id)
    assert call.struck["F16"]
    assert call.failures == []
    assert breaches(call) == []
    assert [turn.user_text for turn in turns] == WORDS
    assert all(turn.user_text in turn.reply for turn in turns)


@pytest.mark.parametrize("seed", range(1, 9))
async def test_who_is_silent_beside_a_television_is_asked_twice(seed):
    """F16: noise is no answer; a goodbye after two questions, and the model is asked nothing."""
    model = TalkingModel()
    async with backend(model=model) as halo:
        place = call_to(halo.web)
        call = await place(SilentCaller(90_000), faults=NOISE, recogniser=PROMPT, seed=seed)
        [record] = await halo.store.recent_calls(10)
    assert breaches(call) == []
    assert record.end_reason == "no_input"
    assert model.asked == []
