"""What a call's turns cost: answers that are spoken, cut off, thrown away, or not allowed."""

from __future__ import annotations

import pytest

from halo_voice.calls.budget import Budget
from halo_voice.calls.call import Call
from halo_voice.calls.purse import Purse
from halo_voice.calls.switchboard import Switchboard
from halo_voice.calls.words import Words
from halo_voice.core.dialogue import Dialogue
from halo_voice.core.errors import ModelBroken
from halo_voice.core.money import Cap, Cost, ModelPrice, Prices, tokens_asked, tokens_of
from halo_voice.core.ports import CallEnd, CallStart, Outcome
from halo_voice.core.profile import Profiles
from halo_voice.llm.guarded import GuardedModel
from halo_voice.llm.offline import OfflineAssistant
from halo_voice.store.memory import MemoryStore
from tests.halo import TalkingModel
from tests.one_call import PROFILE, asking, heard, until
from tests.streams import SteppingModel

PRICES = Prices(models={"stepping": ModelPrice(1.0, 10.0)})  # micros: 1,000 and 10,000 a token


class Nothing:
    """Texts that answer no question."""

    def search(self, question, limit=3):
        return []


class Told:
    """One call over a model that counts nothing itself, and what is stored of it."""

    def __init__(self, **caps: Cap) -> None:
        self.store = MemoryStore()
        self.model = SteppingModel()
        self.net = OfflineAssistant(Nothing(), PROFILE.texts)
        words = Words(GuardedModel([self.model, self.net]), net=self.net, max_tokens=50)
        self.purse = Purse(Budget(None, PRICES, **caps))
        paid = words.paid_by(self.purse)
        self.call = Call("c-1", Dialogue(PROFILE), words=paid, store=self.store)

    def asked(self, number: int, characters: int) -> Cost:
        """What question `number` (from 0) and so many characters of an answer come to."""
        read, written = tokens_asked(self.model.asked[number]), tokens_of(characters)
        return Cost(read, written, read * 1_000 + written * 10_000)


@pytest.fixture
async def told():
    made = []

    async def make(**caps: Cap) -> Told:
        made.append(Told(**caps))
        await made[-1].store.open_call(CallStart("c-1"))
        return made[-1]

    yield make
    for each in made:
        each.call.abandon()
        await each.call.finish()


async def test_a_turn_is_stored_with_what_it_took(told):
    """Tokens and money stand in the turn's row, and in the purse."""
    one = await told()
    answer = asking(one.call, 1, "где вы")
    await one.model.give("Мы на улице Ленина.", None)
    record = await answer
    assert record.cost == one.asked(0, 19) == one.purse.spent
    assert [turn.cost for turn in await one.store.turns("c-1")] == [record.cost]


async def test_an_answer_thrown_away_is_paid_with_the_turn(told):
    """F34: speculation on other words has cost what was sent and received."""
    one = await told()
    one.call.foresee(1, "где вы", quiet=True)
    await one.model.give("Мы на")
    await until(lambda: one.model._pieces[0].empty())
    answer = asking(one.call, 1, "сколько стоит доставка")
    await one.model.was_stopped(1)
    await one.model.give("Триста.", None, answer=1)
    assert (await answer).cost == one.asked(0, 5) + one.asked(1, 7)


async def test_an_answer_that_is_cut_off_is_paid(told):
    """F34: a newer turn ends it; nothing of the money is lost between the two turns."""
    one = await told()
    first = asking(one.call, 1, "где вы")
    await one.model.give("Мы на улице")
    await until(lambda: one.model._pieces[0].empty())
    second = asking(one.call, 2, "сколько стоит доставка")
    await one.model.give("Триста.", None, answer=1)
    records = [await first, await second]
    assert records[0].outcome is Outcome.SUPERSEDED
    assert records[0].cost + records[1].cost == one.purse.spent
    assert one.purse.spent == one.asked(0, 11) + one.asked(1, 7)


async def test_what_is_thrown_away_at_the_end_is_known_when_the_call_is_over(told):
    """F34: the caller hangs up while an answer is begun ahead; its bill is waited for."""
    one = await told()
    one.call.foresee(1, "где вы", quiet=True)
    await one.model.give("Мы на")
    await until(lambda: one.model._pieces[0].empty())
    one.call.close()
    await one.call.finish()
    await one.purse.settled()
    assert one.purse.spent == one.asked(0, 5)


async def test_a_torn_answer_is_paid_and_the_net_is_free(told):
    """F35: nothing of it could be spoken; the offline assistant answers for nothing."""
    one = await told()
    answer = asking(one.call, 1, "где вы")
    await one.model.give("Мы на", ModelBroken("torn"))
    record = await answer
    assert record.source == "offline"
    assert record.cost == one.asked(0, 5)


@pytest.mark.parametrize("cap", ["call", "day"])
async def test_without_money_the_net_answers_and_no_model_is_asked(told, cap):
    """F77, invariant 17: never an error, never silence; the next turn too, and for nothing."""
    one = await told(**{cap: Cap(micros=1)})
    for turn in (1, 2):
        record = await asking(one.call, turn, "где вы")
        assert (record.outcome, record.source) == (Outcome.ANSWERED, "offline")
        assert record.cost == Cost()
    assert one.model.asked == []


async def test_the_cap_is_reached_in_the_middle_of_a_call(told):
    """F16, F77, invariant 17: one turn is paid for, then the offline assistant goes on; nothing is
    begun ahead any more, and the call never costs more than its cap."""
    cap = Cap(micros=600_000)  # an answer may come to 500,000 and its question
    one = await told(call=cap)
    answer = asking(one.call, 1, "где вы")
    await one.model.give("Мы на улице Ленина, дом три, вход со двора.", None)
    assert (await answer).source == "stepping"
    one.call.foresee(2, "сколько стоит", quiet=True)
    record = await asking(one.call, 2, "сколько стоит доставка")
    assert record.source == "offline"
    assert len(one.model.asked) == 1
    assert one.purse.spent.model_micros <= cap.micros


async def test_a_call_that_is_taken_up_keeps_what_it_cost():
    """F43, F77, invariant 17: the process that began it is gone; the cap and the whole cost count
    the turns before, and the report finds them in the store."""
    store, net = MemoryStore(), OfflineAssistant(Nothing(), PROFILE.texts)
    cap = Cap(micros=900_000)  # an answer may come to 500,000 and its question

    async def ask(turn: int) -> tuple[Switchboard, str]:
        model = TalkingModel()
        model.name = "stepping"
        model.answer = lambda _: "Мы на улице Ленина, дом три, вход со двора, второй этаж, налево."
        words = Words(GuardedModel([model, net]), net=net, max_tokens=50)
        budget = Budget(None, PRICES, call=cap)
        board = Switchboard(Profiles([PROFILE]), {"main": words}, store, budget=budget)
        record = await board.take("c-1", heard(turn, "где вы находитесь"))
        return board, record.source

    await store.open_call(CallStart("c-1", profile="main"))
    assert (await ask(1))[1] == "stepping"
    assert (await ask(2))[1] == "stepping"
    board, source = await ask(3)
    assert source == "offline"
    report = await board.end(CallEnd("c-1", "caller_hung_up", 9_000, 3))
    of_turns = sum((turn.cost for turn in await store.turns("c-1")), Cost())
    assert report.cost == of_turns
    assert 400_000 < of_turns.model_micros <= cap.micros
