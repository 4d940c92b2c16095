"""A spooled store in front of one in memory that comes and goes; no file is touched."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from halo_voice.core.errors import StoreBusy, StoreError, StoreUnavailable
from halo_voice.core.ports import CallEnd, CallStart, Outcome
from halo_voice.store import replay, spool
from halo_voice.store.memory import MemoryStore
from halo_voice.store.spool import SpooledStore


class Clock:
    def __init__(self) -> None:
        self.time = datetime(2026, 11, 22, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "PAUSE_S", (0, 0.001))


def random_operation(draw: random.Random) -> Callable[[Any], Awaitable[Any]]:
    """Any write of any of three calls, valid or not."""
    call_id = f"c-{draw.randint(1, 3)}"
    turn = draw.randint(1, 4)
    words = f"слова-{draw.random()}"
    kind = draw.choice(["open", "accept", "accept", "settle", "settle", "end", "keep"])
    return {
        "open": lambda store: store.open_call(CallStart(call_id, caller=words)),
        "accept": lambda store: store.accept_turn(call_id, turn, words, 0.5),
        "settle": lambda store: store.settle_turn(
            call_id, turn, outcome=Outcome.ANSWERED, reply=words, action="listen", source="m"
        ),
        "end": lambda store: store.end_call(CallEnd(call_id, words, 1, turn)),
        "keep": lambda store: store.keep_recording_text(call_id, words),
    }[kind]


async def outcome(answer: Awaitable[Any]) -> Any:
    try:
        return await answer
    except StoreError as error:
        return error.message


async def seen(store: Any) -> list[Any]:
    calls = [f"c-{number}" for number in (1, 2, 3)]
    return [(await store.find_call(call), await store.turns(call)) for call in calls]


@pytest.mark.parametrize("seed", range(60))
async def test_nobody_can_tell_it_from_a_store_that_never_fails(seed: int) -> None:
    """Whenever the writes fail and return, every answer and every row is as if they never had."""

    class Locked(MemoryStore):
        """Like a locked database: it can be read."""

        async def find_call(self, call_id: str) -> Any:
            return self._calls.get(call_id)

        async def turns(self, call_id: str) -> Any:
            return [turn for _, turn in sorted(self._turns.get(call_id, {}).items())]

    draw = random.Random(seed)
    clock = Clock()
    behind, model = Locked(now=clock), MemoryStore(now=clock)
    store = SpooledStore(behind, None, now=clock)
    for _ in range(120):
        clock.time += timedelta(seconds=1)
        if draw.random() < 0.15:
            behind.fault = None if behind.fault else StoreBusy()
        operation = random_operation(draw)
        assert await outcome(operation(store)) == await outcome(operation(model))
        for _ in range(draw.choice([0, 0, 1, 5, 20])):
            await asyncio.sleep(0)  # not a pause: the recovery gets its chance
        if draw.random() < 0.2:
            assert await seen(store) == await seen(model)
    assert await seen(store) == await seen(model)
    behind.fault = None
    await store.recovered()
    assert store.spooled == 0
    assert await seen(behind) == await seen(model)
    await store.close()


class Unsteady(MemoryStore):
    """It takes its time, fails before or after it has done what was asked, and comes back."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__()
        self.draw = draw
        self.steady = False

    async def _unsteadily(self, method: Callable[..., Awaitable[Any]], *values: Any) -> Any:
        await self._pass_time()
        if not self.steady and self.draw.random() < 0.2:
            raise StoreUnavailable
        answer = await method(*values)
        await self._pass_time()
        if not self.steady and self.draw.random() < 0.2:
            raise StoreBusy
        return answer

    async def _pass_time(self) -> None:
        for _ in range(self.draw.choice([0, 1, 5])):
            await asyncio.sleep(0)

    async def open_call(self, start: CallStart) -> Any:
        return await self._unsteadily(super().open_call, start)

    async def find_call(self, call_id: str) -> Any:
        return await self._unsteadily(super().find_call, call_id)

    async def turns(self, call_id: str) -> Any:
        return await self._unsteadily(super().turns, call_id)

    async def accept_turn(self, *values: Any, **named: Any) -> Any:
        return await self._unsteadily(lambda: super(Unsteady, self).accept_turn(*values, **named))

    async def settle_turn(self, *values: Any, **named: Any) -> Any:
        return await self._unsteadily(lambda: super(Unsteady, self).settle_turn(*values, **named))

    async def end_call(self, end: CallEnd) -> Any:
        return await self._unsteadily(super().end_call, end)

    async def ping(self) -> None:
        await self._unsteadily(super().ping)


@pytest.mark.parametrize("seed", range(20))
async def test_many_calls_on_an_unsteady_store_lose_and_double_nothing(seed: int) -> None:
    """Calls at once, on a store that fails also after it has done it: what each was told is what
    is stored in the end."""
    behind = Unsteady(random.Random(seed))
    store = SpooledStore(behind, None)
    told: dict[str, list[Any]] = {}

    async def talk(call_id: str) -> None:
        told[call_id] = []
        await store.open_call(CallStart(call_id))
        for turn in range(1, 9):
            accepted = await store.accept_turn(call_id, turn, f"{call_id} {turn}", 0.5)
            assert accepted.outcome is Outcome.PENDING
            settled = await store.settle_turn(
                call_id, turn, outcome=Outcome.ANSWERED, reply="да", action="listen", source="m"
            )
            assert settled.outcome is Outcome.ANSWERED
            told[call_id].append((turn, settled.user_text))
            known = await store.turns(call_id)
            assert [(each.turn, each.user_text) for each in known] == told[call_id]
        await store.end_call(CallEnd(call_id, "caller_hung_up", 1, 8))

    await asyncio.gather(*(talk(f"c-{number}") for number in range(6)))
    behind.steady = True
    await store.recovered()
    for call_id, turns in told.items():
        stored = await behind.turns(call_id)
        assert [(turn.turn, turn.user_text) for turn in stored] == turns
        assert {turn.outcome for turn in stored} == {Outcome.ANSWERED}
        call = await behind.find_call(call_id)
        assert call is not None
        assert not call.open
    await store.close()


