"""Transfers as they are written down: once, with the store away too, told again with the end."""

from __future__ import annotations

from dataclasses import replace

import pytest

from halo_voice.calls.handovers import Handovers
from halo_voice.calls.switchboard import Switchboard
from halo_voice.calls.transfers import Transferred, Transfers
from halo_voice.calls.words import Words
from halo_voice.core.errors import StoreUnavailable
from halo_voice.core.operators import Operator
from halo_voice.core.ports import CallStart
from halo_voice.core.profile import Hours, Profiles
from halo_voice.core.tools import ToolState
from halo_voice.store.memory import MemoryStore
from tests.one_call import PROFILE
from tests.streams import SteppingModel


class Away:
    """A store that takes nothing, for as long as it is `away`."""

    def __init__(self) -> None:
        self.inner, self.away = MemoryStore(), True

    def __getattr__(self, name):
        async def ask(*args, **how):
            if self.away:
                raise StoreUnavailable
            return await getattr(self.inner, name)(*args, **how)

        return ask


def test_an_end_that_is_not_known_has_failed():
    """F65: a newer scenario may know ends that this backend does not; its report holds."""
    assert Transferred.of(1, "flown_away", 0).outcome == "failed"
    assert Transferred.of(1, "busy", 0).outcome == "busy"


async def test_a_transfer_is_one_row_with_one_end():
    """The first end that is told holds; one that nobody began is nothing."""
    store = MemoryStore()
    handovers = Handovers("c-1", store, None)
    await handovers.begin(1, 0, "мастерская", "key")
    await handovers.end(1, "busy", 0)
    await handovers.end(1, "talked", 9_000)
    await handovers.end(2, "talked", 9_000)
    [row] = await store.tools("c-1")
    assert (row.state, row.key, row.turn) == (ToolState.FAILED, "transfer:1", 0)
    assert row.result.startswith("Линия занята.")
    assert (len(handovers), handovers.named(1), handovers.named(2)) == (1, "мастерская", None)


async def test_another_process_knows_what_was_tried():
    """After a restart the attempts still count."""
    store = MemoryStore()
    await Handovers("c-1", store, None).begin(1, 3, "мастерская", "asked")
    again = Handovers("c-1", store, None)
    assert len(again) == 0
    await again.reload()
    assert (len(again), again.named(1)) == (1, "мастерская")


@pytest.mark.parametrize("back", ["before the end", "after it"])
async def test_a_store_that_is_away_keeps_nobody_from_a_person(back):
    """F55: the transfer goes on; what the store missed is written with the next that is told."""
    store = Away()
    handovers = Handovers("c-1", store, None)
    await handovers.begin(1, 0, "мастерская", "key")
    assert len(handovers) == 1
    store.away = back == "after it"
    await handovers.end(1, "talked", 9_000)
    store.away = False
    await handovers.end(1, "talked", 9_000)  # with the call's final report
    [row] = await store.inner.tools("c-1")
    told = ToolState.DONE, "Собеседник поговорил с сотрудником: 9 с."
    assert (row.state, row.result) == told


@pytest.mark.parametrize(
    ("outcome", "lasted_ms", "answered_s"),
    [("talked", 50_000, 30.0), ("talked", None, None), ("busy", 50_000, None)],
)
async def test_an_end_is_counted_once(outcome, lasted_ms, answered_s):
    """With the time until somebody answered, which the talk's length tells with the call's."""
    counted = []
    operators = {"мастерская": Operator("74950000001")}
    profile = replace(PROFILE, operators=operators, hours=Hours())
    store = MemoryStore()
    words = {profile.name: Words(SteppingModel(), max_tokens=300)}
    switchboard = Switchboard(Profiles([profile]), words, store)
    transfers = Transfers(switchboard, store, count=counted.append)
    await switchboard.start(CallStart("c-1", scenario_version="1.4"))
    await transfers.arrange("c-1", 1, 0, "key")
    ended = [Transferred(1, outcome, 20_000)]
    await transfers.settle("c-1", ended, lasted_ms)
    await transfers.settle_last("c-1", ended, lasted_ms)
    [handed] = counted
    assert (handed.kind, handed.outcome) == ("pstn", outcome)
    assert handed.answered_s == (None if answered_s is None else pytest.approx(answered_s, abs=2))
