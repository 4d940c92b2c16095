"""Finding the call, its profile and its history, in this process or in the store."""

from __future__ import annotations

import asyncio
import re
from unittest.mock import AsyncMock

import pytest

from halo_voice.calls import switchboard as module
from halo_voice.calls.switchboard import Switchboard
from halo_voice.calls.turn import Heard
from halo_voice.calls.words import Words
from halo_voice.core.errors import (
    CallClosed,
    ModelUnreachable,
    StoreUnavailable,
    TurnConflict,
    UnknownCall,
)
from halo_voice.core.ports import CallEnd, CallStart, Outcome
from halo_voice.core.profile import Profile, Profiles
from halo_voice.store.memory import MemoryStore
from halo_voice.store.spool import SpooledStore
from tests.halo import TalkingModel
from tests.one_call import Listening

MAIN = Profile(name="main", default=True)
OTHER = Profile(name="other", company="Ромашка", numbers=("8 (495) 123-45-67",))


@pytest.fixture
def store():
    return MemoryStore()


@pytest.fixture
def model():
    return TalkingModel()


def board(store, model, profiles=(MAIN, OTHER)) -> Switchboard:
    words = {profile.name: Words(model, max_tokens=300) for profile in profiles}
    return Switchboard(Profiles(profiles), words, store)


async def begin(switchboard, call_id="c-1", called="") -> Profile:
    return await switchboard.start(CallStart(call_id, called=called, scenario_version="1"))


def heard(turn: int, words: str) -> Heard:
    return Heard(turn, words, 0.9, 5.0)


async def test_the_called_number_chooses_the_profile_however_it_is_written(store, model):
    """+7, 8, brackets and a SIP address are one number; any other gets the default."""
    switchboard = board(store, model)
    for number in ("+74951234567", "84951234567", "sip:74951234567@halo.example"):
        assert switchboard.profiles.of_number(number).name == "other"
    assert switchboard.profiles.of_number("+74950000000").name == "main"
    assert switchboard.profiles.of_number("").name == "main"


async def test_another_process_takes_a_call_up_with_its_history(store, model):
    """F43: all that it needs is in the store."""
    await begin(board(store, model), called="+74951234567")
    await board(store, model).take("c-1", heard(1, "раз"))
    second = board(store, model)
    await second.take("c-1", heard(2, "два"))
    told = [message.content for message in model.asked[-1]]
    assert told[0].startswith(OTHER.persona)
    assert told[1:] == ["раз", "Ответ: раз.", "два"]


async def test_a_call_that_went_elsewhere_and_came_back_knows_all_turns(store, model):
    """Turn 2 was taken by another process; turn 3 here is told of it."""
    here, there = board(store, model), board(store, model)
    await begin(here)
    await here.take("c-1", heard(1, "раз"))
    await there.take("c-1", heard(2, "два"))
    await here.take("c-1", heard(3, "три"))
    assert [m.content for m in model.asked[-1] if m.role == "user"] == ["раз", "два", "три"]


async def test_what_a_store_could_not_tell_is_told_as_soon_as_it_can(store, model, monkeypatch):
    """F43, F55, invariant 18: taken up while the store was away, the call has its past later."""
    await begin(before := board(store, model))
    await before.take("c-1", heard(1, "раз"))
    after = board(store, model)
    with monkeypatch.context() as away:
        away.setattr(store, "turns", AsyncMock(return_value=[]))
        await after.take("c-1", heard(2, "два"))
        away.setattr(store, "turns", AsyncMock(side_effect=StoreUnavailable))
        assert (await after.take("c-1", heard(3, "три"))).outcome is Outcome.ANSWERED
    await after.take("c-1", heard(4, "четыре"))
    told = [m.content for m in model.asked[-1] if m.role == "user"]
    assert told == ["раз", "два", "три", "четыре"]


async def test_a_turn_that_another_process_settled_is_not_answered_twice(store, model):
    """The first outcome wins; both processes give it."""
    here, there = board(store, model), board(store, model)
    await begin(here)
    model.answer = lambda _: "Первый ответ."
    first = await there.take("c-1", heard(1, "раз"))
    model.answer = lambda _: "Второй ответ."
    second = await here.take("c-1", heard(1, "раз"))
    assert first.reply == second.reply == "Первый ответ."


