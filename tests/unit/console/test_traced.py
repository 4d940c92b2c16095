"""A call's trace on its page: every step has its words, and its place in time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from halo_voice.console.traced import NAMES, UNITS, WHAT, traced
from halo_voice.core.ports import CallRecord
from halo_voice.core.trace import STEPS, Trace

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
CALL = CallRecord(
    call_id="c", caller="", called="", profile="", profile_version="", scenario_version="",
    direction="incoming", started_at=NOON,
)  # fmt: skip


def test_every_step_has_its_words():
    """A new step without them would be shown by its name."""
    assert set(WHAT) == set(STEPS)
    assert {*NAMES, *UNITS} <= set(STEPS)


def test_what_several_processes_saw_is_one_trace():
    """By the time since the call began, whenever each of them began; torn lines are left out."""
    later = Trace(NOON + timedelta(seconds=5), ["0 joined 0 0", "70 asked 2 0 http", "torn"])
    first = Trace(NOON + timedelta(milliseconds=20), ["0 started 0 0", "5100 left 0 0"])
    shown = [(line.ms, line.what) for line in traced(CALL, [later, first])]
    assert shown == [
        (20, "звонок принят"),
        (5_000, "поток открыт"),
        (5_070, "договорил"),
        (5_120, "поток закрыт"),
    ]


def test_a_stream_that_closes_is_a_fault_while_the_call_goes_on():
    """Not after the caller has hung up; no answer always is one."""
    lines = ["1 left 0 0", "2 failed 1 0 unknown_call", "3 gone 0 0", "4 left 0 0"]
    assert [line.bad for line in traced(CALL, [Trace(NOON, lines)])] == [True, True, False, False]


def test_values_are_told_in_words_where_there_are_any():
    """A model's own name, and a reason that nobody knows, stay as they are."""
    lines = [
        "1 asked 1 0 final 0.93",
        "2 answered 1 0 answered qwen3:8b",
        "3 sounding 1 1 1010",
        "4 ended 0 0 no_input <b>odd</b>",
    ]
    shown = [(list(line.said), line.unit) for line in traced(CALL, [Trace(NOON, lines)])]
    assert shown == [
        (["распознано", "0.93"], ""),
        (["отвечено", "qwen3:8b"], ""),
        (["1010"], "мс тишины"),
        (["абонент молчал", "<b>odd</b>"], ""),
    ]
