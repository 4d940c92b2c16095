"""The day's money and tokens: what it allows, when it tells, and that nobody forgets it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from halo_voice.calls import budget as module
from halo_voice.calls.budget import Budget
from halo_voice.calls.purse import Purse
from halo_voice.core.errors import StoreBusy
from halo_voice.core.money import Cap, Cost, ModelPrice, Prices, Tokens
from halo_voice.core.ports import Message
from halo_voice.simulator import run_virtually
from halo_voice.store.memory import MemoryStore
from tests.halo import virtually
from tests.one_call import until

PRICES = Prices(models={"m": ModelPrice(1.0, 1.0)})  # a rouble for 1,000 tokens: 1,000 micros each
ASKED = [Message("user", "а" * 18)]  # ten tokens
TEN = Cost(5, 5, 10_000)


class Clock:
    def __init__(self) -> None:
        self.time = datetime(2026, 11, 22, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def store():
    return MemoryStore()


def budget(store, clock, *, day=100, call=0, **more) -> Budget:
    """Caps in tokens, and in the same number of thousandths of a rouble."""
    caps = {"day": Cap(day * 1000, day), "call": Cap(call * 1000, call)}
    return Budget(store, PRICES, now=clock, **{**caps, **more})


async def spend(to: Budget, tokens: int) -> None:
    to.charge([Tokens("m", tokens, 0)])


@virtually
async def test_the_day_has_room_until_it_is_full():
    """F77, invariant 17: what is set aside counts as spent until it is known."""
    day = budget(MemoryStore(), Clock(), day=30)
    assert [day.hold(TEN) for _ in range(4)] == [True, True, True, False]
    day.release(TEN)
    assert day.hold(TEN)


@virtually
async def test_a_restart_keeps_the_sum():
    """F77, invariant 17: what a process that is gone has spent today is spent."""
    store, clock = MemoryStore(), Clock()
    first = budget(store, clock)
    await first.start()
    await spend(first, 95)
    await first.close()
    second = budget(store, clock)
    assert second.hold(TEN)
    second.release(TEN)
    await second.start()
    assert second.today == Cost(95, 0, 95_000)
    assert not second.hold(TEN)


@virtually
async def test_a_killed_process_has_written_all_but_its_last_second():
    """F43, F77: it is written down a second after it was spent, without a close."""
    store, clock = MemoryStore(), Clock()
    first = budget(store, clock)
    await first.start()
    await spend(first, 95)
    await asyncio.sleep(module.WRITE_S + 0.1)
    second = budget(store, clock)
    await second.start()
    assert second.today.tokens == 95


@virtually
async def test_processes_learn_of_each_other_while_they_work():
    """Invariant 17: another process's spending is known after five seconds, without being waited
    for."""
    store, clock = MemoryStore(), Clock()
    one, other = budget(store, clock), budget(store, clock)
    await one.start()
    await other.start()
    await spend(other, 95)
    await other.close()
    assert one.hold(TEN)  # not known yet
    one.release(TEN)
    await asyncio.sleep(module.STALE_S + 0.1)
    assert one.hold(TEN)  # asks for the sum, and does not wait for it
    one.release(TEN)
    await until(lambda: one.today.tokens == 95)
    assert not one.hold(TEN)


@virtually
async def test_the_day_begins_at_local_midnight():
    """In Moscow at 21:00 UTC; yesterday's last second is still written as yesterday's."""
    store, clock = MemoryStore(), Clock()
    clock.time = datetime(2026, 11, 22, 20, 59, 59, tzinfo=UTC)
    day = budget(store, clock)
    await day.start()
    await spend(day, 95)
    assert not day.hold(TEN)
    clock.time += timedelta(seconds=1)
    assert day.hold(TEN)
    await day.close()
    assert await store.spend("2026-11-22", "nobody", Cost()) == Cost(95, 0, 95_000)
    assert await store.spend("2026-11-23", "nobody", Cost()) == Cost()


@virtually
async def test_half_is_a_warning_and_eighty_percent_an_alarm():
    """F64, F77: each is told once a day, before there is nothing left; the end is an alarm too."""
    clock = Clock()
    day = budget(None, clock)
    with capture_logs() as logs:
        for _ in range(10):
            await spend(day, 9)
        for _ in range(3):
            assert not day.hold(Cost(11))
        clock.time += timedelta(days=1)
        await spend(day, 85)
    told = [(log["event"], log["log_level"], log.get("percent")) for log in logs]
    assert told == [
        ("day_budget", "warning", 50),
        ("day_budget", "error", 80),
        ("day_budget_spent", "error", None),
        ("day_budget", "error", 80),
    ]
    assert [log.get("alarm", False) for log in logs] == [False, True, True, True]


@virtually
async def test_a_store_that_is_away_loses_no_figure():
    """F54: the sum goes on in memory, and is written when the store is back."""
    store, clock = MemoryStore(), Clock()
    day = budget(store, clock)
    store.fault = StoreBusy()
    await day.start()
    await spend(day, 60)
    await asyncio.sleep(5)
    assert day.today.tokens == 60
    store.fault = None
    await asyncio.sleep(2 * module.WRITE_S)
    assert (await store.spend("2026-11-22", "nobody", Cost())).tokens == 60
    await day.close()


@virtually
async def test_a_call_has_a_cap_of_its_own():
    """F16, F77, invariant 17: one call's answers are refused, another's are not."""
    day = budget(None, Clock(), day=1000, call=60)
    one, other = Purse(day), Purse(day)
    held = one.hold(ASKED, 40)
    assert held is not None
    assert one.hold(ASKED, 40) is None
    assert other.hold(ASKED, 40) is not None
    one.settle(held, [Tokens("m", 10, 0)])
    assert one.hold(ASKED, 40) is not None


@virtually
async def test_what_another_process_spent_on_the_call_counts():
    """F43: a call that is taken up after a restart has no new money."""
    day = budget(None, Clock(), day=1000, call=60)
    assert Purse(day, Cost(11, 0, 11_000)).hold(ASKED, 40) is None
    assert Purse(day, Cost(10, 0, 10_000)).hold(ASKED, 40) is not None


@virtually
async def test_a_turn_has_what_came_since_the_turn_before():
    """The turns of a call add up to what its models took."""
    purse = Purse(budget(None, Clock()), Cost(1, 1, 2_000))
    for taken in ([Tokens("m", 5, 5)], [Tokens("m", 3, 0)]):
        held = purse.hold(ASKED, 10)
        purse.settle(held, taken)
    assert purse.since_last_turn() == Cost(8, 5, 13_000)
    assert purse.since_last_turn() == Cost()
    assert purse.spent == Cost(9, 6, 15_000)


slots = st.integers(0, 4)
steps = st.lists(st.tuples(slots, st.integers(1, 3), st.integers(0, 20)), max_size=60)


def answer(purses: list[Purse], steps) -> None:
    """Begin and pay answers in the order of the steps; in the end all are paid."""
    made: list[tuple[Purse, Cost]] = []
    for slot, many, written in steps:
        for _ in range(many):
            held = purses[slot].hold(ASKED, 20)
            if held is not None:
                made.append((purses[slot], held))
        for left in range(min(written % 3, len(made)), 0, -1):
            purse, held = made.pop(written % len(made))
            purse.settle(held, [Tokens("m", 10, written - left + 1)])
    for purse, held in made:
        purse.settle(held, [Tokens("m", 10, 20)])


@settings(max_examples=150, deadline=None)
@given(steps, st.integers(0, 120), st.integers(0, 400), st.integers(1, 2))
def test_no_order_of_answers_passes_the_caps(steps, call_cap, day_cap, processes):
    """Invariant 17, F77: cost(call) <= cap, and sum(day) <= cap in one process, and cap + one call
    per concurrent slot in several, whatever is begun, thrown away and paid in whatever order."""

    async def play() -> None:
        store, clock = MemoryStore(), Clock()
        days = [budget(store, clock, day=day_cap, call=call_cap) for _ in range(processes)]
        purses = [Purse(days[slot % processes]) for slot in range(5)]
        answer(purses, steps)
        for day in days:
            await day.close()
        of_each = [purse.spent.tokens for purse in purses]
        whole = (await store.spend("2026-11-22", "nobody", Cost())).tokens
        assert whole == sum(of_each)
        assert max(of_each) <= (call_cap or 10**9)
        others = 0 if processes == 1 else max(of_each) * len(purses)
        assert whole <= (day_cap or 10**9) + others

    run_virtually(play())
