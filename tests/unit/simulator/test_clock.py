"""The two clocks: the same order, one jumps and one waits. And what a machine shows of them."""

from __future__ import annotations

import asyncio

import pytest

from halo_voice.simulator.chance import Chance
from halo_voice.simulator.clock import RealClock, VirtualClock, Wall
from halo_voice.simulator.faults import Dice, Faults, When


@pytest.mark.parametrize("make", [VirtualClock, RealClock])
async def test_things_happen_in_the_order_of_their_time(make):
    """Due time first, then the order of setting; what was cancelled does not happen."""
    clock, happened = make(), []
    clock.after(30, lambda: happened.append("c"))
    clock.after(10, lambda: happened.append("a"))
    clock.after(10, lambda: happened.append("b"))
    clock.after(20, lambda: happened.append("never")).cancel()
    while len(happened) < 3:
        timer = await clock.next()
        timer.action()
    assert happened == ["a", "b", "c"]
    assert clock.now >= 30


async def test_virtual_time_jumps_and_ends():
    """An hour is nothing; when nothing is due, nothing ever will be."""
    clock = VirtualClock()
    clock.after(3_600_000, lambda: None)
    assert (await clock.next()).due_ms == clock.now == 3_600_000
    assert await clock.next() is None


async def test_real_time_wakes_up_for_what_comes_from_outside():
    """Another task may add something earlier than all that is waited for."""
    clock = RealClock()
    clock.after(60_000, lambda: None)
    asyncio.get_running_loop().call_soon(lambda: clock.after(0, lambda: "now"))
    timer = await asyncio.wait_for(clock.next(), 1)
    assert timer.action() == "now"


def test_a_machine_s_clock_is_set_and_stays_so():
    """F58: by a minute to an hour, ahead or back, from one step on; session time goes on."""
    chance, when = Chance(3), When(at=(2, 4), where="timer")
    wall = Wall(Dice(Faults({"F58": when}), chance, lambda *about: None))
    steps = ["timer", "ASR.Result", "timer", "ASR.Result", "timer", "timer"]
    off = [wall.shows(1_000 * at, told) - 1_000 * at for at, told in enumerate(steps)]
    assert off[:2] == [0, 0]
    assert off[2] == off[3] == off[4] != off[5]
    assert all(60_000 <= abs(ms) <= 3_600_000 for ms in off[2:])


def test_a_clock_that_nobody_sets_shows_the_session_s_time():
    """Without the fault nothing is drawn."""
    wall = Wall(Dice(Faults(), Chance(3), lambda *about: None))
    assert [wall.shows(at, "timer") for at in (0, 40, 1_000)] == [0, 40, 1_000]
