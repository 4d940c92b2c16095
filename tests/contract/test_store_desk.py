"""Users of the console and what they did: the same on every store."""

from __future__ import annotations

import pytest
from store_place import Place

from halo_voice.core.desk import Act, User

ANNA = User("anna", "admin", "$argon2id$v=19$…")


@pytest.fixture
async def desk(answering: Place):
    return (await answering.open()).desk


async def test_users_are_added_changed_and_forgotten(desk) -> None:
    """One of each name; the last word on role and password holds."""
    assert await desk.users() == []
    assert await desk.find_user("anna") is None
    await desk.keep_user(ANNA)
    await desk.keep_user(User("Борис", "viewer", "x"))
    await desk.keep_user(User("anna", "editor", "y"))
    assert await desk.find_user("anna") == User("anna", "editor", "y")
    assert [user.name for user in await desk.users()] == ["anna", "Борис"]
    assert await desk.forget_user("anna") is True
    assert await desk.forget_user("anna") is False
    assert [user.name for user in await desk.users()] == ["Борис"]


async def test_names_are_compared_as_they_are(desk) -> None:
    """Case matters; what a database cannot keep becomes the same sign everywhere."""
    await desk.keep_user(ANNA)
    assert await desk.find_user("Anna") is None
    assert await desk.find_user("anna' OR '1'='1") is None
    await desk.keep_user(User("a\x00\ud800", "viewer", "x"))
    assert (await desk.find_user("a\x00\ud800")).name == "a\ufffd\ufffd"


async def test_acts_come_back_the_newest_first(desk, answering: Place) -> None:
    """Each with its time; no more than asked for."""
    first = answering.clock()
    await desk.note_act("anna", "call_viewed", "c-1")
    answering.clock.advance(5)
    await desk.note_act("anna", "calls_exported")
    newest, older = await desk.acts(10)
    assert older == Act(first, "anna", "call_viewed", "c-1")
    assert (newest.what, newest.of) == ("calls_exported", "")
    assert await desk.acts(1) == [newest]
    assert await desk.acts(0) == []


@pytest.mark.parametrize("name", ["users", "acts"])
async def test_a_second_process_sees_the_same(durable: Place, name: str) -> None:
    """They are in the store, not in the process."""
    first, second = await durable.open(), await durable.open()
    await first.desk.keep_user(ANNA)
    await first.desk.note_act("anna", "signed_in")
    if name == "users":
        assert await second.desk.users() == [ANNA]
    else:
        assert [act.by for act in await second.desk.acts(5)] == ["anna"]
