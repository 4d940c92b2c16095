"""A second model beside a slow one: when it starts, who wins, what is left of the other.

Times are those of an event loop that jumps; they are exact.
"""

from __future__ import annotations

import asyncio
import logging

import pytest
from scripted_model import ASKED, Fake
from structlog.testing import capture_logs

from halo_voice.core.errors import (
    ModelBusy,
    ModelError,
    ModelRefused,
    ModelTimeout,
    ModelUnreachable,
)
from halo_voice.llm.breaker import State
from halo_voice.llm.guarded import GuardedAnswer, GuardedModel
from halo_voice.llm.provider import ModelState, Provider


def clock() -> float:
    return asyncio.get_running_loop().time()


class Chain:
    """Two models (or one, or three) and the net, asked one turn after the other."""

    def __init__(self, *models: Fake, hedge_s: float = 1.2) -> None:
        self.models = models
        self.net = Fake("offline", "Да.")
        self.providers = [Provider(m, hedge_s=hedge_s, now=clock) for m in models]
        self.guarded = GuardedModel([*self.providers, self.net])
        self.answer: GuardedAnswer | None = None
        self.first_s = 0.0

    async def turn(self, deadline_s: float = 5.7) -> str:
        """Who answered; afterwards nobody may be at work. `first_s`: time to the first piece."""
        before = asyncio.all_tasks()
        begun = clock()
        self.answer = self.guarded.stream(ASKED, max_tokens=9, deadline_s=deadline_s)
        try:
            await anext(self.answer)
            self.first_s = clock() - begun
            async for _ in self.answer:
                pass
        except ModelError as error:
            return error.code
        finally:
            await self.answer.aclose()
            assert asyncio.all_tasks() == before
            assert [m.now_open for m in (*self.models, self.net)] == [0] * (len(self.models) + 1)
            loop = asyncio.get_running_loop()
            assert [t for t in loop._scheduled if not t.cancelled()] == []
        return self.answer.source

    @property
    def asked(self) -> list[int]:
        """How often each model was asked, the net last."""
        return [len(m.asked_at) for m in (*self.models, self.net)]


async def test_a_quick_model_is_alone() -> None:
    """As long as the first is quick enough, the second costs nothing."""
    chain = Chain(Fake("a", 1.1, "Да."), Fake("b", "Да."))
    assert await chain.turn() == "a"
    assert chain.asked == [1, 0, 0]
    assert (chain.answer.attempts, chain.answer.hedged, chain.answer.wasted) == (1, False, 0)


async def test_a_slow_model_is_hedged_and_outrun() -> None:
    """F34: after the set time the second is asked; it has a piece first, the first is closed."""
    chain = Chain(Fake("a", None), Fake("b", 0.3, "Да."))
    assert await chain.turn() == "b"
    assert chain.first_s == pytest.approx(1.5)
    assert chain.models[0].closed_at == [pytest.approx(1.5)]
    assert (chain.answer.attempts, chain.answer.hedged, chain.answer.wasted) == (2, True, 1)
    assert chain.asked == [1, 1, 0]


async def test_the_first_may_still_win() -> None:
    """The race is open: whoever has a piece first is heard, the other one is called off."""
    chain = Chain(Fake("a", 1.4, "Да", 1.0, "."), Fake("b", 0.3, "Нет."))
    assert await chain.turn() == "a"
    assert chain.first_s == pytest.approx(1.4)
    assert chain.models[1].closed_at == [pytest.approx(1.4)]
    assert (chain.answer.hedged, chain.answer.wasted) == (True, 1)


async def test_a_failure_starts_the_second_at_once() -> None:
    """F33: nobody waits for the hedge's time when the first has failed."""
    chain = Chain(Fake("a", 0.2, ModelBusy()), Fake("b", 0.3, "Да."))
    assert await chain.turn() == "b"
    assert chain.first_s == pytest.approx(0.5)
    assert (chain.answer.attempts, chain.answer.hedged, chain.answer.wasted) == (2, False, 0)


