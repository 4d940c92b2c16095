"""The table of the mutants: each can be made, names what it protects, and knows its hunters."""

from __future__ import annotations

import ast
import re

import pytest

from halo_voice.simulator.cloud import SCENARIO_BYTES_MAX
from tests.house.test_faults import faults_told, invariants_told
from tests.mutants.__main__ import controls, verdict
from tests.mutants.hunters import Find
from tests.mutants.table import ROOT, SCENARIO, Change, Mutant, Rotten, mutants, mutated
from tests.mutants.tree import tree

MUTANTS = mutants()
NUMBERS_MIN = 40


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.id)
def test_each_mutant_can_be_made(mutant):
    """Its old texts stand in the project once each, and the new ones are still a program that can
    be run: a scenario that is too large would be noticed for that."""
    for path, text in mutated(mutant).items():
        assert text != (ROOT / path).read_text("utf-8")
        assert path != SCENARIO or len(text.encode()) <= SCENARIO_BYTES_MAX
        if path.endswith(".py"):
            compile(text, path, "exec")


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.id)
def test_each_mutant_says_what_it_protects(mutant):
    """Faults and invariants that docs/reliability.md knows; a sentence on the guard."""
    faults = re.findall(r"F(\d\d)", mutant.protects)
    invariants = re.findall(r"invariant (\d+)", mutant.protects)
    known = [f"F{number}" for number in faults] + [f"invariant {n}" for n in invariants]
    assert known
    assert ", ".join(known) == mutant.protects
    assert {int(number) for number in faults} <= set(faults_told())
    assert {int(number) for number in invariants} <= set(invariants_told())
    assert mutant.guard


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.id)
def test_the_tests_that_a_mutant_names_are_there(mutant):
    """A file, or a class or a function in it."""
    for node in mutant.tests:
        file, *names = node.split("::")
        here = ast.parse((ROOT / file).read_text("utf-8"))
        for name in names:
            kinds = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
            found = [n for n in here.body if isinstance(n, kinds) and n.name == name]
            assert found, f"{node} is not there"
            here = found[0]


def test_every_part_that_guards_has_mutants():
    """Scenario, dialogue, calls, stream and store, forty at least in all."""
    touched = {change.file for mutant in MUTANTS for change in mutant.changes}
    assert SCENARIO in touched
    for part in ("core", "calls", "api", "store"):
        assert any(f"/{part}/" in file for file in touched), part
    assert len(MUTANTS) >= NUMBERS_MIN


def test_a_mutant_that_cannot_be_made_is_an_error():
    """An old text that is gone or stands there twice is told with its file."""
    for old in ("nowhere to be found", "const "):
        change = Change(SCENARIO, old, "")
        with pytest.raises(Rotten, match=SCENARIO):
            mutated(Mutant("rotten", "", "", (change,), hunt="scenario"))


def test_a_tree_holds_the_change_and_the_project_does_not():
    """The working tree is left alone, and the next tree has nothing of the change."""
    shipped = (ROOT / SCENARIO).read_text("utf-8")
    with tree({SCENARIO: "// changed"}) as root:
        assert (root / SCENARIO).read_text("utf-8") == "// changed"
        assert (root / "src/halo_voice/app.py").is_file()
    assert (ROOT / SCENARIO).read_text("utf-8") == shipped
    with tree({}) as root:
        assert (root / SCENARIO).read_text("utf-8") == shipped


def test_survivors_and_false_alarms_fail_the_run():
    """Too many alive, one without a reason, a broken one, or a find where nothing is removed."""
    chosen = [Mutant(str(n), "", "", (), hunt="scenario", survives="why") for n in range(40)]
    killed = [Find(str(n), by="hunt") for n in range(40)]
    assert verdict(chosen, killed, [Find("none")]) == 0
    assert verdict(chosen, killed, [Find("none", by="hunt")]) == 1
    assert verdict(chosen, [*killed[:38], Find("38"), Find("39")], []) == 0
    assert verdict(chosen, [*killed[:37], Find("37"), Find("38"), Find("39")], []) == 1
    assert verdict(chosen, [*killed[:39], Find("39", broken="pytest says 4")], []) == 1
    unexplained = [*chosen[:39], Mutant("39", "", "", (), hunt="scenario")]
    assert verdict(unexplained, [*killed[:39], Find("39")], []) == 1


def test_the_hunters_stand_before_the_whole_project_too():
    """Each kind of call and every named test runs once with all guards in place."""
    shipped = controls(MUTANTS)
    assert {control.hunt for control in shipped} >= {m.hunt for m in MUTANTS}
    tests = [test for control in shipped for test in control.tests]
    assert sorted(tests) == sorted({test for mutant in MUTANTS for test in mutant.tests})
    assert all(not control.changes for control in shipped)
