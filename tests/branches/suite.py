"""The branches that tests take which run the scenario in their own process."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path
from unittest.mock import patch

import pytest

import tests.halo
from halo_voice.simulator.cloud import Cloud
from tests.branches.instrument import MARK
from tests.scenario import table

FILES = (
    "tests/scenario",
    *("tests/simulated/" + name for name in ("test_calling_out.py", "test_campaign.py")),
    *("tests/simulated/" + name for name in ("test_transfers.py", "test_faults_by_number.py")),
    *("tests/simulated/" + name for name in ("test_barge_in.py", "test_guards_of_a_call.py")),
    *("tests/simulated/" + name for name in ("test_turn_faults.py", "test_stream_scenario.py")),
)


def number_of(line: str) -> set[int]:
    """The branch that a line of the session's log tells; none as a rule."""
    told = line.partition(MARK)[2].split()
    return {int(told[0].strip('"»'))} if told else set()


def taken_by_tests(text: str) -> set[int]:
    """The numbers of the branches. `text`: the scenario that tells them.

    Whether the tests pass is not judged: some look at the very log that it writes into.
    """
    taken: set[int] = set()
    tables: list[table.Table] = []
    made, written = table.Table.__init__, Cloud.write

    def make(self: table.Table, **settings: object) -> None:
        made(self, **settings)
        tables.append(self)

    def write(self: Cloud, who: str, what: str, **data: object) -> None:
        taken.update(number_of(what))
        written(self, who, what, **data)

    class AfterEach:
        def pytest_runtest_teardown(self) -> None:
            while tables:
                taken.update(map(int, tables.pop().evaluate("Object.keys(branchesTaken)")))

    with tempfile.TemporaryDirectory() as folder:
        scenario = Path(folder) / tests.halo.SCENARIO.name
        scenario.write_text(text, "utf-8")
        patches = (
            patch.object(tests.halo, "SCENARIO", scenario),
            patch.object(table, "SCENARIO", scenario),
            patch.object(table.Table, "__init__", make),
            patch.object(Cloud, "write", write),
        )
        with contextlib.ExitStack() as stack:
            for each in patches:
                stack.enter_context(each)
            silent = stack.enter_context(Path(os.devnull).open("w"))
            stack.enter_context(contextlib.redirect_stdout(silent))
            options = ("-q", "-p", "no:cacheprovider", "-W", "ignore")
            code = pytest.main([*options, *FILES], plugins=[AfterEach()])
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        raise RuntimeError(f"the tests did not run: {code!r}; are all of {FILES} there?")
    return taken
