"""The stream over a real connection: phrases as they come, and every turn answered once."""

from __future__ import annotations

import pytest

from halo_voice.core.ports import Outcome
from tests.streams import Served, SteppingModel, served


@pytest.fixture
def model():
    return SteppingModel()


@pytest.fixture
async def halo(model):
    async with served(model) as whole:
        yield whole


async def test_a_phrase_is_said_before_the_model_has_finished(halo: Served, model):
    """Written down first, then spoken as it is made; the phrases are the reply."""
    async with halo.stream() as scenario:
        await scenario.ask(1, "Где вы?")
        await model.give("Мы находимся на улице Ленина, ", "дом пять. ")
        first = await scenario.hear("say")
        assert (first["turn"], first["phrase"]) == (1, 1)
        await model.give("Приходите!", None)
        done = await scenario.hear("answered")
        assert scenario.kinds(1)[0] == "accepted"
        assert done["text"] == " ".join(scenario.said(1))
        assert done["phrases"] == len(scenario.said(1)) >= 2
        assert (done["action"], done["outcome"]) == ("listen", "answered")
    [turn] = await halo.halo.store.turns("c-1")
    assert (turn.outcome, turn.reply) == (Outcome.ANSWERED, done["text"])
