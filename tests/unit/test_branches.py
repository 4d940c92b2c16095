"""The scenario that tells its branches does what the shipped one does."""

from __future__ import annotations

import re

from halo_voice.hunt.play import one_call
from tests.branches.__main__ import taken_by
from tests.branches.instrument import MARK, instrumented
from tests.halo import SCENARIO


def test_marks_change_nothing_in_a_call():
    """Line by line the same trace, but for the marks."""
    text, branches = instrumented(SCENARIO)
    for seed in range(3):
        plain = [str(line) for line in one_call(seed).call.trace]
        marked = [str(line) for line in one_call(seed, scenario=text).call.trace]
        assert [line for line in marked if MARK not in line] == plain
        assert len(marked) > len(plain)
    assert len(branches) > 500


def test_both_ways_of_each_condition_are_branches(tmp_path):
    """`if`, `?:`, `&&` and `||`, within each other too; a way is taken once for a session."""
    path = tmp_path / "scenario.js"
    path.write_text("function f(a, b) {\n  if (a && b) return b ? 1 : 2;\n  return a || b;\n}\n")
    text, branches = instrumented(path)
    told = sorted({(branch.line, branch.condition) for branch in branches})
    assert told == [(2, "a"), (2, "a && b"), (2, "b"), (3, "a")]
    assert len(branches) == 8
    assert len(re.findall(r"branchOf\(", text)) == 1 + 4


def test_taken_branches_are_counted():
    """Some, not all, and more of them in more calls."""
    text, branches = instrumented(SCENARIO)
    few = taken_by(range(1), text, backend=False)
    more = taken_by(range(4), text, backend=False)
    assert 0 < len(few) < len(more) < len(branches)
    assert few < more < set(range(len(branches)))
