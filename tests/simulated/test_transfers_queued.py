"""Calls that are put into a queue of the platform: somebody takes them, or nobody does.

Scenario, wire, backend and store are the real ones; the queue is the simulator's. Invariant 22 is
judged with the others.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from halo_voice.calls.reconciler import Reconciler
from halo_voice.calls.transfers import Transfers
from halo_voice.core.ports import CallStart
from halo_voice.core.tools import ToolState
from halo_voice.simulator import Faults, Press, Queued, SilentCaller, When
from halo_voice.simulator.transfers import talks, waits
from tests.halo import HttpOnly
from tests.operators import Impatient, limited, staffed

QUEUE = """
[operators."первая линия"]
queue = "support"
wait_ms = 60000
priority = 80
"""
BRIEFED = QUEUE + "brief = true\n"
GOODBYE = "спасибо до свидания"
LINES = [Press("0"), "сколько стоит доставка", GOODBYE]


def taken(talk_ms=20_000, after_ms=20_000):
    return Queued(after_ms, SilentCaller(talk_ms))


def refused(status, after_ms=3_000, **more):
    return Queued(after_ms, status=status, **more)


FAILED = {
    "nobody in time": (Queued(), "никто пока не отвечает", "Никто не ответил"),
    "the queue's own limit": (refused(1004), "никто пока не отвечает", "Никто не ответил"),
    "no room": (refused(1005), "линия сейчас занята", "нет места"),
    "no operators": (refused(1006), "никто пока не отвечает", "нет свободных"),
    "declined": (refused(1203), "сотрудник сейчас не может ответить", "отклонил"),
    "no such queue": (404, "соединить сейчас не получилось", "не удалось"),
    "an error": (refused(500, error=True), "соединить сейчас не получилось", "не удалось"),
    "silence": (Queued(told=False), "никто пока не отвечает", "Никто не ответил"),
}


@pytest.mark.parametrize("way", [None, HttpOnly], ids=["stream", "http"])
@pytest.mark.parametrize("name", FAILED)
async def test_no_operator_takes_the_call(put_through, name, way):
    """Each end of the wait has words of its own, is stored as what it is, and the talk with the
    assistant goes on: nobody is lost."""
    fate, said, stored = FAILED[name]
    call, record, [row], turns = await put_through(LINES, fate, network=way, operators=QUEUE)
    assert any(said in span.text for span in call.playbacks)
    assert (row.state, stored in row.result) == (ToolState.FAILED, True)
    assert json.loads(row.arguments) == {"operator": "первая линия", "why": "key"}
    assert [turn.user_text for turn in turns] == LINES[1:]
    assert record.end_reason == "assistant_hung_up"
    [(begin, end)] = waits(call)
    assert end - begin < 61_000


@pytest.mark.parametrize("way", [None, HttpOnly], ids=["stream", "http"])
async def test_an_operator_of_the_queue_talks(put_through, way):
    """The caller hears the announcement, then the tone, then the operator; both lines end when one
    does, and the call is stored as put through."""
    call, record, [row], _ = await put_through(
        [Press("0")], taken(), network=way, operators=QUEUE, hang_up_after=False
    )
    [queued] = [line.data for line in call.trace if "queued" in line.data]
    assert (queued["called"], queued["priority"]) == ("support", 80)
    [(begin, end)] = talks(call)
    assert end - begin > 15_000
    tone = next(span for span in call.playbacks if span.text.startswith("425@"))
    assert tone.ended_ms - tone.started_ms > 10_000
    assert record.end_reason == "transferred"
    assert row.result.startswith("Собеседник поговорил с сотрудником: ")


async def test_an_operator_of_the_queue_is_told_first(put_through):
    """The brief is for the operator alone; who hangs up in it has not talked."""
    call, *_ = await put_through([Press("0")], taken(30_000), operators=BRIEFED)
    [brief] = [span for span in call.playbacks if span.text.startswith("Клиента соединяет")]
    assert brief.call == "call:out1"
    assert talks(call)[0][0] >= brief.ended_ms
    call, _, [row], _ = await put_through([Press("0"), GOODBYE], taken(1_500), operators=BRIEFED)
    assert talks(call) == []
    assert row.result.startswith("Сотрудник положил трубку, не поговорив.")


@pytest.mark.parametrize("leaves_ms", [6_200, 9_000, 24_500])
async def test_who_leaves_a_queue_leaves_no_place_in_it(put_through, leaves_ms):
    """Invariant 22: in the announcement, in the wait, while an operator's telephone rings; nobody
    is called for a caller who is gone."""
    caller = Impatient({6_000: "0"}, leaves_ms)
    call, record, [row], _ = await put_through(caller, taken(), operators=QUEUE)
    assert record.end_reason == "caller_hung_up"
    assert row.result == "Собеседник положил трубку, не дождавшись."
    assert all(left - call.disconnected_ms < 500 for _, left in waits(call))
    assert all(leg.connected_ms is None for leg in call.legs)


@pytest.mark.parametrize("after_ms", range(59_600, 60_200, 50))
async def test_who_answers_too_late_is_let_go(put_through, after_ms):
    """The wait ends while somebody answers: they are hung up on, and never left on a line where
    nobody is; the caller has one of the two."""
    call, _, [row], _ = await put_through(
        [Press("0"), GOODBYE], taken(None, after_ms), operators=QUEUE
    )
    late = [leg for leg in call.legs if leg.connected_ms is not None]
    if talks(call):
        assert row.state is ToolState.DONE
    else:
        assert all(leg.ended_ms - leg.connected_ms < 1_500 for leg in late)


async def test_a_wait_is_none_of_the_calls_time(put_through):
    """Who has waited is not said goodbye to for the call's length; what was left is left."""
    long = QUEUE.replace("60000", "600000")
    call, record, _, turns = await put_through(
        LINES, Queued(700_000), operators=long, network=limited(call_ms=60_000)
    )
    [(begin, end)] = waits(call)
    assert end - begin > 595_000
    assert [turn.user_text for turn in turns] == LINES[1:]
    assert record.end_reason == "assistant_hung_up"


