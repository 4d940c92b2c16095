"""Python's cycle collector in small steps: what is young soon, everything when nobody calls."""

from __future__ import annotations

import asyncio
import gc
import sys
import weakref

import pytest

from halo_voice import collector
from halo_voice.collector import Collector


class Pair:
    """Two of them that know each other are freed by the collector alone."""

    def __init__(self) -> None:
        self.other: Pair | None = None


def cycle() -> weakref.ref[Pair]:
    one, other = Pair(), Pair()
    one.other, other.other = other, one
    return weakref.ref(one)


async def until(gone: weakref.ref[Pair]) -> None:
    async with asyncio.timeout(30):
        while gone() is not None:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)


@pytest.fixture(autouse=True)
def hurried(monkeypatch):
    """All in a hundredth of the time."""
    monkeypatch.setattr(collector, "YOUNG_S", 0.01)
    monkeypatch.setattr(collector, "COUNT_S", 0.02)


async def test_young_cycles_go_while_calls_go_on():
    """Python itself collects nothing meanwhile, and does so again afterwards."""
    with Collector(lambda: 1, pytest.fail).collecting():
        assert not gc.isenabled()
        await until(cycle())
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0


async def set_aside() -> tuple[weakref.ref[Pair], list[list[int]]]:
    """A cycle that dies when it is not young any more, and others that live."""
    one, other = Pair(), Pair()
    one.other, other.other = other, one
    seen = weakref.ref(one)
    await asyncio.sleep(0.1)
    return seen, [[] for _ in range(2 * collector.QUIET_MORE)]


async def test_what_was_set_aside_goes_when_nobody_calls():
    """Not while a call would wait for it; whoever watches the loop is told."""
    live, stood = 1, []
    with Collector(lambda: live, lambda: stood.append(live)).collecting():
        seen, more = await set_aside()
        await asyncio.sleep(0.1)
        assert seen() is not None
        live = 0
        await until(seen)
        assert stood == [0]
        await asyncio.sleep(0.1)
        assert stood == [0], "nothing is new: nothing is looked through"
        assert more


async def test_everything_is_looked_through_when_it_has_become_much(monkeypatch):
    """On a line that is never quiet, whose requests leave cycles behind."""
    monkeypatch.setattr(collector, "MORE_MAX", 1_000)
    with Collector(lambda: 1, pytest.fail).collecting():
        seen, more = await set_aside()
        more += [[] for _ in range(2 * sys.getallocatedblocks())]
        await until(seen)


async def test_it_is_python_again_after_a_fault():
    with pytest.raises(ValueError, match="fault"), Collector(lambda: 0, pytest.fail).collecting():
        raise ValueError("fault")
    assert gc.isenabled()
