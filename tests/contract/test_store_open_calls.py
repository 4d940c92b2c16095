"""Which calls a store says are going on still: what the reconciler works with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from halo_voice.core.errors import StoreBusy
from halo_voice.core.ports import CallEnd, CallStart, Store
from tests.contract.store_place import Place

LONG_AGO = datetime.min.replace(tzinfo=UTC)


async def test_open_calls_are_those_of_a_span_that_have_not_ended(
    store: Store, place: Place
) -> None:
    """F59: the oldest first, no more than asked for, those that ended or were refused never."""
    begun = place.clock.time
    for number in range(5):
        await store.open_call(CallStart(f"c-{number}"))
        place.clock.advance(60)
    await store.open_call(CallStart("c-refused", refused="busy"))
    await store.end_call(CallEnd("c-1", "no_input", 40_000, 0))
    now = place.clock.time

    async def found(since=LONG_AGO, before=now, limit=10) -> list[str]:
        return [call.call_id for call in await store.open_calls(since, before, limit)]

    if place.kind == "refused":  # an end may be among what waits
        with pytest.raises(StoreBusy):
            await found()
        return
    assert await found() == ["c-0", "c-2", "c-3", "c-4"]
    assert await found(limit=2) == ["c-0", "c-2"]
    assert await found(since=begun + timedelta(seconds=60)) == ["c-2", "c-3", "c-4"]
    assert await found(before=begun + timedelta(seconds=121)) == ["c-0", "c-2"]
