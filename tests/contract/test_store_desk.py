"""Users of the console and what they did: the same on every store."""

from __future__ import annotations

import pytest
from store_place import Place

from halo_voice.core.desk import Act, Factor, User

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


async def test_a_step_of_a_second_factor_is_taken_once_and_never_an_older_one(desk) -> None:
    """What somebody saw being typed is worth nothing afterwards."""
    await desk.keep_user(ANNA)
    assert await desk.find_factor("anna") is None
    assert await desk.use_step("anna", 7) is False
    await desk.keep_factor(Factor("anna", "v1…", 5, ("b", "a")))
    assert await desk.find_factor("anna") == Factor("anna", "v1…", 5, ("a", "b"))
    assert [await desk.use_step("anna", step) for step in (5, 7, 7, 6, 8)] == [
        *(False, True, False, False, True)
    ]
    assert await desk.use_step("Anna", 9) is False
    assert (await desk.find_factor("anna")).step == 8


async def test_a_recovery_code_is_taken_once(desk) -> None:
    """Each user's own; a new factor has codes of its own."""
    await desk.keep_factor(Factor("anna", "v1…", 0, ("a", "b")))
    await desk.keep_factor(Factor("boris", "v1…", 0, ("c",)))
    assert [await desk.use_mark("anna", mark) for mark in ("c", "a", "a", "")] == [
        *(False, True, False, False)
    ]
    assert (await desk.find_factor("anna")).marks == ("b",)
    await desk.keep_factor(Factor("anna", "v2…", 0, ("d",)))
    assert [await desk.use_mark("anna", mark) for mark in ("b", "d")] == [False, True]
    assert (await desk.find_factor("boris")).marks == ("c",)


async def test_a_second_factor_goes_with_its_user_or_alone(desk) -> None:
    """Somebody of the same name later has none."""
    await desk.keep_user(ANNA)
    for forget in (desk.forget_factor, desk.forget_user):
        await desk.keep_factor(Factor("anna", "v1…", 0, ("a",)))
        assert await forget("anna") is True
        assert await desk.find_factor("anna") is None
        assert await desk.use_mark("anna", "a") is False
    assert await desk.forget_factor("anna") is False
