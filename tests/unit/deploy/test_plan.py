"""The plan: a pure difference, whose steps hold no secret in their words."""

from dataclasses import replace

import pytest

from halo_voice.deploy.found import Found, Number, Owner, Rule, Scenario
from halo_voice.deploy.plan import LeadRules, PutScenario, plan, plan_rollback
from halo_voice.deploy.wanted import Wanted

SECRET = "drawn-at-random"
WANTED = Wanted("halo", "new();", {"HALO_KEY": SECRET}, ("74950000000",))
OWNER = Owner("romashka", 1)
OURS = Rule(3, "halo", ".*", scenarios=((2, "halo"),))
SAME = Found(
    OWNER,
    application=1,
    secure=True,
    scenario=Scenario(2, "new();"),
    rules=(OURS,),
    secrets={"HALO_KEY": SECRET},
    numbers={"74950000000": Number(1, "halo", 3)},
)


def topics(found, wanted=WANTED):
    return [step.topic for step in plan(wanted, found).steps]


def test_nothing_is_to_be_done_where_all_is_there():
    """The same account, the same plan: empty, in both directions."""
    assert plan(WANTED, SAME).steps == ()
    assert plan(WANTED, SAME).faults == ()


def test_the_number_comes_last():
    """Nobody's call is led to what is not there yet."""
    empty = Found(OWNER, numbers={"74950000000": Number()})
    assert topics(empty) == ["application", "secrets", "scenario", "rule", "number"]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"secure": False}, ["application"]),
        ({"secrets": {"HALO_KEY": "other"}}, ["secrets"]),
        ({"secrets": {}}, ["secrets"]),
        ({"scenario": Scenario(2, "old();")}, ["scenario", "scenario"]),
        ({"scenario": Scenario(2, "old();"), "previous": Scenario(9, "old();")}, ["scenario"]),
        ({"rules": ()}, ["rule", "number"]),
        ({"rules": (replace(OURS, pattern="7.*"),)}, ["rule"]),
        ({"rules": (replace(OURS, exclude="7.*"),)}, ["rule"]),
        ({"rules": (replace(OURS, scenarios=()),)}, ["rule"]),
        ({"rules": (replace(OURS, scenarios=((2, "halo"), (8, "more"))),)}, ["rule"]),
        ({"numbers": {"74950000000": Number(1, "halo")}}, ["number"]),
        ({"numbers": {"74950000000": Number(7, "shop", 3)}}, ["number"]),
    ],
)
def test_each_difference_is_one_step(change, expected):
    """No more is done than what differs."""
    assert topics(replace(SAME, **change)) == expected


@pytest.mark.parametrize(
    ("pattern", "exclude", "taken"),
    [
        (".*", "", True),
        ("7495.*", "", True),
        ("7495.*", "74950000000", False),
        ("7812.*", "", False),
        ("7495", "", False),
        ("(", "", True),
    ],
)
def test_a_rule_before_ours_is_passed_only_if_it_takes_our_calls(pattern, exclude, taken):
    """Others' rules keep their order; one that cannot be read is taken for one that may."""
    first = Rule(5, "sales", pattern, exclude)
    steps = plan(WANTED, replace(SAME, rules=(first, OURS))).steps
    assert steps == ((LeadRules((5,), ("sales",)),) if taken else ())
    assert plan(WANTED, replace(SAME, rules=(OURS, first))).steps == ()


def test_no_words_of_a_plan_hold_a_secret_or_a_script():
    """Neither as a line for a person nor as Python shows it."""
    drawn = plan(WANTED, Found(OWNER, numbers={"74950000000": Number()}))
    for words in (repr(drawn), repr(WANTED), repr(SAME), *map(str, drawn.steps)):
        assert SECRET not in words
        assert "new();" not in words


def test_going_back_touches_the_script_alone():
    """Whatever else differs, a rollback is one step, and only if there is a difference."""
    other = replace(SAME, secrets={}, rules=(), previous=Scenario(9, "old();"))
    (step,) = plan_rollback(WANTED, other).steps
    assert isinstance(step, PutScenario)
    assert (step.script, step.number) == ("old();", 2)
    again = replace(other, scenario=Scenario(2, "old();"))
    assert plan_rollback(WANTED, again).steps == ()