async def test_what_succeeds_beside_a_failure_is_known_to_the_shadow() -> None:
    """An end that reached the store while a turn of the call went to the spool ends both."""

    class Half(MemoryStore):
        """Turns fail at once; the end of a call arrives late, but arrives."""

        def __init__(self) -> None:
            super().__init__()
            self.go = asyncio.Event()

        async def accept_turn(self, *_: Any, **__: Any) -> Any:
            raise StoreBusy

        async def end_call(self, end: CallEnd) -> bool:
            await self.go.wait()
            return await super().end_call(end)

    behind = Half()
    store = SpooledStore(behind, None)
    await store.open_call(CallStart("c-1"))
    ending = asyncio.create_task(store.end_call(CallEnd("c-1", "caller_hung_up", 1, 1)))
    await asyncio.sleep(0)  # not a pause: the end sets out first
    assert (await store.accept_turn("c-1", 1, "раз", None)).outcome is Outcome.PENDING
    behind.go.set()
    assert await ending
    assert [turn.outcome for turn in await store.turns("c-1")] == [Outcome.CALLER_GONE]
    await store.close()


async def test_a_call_that_waits_is_not_overtaken() -> None:
    """Until its operations are in the store, a call writes to the spool though the store is up."""
    behind = MemoryStore()
    store = SpooledStore(behind, None)
    behind.fault = StoreBusy()
    await store.open_call(CallStart("c-1"))
    behind.fault = None
    await store.accept_turn("c-1", 1, "раз", None)
    assert await behind.find_call("c-1") is None
    assert store.spooled == 2
    await store.recovered()
    assert [turn.user_text for turn in await behind.turns("c-1")] == ["раз"]
    await store.close()


async def test_one_call_that_stays_locked_holds_up_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A row that stays locked keeps its own call in the spool, and nobody else's."""
    monkeypatch.setattr(replay, "_AT_ONCE", 1)

    class OneLocked(MemoryStore):
        locked = "c-1"

        def __init__(self) -> None:
            super().__init__()
            self.others = asyncio.Event()

        async def open_call(self, start: CallStart) -> Any:
            if start.call_id == self.locked:
                raise StoreBusy
            opened = await super().open_call(start)
            if len(self._calls) == 2:
                self.others.set()
            return opened

    behind = OneLocked()
    store = SpooledStore(behind, None)
    behind.fault = StoreUnavailable()
    for number in range(1, 4):
        await store.open_call(CallStart(f"c-{number}"))
    behind.fault = None
    async with asyncio.timeout(5):
        await behind.others.wait()
    assert await behind.find_call("c-1") is None
    behind.locked = ""
    await store.recovered()
    assert await behind.find_call("c-1") is not None
    await store.close()


@pytest.mark.parametrize("away", [False, True])
async def test_a_call_that_has_ended_is_forgotten(away: bool) -> None:
    """Nothing of an ended call stays in memory once the store has all of it."""
    behind = MemoryStore()
    store = SpooledStore(behind, None)
    await store.open_call(CallStart("c-1"))
    behind.fault = StoreBusy() if away else None
    assert store._shadow.knows("c-1")
    assert await store.end_call(CallEnd("c-1", "caller_hung_up", 1, 0))
    assert store._shadow.knows("c-1") == away
    behind.fault = None
    await store.recovered()
    assert not store._shadow.knows("c-1")
    await store.close()


async def test_a_final_refusal_is_not_spooled() -> None:
    """ "No such call" is an answer, not a store that is away."""
    store = SpooledStore(MemoryStore(), None)
    with pytest.raises(StoreError, match="open_call"):
        await store.accept_turn("nobody", 1, "Алло", None)
    with pytest.raises(ValueError, match="pending"):
        await store.settle_turn(
            "c-1", 1, outcome=Outcome.PENDING, reply="", action="listen", source=""
        )
    assert store.spooled == 0
    await store.close()


async def test_nonces_are_claimed_once_also_without_the_store() -> None:
    """Before, during and after an outage one process takes no nonce twice."""
    clock = Clock()
    behind = MemoryStore(now=clock)
    store = SpooledStore(behind, None, now=clock)
    assert await store.claim_nonce("before", 60)
    behind.fault = StoreBusy()
    assert not await store.claim_nonce("before", 60)
    assert await store.claim_nonce("during", 60)
    assert not await store.claim_nonce("during", 60)
    behind.fault = None
    await store.recovered()
    assert not await store.claim_nonce("during", 60)
    clock.time += timedelta(seconds=60)
    assert await store.claim_nonce("during", 60)
    await store.close()


async def test_a_healthy_store_leaves_no_task_behind() -> None:
    """No recovery runs while there is nothing to recover, nor after it is done."""
    tasks = asyncio.all_tasks()
    behind = MemoryStore()
    store = SpooledStore(behind, None)
    await store.start()
    await store.open_call(CallStart("c-1"))
    assert asyncio.all_tasks() == tasks
    behind.fault = StoreBusy()
    await store.accept_turn("c-1", 1, "раз", None)
    assert asyncio.all_tasks() > tasks
    behind.fault = None
    await store.recovered()
    assert asyncio.all_tasks() == tasks
    await store.close()
