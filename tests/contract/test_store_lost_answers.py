"""What PostgreSQL's connections tell when they break: before a write, or behind its commit."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from sqlalchemy import event
from store_place import Place

from halo_voice.core.desk import Factor
from halo_voice.core.errors import StoreUnavailable
from halo_voice.core.ports import CallStart, Store
from halo_voice.core.tools import ToolStart, ToolState

pytestmark = pytest.mark.postgres

START = ToolStart(call_id="c-1", turn=1, key="k", tool="book", arguments="{}", effect=True)


async def moved(store: Store) -> bool:
    return (await store.move_tool("c-1", 2, "k", ToolState.DONE))[1]


async def begun(store: Store) -> bool:
    return (await store.begin_tool(START))[1]


ONCE: dict[str, Callable[[Any], Awaitable[bool]]] = {
    "a nonce": lambda store: store.claim_nonce("n-1", 60),
    "a tool begun": begun,
    "a tool moved": moved,
    "a step": lambda store: store.desk.use_step("анна", 8),
    "a mark": lambda store: store.desk.use_mark("анна", "m-1"),
}


@pytest.fixture
async def store(postgresql_place: Place) -> Store:
    found = await postgresql_place.open()
    await found.open_call(CallStart("c-1"))
    await found.begin_tool(replace(START, turn=2))
    await found.claim_nonce("n-0", 60)  # the first looks for old ones, too
    await found.desk.keep_factor(Factor("анна", "sealed", 7, ("m-1",)))
    return found


def lose_next_answer(store: Store) -> None:
    """The connection breaks when the next statement is committed, and before that is told."""

    def lose(connection: Any, *_: object) -> None:
        event.remove(engine, "after_cursor_execute", lose)
        connection.connection.driver_connection.close()
        raise psycopg.OperationalError

    engine = store._database._engine
    event.listen(engine, "after_cursor_execute", lose)


@pytest.mark.parametrize("name", ONCE)
async def test_who_was_first_is_not_told_that_somebody_else_was(store: Store, name: str) -> None:
    """A run whose commit nobody answered is not repeated: the second would deny the first."""
    lose_next_answer(store)
    with pytest.raises(StoreUnavailable):
        await ONCE[name](store)
    assert not await ONCE[name](store)


async def test_what_may_be_done_twice_is_done_twice(store: Store) -> None:
    """The second run of a turn finds what the first has written."""
    lose_next_answer(store)
    turn = await store.accept_turn("c-1", 1, "said", 0.9)
    assert turn.user_text == "said"
    assert [each.turn for each in await store.turns("c-1")] == [1]


@pytest.mark.parametrize("name", ONCE)
async def test_a_restarted_server_is_not_heard_of(
    store: Store, postgresql_place: Place, name: str
) -> None:
    """That a pooled connection is dead is seen before anything is sent on it."""
    with psycopg.connect(postgresql_place.url, autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    assert await ONCE[name](store)