async def test_of_an_answer_that_comes_second_nothing_goes_out(store, model):
    """F43, invariant 6: a stream is given nothing but what another process has settled."""
    here, there = board(store, model), board(store, model)
    await begin(here)
    listener = Listening()
    call = await here.attach(listener, CallStart("c-1"), opens=False)
    model.answer = lambda _: "Первый ответ."
    await there.take("c-1", heard(1, "раз"))
    model.answer = lambda _: "Второй ответ."
    turn = await call.take(heard(1, "раз"), listener)
    assert turn.reply == "Первый ответ."
    assert listener.said(1) == []


async def test_other_words_under_a_number_that_another_process_stored_are_a_conflict(store, model):
    """Nothing is overwritten."""
    here, there = board(store, model), board(store, model)
    await begin(here)
    await there.take("c-1", heard(1, "раз"))
    with pytest.raises(TurnConflict):
        await here.take("c-1", heard(1, "совсем другое"))
    [turn] = await store.turns("c-1")
    assert turn.user_text == "раз"


async def test_a_turn_that_a_lost_process_began_is_answered_now(store, model):
    """A pending row is no answer: the model is asked, the row is settled."""
    await begin(board(store, model))
    await store.accept_turn("c-1", 1, "раз", 0.9)
    turn = await board(store, model).take("c-1", heard(1, "раз"))
    assert turn.outcome is Outcome.ANSWERED
    assert len(model.asked) == 1


async def test_unknown_and_closed_calls_are_told_apart(store, model):
    """UnknownCall, CallClosed; an end is reported once."""
    switchboard = board(store, model)
    with pytest.raises(UnknownCall):
        await switchboard.take("nobody", heard(1, "раз"))
    with pytest.raises(UnknownCall):
        await switchboard.end(CallEnd("nobody", "no_input", 0, 0))
    await begin(switchboard)
    end = CallEnd("c-1", "no_input", 1000, 0)
    assert (await switchboard.end(end)).stored is True
    assert (await switchboard.end(end)).stored is False
    with pytest.raises(CallClosed):
        await switchboard.take("c-1", heard(1, "раз"))
    with pytest.raises(CallClosed):
        await begin(switchboard)


async def test_a_profile_that_is_gone_is_replaced_by_the_default(store, model):
    """The company removed an assistant during a call: the call goes on."""
    await begin(board(store, model), called="+74951234567")
    later = board(store, model, profiles=(MAIN,))
    await later.take("c-1", heard(1, "раз"))
    assert model.asked[-1][0].content.startswith(MAIN.persona)


async def test_every_model_is_told_the_day(store, model):
    """Also one without tools, in a call and outside it: «завтра» means something."""
    switchboard = board(store, model)
    await begin(switchboard)
    await switchboard.take("c-1", heard(1, "Вы завтра работаете?"))
    await switchboard.answer("Вы завтра работаете?", 5.0)
    first, second = (asked[0].content for asked in model.asked)
    assert first == second
    assert re.search(r"Сегодня \w+, \d+ \w+ 20\d\d года. Завтра \w+, ", first)


async def test_calls_whose_end_was_never_reported_do_not_pile_up(store, model, monkeypatch):
    """Whoever is idle is let go of with the next call; the store still has it."""
    switchboard = board(store, model)
    for number in range(20):
        await begin(switchboard, f"old-{number}")
    monkeypatch.setattr(module, "IDLE_S_MAX", -1)
    monkeypatch.setattr(module, "LOOK_S", 0)
    await begin(switchboard, "new")
    assert len(switchboard) == 1
    turn = await switchboard.take("old-3", heard(1, "раз"))
    assert turn.outcome is Outcome.ANSWERED


async def test_a_call_that_somebody_listens_to_is_not_let_go_of(store, model, monkeypatch):
    """F60: who says nothing for long is still on the line, and what goes out must reach him."""
    switchboard = board(store, model)
    await begin(switchboard, "quiet")
    listener = Listening()
    call = await switchboard.attach(listener, CallStart("quiet"), opens=False)
    await begin(switchboard, "left")
    monkeypatch.setattr(module, "IDLE_S_MAX", -1)
    monkeypatch.setattr(module, "LOOK_S", 0)
    await begin(switchboard, "new")
    assert len(switchboard) == 2
    assert await switchboard.attach(Listening(), CallStart("quiet"), opens=False) is call


