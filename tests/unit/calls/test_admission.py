"""Who is let in: lines of this process, limits of a number, and calls that have begun already."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from halo_voice.calls.admission import Admission
from halo_voice.calls.switchboard import Switchboard
from halo_voice.calls.words import Words
from halo_voice.core.admission import NumberLimits
from halo_voice.core.errors import CallRefused, StoreBusy
from halo_voice.core.ports import CallEnd, CallStart
from halo_voice.core.profile import Profile, Profiles
from halo_voice.store.memory import MemoryStore
from tests.halo import TalkingModel
from tests.one_call import Counting

MAIN = Profile(name="main", default=True)
NUMBER = "+79161234567"


class Clock:
    def __init__(self) -> None:
        self.time = datetime(2026, 11, 22, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time


class Slow(MemoryStore):
    """A store that others come in between."""

    async def calls_of(self, bucket, since):
        await asyncio.sleep(0)
        return await super().calls_of(bucket, since)

    async def find_call(self, call_id):
        await asyncio.sleep(0)
        return await super().find_call(call_id)

    async def open_call(self, start):
        await asyncio.sleep(0)
        return await super().open_call(start)


class Refusals(Counting):
    def __init__(self) -> None:
        super().__init__()
        self.limits: list[str] = []

    def refused(self, why):
        self.limits.append(why)


class Front:
    """One process's switchboard over a store that others may share."""

    def __init__(self, store: MemoryStore, clock: Clock, **limits) -> None:
        self.store = store
        self.meter = Refusals()
        self.model = TalkingModel()
        limits.setdefault("numbers", NumberLimits())
        self.board = Switchboard(
            Profiles([MAIN]),
            {"main": Words(self.model, max_tokens=9)},
            store,
            meter=self.meter,
            admission=Admission(store, now=clock, **limits),
        )

    async def begin(self, call_id: str, caller: str = NUMBER) -> bool:
        """Whether the call may begin; if not, it is told what to hear."""
        try:
            await self.board.start(CallStart(call_id, caller=caller))
        except CallRefused as refused:
            return refused.said != MAIN.texts.bye_busy
        return True

    async def end(self, call_id: str, duration_ms: int = 1_000) -> None:
        await self.board.end(CallEnd(call_id, "caller_hung_up", duration_ms, 0))


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def store(clock):
    return MemoryStore(now=clock)


@pytest.fixture
def front(store, clock):
    return Front(store, clock)


async def test_two_calls_of_a_number_at_once_and_no_third(front):
    """F77: the third is refused, recorded as over, and costs no line; another number calls on."""
    assert [await front.begin(f"c-{n}") for n in range(3)] == [True, True, False]
    record = await front.store.find_call("c-2")
    assert (record.open, record.end_reason, record.turns_reported) == (False, "busy", 0)
    assert front.meter.limits == ["number_calls"]
    assert len(front.board) == 2
    assert await front.begin("other", "+79160000000")
    await front.end("c-0")
    assert await front.begin("c-3")


async def test_calls_that_begin_in_the_same_moment_see_each_other(clock):
    """F77: five at once are two calls, though none is in the store when the first is judged."""
    front = Front(Slow(now=clock), clock)
    let_in = await asyncio.gather(*(front.begin(f"c-{n}") for n in range(5)))
    assert let_in == [True, True, False, False, False]


async def test_a_repeated_start_gets_the_same_answer(front, clock):
    """A start that is sent twice, or again after a refusal, changes nothing."""
    calls = [f"c-{n}" for n in range(3)]
    first = [await front.begin(call) for call in calls]
    assert [await front.begin(call) for call in calls] == first == [True, True, False]
    await front.end("c-0")
    assert await front.begin("c-2") is False  # it has ended, though there is room now


async def test_a_call_that_has_begun_elsewhere_is_let_in(store, clock):
    """F43: a restart does not count its own calls twice, nor turn them away for want of a line."""
    before = Front(store, clock)
    for call in ("c-0", "c-1"):
        await before.begin(call)
    after = Front(store, clock, calls_max=1)
    assert await after.begin("c-0")
    assert await after.begin("c-1")
    assert await after.begin("c-2", "+79160000000") is False
    assert after.meter.limits == ["lines"]


async def test_another_process_knows_the_calls_of_a_number(store, clock):
    """F77: the limits hold for all processes of a store, and after a restart."""
    for call in ("c-0", "c-1"):
        assert await Front(store, clock).begin(call)
    assert await Front(store, clock).begin("c-2") is False


async def test_the_eleventh_call_of_an_hour_waits_for_the_hour_to_pass(front, clock):
    """F77: refused calls do not prolong it."""
    for number in range(10):
        assert await front.begin(f"c-{number}")
        await front.end(f"c-{number}")
        clock.time += timedelta(minutes=1)
    for number in range(10, 15):
        assert await front.begin(f"c-{number}") is False
    assert set(front.meter.limits) == {"number_hour"}
    clock.time += timedelta(minutes=50)
    assert await front.begin("later")


async def test_after_thirty_minutes_no_call_of_the_number_begins(front, clock):
    """F77: the 31st minute is refused; a day later the number may call again."""
    for number in range(3):
        assert await front.begin(f"c-{number}")
        clock.time += timedelta(minutes=10)
        await front.end(f"c-{number}", 600_000)
    assert await front.begin("c-3") is False
    assert front.meter.limits == ["number_minutes"]
    clock.time += timedelta(hours=24)
    assert await front.begin("c-4")


async def test_withheld_numbers_share_one_bucket(front):
    """F77: anonymous callers are one caller."""
    withheld = ["", "anonymous", "sip:anonymous@anonymous.invalid"]
    let_in = [await front.begin(f"c-{n}", caller) for n, caller in enumerate(withheld)]
    assert let_in == [True, True, False]


async def test_above_the_lines_a_call_is_refused_and_the_others_go_on(clock):
    """F62: as many calls as there are lines, also at the same moment; who ends makes room."""
    front = Front(Slow(now=clock), clock, calls_max=3, numbers=NumberLimits(together=0, per_hour=0))
    let_in = await asyncio.gather(*(front.begin(f"c-{n}") for n in range(5)))
    assert let_in == [True, True, True, False, False]
    assert front.meter.limits == ["lines", "lines"]
    await front.end("c-1")
    assert await front.begin("c-5")


async def test_a_store_that_is_away_turns_nobody_away(front, store, monkeypatch):
    """F54: who cannot be counted is let in; a refusal does not depend on its record."""

    async def fails(*_):
        raise StoreBusy

    with monkeypatch.context() as away:
        away.setattr(store, "calls_of", fails)
        assert await front.begin("c-0")
    assert await front.begin("c-1")
    store_open = store.open_call

    async def half(start):
        if start.refused:
            raise StoreBusy
        return await store_open(start)

    monkeypatch.setattr(store, "open_call", half)
    assert await front.begin("c-2") is False


async def test_the_report_of_a_call_nobody_knows_is_always_taken(front):
    """A call that is over already is recorded, however many its number has made."""
    for number in range(3):
        await front.board.start(CallStart(f"c-{number}", caller=NUMBER), admit=False)
    for number in range(3):
        await front.end(f"c-{number}")
        assert (await front.store.find_call(f"c-{number}")).end_reason == "caller_hung_up"


async def test_no_number_is_logged(front):
    """A refusal names the call and the limit, not who called."""
    with capture_logs() as logs:
        for number in range(3):
            await front.begin(f"c-{number}")
    assert {"event": "call_refused", "log_level": "warning", "call_id": "c-2"}.items() <= logs[
        -1
    ].items()
    assert "9161234567" not in str(logs)
