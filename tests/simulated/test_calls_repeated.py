"""Calls that the simulator made and the store kept, repeated from what was kept alone."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from halo_voice.in_process import configuration
from halo_voice.repeat.compare import differences
from halo_voice.repeat.play import repeated
from tests.recordings import simulated_call

SCENARIO = Path("scenario/voximplant_scenario_ASR.js")
# Callers who talk, are silent, interrupt and leave, on lines of all vendors.
SEEDS = (1, 3, 5, 8, 12, 14, 20, 31, 45, 55, 60, 69)


@pytest.fixture(scope="module")
def talk():
    """A call of several turns."""
    return simulated_call(55)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_call_goes_as_it_went(seed):
    """The same turns with the same words, the same answers heard as far, the same end."""
    old = simulated_call(seed)
    assert old.refusal() == ""
    found = differences(old, repeated(old, configuration(), SCENARIO))
    assert [str(each) for each in found if not each.explained] == []


def test_another_version_of_the_assistant_is_seen(talk, tmp_path):
    """A limit of one turn ends a call of several otherwise."""
    shutil.copytree("assistants", tmp_path / "assistants")
    profile = tmp_path / "assistants" / "halo.toml"
    text = profile.read_text("utf-8")
    assert "turns = 12" in text
    profile.write_text(text.replace("turns = 12", "turns = 1"), "utf-8")
    assert len(talk.turns) > 1
    found = differences(talk, repeated(talk, configuration(tmp_path / "assistants"), SCENARIO))
    assert any("turn 2" in each.before and not each.explained for each in found)


def test_another_scenario_is_seen(talk, tmp_path):
    """One to whom no sound of the caller is sent asks no turn."""
    deaf, text = tmp_path / "deaf.js", SCENARIO.read_text("utf-8")
    hears = "line.call.sendMediaTo(line.asr)"
    assert hears in text
    deaf.write_text(text.replace(hears, "0"), "utf-8")
    found = differences(talk, repeated(talk, configuration(), deaf))
    assert any("turn 1" in each.before for each in found)


def test_what_was_said_is_in_no_log(talk, capsys):
    """The app is quiet meanwhile, and speaks again afterwards."""
    repeated(talk, configuration(), SCENARIO)
    printed = capsys.readouterr()
    assert printed.out + printed.err == ""
