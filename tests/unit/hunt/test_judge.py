"""The judge of store and model: evidence as it should be, and each way in which it is not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from halo_voice.core.ports import Message, Outcome
from halo_voice.hunt.judge import _stored_as, judge
from halo_voice.hunt.play import SCENARIO, one_call
from halo_voice.hunt.texts import own_texts
from halo_voice.simulator import Faults

SEED = next(
    seed
    for seed in range(100)
    if (found := one_call(seed, backend=True, faults=Faults({}))).turns > 3 and found.struck == {}
)


@pytest.fixture(scope="module")
def played():
    """A call without faults, several turns long, in which nothing is broken."""
    outcome = one_call(SEED, backend=True, faults=Faults({}))
    assert outcome.breaches == []
    return outcome


def broken(played, **changes):
    """What the judge finds when the evidence is changed."""
    evidence = replace(played.evidence, **changes)
    return {breach.invariant for breach in judge(played.call, evidence, own_texts(SCENARIO))}


def test_a_turn_that_is_pending_in_a_closed_call_is_found(played):
    """Invariant 7: every turn has an outcome when the call is over."""
    turns = [*played.evidence.turns]
    turns[1] = replace(turns[1], outcome=Outcome.PENDING)
    assert 7 in broken(played, turns=turns)


def test_an_acknowledged_turn_that_is_not_stored_is_found(played):
    """Invariant 8: the scenario was told that it is written down."""
    assert 8 in broken(played, turns=played.evidence.turns[1:])


def test_a_turn_that_is_stored_twice_is_found(played):
    """Invariant 8: one row."""
    turns = played.evidence.turns
    assert 8 in broken(played, turns=[turns[0], *turns])


def test_a_turn_with_other_words_is_found(played):
    """Invariant 8: the words that were asked are those of the row."""
    turns = [*played.evidence.turns]
    turns[0] = replace(turns[0], user_text="что-то другое")
    assert 8 in broken(played, turns=turns)


def test_turns_that_the_report_does_not_know_are_found(played):
    """Invariant 8: no more rows than turns were reported."""
    record = replace(played.evidence.record, turns_reported=0)
    assert 8 in broken(played, record=record)


def test_an_answer_that_is_not_stored_as_it_was_heard_is_found(played):
    """Invariant 9: an answer that was heard whole is not stored as cut."""
    turns = [
        replace(turn, heard="Справка") if turn.outcome is Outcome.ANSWERED else turn
        for turn in played.evidence.turns
    ]
    assert 9 in broken(played, turns=turns)


def test_a_model_that_was_told_no_history_is_found(played):
    """Invariant 18: after the faults it is asked with everything that was said before."""
    bare = [
        (ms, [each for each in asked[:-1] if each.role == "system"] + asked[-1:])
        for ms, asked in played.evidence.asked
    ]
    assert all(isinstance(each, Message) for _, asked in bare for each in asked)
    assert 18 not in broken(played, calm_ms=-(10**6))
    assert 18 in broken(played, calm_ms=-(10**6), asked=bare)


def test_a_turn_is_told_with_the_words_of_its_late_result(played):
    """Invariant 18: what was stored at first may be masked, and what the model is told not."""
    first, *rest = played.evidence.turns
    masked = replace(first, user_text="[телефон]", revised_text="")
    told = replace(masked, revised_text=first.user_text)
    assert 18 in broken(played, calm_ms=-(10**6), turns=[masked, *rest])
    assert 18 not in broken(played, calm_ms=-(10**6), turns=[told, *rest])


def test_what_is_left_behind_is_found(played):
    """Invariant 19: a task or a live call that outlives the call."""
    assert 19 in broken(played, left=["a task is left"])


def test_an_error_of_the_scenario_is_found():
    """A name that the platform does not have is a breach by itself."""
    source = SCENARIO.read_text("utf-8").replace("call.answer()", "call.pickUp()", 1)
    assert 0 in one_call(1, scenario=source).invariants


@pytest.mark.parametrize(
    ("stored", "same"),
    [
        ("мой номер [телефон] спасибо", True),
        ("[телефон]", True),
        ("мой номер восемь девятьсот спасибо", True),
        ("мой номер [телефон]  до свидания", False),
        ("номер [телефон] спасибо", False),
    ],
)
def test_what_was_masked_may_have_been_anything(stored, same):
    """Invariant 8: around it the words are those that were asked."""
    assert _stored_as(stored, "мой номер восемь девятьсот спасибо") is same
