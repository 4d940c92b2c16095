"""Calls whose end nobody reported: which are closed, when, and which never."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from halo_voice.calls.reconciler import GRACE_S, LOOK_S, OVERDUE_S, Reconciler
from halo_voice.calls.switchboard import Switchboard
from halo_voice.calls.words import Words
from halo_voice.core.errors import CallClosed, StoreUnavailable
from halo_voice.core.ports import CallStart, Outcome
from halo_voice.core.profile import Limits, Profile, Profiles
from halo_voice.store.memory import MemoryStore
from halo_voice.store.spool import SpooledStore
from tests.halo import TalkingModel, virtually
from tests.one_call import heard

LIMITS = Limits()
PROFILES = Profiles(
    [
        Profile(name="main", default=True),
        Profile(name="long", numbers=("100",), limits=Limits(call_ms=3_600_000)),
    ]
)


class World:
    """A store, the processes on it, and a wall clock that can be set."""

    def __init__(self) -> None:
        self.jump = timedelta()
        self.store = MemoryStore(now=self.now)
        self.boards = [self.board(), self.board()]
        self.reconcilers = [Reconciler(board, self.store, now=self.now) for board in self.boards]

    def now(self) -> datetime:
        seconds = asyncio.get_running_loop().time()
        return datetime(2026, 11, 27, tzinfo=UTC) + timedelta(seconds=seconds) + self.jump

    def board(self) -> Switchboard:
        words = {each.name: Words(TalkingModel(), max_tokens=9) for each in PROFILES}
        return Switchboard(PROFILES, words, self.store)

    async def pass_time(self, seconds: float) -> int:
        """How many calls were closed meanwhile; both processes look once a minute."""
        closed, until = 0, asyncio.get_running_loop().time() + seconds
        while asyncio.get_running_loop().time() < until:
            await asyncio.sleep(LOOK_S)
            closed += sum([await each.look() for each in self.reconcilers])
        return closed


@virtually
async def test_a_lost_call_is_closed_a_quarter_of_an_hour_after_it_began():
    """F59: once, as long as its last turn, with its turns counted, by whichever process is first;
    and it is an alarm."""
    world = World()
    await world.boards[0].start(CallStart("c-1"))
    await asyncio.sleep(20)
    await world.boards[0].take("c-1", heard(1, "алло"))
    board = Reconciler(world.boards[0], world.store, now=world.now)
    assert await world.pass_time(LIMITS.call_ms / 1000 + GRACE_S) == 0
    assert (await world.store.find_call("c-1")).open
    assert await world.pass_time(OVERDUE_S + 2 * LOOK_S) == 1
    record = await world.store.find_call("c-1")
    assert (record.end_reason, record.duration_ms, record.turns_reported) == ("lost", 20_000, 1)
    assert record.ended_at - record.started_at <= timedelta(minutes=15)
    assert await board.look() == 0
    assert [b.alarms.recent() != [] for b in world.boards].count(True) == 1
    with pytest.raises(CallClosed):
        await world.boards[1].take("c-1", heard(2, "кто здесь"))


@virtually
async def test_a_turn_that_nobody_answered_ends_with_its_call():
    """F59, invariant 7: what was pending is `caller_gone`."""
    world = World()
    await world.store.open_call(CallStart("c-1", profile="main"))
    await world.store.accept_turn("c-1", 1, "алло", 0.9)
    assert await world.pass_time(20 * 60) == 1
    assert [turn.outcome for turn in await world.store.turns("c-1")] == [Outcome.CALLER_GONE]


@virtually
async def test_a_call_that_goes_on_is_left_alone():
    """F59: whose profile lets it last for an hour, and whoever still asks turns, wherever."""
    world = World()
    await world.boards[0].start(CallStart("c-long", called="100"))
    await world.boards[0].start(CallStart("c-talks"))
    closed = 0
    for turn in range(1, 12):
        closed += await world.pass_time(120)
        await world.boards[0].take("c-talks", heard(turn, f"вопрос {turn}"))
    assert closed == 0


@virtually
async def test_a_clock_that_jumps_closes_no_call():
    """F58, F59: an hour ahead, for two minutes or for good: who talks is not cut off."""
    world = World()
    await world.boards[0].start(CallStart("c-1"))
    world.jump = timedelta(hours=1)
    assert await world.pass_time(120) == 0
    world.jump = timedelta()
    assert await world.pass_time(240) == 0
    world.jump = timedelta(hours=1)
    for turn in range(1, 4):
        assert await world.pass_time(120) == 0
        await world.boards[1].take("c-1", heard(turn, f"вопрос {turn}"))
    world.jump = timedelta(hours=-1)
    assert await world.pass_time(600) == 0
    assert (await world.store.find_call("c-1")).open


@virtually
async def test_a_store_that_is_away_is_looked_at_again():
    """F59: a look that fails is no end of looking."""
    world = World()
    await world.boards[0].start(CallStart("c-1"))
    world.reconcilers[0].start()

    async def away(*_):
        raise StoreUnavailable

    there, world.store.open_calls = world.store.open_calls, away
    await asyncio.sleep(10 * LOOK_S)
    world.store.open_calls = there
    await asyncio.sleep(20 * 60)
    assert (await world.store.find_call("c-1")).end_reason == "lost"
    await world.reconcilers[0].close()


@virtually
async def test_a_call_that_was_open_for_days_is_closed():
    """F59: it is overdue at the first look, and lost only some minutes later."""
    world = World()
    world.jump = timedelta(days=-3)
    await world.boards[0].start(CallStart("c-1"))
    world.jump = timedelta()
    assert await world.pass_time(OVERDUE_S + 2 * LOOK_S) == 1
    assert (await world.store.find_call("c-1")).end_reason == "lost"


@virtually
async def test_an_outage_at_the_first_look_forgets_no_old_call():
    """F59: what was open for days is looked for until the store can tell it."""
    world = World()
    world.jump = timedelta(days=-3)
    await world.boards[0].start(CallStart("c-1"))
    world.jump = timedelta()
    spooled = SpooledStore(world.store, None, now=world.now)
    await spooled.start()
    reconciler = Reconciler(world.boards[0], spooled, now=world.now)
    world.store.fault = StoreUnavailable()
    await spooled.open_call(CallStart("c-2"))
    assert await reconciler.look() == 0
    world.store.fault = None
    await spooled.recovered()
    await reconciler.look()
    await asyncio.sleep(OVERDUE_S + 1)
    assert await reconciler.look() == 1
    assert (await world.store.find_call("c-1")).end_reason == "lost"
    await spooled.close()
