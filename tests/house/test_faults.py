"""docs/reliability.md against the tests: which of them try a fault or an invariant, and the limits.

Only tests of the product count. Those in tests/unit/simulator try that a fault is played as it
should be, not that HALO survives it.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest

from halo_voice.core import profile
from halo_voice.core.alarms import ALARMS
from halo_voice.llm import endpoint
from halo_voice.settings import Settings, variable
from halo_voice.simulator import faults
from halo_voice.simulator.invariants import CHECKS

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests"
PAGE = ROOT / "docs" / "reliability.md"
SCENARIO = ROOT / "scenario" / "voximplant_scenario_ASR.js"

COVERED = {
    *range(1, 41),
    *range(43, 57),
    *(61, 62, 63, 65),
    *range(72, 79),
    82,
    84,
}
"""What no change may leave without a test any more."""

_FAULT = re.compile(r"(?<![A-Za-z0-9])[Ff](\d\d)(?![A-Za-z0-9])")
_INVARIANTS = re.compile(r"[Ii]nvariants? ((?:\d+(?:–\d+)?(?:, | and )?)+)")
_FILE = re.compile(r"`(tests/[^`]+\.py)`")


def rows(heading: str) -> list[list[str]]:
    """The table rows below a heading of the page, its smaller headings included."""
    part = re.split(rf"^## {heading}$", PAGE.read_text("utf-8"), flags=re.MULTILINE)[1]
    lines = re.split(r"^## ", part, flags=re.MULTILINE)[0].splitlines()
    cells = [[c.strip() for c in line.strip("|").split("|")] for line in lines if line[:1] == "|"]
    return [row for row in cells if not set(row[0]) <= {"-"} and row[0] not in ("#", "step")]


def faults_told() -> dict[int, str]:
    """What the column "test" says of each fault."""
    return {int(row[0].removeprefix("F")): row[-1] for row in rows("Faults")}


def invariants_told() -> dict[int, str]:
    """What the column "checked by" says of each invariant."""
    return {int(row[0]): row[-1] for row in rows("Invariants")}


def numbers(text: str) -> set[int]:
    """The invariants that a docstring names: "invariant 8", "Invariants 1–3, 5 and 7"."""
    found: set[int] = set()
    for group in _INVARIANTS.findall(text):
        for low, high in re.findall(r"(\d+)(?:–(\d+))?", group):
            found |= set(range(int(low), int(high or low) + 1))
    return found


@cache
def tried() -> tuple[dict[int, set[str]], dict[int, set[str]]]:
    """Faults and invariants, each with the files whose tests name it; tests of the product only."""
    of_fault: dict[int, set[str]] = defaultdict(set)
    of_invariant: dict[int, set[str]] = defaultdict(set)
    apart = (TESTS / "house", TESTS / "unit" / "simulator")
    for path in TESTS.rglob("test_*.py"):
        if any(path.is_relative_to(folder) for folder in apart):
            continue
        name = path.relative_to(ROOT).as_posix()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            told = ast.get_docstring(node) or ""
            for number in numbers(told):
                of_invariant[number].add(name)
            if node.name.startswith("test_"):
                for number in _FAULT.findall(f"{node.name} {told}"):
                    of_fault[int(number)].add(name)
    return dict(of_fault), dict(of_invariant)


def test_the_page_has_every_fault_and_invariant_once():
    """F01 to F84 and 1 to 23, in order; the simulator plays none that the page does not know."""
    assert [row[0] for row in rows("Faults")] == [f"F{n:02}" for n in range(1, 85)]
    assert [row[0] for row in rows("Invariants")] == [str(n) for n in range(1, 24)]
    played = {int(number) for number in _FAULT.findall(" ".join(faults.KNOWN))}
    assert played <= set(faults_told())


@pytest.mark.parametrize("told", [faults_told(), invariants_told()], ids=["faults", "invariants"])
def test_each_row_says_who_tries_it(told):
    """A test's file, the judge of traces, or "later"; nothing else, and never two of the kind."""
    for number, cell in told.items():
        rest = re.sub(r"^in part \([^)]+\):", "", _FILE.sub("", cell))
        rest = re.sub(r"^trace( \([^)]+\))?", "", rest).strip()
        tells = bool(_FILE.findall(cell))
        assert rest == ("" if tells else "later"), f"{number}: {cell}"


