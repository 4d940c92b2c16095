"""The two clocks: the same order, one jumps and one waits."""

from __future__ import annotations

import asyncio

import pytest

from halo_voice.simulator.clock import RealClock, VirtualClock


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
