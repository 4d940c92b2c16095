"""What two records of a call have not in common."""

from __future__ import annotations

from dataclasses import replace

from halo_voice.repeat.compare import SOUNDS, differences
from halo_voice.repeat.recorded import Recorded
from tests.recordings import a_call, a_turn, steps

LINES = (
    "0 joined 0 0; 1000 asked 1 0 final 0.9; 1200 given 1 1; 2000 sounding 1 1 900; 5000 gone 0 0"
)
TURN = a_turn(1, "Где вы?")
OLD = Recorded(a_call(), [TURN], steps(LINES))


def of(**changed):
    return [str(each) for each in differences(OLD, replace(OLD, **changed))]


def test_times_and_ways_are_no_difference():
    """Nor how a text is written."""
    later = steps("0 joined 0 0; 1700 asked 1 0 stable; 2000 sounding 1 1 200; 9000 gone 0 0")
    assert of(steps=later, turns=[replace(TURN, user_text="где вы")]) == []


def test_another_answer_is_one():
    [told] = of(turns=[replace(TURN, reply="Мы закрыты.")])
    assert "мы работаем до девяти" in told
    assert "мы закрыты" in told


def test_another_action_and_another_end_are_some():
    assert len(of(turns=[replace(TURN, action="hangup")])) == 1
    [told] = of(call=replace(a_call(), end_reason="turn_limit"))
    assert "caller_hung_up" in told
    assert "turn_limit" in told


def test_a_turn_that_is_missing_is_told():
    [told] = of(turns=[], steps=steps("0 joined 0 0; 5000 gone 0 0"))
    assert "где вы" in told
    assert told.endswith("→ nothing")


def test_an_answer_that_was_cut_elsewhere_is_told():
    """A few words more or less are the voice's pace."""
    assert of(turns=[replace(TURN, heard="Мы работаем до дев")]) == []
    [told] = of(turns=[replace(TURN, heard="Мы")])
    assert "100%" in told
    assert "9%" in told


def test_a_question_whether_the_caller_is_there_is_explained():
    """It may come of a sound that is not in the recording."""
    lines = steps("0 joined 0 0; 500 silence 0 0 1; 1000 asked 1 0 final; 5000 gone 0 0")
    [told] = differences(OLD, replace(OLD, steps=lines))
    assert told.explained == SOUNDS
