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


async def test_nobody_is_called_for_a_profile_that_is_gone(dialler, store):
    """Another company's greeting would be heard: the order fails, and is not tried again."""
    dial = Dial("d-1", digest_of("first"), NUMBER, "gone", "74950000000", DAYTIME, clock=3.0)
    await store.dials.keep_dial(dial)
    ordered = await dialler.order(CallStart("c-1", scenario_version="1.4"), "first")
    assert (ordered.barred, ordered.retry_at) == ("failed", 0)
    assert [each.outcome for each in await store.dials.tried(["d-1"])] == ["failed"]


async def called_us(switchboard, call_id: str, caller: str, *said: str, late=()) -> list[str]:
    """Somebody calls; what they heard."""
    await switchboard.start(CallStart(call_id, caller, scenario_version="1.4"))
    answers = [
        await switchboard.take(call_id, Heard(turn, words, 0.9, 5.0))
        for turn, words in enumerate(said, 1)
    ]
    await switchboard.end(CallEnd(call_id, "caller_hung_up", 9_000, len(said), late))
    return [each.reply for each in answers]


async def test_who_calls_back_is_put_on_the_list(dialler, switchboard, store):
    """A campaign missed them; they call, and say it in a turn, or too late for one."""
    [heard] = await called_us(switchboard, "in-1", NUMBER, "не звоните мне больше")
    assert heard == MAIN.texts.no_calls
    assert (await store.dials.opt_outs(9))[0].by == "caller"
    late = ("Больше мне не звоните!",)
    await called_us(switchboard, "in-2", "375291234567", late=late)
    assert await store.dials.opted_out([NUMBER, "375291234567"]) == {NUMBER, "375291234567"}
    assert (await begun(dialler, store, "c-1", "first")).barred == "opted_out"


async def test_who_calls_with_a_hidden_number_is_promised_nothing(dialler, switchboard, store):
    """Nobody knows whom not to call: they hear from which telephone to say it, and go on."""
    [heard, other] = await called_us(
        switchboard, "in-1", "anonymous", "не звоните мне больше", "сколько стоит доставка"
    )
    assert heard == MAIN.texts.no_number
    assert other not in (MAIN.texts.no_number, MAIN.texts.no_calls)
    assert await store.dials.opt_outs(9) == []


async def test_a_call_of_no_such_wish_is_not_read_again(dialler, switchboard, store, monkeypatch):
    """Nearly every one: its end costs no question to the store."""
    monkeypatch.setattr(dialler, "_read", AsyncMock(side_effect=AssertionError))
    await called_us(switchboard, "in-1", NUMBER, "сколько стоит доставка", "спасибо до свидания")
    assert await store.dials.opt_outs(9) == []


async def test_an_end_that_is_told_again_is_read_again(dialler, switchboard, store):
    """By the process that did not hear the first."""
    await begun(dialler, store, "c-1", "first")
    end = CallEnd("c-1", "caller_hung_up", 9_000, 0, ("Больше мне не звоните!",))
    switchboard.when_over = None
    await switchboard.end(end)
    switchboard.when_over = dialler.over
    assert not (await switchboard.end(end)).stored
    assert await store.dials.opted_out([NUMBER]) == {NUMBER}