def test_a_test_that_the_page_names_tries_that_fault():
    """Each file of the column is there and has a test that names the fault."""
    by_fault, _ = tried()
    for number, cell in faults_told().items():
        files = set(_FILE.findall(cell))
        assert files <= by_fault.get(number, set()), f"F{number:02} is not named in all of {files}"


def test_what_a_test_tries_is_not_told_as_later():
    """A fault that a test of the product names has left the list of what is to come."""
    told = faults_told()
    behind = [f"F{n:02} {sorted(files)}" for n, files in tried()[0].items() if told[n] == "later"]
    assert behind == []


def test_every_fault_of_the_first_call_is_tried():
    """The first call must survive these; a test of the product names each of them."""
    told = faults_told()
    assert [f"F{n:02}" for n in sorted(COVERED) if not _FILE.findall(told[n])] == []


def test_the_judge_of_traces_checks_what_the_page_says():
    """It says "trace" at just those invariants that `halo_voice.simulator.invariants` checks."""
    judged = {int((check.__doc__ or "").partition(".")[0]) for check in CHECKS}
    assert {n for n, cell in invariants_told().items() if cell.startswith("trace")} == judged


def test_a_test_that_the_page_names_tries_that_invariant():
    """Each file of the column names the invariant; one that is named somewhere is not "later"."""
    _, by_invariant = tried()
    for number, cell in invariants_told().items():
        files = set(_FILE.findall(cell))
        naming = by_invariant.get(number, set())
        assert files <= naming, f"{number} is not named in all of {files}"
        assert files or not naming, f"{number} is tried in {naming}"


def defaults() -> dict[str, float]:
    """Every limit in seconds, by the name that the page gives it."""
    settings = Settings.model_construct()
    values = {
        **{k: v / 1000 for k, v in vars_of(profile.Limits()).items() if k.endswith("_ms")},
        **{k: v for k, v in vars_of(endpoint.Limits()).items() if k.endswith("_s")},
        variable("store_busy_ms"): settings.store_busy_ms / 1000,
    }
    constants = re.findall(r"^const (\w+_MS) = (\d+);", SCENARIO.read_text("utf-8"), re.MULTILINE)
    return values | {name: int(ms) / 1000 for name, ms in constants}


def vars_of(limits: object) -> dict[str, float]:
    return {name: getattr(limits, name) for name in type(limits).__dataclass_fields__}


def test_the_time_budget_is_the_one_in_force():
    """Each limit of the table has the default of the code, and no time of a profile is left out."""
    known = defaults()
    table = {row[1].strip("`"): row[2] for row in rows("Time budget")}
    assert {name: f"{known[name]:g} s" for name in table} == table
    wanted = {name for name in vars_of(profile.Limits()) if name.endswith("_ms")}
    assert wanted <= set(table)


def test_every_alarm_is_on_the_page():
    """The table of alarms has those of the code, no other and none twice."""
    part = PAGE.read_text("utf-8").partition("### Alarms")[2].partition("### ")[0]
    cells = [line.split("|")[1] for line in part.splitlines() if line.startswith("| `")]
    assert sorted(re.findall(r"`(\w+)`", " ".join(cells))) == sorted(ALARMS)


def test_the_project_speaks_of_itself_alone():
    """No page that is not part of the project is referred to."""
    # In pieces, so that this file does not hold what it forbids.
    names = ("RELIAB" + "ILITY", "VOX" + r"ENGINE\b", r"\bST" + r"YLE\b", r"\bDES" + r"IGN\.md")
    outside = re.compile("|".join((*names, "MISS" + "ION-")))
    pages = [
        p for folder in ("src", "tests", "docs", "scenario") for p in (ROOT / folder).rglob("*")
    ]
    for path in [*pages, *ROOT.glob("*.md")]:
        if path.suffix in (".py", ".md", ".js", ".toml"):
            found = outside.search(path.read_text(encoding="utf-8"))
            assert found is None, f"{path.relative_to(ROOT)}: {found[0] if found else ''}"
