"""Calls that the company makes, after their end: who wants no more of them gets none."""

from __future__ import annotations

from datetime import UTC, datetime
from unittest.mock import AsyncMock

import pytest

from halo_voice.calls.dialler import Dialler
from halo_voice.calls.switchboard import Switchboard
from halo_voice.calls.turn import Heard
from halo_voice.calls.words import Words
from halo_voice.core.dials import Dial, digest_of
from halo_voice.core.errors import StoreUnavailable
from halo_voice.core.ports import CallEnd, CallStart
from halo_voice.core.profile import Profile, Profiles
from halo_voice.store.memory import MemoryStore
from tests.halo import TalkingModel

NUMBER = "79161234567"
DAYTIME = datetime(2026, 11, 27, 9, tzinfo=UTC)
MAIN = Profile(name="main", default=True)


@pytest.fixture
def store():
    return MemoryStore(now=lambda: DAYTIME)


@pytest.fixture
def switchboard(store):
    return Switchboard(Profiles([MAIN]), {"main": Words(TalkingModel(), max_tokens=300)}, store)


@pytest.fixture
def dialler(switchboard, store):
    return Dialler(switchboard, store)


async def begun(dialler, store, call_id: str, token: str):
    dial = Dial(token, digest_of(token), NUMBER, "main", "74950000000", DAYTIME, clock=3.0)
    await store.dials.keep_dial(dial)
    return await dialler.order(CallStart(call_id, scenario_version="1.4"), token)


async def test_a_wish_for_no_more_calls_outlives_a_store_that_is_away(
    dialler, switchboard, store, monkeypatch
):
    """F54: it cannot be read when the call ends, and is read before the next one is made."""
    await begun(dialler, store, "c-1", "first")
    said = Heard(1, "не звоните мне больше", 0.9, 5.0)
    assert "не будем" in (await switchboard.take("c-1", said)).reply
    with monkeypatch.context() as away:
        away.setattr(store.dials, "dial_of_call", AsyncMock(side_effect=StoreUnavailable("away")))
        await switchboard.end(CallEnd("c-1", "assistant_hung_up", 9_000, 1))
        with pytest.raises(StoreUnavailable):  # nobody is called as long as it is unread
            await begun(dialler, store, "c-2", "early")
    assert (await begun(dialler, store, "c-2", "second")).barred == "opted_out"


async def test_a_wish_that_came_too_late_for_a_turn_counts(dialler, switchboard, store):
    """Said, and hung up."""
    await begun(dialler, store, "c-1", "first")
    late = ("Больше мне не звоните!",)
    await switchboard.end(CallEnd("c-1", "caller_hung_up", 9_000, 0, late))
    assert await store.dials.opted_out([NUMBER]) == {NUMBER}


async def test_an_end_that_is_told_again_is_read_again(dialler, switchboard, store):
    """By the process that did not hear the first."""
    await begun(dialler, store, "c-1", "first")
    end = CallEnd("c-1", "caller_hung_up", 9_000, 0, ("Больше мне не звоните!",))
    switchboard.when_over = None
    await switchboard.end(end)
    switchboard.when_over = dialler.over
    assert not (await switchboard.end(end)).stored
    assert await store.dials.opted_out([NUMBER]) == {NUMBER}
