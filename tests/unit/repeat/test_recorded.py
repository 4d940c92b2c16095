"""A call as it was kept: what can be repeated, and how fast its voice and recogniser were."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from halo_voice.core.trace import Step, Trace
from halo_voice.repeat.recorded import CHARACTER_MS, Recorded, recorded
from tests.recordings import NOON, a_call, a_turn, steps


def test_what_two_processes_saw_is_one_timeline():
    """Each trace counts from its own beginning."""
    first = Trace(NOON, ["0 started 0 0", "250 joined 0 0", "9000 left 0 0"])
    second = Trace(
        NOON + timedelta(seconds=8), ["500 joined 0 0", "no line of ours", "2000 gone 0 0"]
    )
    found = recorded(a_call(), [], [first, second]).steps
    assert [(step.ms, step.what) for step in found] == [
        (0, "started"),
        (250, "joined"),
        (8500, "joined"),
        (9000, "left"),
        (10000, "gone"),
    ]


@pytest.mark.parametrize(
    ("call", "lines", "why"),
    [
        ({}, "0 joined 0 0; 9 ended 0 0", ""),
        ({"ended_at": None}, "0 joined 0 0; 9 ended 0 0", "goes on"),
        ({"direction": "outgoing"}, "0 joined 0 0; 9 ended 0 0", "nobody called"),
        ({}, "0 started 0 0; 9 ended 0 0", "no trace of a stream"),
        ({}, "", "no trace of a stream"),
        ({}, "0 joined 0 0", "not whole"),
        ({}, "0 joined 0 0; 8 key 0 0; 9 ended 0 0", "keys"),
        ({}, "0 joined 0 0; 8 transfer 0 0; 9 ended 0 0", "put through"),
        ({"end_reason": "transferred"}, "0 joined 0 0; 9 ended 0 0", "put through"),
    ],
)
def test_what_cannot_be_repeated_says_why(call, lines, why):
    """The recording is not enough, or other people were in the call."""
    refusal = Recorded(replace(a_call(), **call), [], steps(lines)).refusal()
    assert why in refusal
    assert bool(why) == bool(refusal)


def test_words_that_are_not_kept_any_more_cannot_be_said_again():
    """Retention empties turns and leaves them."""
    call = Recorded(a_call(), [a_turn(1, "")], steps("0 joined 0 0; 9 ended 0 0"))
    assert "words" in call.refusal()


def test_a_tool_is_not_called_again():
    """What came of it was said then; said again, it would be a claim without a success."""
    call = Recorded(
        a_call(), [a_turn(1, "Запишите")], steps("0 joined 0 0; 9 ended 0 0"), tools=True
    )
    assert "tool" in call.refusal()


def test_the_pace_of_the_voice_is_that_of_answers_heard_whole():
    """Not of one that was cut, nor of one that never sounded."""
    whole, cut, unheard = (
        a_turn(1, "а", "x" * 40),
        a_turn(2, "б", "y" * 90),
        a_turn(3, "в", "z" * 9),
    )
    found = steps(
        "0 joined 0 0; 1000 sounding 1 1 900; 2000 heard 1 1; 2010 sounding 1 2; 3010 heard 1 2;"
        "5000 sounding 2 1 900; 5400 heard 2 1; 5400 sounding 2 2; 5900 interrupted 2 2 500"
    )
    assert Recorded(a_call(), [whole, cut, unheard], found).ms_per_character() == 2000 / 40
    assert Recorded(a_call(), [unheard], steps("0 joined 0 0")).ms_per_character() == CHARACTER_MS


def test_the_recogniser_is_as_late_as_it_was():
    """Turns that were closed before its final result tell how late that was at least."""
    turns = [replace(a_turn(n, "а"), latency={"asr_ms": ms}) for n, ms in ((1, 600), (2, 800))]
    final = steps("0 joined 0 0; 1 asked 1 0 final 0.9; 2 asked 2 0 stable")
    assert Recorded(a_call(), turns, final).final_ms() == 600
    early = steps("0 joined 0 0; 1 asked 1 0 stable; 2 asked 2 0 stable")
    assert Recorded(a_call(), turns, early).final_ms() > 800


def test_a_step_has_its_place():
    assert steps("7 sounding 2 1 640") == [Step(7, "sounding", 2, 1, "640")]
