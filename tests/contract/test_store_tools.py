"""What every store promises of a tool's calls: one row, states that go forward, one mover."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from store_place import Clock, Place

from halo_voice.core.errors import StoreBusy, StoreError, StoreUnavailable
from halo_voice.core.ports import CallStart, Store
from halo_voice.core.tools import BEFORE, ToolRecord, ToolStart, ToolState
from halo_voice.store import SpooledStore
from halo_voice.store.memory import MemoryStore

START = ToolStart(
    call_id="c-1", turn=2, key="book", tool="book", arguments='{"day": "завтра"}', effect=True
)
S = ToolState


async def moved(store: Store, state: ToolState, result: str = "") -> tuple[ToolRecord, bool]:
    return await store.move_tool("c-1", 2, "book", state, result)


async def test_a_call_of_a_tool_is_one_row(store: Store, place: Place) -> None:
    """F41: whoever begins it again gets the row that is there, whatever the arguments are."""
    first, new = await store.begin_tool(START)
    assert new
    assert first == ToolRecord(
        "c-1", 2, "book", "book", START.arguments, True, S.RUNNING, "", place.clock(), None
    )
    place.clock.advance(5)
    again, new = await store.begin_tool(replace(START, arguments="{}"))
    assert (again, new) == (first, False)
    assert await store.tools("c-1") == [first]


async def test_one_of_many_begins_it(store: Store) -> None:
    """F41: at once, ten of them."""
    begun = await asyncio.gather(*(store.begin_tool(START) for _ in range(10)))
    assert sum(new for _, new in begun) == 1


async def test_two_processes_begin_it_once(durable: Place) -> None:
    """F41: each with a store of its own on the same place."""
    stores = [await durable.open() for _ in range(3)]
    begun = await asyncio.gather(*(store.begin_tool(START) for store in stores for _ in range(3)))
    assert sum(new for _, new in begun) == 1
    moves = await asyncio.gather(*(moved(s, S.DONE, f"{n}") for n, s in enumerate(stores)))
    assert sum(mine for _, mine in moves) == 1
    assert len({row.result for row, _ in moves}) == 1


async def test_the_first_end_wins(store: Store, place: Place) -> None:
    """F41, F42: what happened is told to everybody alike."""
    await store.begin_tool(START)
    place.clock.advance(3)
    done, mine = await moved(store, S.DONE, "Записано.")
    assert (done.state, done.result, done.ended_at, mine) == (
        S.DONE,
        "Записано.",
        place.clock(),
        True,
    )
    place.clock.advance(3)
    for state in (S.FAILED, S.UNKNOWN, S.RUNNING, S.DECLINED, S.DONE):
        assert await moved(store, state, "иначе") == (done, False)
    assert await store.tools("c-1") == [done]


@pytest.mark.parametrize("path", [(S.RUNNING, S.UNKNOWN, S.DONE), (S.UNKNOWN, S.FAILED)])
async def test_states_go_forward(store: Store, path: tuple[ToolState, ...]) -> None:
    """From proposed to running, from unknown to what is learnt late."""
    start = S.PROPOSED if path[0] is S.RUNNING else S.RUNNING
    await store.begin_tool(replace(START, state=start))
    for state in path:
        row, mine = await moved(store, state, "так")
        assert mine
        assert row.state is state
        assert (row.ended_at is not None) == row.ended == (row.result != "")


async def test_a_proposal_is_taken_up_once(store: Store) -> None:
    """F41: the caller's yes, asked twice, begins it once; declined it stays declined."""
    await store.begin_tool(replace(START, state=S.PROPOSED))
    taken = await asyncio.gather(*(moved(store, S.RUNNING) for _ in range(5)))
    assert sum(mine for _, mine in taken) == 1
    await store.begin_tool(replace(START, key="other", state=S.PROPOSED))
    await store.move_tool("c-1", 2, "other", S.DECLINED)
    assert not (await store.move_tool("c-1", 2, "other", S.RUNNING))[1]


async def test_an_unknown_row_is_an_error(store: Store) -> None:
    """A mover that never began is a mistake of ours."""
    with pytest.raises(StoreError):
        await moved(store, S.DONE)
    assert await store.tools("nobody") == []


async def test_rows_are_told_in_order_and_survive(durable: Place) -> None:
    """By turn, then by their beginning; another store on the place reads the same."""
    store = await durable.open()
    await store.open_call(CallStart("c-1"))
    for turn, key in ((3, "a"), (1, "b"), (1, "a")):
        durable.clock.advance(1)
        await store.begin_tool(replace(START, turn=turn, key=key))
    rows = await (await durable.open()).tools("c-1")
    assert [(row.turn, row.key) for row in rows] == [(1, "b"), (1, "a"), (3, "a")]


async def test_hostile_text_is_kept(store: Store) -> None:
    """F37: what no database can keep is replaced."""
    row, _ = await store.begin_tool(replace(START, arguments="до\x00по\ud800"))
    assert row.arguments == "до\ufffdпо\ufffd"
    done, _ = await moved(store, S.DONE, "да\x00")
    assert done.result == "да\ufffd"


async def test_nothing_of_it_waits_in_a_spool(tmp_path: Path) -> None:
    """F41, F54: while the store is away a tool is refused, for another process would not see it."""
    behind = MemoryStore(now=Clock())
    store = SpooledStore(behind, tmp_path / "spool.jsonl")
    await store.start()
    await store.open_call(CallStart("c-1"))
    behind.fault = StoreBusy()
    with pytest.raises(StoreBusy):
        await store.begin_tool(START)
    await store.accept_turn("c-1", 1, "да", None)  # spooled: now the store is known to be away
    with pytest.raises(StoreUnavailable):
        await store.begin_tool(START)
    behind.fault = None
    await store.recovered()
    assert (await store.begin_tool(START))[1]
    await store.close()


def test_every_state_has_its_way() -> None:
    """No state but the first two is reached from nowhere, none is left once it is over."""
    assert set(BEFORE) == set(S) - {S.PROPOSED}
    assert all(not (set(before) & {S.DONE, S.FAILED, S.DECLINED}) for before in BEFORE.values())
