"""What calls, turns and days cost, and the calls of one number: the same on every store."""

from __future__ import annotations

import asyncio
from dataclasses import astuple
from datetime import timedelta

import pytest
from store_place import Place

from halo_voice.core.admission import BUSY
from halo_voice.core.errors import StoreError
from halo_voice.core.money import Cost
from halo_voice.core.ports import CallEnd, CallStart, Outcome, Store

TURN = Cost(1_200, 80, 4_567)
CALL = Cost(9_000, 700, 123_456_789_012, 4, 5, 6)


@pytest.fixture
async def store(place: Place) -> Store:
    return await place.open()


def start(call_id: str, bucket: str = "b-1", **more: str) -> CallStart:
    return CallStart(call_id, caller="+79990000001", bucket=bucket, **more)


async def settle(store: Store, turn: int, cost: Cost | None):
    return await store.settle_turn(
        "c-1",
        turn,
        outcome=Outcome.ANSWERED,
        reply="До восьми.",
        action="listen",
        source="m",
        cost=cost,
    )


async def test_a_turn_and_a_call_keep_what_they_cost(store: Store) -> None:
    """Tokens and micros come back to the last one; what is not told is nothing."""
    opened = await store.open_call(start("c-1"))
    assert (opened.bucket, opened.cost) == ("b-1", Cost())
    for turn, cost in ((1, TURN), (2, None)):
        await store.accept_turn("c-1", turn, "Алло", None)
        settled = await settle(store, turn, cost)
        assert settled.cost == (cost or Cost())
    assert [turn.cost for turn in await store.turns("c-1")] == [TURN, Cost()]
    await store.end_call(CallEnd("c-1", "no_input", 9_000, 2, cost=CALL))
    call = await store.find_call("c-1")
    assert call is not None
    assert call.cost == CALL
    assert [call.cost for call in await store.recent_calls(1)] == [CALL]


async def test_the_first_cost_of_a_turn_and_of_a_call_wins(store: Store) -> None:
    """As the outcome and the report do: nothing is paid twice."""
    await store.open_call(start("c-1"))
    await store.accept_turn("c-1", 1, "Алло", None)
    await settle(store, 1, TURN)
    assert (await settle(store, 1, CALL)).cost == TURN
    await store.end_call(CallEnd("c-1", "no_input", 1, 1, cost=TURN))
    await store.end_call(CallEnd("c-1", "no_input", 1, 1, cost=CALL))
    call = await store.find_call("c-1")
    assert call is not None
    assert call.cost == TURN


async def test_a_refused_call_is_recorded_as_over(store: Store, place: Place) -> None:
    """F77: one write, with the reason; its later report closes nothing, and it has no turns."""
    refused = await store.open_call(start("c-1", refused=BUSY))
    assert not refused.open
    assert (refused.end_reason, refused.duration_ms, refused.ended_at) == (
        BUSY,
        0,
        place.clock.time,
    )
    assert await store.open_call(start("c-1")) == refused
    assert await store.end_call(CallEnd("c-1", BUSY, 5_000, 0)) is False
    late = await store.accept_turn("c-1", 1, "Алло", None)
    assert late.outcome is Outcome.CALLER_GONE


async def test_the_calls_of_a_number_are_found_since_a_time(store: Store, place: Place) -> None:
    """F77: newest first, those that go on and those that ended; refused ones are no calls."""
    for number in range(4):
        await store.open_call(start(f"c-{number}"))
        place.clock.advance(60)
    await store.open_call(start("other", "b-2"))
    await store.open_call(start("refused", refused=BUSY))
    await store.end_call(CallEnd("c-3", "no_input", 40_000, 0))
    since = place.clock.time - timedelta(seconds=180)
    found = await store.calls_of("b-1", since)
    assert [(call.call_id, call.open, call.duration_ms) for call in found] == [
        ("c-3", False, 40_000),
        ("c-2", True, None),
        ("c-1", True, None),
    ]
    assert await store.calls_of("b-3", since) == []


async def test_the_sum_of_a_day_is_that_of_all_who_spend(place: Place) -> None:
    """F77, invariant 17: each process sets its own figure, and learns the sum; told again, a
    figure is the same; days do not mix; another process finds all of it."""
    if place.kind == "memory":
        stores = [await place.open()] * 2
    else:
        stores = [await place.open()]
        stores.append(await place.open() if place.kind != "refused" else stores[0])
    one, other = stores
    day = "2026-11-22"
    assert await one.spend(day, "p-1", TURN) == TURN
    assert await other.spend(day, "p-2", CALL) == TURN + CALL
    assert await one.spend(day, "p-1", TURN + TURN) == TURN + TURN + CALL
    assert await one.spend(day, "p-1", TURN + TURN) == TURN + TURN + CALL
    assert await one.spend("2026-11-23", "p-1", Cost()) == Cost()
    assert all(type(figure) is int for figure in astuple(await other.spend(day, "p-3", Cost())))


async def test_many_who_spend_at_once_are_all_counted(store: Store) -> None:
    """Twenty writers, each three times: the last figure of each stands."""
    figures = [
        store.spend("2026-11-22", f"p-{writer}", Cost(step))
        for step in (1, 2, 3)
        for writer in range(20)
    ]
    await asyncio.gather(*figures)
    for writer in range(20):
        await store.spend("2026-11-22", f"p-{writer}", Cost(3))
    assert await store.spend("2026-11-22", "nobody", Cost()) == Cost(60)


async def test_a_number_too_large_for_the_store_is_an_error_of_ours(store: Store) -> None:
    """No figure of ours reaches 64 bits; one that did must not be a driver's exception."""
    with pytest.raises(StoreError):
        await store.spend("2026-11-22", "p-1", Cost(2**63))