@pytest.mark.parametrize("fault", ["F60", "late", "F25"])
async def test_a_queue_that_tells_late_keeps_nobody(put_through, fault):
    """F25, F60: what the platform forgets to tell of the caller or the operator ends both."""
    faults = Faults({fault: When(probability=1)})
    call, *_ = await put_through(
        Impatient({6_000: "0"}, 30_000), taken(40_000), operators=QUEUE, faults=faults
    )
    assert call.struck[fault]
    assert all(leg.ended_ms is not None for leg in call.legs)


async def test_a_scenario_without_queues_is_given_another(tmp_path):
    """F65: an older one is sent to somebody whom it can call, or told that nobody is there."""
    phone = '\n[operators."дежурный"]\nuser = "duty"\n'
    async with staffed(tmp_path, operators=QUEUE + phone) as halo:
        transfers = Transfers(halo.switchboard, halo.store)
        kinds = []
        for version in ("1.3", "1.4"):
            call_id = f"c-{version}"
            await halo.switchboard.start(CallStart(call_id, scenario_version=version))
            found = await transfers.arrange(call_id, 1, 0, "key")
            kinds.append(found.operator.kind)
    assert kinds == ["user", "queue"]


async def test_who_waits_in_a_queue_is_not_taken_for_lost(tmp_path):
    """Invariant 11: the wait has a limit of its own, before that of the talk."""
    long = QUEUE.replace("60000", "600000")
    jump = timedelta(0)
    async with staffed(tmp_path, operators=long) as halo:
        store, board = halo.store, halo.switchboard
        await board.start(CallStart("c-1", scenario_version="1.4"))
        await Transfers(board, store).arrange("c-1", 1, 0, "key")
        reconciler = Reconciler(board, store, now=lambda: datetime.now(UTC) + jump)
        call = (await store.open_calls(datetime.min.replace(tzinfo=UTC), datetime.now(UTC), 9))[0]
        jump = timedelta(minutes=45)
        assert await reconciler._talks(call)
        jump = timedelta(minutes=60)
        assert not await reconciler._talks(call)
