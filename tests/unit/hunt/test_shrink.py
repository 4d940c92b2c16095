"""Shrinking: of many strikes those that a failure needs, and nothing that it does not."""

from __future__ import annotations

import pytest

from halo_voice.hunt.play import SCENARIO, one_call
from halo_voice.hunt.shrink import only, reduced, shrink
from halo_voice.simulator.chance import Chance
from halo_voice.simulator.faults import Dice, Faults, Strike, When

STRIKES = [Strike("late", number, number * 10, "") for number in range(1, 41)]


@pytest.mark.parametrize("needed", [(), (1,), (40,), (3, 4), (1, 20, 40), tuple(range(2, 41, 5))])
def test_just_what_is_needed_is_left(needed):
    """Whichever strikes it takes, they are found, and no other one is kept."""
    wanted = {STRIKES[number - 1] for number in needed}
    tried = 0

    def breaks(strikes):
        nonlocal tried
        tried += 1
        return wanted <= set(strikes)

    assert set(reduced(STRIKES, breaks)) == wanted
    assert tried < 250


def test_one_of_two_is_enough():
    """A failure that either of two strikes brings about is left with one of them."""
    either = {STRIKES[4], STRIKES[30]}
    assert len(reduced(STRIKES, lambda strikes: bool(either & set(strikes)))) == 1


def test_strikes_become_the_faults_that_bring_them_about():
    """By name and occasion, until the same moment."""
    faults = only(
        [Strike("F20", 3, 0, ""), Strike("F03", 1, 0, ""), Strike("F20", 1, 0, "")], FAULTS
    )
    assert faults == Faults({"F20": When(at=(1, 3)), "F03": When(at=(1,))}, 5_000)


FAULTS = Faults({"F20": 0.5, "F03": 0.5}, 5_000)


def test_a_class_that_is_left_out_changes_no_other():
    """Each fault has its own dice, and draws as much at an occasion whether it strikes or not."""

    def fall(**on):
        dice = Dice(Faults(on), Chance(7), lambda *_, **__: None)
        fallen = []
        for _ in range(50):
            for name in ("F19", "F24"):
                if dice.strikes(name):
                    fallen.append((name, round(dice.delay_ms(name, 0, 1000))))
        return fallen, dice.strikes_made

    both, _ = fall(F19=0.4, F24=0.3)
    alone, strikes = fall(F24=0.3)
    assert [each for each in both if each[0] == "F24"] == alone
    again, _ = fall(F24=When(at=[strike.occasion for strike in strikes]))
    assert again == alone
    last, _ = fall(F24=When(at=[strikes[-1].occasion]))
    assert last == alone[-1:]


def test_a_failure_is_left_with_what_it_takes():
    """A scenario that does not watch whether a phrase starts fails by that fault alone."""
    source = SCENARIO.read_text("utf-8").replace(
        "playback_start_ms: 2500", "playback_start_ms: 60000"
    )
    tried = (one_call(seed, scenario=source, faults=("F20", "F09")) for seed in range(100))
    found = next(each for each in tried if {1, 2} & each.invariants)
    shrunk = shrink(found, scenario=source)
    assert shrunk.invariants & found.invariants
    assert {strike.fault for strike in shrunk.strikes} == {"F20"}
    assert len(shrunk.strikes) <= len(found.strikes)
