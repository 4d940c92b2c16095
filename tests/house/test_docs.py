"""What the papers say, against the project: tables, links, commands, variables, dependencies."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tomllib
from functools import cache
from pathlib import Path

import pytest
import typer
from test_layers import MAY_IMPORT

from halo_voice.cli import app
from halo_voice.settings import Settings, settings_table, variable

ROOT = Path(__file__).parents[2]
DECISIONS = ROOT / "docs" / "decisions"
SCENARIO = ROOT / "scenario" / "voximplant_scenario_ASR.js"

_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`\n]+)`")
_COMMAND = re.compile(r"(?<![\w.-])(?:\.venv/bin/)?halo ([a-z]+(?:-[a-z]+)*)(.*)")
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")

# In pieces, so that this file does not hold what it forbids.
FORBIDDEN = re.compile(
    "|".join(
        (
            "py" + r"pi\.",
            "python" + "hosted",
            "npm" + r"js\.",
            "registry" + r"\.[a-z]",
            r"(?i:index-url[ =]+http)",
            r"(?<![\w.~-])/" + "(?:work|home|root|Users|mnt|media)" + r"/[a-z]",
            r"\b[A-Z]:\\" + "Users",
        )
    )
)


@cache
def tracked() -> tuple[Path, ...]:
    """The files under version control, and new ones that are not ignored."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("needs git and the repository: which files are the project's?")
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout
    paths = (ROOT / name for name in listed.decode().split("\0") if name)
    return tuple(sorted({path for path in paths if path.is_file()}))


def papers() -> list[Path]:
    """The project's own pages; the assistants' texts are what callers hear."""
    found = [p for p in tracked() if p.suffix == ".md"]
    return [p for p in found if p.relative_to(ROOT).parts[0] != "assistants"]


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def code_of(text: str) -> list[str]:
    """What a page shows as code: fenced and indented lines, and spans within sentences."""
    fenced = "\n".join(_FENCE.findall(text)).splitlines()
    rest = _FENCE.sub("", text)
    indented = [line for line in rest.splitlines() if line.startswith("    ")]
    return [line.partition(" # ")[0] for line in fenced + indented] + _SPAN.findall(rest)


def rows(text: str) -> list[list[str]]:
    """The cells of every table row of a page."""
    lines = (line.strip() for line in text.splitlines())
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in lines
        if line.startswith("|")
    ]


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


# ------------------------------------------------------------------------------- ARCHITECTURE


def test_the_layer_table_of_the_page_is_the_tested_one():
    """ARCHITECTURE.md tells who may import whom, word for word as test_layers checks it."""
    told = {
        _SPAN.findall(row[0])[0]: set(_SPAN.findall(row[2]))
        for row in rows(read("ARCHITECTURE.md"))
        if len(row) == 3 and _SPAN.fullmatch(row[0])
    }
    assert told == MAY_IMPORT


@pytest.mark.parametrize("page", ["ARCHITECTURE.md", "README.md", "README.ru.md"])
def test_each_of_the_seven_links_names_what_exists(page):
    """Every name in the way of a sentence stands in a file that its link points to."""
    steps = re.findall(r"^([1-7])\. (.*?)(?=^\d\. |^\S|\Z)", read(page), re.MULTILINE | re.DOTALL)
    assert [number for number, _ in steps] == list("1234567")
    source = {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
        for folder in ("src/halo_voice", "scenario")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in (".py", ".js")
    }
    everything = "\n".join(source.values())
    for number, step in steps:
        linked = [source[target] for target in _LINK.findall(step) if target in source]
        text = "\n".join(linked) or everything
        for name in filter(str.isidentifier, _SPAN.findall(_LINK.sub("", step))):
            assert re.search(rf"\b{name}\b", text), f"{page}, link {number}: {name}"


@pytest.mark.parametrize(("page", "lines"), [("ARCHITECTURE.md", 130), ("CONTRIBUTING.md", 130)])
def test_the_two_pages_stay_short(page, lines):
    """One page is one page."""
    assert read(page).count("\n") <= lines


# ------------------------------------------------------------------------- dependencies, settings


def dependencies() -> set[str]:
    """Every dependency that pyproject.toml and package.json name, extras included."""
    project = tomllib.loads(read("pyproject.toml"))
    wanted = list(project["project"]["dependencies"])
    for group in project["dependency-groups"].values():
        wanted += group
    for extra in project["project"].get("optional-dependencies", {}).values():
        wanted += extra
    package = json.loads(read("package.json"))
    ours = {re.split(r"[;<>=!~ ]", each, maxsplit=1)[0] for each in wanted}
    return ours | set(package.get("dependencies", {})) | set(package.get("devDependencies", {}))


def test_every_dependency_has_its_reason():
    """Decision 1 has one row for each dependency, and none for what is not one."""
    table = rows((DECISIONS / "0001-dependencies.md").read_text(encoding="utf-8"))
    reasons = {row[0].strip("`"): row[1:] for row in table if row[0].startswith("`")}
    assert set(reasons) == dependencies()
    assert all(len(row) == 2 and all(row) for row in reasons.values())


