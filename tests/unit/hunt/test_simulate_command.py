"""`halo simulate` as a command: what it tells and refuses, and with which exit code it ends."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from threading import Event

import pytest
from typer.testing import CliRunner

from halo_voice.cli import app
from halo_voice.hunt import crew
from halo_voice.hunt.crew import BATCH, Hunt, play, tallies
from halo_voice.hunt.kept import read
from halo_voice.hunt.play import SCENARIO, one_call
from halo_voice.hunt.tally import BIG, Failure, Tally

FAST = ["--no-backend", "--jobs", "1"]


@pytest.fixture
def deaf(tmp_path):
    """A scenario whose patience with a silent line is not what it should be."""
    path = tmp_path / "deaf.js"
    text = SCENARIO.read_text("utf-8")
    path.write_text(text.replace("no_speech_ms: 6500", "no_speech_ms: 30000"), "utf-8")
    return path


def run(*options):
    return CliRunner().invoke(app, ["simulate", *map(str, options)])


def test_a_hunt_that_finds_nothing_ends_with_0(tmp_path):
    """A table, and the same figures as JSON."""
    file = tmp_path / "figures.json"
    done = run("--calls", 6, *FAST, "--json", file)
    assert done.exit_code == 0, done.output
    assert "6 calls" in done.output
    told = json.loads(file.read_text("utf-8"))
    assert told["calls"] == 6
    assert told["failures"] == []
    assert told["struck"]["F03"] >= 0


def test_a_hunt_that_finds_something_ends_with_1(deaf, tmp_path):
    """The seed, what it takes, the trace; and the seed is kept."""
    file = tmp_path / "seeds.toml"
    done = run("--calls", 8, *FAST, "--scenario", deaf, "--keep", file, "--faults", "F09")
    assert done.exit_code == 1, done.output
    assert "invariant 2" in done.output
    assert "it takes 0 of" in done.output
    assert "Application.Started" in done.output or "·" in done.output
    assert read(file)


def test_broken_calls_that_are_known_of_fail_no_run(deaf):
    """As many as `--allow` says, and told all the same."""
    done = run("--calls", 8, *FAST, "--scenario", deaf, "--faults", "F09", "--allow", 8)
    assert done.exit_code == 0, done.output
    assert "invariant 2" in done.output


def test_all_callers_may_have_one_habit(deaf, tmp_path):
    """What such a call breaks is kept, replayed and told with the habit; an unknown one is told."""
    file = tmp_path / "seeds.toml"
    silent = ["--habit", "silent", "--faults", "F09", "--scenario", deaf]
    done = run("--calls", 8, *FAST, *silent, "--keep", file)
    assert done.exit_code == 1
    assert "silent 8" in done.output
    assert "--habit 'silent'" in done.output
    found = read(file)[0]
    assert found.habit == "silent"
    assert run("--replay", found.seed, *FAST, *silent).exit_code == 1
    done = run("--calls", 1, *FAST, "--habit", "shy")
    assert done.exit_code == 2
    assert "No such habit: shy." in done.output
    assert "restless" in done.output


def test_a_seed_is_replayed_step_by_step(deaf):
    """Its trace as it happens, what it broke, and the same exit code."""
    seed = next(s for s in range(50) if one_call(s, scenario=deaf, faults=("F09",)).breaches)
    done = run("--replay", seed, *FAST, "--scenario", deaf, "--faults", "F09")
    assert done.exit_code == 1
    assert "Application.CallAlerting" in done.output
    assert "invariant" in done.output
    assert run("--replay", 1, *FAST, "--faults", "F09").exit_code == 0


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--faults", "F99"], "F99"),
        (["--faults", "F54", "--no-backend"], "F54"),
        (["--scenario", "/none.js"], "/none.js"),
    ],
)
def test_what_cannot_be_hunted_is_refused(options, told):
    """With a name in the message, and before anything is played."""
    refused = run("--calls", 1, *options)
    assert refused.exit_code == 2
    assert told in refused.stderr


def test_a_class_that_never_strikes_fails_a_big_run():
    """In a thousand calls every class has its occasion; a small run proves nothing either way."""
    small, big = Tally(calls=BIG - 1), Tally(calls=BIG)
    big.struck["F03"] = 1
    assert small.silent(("F03", "F04")) == []
    assert big.silent(("F03", "F04")) == ["F04"]


def test_two_processes_find_what_one_finds():
    """Batches are added up to the same sums, whoever played them."""
    hunt = Hunt(0, 44, SCENARIO, backend=False, faults=("F03", "late"))
    alone, together = play(hunt), Tally()
    for each in tallies(hunt, 2):
        together.add(each)
    assert together == alone


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_stopped_hunt_plays_no_more(jobs):
    """Its processes are ended amid their batches, and none stays."""
    stop, whole = Event(), Hunt(0, 100_000, SCENARIO, backend=False)
    others = multiprocessing.active_children()
    coming = tallies(whole, jobs, stop)
    played = next(coming).calls
    stop.set()
    assert played + sum(each.calls for each in coming) < 1_000
    assert multiprocessing.active_children() == others


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_hunt_without_time_plays_its_first_batch(jobs):
    """And is judged by that: a run of no calls would find nothing."""
    whole = Hunt(7, 100_000, SCENARIO, backend=False)
    played = sum(each.calls for each in tallies(whole, jobs, seconds=0))
    assert played == (1 if jobs == 1 else BATCH[False])


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_hunt_ends_in_time(jobs):
    """On a slow machine it is fewer calls, and it says so. No process has work for long."""
    done = run("--calls", "5000", "--no-backend", "--jobs", jobs, "--minutes", "0.03")
    assert done.exit_code == 0
    assert "Stopped after" in done.output


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_long_hunt_goes_on_where_it_ended(jobs, deaf, tmp_path):
    """In two sittings as in one: the same sums, the same failures, no call twice."""
    file, in_one = tmp_path / "ledger.json", tmp_path / "figures.json"
    options = ["--no-backend", "--jobs", jobs, "--scenario", deaf, "--faults", "F09"]
    assert run("--calls", 60, *options, "--ledger", file).exit_code == 1
    again = run("--calls", 100, *options, "--ledger", file, "--json", tmp_path / "both.json")
    assert "100 calls" in again.output
    run("--calls", 100, *options, "--json", in_one)
    whole, both = (json.loads((tmp_path / name).read_bytes()) for name in (in_one, "both.json"))
    told = set(whole) - {"seconds", "calls_a_second"}
    assert {name: both[name] for name in told} == {name: whole[name] for name in told}
    assert whole["failures"]
    assert json.loads(file.read_bytes())["sittings"] == 2
    assert [path.name for path in tmp_path.glob("*.new")] == []


def test_a_call_that_the_judge_lets_pass_now_is_broken_no_more(tmp_path):
    """The scenario is the same: what was held against it stays in sight, by its seed."""
    file = tmp_path / "ledger.json"
    run("--calls", 3, *FAST, "--ledger", file)
    page = json.loads(file.read_bytes())
    page["tally"]["failures"] = [
        {"seed": 1, "backend": False, "habit": "any", "breaches": ["invariant 4 at 1 ms: so"]}
    ]
    page["tally"]["broken"] = {"4": 1}
    file.write_text(json.dumps(page))
    again = run("--calls", 4, *FAST, "--ledger", file)
    assert again.exit_code == 0, again.output
    assert "Whole now, since the judge has changed: 1" in again.stderr
    page = json.loads(file.read_bytes())
    assert page["acquitted"] == [1]
    assert (page["tally"]["failures"], page["tally"]["broken"]) == ([], {})


def test_a_ledger_that_is_played_to_its_end_is_told_again(tmp_path):
    """Nothing is left to be played."""
    file = tmp_path / "ledger.json"
    run("--calls", 6, *FAST, "--ledger", file)
    again = run("--calls", 6, *FAST, "--ledger", file)
    assert again.exit_code == 0
    assert "6 calls" in again.output


def test_a_killed_hunt_has_written_down_what_it_played(monkeypatch, tmp_path):
    """Its first calls without a gap, whichever processes were faster."""
    file = tmp_path / "ledger.json"

    def killed(hunt, jobs, stop, seconds):
        yield replace(Tally(), calls=40)
        yield replace(Tally(), calls=40)
        raise KeyboardInterrupt

    monkeypatch.setattr(crew, "tallies", killed)
    monkeypatch.setattr("halo_voice.hunt.ledger.WRITE_S", 0.0)
    run("--calls", 1000, *FAST, "--ledger", file)
    assert json.loads(file.read_bytes())["tally"]["calls"] == 80


@pytest.mark.parametrize(
    ("content", "options", "told"),
    [
        (None, ["--seed", 1], "another scenario, seed"),
        (None, ["--faults", "F03"], "another scenario, seed"),
        ("[1]", [], "no ledger"),
        ("", [], "no ledger"),
    ],
)
def test_a_ledger_of_another_hunt_is_not_gone_on_with(content, options, told, tmp_path):
    """Refused before anything is played, and left as it is."""
    file = tmp_path / "ledger.json"
    if content is None:
        run("--calls", 1, *FAST, "--ledger", file)
    else:
        file.write_text(content, "utf-8")
    before = file.read_bytes()
    refused = run("--calls", 2, *FAST, "--ledger", file, *options)
    assert refused.exit_code == 2
    assert told in refused.stderr
    assert file.read_bytes() == before


def test_a_ledger_that_cannot_be_written_is_told_at_once(tmp_path):
    refused = run("--calls", 100_000, *FAST, "--ledger", tmp_path / "none" / "ledger.json")
    assert refused.exit_code == 2
    assert "--ledger" in refused.stderr


def test_ctrl_c_tells_what_was_found_until_then(monkeypatch, tmp_path):
    """The figures and the failing seeds, which nobody waits to see shrunk."""

    def first_batch(hunt, jobs, stop, seconds):
        stop.set()
        yield replace(Tally(), calls=200, failures=[Failure(17, False, "silent", ("it broke",))])

    monkeypatch.setattr(crew, "tallies", first_batch)
    file = tmp_path / "figures.json"
    done = run("--calls", 1000, *FAST, "--json", file)
    assert done.exit_code == 130
    assert "200 calls" in done.output
    assert "failing seeds: 17" in done.output
    assert json.loads(file.read_text("utf-8"))["calls"] == 200


@pytest.mark.parametrize("send", [os.kill, os.killpg])
def test_ctrl_c_ends_it_cleanly(send):
    """What was played until then is not judged as a whole: exit code 130, and no process stays,
    whether the signal comes to the command alone or, as from a terminal, to all of its processes.
    """
    words = ["-c", "from halo_voice.cli import main; main()"]
    hunting = subprocess.Popen(
        [sys.executable, *words, "simulate", "--calls", "100000", "--no-backend", "--jobs", "2"],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
        # A program that was started in the background ignores the signal, and so would this one.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        assert b"100,000 calls" in hunting.stderr.readline()
        send(hunting.pid, signal.SIGINT)
        _, told = hunting.communicate(timeout=60)  # over when no process holds its stderr
        assert hunting.returncode == 130
        assert b"Traceback" not in told
    finally:
        with suppress(ProcessLookupError):
            os.killpg(hunting.pid, signal.SIGKILL)
        hunting.communicate()