async def test_a_hedge_that_fails_disturbs_nobody() -> None:
    """The first is waited for as before, and the net is no rival of it."""
    chain = Chain(Fake("a", 4.0, "Да."), Fake("b", 0.1, ModelUnreachable()))
    assert await chain.turn() == "a"
    assert chain.first_s == pytest.approx(4.0)
    assert chain.asked == [1, 1, 0]


async def test_the_first_failing_after_the_hedge_leaves_the_second() -> None:
    """The second goes on alone; it is not asked a second time."""
    chain = Chain(Fake("a", 2.0, ModelUnreachable()), Fake("b", 2.0, "Да."))
    assert await chain.turn() == "b"
    assert chain.first_s == pytest.approx(3.2)
    assert chain.asked == [1, 1, 0]


@pytest.mark.parametrize(
    ("a", "b", "first_s"),
    [
        ((ModelBusy(),), (ModelBusy(),), 0.0),
        ((2.0, ModelBusy()), (1.0, ModelBusy()), 2.2),
        ((2.0, ModelBusy()), (0.5, ModelBusy()), 2.0),
        ((None,), (None,), 5.4),
        ((2.0, ModelBusy()), (None,), 5.4),
        ((None,), (2.0, ModelBusy()), 5.4),
    ],
)
async def test_the_net_speaks_when_no_model_can(a: tuple, b: tuple, first_s: float) -> None:
    """F33, F34: when both have failed at once, else when only its own 0.3 s are left."""
    chain = Chain(Fake("a", *a), Fake("b", *b))
    assert await chain.turn() == "offline"
    assert chain.first_s == pytest.approx(first_s)
    assert chain.asked == [1, 1, 1]


async def test_two_attempts_a_turn_and_no_more() -> None:
    """Invariant 10: a third model is not asked, the net does not count."""
    chain = Chain(Fake("a", ModelBusy()), Fake("b", ModelBusy()), Fake("c", "Да."))
    assert await chain.turn() == "offline"
    assert chain.asked == [1, 1, 0, 1]
    assert chain.answer.attempts == 2


async def test_a_short_turn_is_hedged_at_its_half() -> None:
    """What is left of a turn may be less than the usual time: the second gets its half."""
    chain = Chain(Fake("a", None), Fake("b", 0.1, "Да."))
    assert await chain.turn(deadline_s=1.3) == "b"
    assert chain.first_s == pytest.approx(0.6)
    assert chain.providers[0].breaker.failures == 0, "half a second proves nothing"


async def test_the_hedge_waits_for_the_usual_time() -> None:
    """Once the pace is known, the second is asked after the time nine of ten answers take."""
    chain = Chain(Fake("a", 0.5, "Да."), Fake("b", "Да."))
    for _ in range(16):
        assert await chain.turn() == "a"
    assert chain.guarded.states()[0] == ModelState("a", "closed", 0, 500)
    chain.models[0].script = (None,)
    assert await chain.turn() == "b"
    assert chain.first_s == pytest.approx(0.55)


async def test_a_model_that_became_slower_is_not_hedged_for_ever() -> None:
    """Its usual time grows with it; while it is always outrun, by the time it had until then."""
    chain = Chain(Fake("a", 0.3, "Да."), Fake("b", 0.2, "Да."))
    for _ in range(64):
        await chain.turn()
    chain.models[0].script = (1.0, "Да.")
    hedged = []
    for _ in range(30):
        source = await chain.turn()
        hedged.append(chain.answer.hedged)
        await asyncio.sleep(60)
    assert hedged == sorted(hedged, reverse=True), "first always, then never again"
    assert 7 <= sum(hedged) <= 21
    assert source == "a"


async def test_a_model_that_is_always_outrun_is_left_out() -> None:
    """F34: its time is not lost in every turn; one turn tries it again later."""
    chain = Chain(Fake("a", None), Fake("b", 0.1, "Да."))
    waits = []
    for _ in range(4):
        assert await chain.turn() == "b"
        waits.append(round(chain.first_s, 3))
    assert waits == [1.3, 1.3, 1.3, 0.1]
    assert chain.guarded.states()[0] == ModelState("a", "open", 3, None)
    await asyncio.sleep(5)
    assert chain.guarded.states()[0].state == "half_open"
    chain.models[0].script = ("Да.",)
    assert await chain.turn() == "a"
    assert chain.guarded.states()[0] == ModelState("a", "closed", 0, None)