def test_the_page_of_settings_is_the_generated_one():
    """docs/settings.md is what `halo docs` writes."""
    assert read("docs/settings.md") == settings_table()


def test_every_variable_that_the_papers_name_exists():
    """A HALO_ variable in a page is a setting, a secret of the scenario, or the tests' own."""
    settings = {variable(name) for name in Settings.model_fields}
    secrets = set(re.findall(r'secret\("(HALO_\w+)"\)', SCENARIO.read_text(encoding="utf-8")))
    ours = [p for p in tracked() if p.suffix == ".py" or name_of(p) == ".ci/run"]
    tests = set(re.findall(r"HALO_TEST_\w+", "\n".join(p.read_text("utf-8") for p in ours)))
    for page in papers():
        named = set(re.findall(r"\bHALO_[A-Z0-9_]*[A-Z0-9]\b", page.read_text(encoding="utf-8")))
        assert named <= settings | secrets | tests, name_of(page)


# ------------------------------------------------------------------------- commands, targets, links


def commands() -> dict[str, set[str]]:
    """Each command of `halo` with its options; of a group, those of all its commands."""
    known = typer.main.get_command(app).commands
    return {
        name: {
            option
            for each in (command, *getattr(command, "commands", {}).values())
            for parameter in each.params
            for option in (*parameter.opts, *parameter.secondary_opts)
        }
        for name, command in known.items()
    }


def test_every_command_that_the_papers_name_exists():
    """`halo NAME --option` in a page works as written."""
    known = commands()
    seen = set()
    for page in papers():
        for code in code_of(page.read_text(encoding="utf-8")):
            for name, rest in _COMMAND.findall(code):
                seen.add(name)
                assert name in known, f"{name_of(page)}: halo {name}"
                wrong = set(re.findall(r"(?<=\s)--[a-z-]+", rest)) - known[name]
                assert not wrong, f"{name_of(page)}: halo {name} {wrong}"
    assert seen == set(known), "every command is told about somewhere"


def test_every_make_target_that_the_papers_name_exists():
    """`make NAME` in a page works, and `make help` lists it."""
    targets = set(re.findall(r"^([a-z]+):.*## ", read("Makefile"), re.MULTILINE))
    for page in papers():
        for code in code_of(page.read_text(encoding="utf-8")):
            named = set(re.findall(r"(?<![\w.-])make ([a-z]+)", code))
            assert named <= targets, name_of(page)


def test_every_link_leads_somewhere():
    """Each link of a page to a path of the repository finds it."""
    files = set(tracked())
    folders = {parent for path in files for parent in path.parents if parent.is_relative_to(ROOT)}
    for page in papers():
        for target in _LINK.findall(_FENCE.sub("", page.read_text(encoding="utf-8"))):
            if re.match(r"[a-z]+:|#", target):
                continue
            path = (page.parent / target.partition("#")[0]).resolve()
            assert path in files | folders, f"{name_of(page)}: {target}"


def test_every_path_that_the_papers_name_exists():
    """`src/…`, `tests/…` and the like in a page are there; a star stands for any name."""
    place = re.compile(r"(?:src|tests|docs|scenario|benchmarks|requirements|assistants)/[\w./*-]+")
    for page in papers():
        for code in code_of(page.read_text(encoding="utf-8")):
            for path in filter(place.fullmatch, code.split()):
                assert list(ROOT.glob(path)), f"{name_of(page)}: {path}"


@pytest.mark.parametrize(
    "line",
    [
        "--index-" + "url http://example",
        "https://py" + "pi.example/simple",
        "https://registry" + ".example",
        'open("/ho' + 'me/me/halo")',
        "cd /wo" + "rk/halo",
    ],
)
def test_the_search_for_foreign_names_finds_them(line):
    """What must not stand in a file is noticed when it does."""
    assert FORBIDDEN.search(line)


def test_no_file_names_a_registry_or_a_machine():
    """The project installs from wherever its user does, and lies wherever its user put it."""
    for path in tracked():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found = FORBIDDEN.search(text)
        assert found is None, f"{name_of(path)}: {found[0] if found else ''}"


# ------------------------------------------------------------------------------------ decisions


def test_decisions_are_numbered_and_told_in_one_form():
    """Numbers without a gap; each record has its context, its decision and its consequences."""
    records = [path for path in papers() if path.parent == DECISIONS]
    assert [int(path.name[:4]) for path in records] == list(range(1, len(records) + 1))
    for path in records:
        text = path.read_text(encoding="utf-8")
        assert text.startswith(f"# {int(path.name[:4])}. "), path.name
        headings = re.findall(r"^## (.*)$", text, re.MULTILINE)
        assert headings[:3] == ["Context", "Decision", "Consequences"], path.name
