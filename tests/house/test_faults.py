"""Each fault of RELIABILITY that the first call must survive has a test that names it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
COVERED = [1, 2, 3, 4, 5, *range(7, 12), *range(19, 26), *range(27, 31), 32, 43, 51, 52, 54, 63, 75]


def test_every_fault_of_the_first_call_is_named_by_a_test():
    """The docstring or the name of a test says which fault it tries."""
    named: set[int] = set()
    for path in TESTS.rglob("test_*.py"):
        if path.parent.name == "house" or path.parent.name == "simulator":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                told = f"{node.name} {ast.get_docstring(node) or ''}"
                if node.name.startswith("test_"):
                    named |= {int(n) for n in re.findall(r"[Ff](\d\d)\b", told)}
    assert set(COVERED) <= named, f"no test for {sorted(set(COVERED) - named)}"