class Suspending(MemoryStore):
    """A store that lets others in while it looks, as one on a disk does."""

    async def find_call(self, call_id):
        await asyncio.sleep(0)
        return await super().find_call(call_id)


async def test_a_call_that_is_looked_for_twice_at_once_is_one_call(model):
    """F43, F52, invariant 14: right after a restart two requests for one turn share its answer."""
    store = Suspending()
    await begin(board(store, model))
    restarted = board(store, model)
    asked = [restarted.take("c-1", heard(1, "раз")) for _ in range(2)]
    first, second = await asyncio.gather(*asked)
    assert first == second
    assert len(model.asked) == 1


class Sluggish(Suspending):
    """It takes its time to write a call down, too, and to tell its turns."""

    async def open_call(self, start):
        record = await super().open_call(start)
        await asyncio.sleep(0.02)
        return record

    async def turns(self, call_id):
        await asyncio.sleep(0.02)
        return await super().turns(call_id)


@pytest.mark.parametrize("pause_s", [0.0, 0.005, 0.01, 0.03])
async def test_a_call_that_begins_and_is_looked_for_at_once_is_one_call(model, pause_s):
    """F52, invariant 14: its stream opens while its first request is still under way."""
    store = Sluggish()
    switchboard = board(store, model)
    start = CallStart("c-1", scenario_version="1")
    beginning = asyncio.create_task(switchboard.start(start))
    await asyncio.sleep(pause_s)
    attaching = asyncio.create_task(switchboard.attach(Listening(), start, opens=True))
    await beginning
    begun = await switchboard.reach("c-1")
    assert await attaching is begun
    assert await switchboard.reach("c-1") is begun


async def test_an_end_with_late_words_is_kept_while_the_store_is_away(store, model):
    """F54: by a process that does not know the call, so that the default profile masks."""
    await begin(board(store, model))
    spooled = SpooledStore(store, None)
    await spooled.start()
    restarted = board(spooled, model)
    store.fault = StoreUnavailable("away")
    end = CallEnd("c-1", "caller_hung_up", 9000, 1, ("моя карта 2200 7777 1234 5678",))
    assert (await restarted.end(end)).stored
    store.fault = None
    await spooled.recovered()
    assert (await store.find_call("c-1")).late_texts == ("моя карта [номер карты]",)
    await spooled.close()


async def test_without_any_model_a_turn_is_an_apology_and_is_kept_as_one(store, model):
    """Every provider failed: a spoken apology, stored as such."""
    model.fault = ModelUnreachable()
    switchboard = board(store, model)
    await begin(switchboard)
    turn = await switchboard.take("c-1", heard(1, "раз"))
    assert turn.outcome is Outcome.APOLOGISED
    assert turn.reply == MAIN.texts.apology
    assert await switchboard.answer("раз", 5.0) == MAIN.texts.apology


async def test_a_call_that_is_taken_up_again_keeps_the_version_it_began_with(store, model):
    """F65: as long as this process remembers that version; a new call gets the new one."""
    first = Profile(name="main", default=True, persona="Первый.", version="1")
    second = Profile(name="main", default=True, persona="Второй.", version="2")
    switchboard = board(store, model, [first])
    await begin(switchboard)
    words = {"main": Words(model, max_tokens=300)}
    switchboard.change(Profiles([second]), words, {})
    await begin(switchboard, "c-2")
    switchboard._live.clear()  # idle for long
    for call_id, persona in (("c-1", "Первый."), ("c-2", "Второй.")):
        await switchboard.take(call_id, heard(1, "раз"))
        assert persona in model.asked[-1][0].content

    for number in range(3, 4 + module.PAST_MAX):
        newer = Profile(name="main", default=True, persona="Новый.", version=str(number))
        switchboard.change(Profiles([newer]), words, {})
    switchboard._live.clear()
    await switchboard.take("c-1", heard(2, "два"))
    assert "Новый." in model.asked[-1][0].content
