"""Several models as one: who answers, who is asked next, and how the time is shared."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from scripted_model import ASKED, Fake

from halo_voice.core.errors import (
    ConfigurationError,
    ModelBroken,
    ModelBusy,
    ModelError,
    ModelTimeout,
    ModelUnreachable,
)
from halo_voice.core.ports import Message
from halo_voice.llm.guarded import GuardedModel


async def heard(*models: Fake, deadline_s: float = 5.0) -> tuple[str, str]:
    """Who answered, and what."""
    answer = GuardedModel(models, last_s_min=0.05).stream(
        ASKED, max_tokens=9, deadline_s=deadline_s
    )
    text = "".join([piece async for piece in answer])
    return answer.source, text


async def test_the_first_model_answers() -> None:
    """While the first model works, nobody else is asked."""
    second = Fake("second", "нет")
    assert await heard(Fake("first", "Да", "."), second) == ("first", "Да.")
    assert second.deadlines == []


@pytest.mark.parametrize("error", [ModelBusy(), ModelUnreachable(), ModelTimeout(), ModelBroken()])
async def test_the_next_answers_for_one_that_fails(error: ModelError) -> None:
    """F33: a failure before the first piece is not heard."""
    models = Fake("a", error), Fake("b", error), Fake("offline", "Да.")
    assert await heard(*models) == ("offline", "Да.")


async def test_an_answer_without_a_piece_is_a_failure() -> None:
    """F38: a model that ends without a word is passed over too."""
    assert await heard(Fake("mute"), Fake("offline", "Да.")) == ("offline", "Да.")


async def test_a_failure_after_the_first_piece_is_passed_on() -> None:
    """The caller may have heard the piece: nobody begins again."""
    offline = Fake("offline", "Да.")
    answer = GuardedModel([Fake("a", "Мы ра", ModelUnreachable()), offline]).stream(
        ASKED, max_tokens=9, deadline_s=5.0
    )
    assert await anext(answer) == "Мы ра"
    assert answer.source == "a"
    with pytest.raises(ModelUnreachable):
        await anext(answer)
    assert offline.deadlines == []


async def test_silent_models_leave_time_for_the_last() -> None:
    """F34: two that hang share the deadline and are closed; the last one has its own time."""
    first, second, offline = Fake("a", None), Fake("b", None), Fake("offline", "Да.")
    loop = asyncio.get_running_loop()
    begun = loop.time()
    assert await heard(first, second, offline, deadline_s=0.45) == ("offline", "Да.")
    assert loop.time() - begun < 0.45
    assert (first.closed, second.closed) == (1, 1)
    assert first.deadlines == [pytest.approx(0.45, abs=0.05)]
    assert second.deadlines == [pytest.approx(0.25, abs=0.05)]
    assert offline.deadlines == [pytest.approx(0.05, abs=0.04)]


async def test_too_little_time_goes_to_the_last_at_once() -> None:
    """A turn that is nearly over is not risked with a model that needs the network."""
    first, offline = Fake("a", "x"), Fake("offline", "Да.")
    assert await heard(first, offline, deadline_s=0.01) == ("offline", "Да.")
    assert first.deadlines == []
    assert offline.deadlines == [0.05]


async def test_when_all_fail_the_last_error_comes_out() -> None:
    """Without an answer there is a `ModelError`, and nothing after it."""
    answer = GuardedModel([Fake("a", ModelBusy()), Fake("b", ModelUnreachable())]).stream(
        ASKED, max_tokens=9, deadline_s=5.0
    )
    with pytest.raises(ModelUnreachable):
        await anext(answer)
    assert answer.source == ""
    assert [piece async for piece in answer] == []


async def test_closing_closes_the_speaker() -> None:
    """`aclose` reaches the model that speaks."""
    model = Fake("a", "Да", None)
    answer = GuardedModel([model]).stream(ASKED, max_tokens=9, deadline_s=5.0)
    await anext(answer)
    await answer.aclose()
    assert model.closed == 1


async def test_calling_a_turn_off_closes_the_one_being_asked() -> None:
    """A cancelled wait for the first piece leaves no model at work, and asks no other."""
    model, offline = Fake("a", None), Fake("offline", "Да.")
    answer = GuardedModel([model, offline]).stream(ASKED, max_tokens=9, deadline_s=5.0)
    turn = asyncio.create_task(anext(answer))
    await model.asked.wait()
    turn.cancel()
    with pytest.raises(asyncio.CancelledError):
        await turn
    assert model.closed == 1
    assert offline.deadlines == []


class Stubborn(Fake):
    """A model whose answer lives on until somebody closes it, whatever it raised."""

    def stream(
        self, messages: Sequence[Message], *, max_tokens: int, deadline_s: float
    ) -> Stubborn:
        return self

    def __aiter__(self) -> Stubborn:
        return self

    async def __anext__(self) -> str:
        if isinstance(self.script[0], ModelError):
            raise self.script[0]
        return await asyncio.Future()

    async def aclose(self) -> None:
        self.closed += 1


@pytest.mark.parametrize("script", [ModelBusy(), None], ids=["fails", "hangs"])
async def test_whoever_was_asked_in_vain_is_closed(script: ModelError | None) -> None:
    """No answer is left open behind the one that is heard."""
    first = Stubborn("a", script)
    assert await heard(first, Fake("offline", "Да."), deadline_s=0.2) == ("offline", "Да.")
    assert first.closed == 1


async def test_all_are_warmed_up_and_closed() -> None:
    """The fallbacks are as ready as the first."""
    models = Fake("a"), Fake("b")
    guarded = GuardedModel(models)
    await guarded.warm_up()
    await guarded.close()
    assert [(m.warm, m.closed) for m in models] == [(True, 1)] * 2


def test_no_model_at_all_is_a_configuration_error() -> None:
    """An empty list is found when the parts are joined."""
    with pytest.raises(ConfigurationError):
        GuardedModel([])
