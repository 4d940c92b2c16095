"""Traces of calls: the same on every store."""

from __future__ import annotations

from datetime import timedelta

import pytest
from store_place import Place

from halo_voice.core.ports import CallStart
from halo_voice.core.trace import Trace


@pytest.fixture
async def store(answering: Place):
    return await answering.open()


async def test_what_each_process_saw_of_a_call_is_kept_once(store, answering: Place) -> None:
    """The oldest first; the same again changes nothing; hostile signs reach no driver."""
    began = answering.clock()
    later = began + timedelta(seconds=40)
    await store.open_call(CallStart("c-1"))
    await store.traces.keep("c-1", Trace(later, ["0 joined 0 0"]))
    for _ in range(2):
        await store.traces.keep("c-1", Trace(began, ["0 started 0 0", "9 ended 0 0 a\x00\ud800"]))
    assert [(each.begun_at, list(each.lines)) for each in await store.traces.of("c-1")] == [
        (began, ["0 started 0 0", "9 ended 0 0 a\ufffd\ufffd"]),
        (later, ["0 joined 0 0"]),
    ]


async def test_a_call_that_nobody_knows_leaves_none(store, answering: Place) -> None:
    """It may have been erased meanwhile."""
    await store.traces.keep("c-0", Trace(answering.clock(), ["0 started 0 0"]))
    assert await store.traces.of("c-0") == []


async def test_another_process_reads_it(durable: Place) -> None:
    """It is in the store once the process that kept it was closed."""
    first, second = await durable.open(), await durable.open()
    await first.open_call(CallStart("c-1"))
    await first.traces.keep("c-1", Trace(durable.clock(), ["0 started 0 0"]))
    await first.close()
    (kept,) = await second.traces.of("c-1")
    assert list(kept.lines) == ["0 started 0 0"]
