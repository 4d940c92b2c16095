"""One call whose model gives what a test wants when it wants it."""

from __future__ import annotations

import pytest

from halo_voice.calls.call import Call
from halo_voice.calls.words import Words
from halo_voice.core.dialogue import Dialogue
from halo_voice.core.ports import CallStart
from halo_voice.store.memory import MemoryStore
from tests.one_call import PROFILE, Counting, Listening
from tests.streams import SteppingModel


@pytest.fixture
def store():
    return MemoryStore()


@pytest.fixture
def model():
    return SteppingModel()


@pytest.fixture
def meter():
    return Counting()


@pytest.fixture
def listener():
    return Listening()


@pytest.fixture
async def call(store, model, meter):
    await store.open_call(CallStart("c-1"))
    words = Words(model, max_tokens=300)
    live = Call("c-1", Dialogue(PROFILE), words=words, store=store, meter=meter)
    yield live
    live.abandon()
    await live.finish()
