"""Python's cycle collector in small steps: what is young soon, everything when nobody calls."""

from __future__ import annotations

import asyncio
import gc
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


async def test_young_cycles_go_while_calls_go_on(monkeypatch):
    """Python itself collects nothing meanwhile, and does so again afterwards."""
    monkeypatch.setattr(collector, "YOUNG_S", 0.01)
    with Collector(lambda: 1).collecting():
        assert not gc.isenabled()
        await until(cycle())
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0


async def test_what_was_set_aside_goes_when_nobody_calls(monkeypatch):
    """Not while a call would wait for it, unless that has been so for very long."""
    monkeypatch.setattr(collector, "YOUNG_S", 0.01)
    monkeypatch.setattr(collector, "QUIET_S", 0.0)
    live = 1
    with Collector(lambda: live).collecting():
        one, other = Pair(), Pair()
        one.other, other.other = other, one
        seen = weakref.ref(one)
        await asyncio.sleep(0.1)  # set aside
        del one, other
        await asyncio.sleep(0.1)
        assert seen() is not None
        live = 0
        await until(seen)


async def test_everything_is_looked_through_when_it_has_become_much(monkeypatch):
    """On a line that is never quiet, whose requests leave cycles behind."""
    monkeypatch.setattr(collector, "YOUNG_S", 0.01)
    monkeypatch.setattr(collector, "COUNT_S", 0.02)
    with Collector(lambda: 1).collecting():
        one, other = Pair(), Pair()
        one.other, other.other = other, one
        seen = weakref.ref(one)
        await asyncio.sleep(0.05)
        del one, other
        kept = [[] for _ in range(gc.get_freeze_count() + collector.MORE_MAX)]
        await until(seen)
        assert kept


async def test_it_is_python_again_after_a_fault():
    with pytest.raises(ValueError, match="fault"), Collector(lambda: 0).collecting():
        raise ValueError("fault")
    assert gc.isenabled()