async def test_no_time_is_lost_when_all_are_left_out() -> None:
    """F33: after three failures each, the net answers at once, and nobody is asked in vain."""
    chain = Chain(Fake("a", 0.4, ModelBusy()), Fake("b", 0.4, ModelBusy()))
    for _ in range(3):
        await chain.turn()
    assert await chain.turn() == "offline"
    assert (chain.first_s, chain.answer.attempts, chain.asked) == (0.0, 0, [3, 3, 4])


async def test_one_turn_of_many_tries_a_model_that_was_left_out() -> None:
    """Half-open: of ten turns at once one asks the model, nine lose no time."""
    chain = Chain(Fake("a", 0.4, ModelBusy()))
    for _ in range(3):
        await chain.turn()
    await asyncio.sleep(5)
    answers = [chain.guarded.stream(ASKED, max_tokens=9, deadline_s=5.7) for _ in range(10)]
    await asyncio.gather(*(anext(answer) for answer in answers))
    assert [answer.attempts for answer in answers] == [1] + [0] * 9
    for answer in answers:
        await answer.aclose()


@pytest.mark.parametrize("script", [("Да", ModelUnreachable()), ("Да", ModelTimeout())])
async def test_breaking_off_in_the_middle_is_a_failure(script: tuple) -> None:
    """F35, F36: the piece is given, the failure passed on, and the third time the model is out."""
    chain = Chain(Fake("a", *script), Fake("b", "Да."))
    for _ in range(3):
        assert await chain.turn() == script[1].code
    assert await chain.turn() == "b"


async def test_a_reader_that_has_enough_is_content() -> None:
    """An answer that is longer than can be spoken is no failure of the model."""
    chain = Chain(Fake("a", "Да", None))
    chain.providers[0].breaker.failed(0, ModelBusy())
    answer = chain.guarded.stream(ASKED, max_tokens=9, deadline_s=5.7)
    await anext(answer)
    await answer.aclose()
    assert chain.providers[0].breaker.failures == 0
    assert chain.models[0].now_open == 0


@pytest.mark.parametrize("after_s", [0.0, 0.5, 1.25])
async def test_a_turn_called_off_leaves_nobody_at_work(after_s: float) -> None:
    """Whatever is under way, before or after the hedge, is closed at once."""
    chain = Chain(Fake("a", None), Fake("b", None))
    turn = asyncio.create_task(chain.turn())
    await asyncio.sleep(after_s)
    turn.cancel()
    with pytest.raises(asyncio.CancelledError):
        await turn
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert [m.now_open for m in chain.models] == [0, 0]
    assert chain.asked == [1, int(after_s > 1.2), 0]


async def test_profiles_share_what_is_known_of_a_model() -> None:
    """What one profile's turns found out spares the other one's callers the wait."""
    dead, net = Provider(Fake("a", ModelRefused("", 401)), now=clock), Fake("offline", "Да.")
    first, second = GuardedModel([dead, net]), GuardedModel([dead, Fake("offline", "Да.")])
    await anext(first.stream(ASKED, max_tokens=9, deadline_s=5.7))
    answer = second.stream(ASKED, max_tokens=9, deadline_s=5.7)
    assert await anext(answer) == "Да."
    assert answer.attempts == 0
    assert first.states() == second.states()
    assert dead.breaker.state is State.OPEN


async def test_the_log_tells_of_it_without_a_word_that_was_said() -> None:
    """Our configuration's fault is an alarm; hedge and waste are told; no text in any line."""
    with capture_logs() as lines:
        await Chain(Fake("a", ModelRefused("", 403)), Fake("b", "Да.")).turn()
        await Chain(Fake("a", None), Fake("b", "Да.")).turn()
    told = {line["event"]: line for line in lines}
    assert set(told) == {"model_failed", "model_left_out", "model_hedged", "model_called_off"}
    assert told["model_left_out"]["alarm"] is True
    assert told["model_left_out"]["log_level"] == logging.getLevelName(logging.ERROR).lower()
    assert told["model_called_off"]["after_ms"] == 1200
    assert "Да" not in str(lines)
    assert "Алло" not in str(lines)
