"""What PostgreSQL's connections tell when they break: before a write, or behind its commit."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from sqlalchemy import Float, bindparam, event, func, select
from store_place import Place

from halo_voice.core.desk import Factor
from halo_voice.core.dials import Campaign, Dial
from halo_voice.core.errors import StoreUnavailable
from halo_voice.core.ports import CallStart, Store
from halo_voice.core.tools import ToolStart, ToolState
from halo_voice.store import postgresql
from halo_voice.store.database import Session

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


async def test_what_progresses_is_not_silent(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long it takes as a whole; one statement that is not answered is given up."""
    monkeypatch.setattr(postgresql, "_SILENT_S_MAX", 0.7)
    sleep = select(func.pg_sleep(bindparam("for_s", type_=Float())))

    def many(session: Session) -> int:
        return sum(len(session.rows(sleep, {"for_s": 0.2})) for _ in range(12))

    assert await store._database.write(many) == 12
    with pytest.raises(StoreUnavailable):
        await store._database.write(lambda session: session.rows(sleep, {"for_s": 4.0}))


async def test_a_campaign_is_a_few_statements(store: Store) -> None:
    """However far the server is: not one for each of its rows."""
    sent: list[str] = []
    event.listen(
        store._database._engine, "before_cursor_execute", lambda *told: sent.append(told[2])
    )
    rows = [dial_of(number) for number in range(1_203)]
    await store.dials.keep_campaign(Campaign("k", "Осень", "halo", store.dials.now()), rows)
    assert len(sent) < 10
    assert [each.row for each in await store.dials.dials_of("k")] == list(range(1_203))


def dial_of(number: int) -> Dial:
    now = datetime(2026, 11, 22, tzinfo=UTC)
    known = {"campaign": "k", "row": number}
    return Dial(
        f"d-{number}", f"t-{number}", f"7999{number:07}", "halo", "74950000000", now, **known
    )
