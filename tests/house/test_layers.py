"""The layer table of ARCHITECTURE.md, and the sizes of CONTRIBUTING.md, as tests."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "halo_voice"

# Who may import whom (below `halo_voice`). `core` imports the standard library only.
MAY_IMPORT = {
    "core": set(),
    "llm": {"core"},
    "speech": {"core", "outgoing"},
    "knowledge": {"core"},
    "store": {"core"},
    "outgoing": {"core"},
    "tools": {"core", "outgoing"},
    "profiles": {"core", "knowledge"},
    "calls": {"core"},
    "api": {"core", "calls"},
    "simulator": set(),
    "hunt": {"simulator", "app", "core", "in_process", "store"},
    "in_process": {"app", "settings"},
    "repeat": {"simulator", "app", "core", "in_process", "store"},
    "bench": set(),
    "deploy": {"core", "settings", "simulator"},  # its command; the rest is an island
    "management": {"core", "deploy"},
    "doctor": {"api", "app", "core", "deploy", "llm", "profiles", "settings", "store"},
    "dialling": {"core", "deploy", "profiles", "settings", "store"},
    "settings": {"core", "env_file"},
    "env_file": {"core"},
    "logs": set(),
    "metrics": {"core"},
    "pulse": set(),
    "terminal": {"simulator"},
    "console": {"core", "simulator"},
    "assistants": {"core", "llm", "speech", "knowledge", "profiles", "calls"},
    "workshop": {"assistants", "calls", "core", "profiles"},
    "front": set(),
    "desk": {"core", "console", "outgoing", "settings", "store"},
    "app": {"core", "llm", "speech", "store", "profiles", "calls", "api", "settings", "metrics"}
    | {
        "assistants",
        "knowledge",
        "management",
        "outgoing",
        "pulse",
        "tools",
        "front",
        "desk",
        "workshop",
    },
    "workflows": {"core", "outgoing", "store"},
    "commands": {"core", "knowledge", "llm", "profiles", "settings", "store", "app", "logs"}
    | {"console", "in_process", "management", "outgoing", "repeat", "speech", "workflows"},
    "collector": set(),
    "serving": {"app", "collector", "front"},
    "cli": {"core", "simulator", "hunt", "bench", "settings", "logs", "terminal", "app", "store"}
    | {"deploy", "dialling", "doctor", "commands", "serving"},
}
LINES_MAX = 400
NO_ROOM_FOR = {"utils", "helpers", "common", "base", "manager", "service", "handler"}


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def part_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports_of(path: Path) -> set[str]:
    """Full names of imported modules, those under TYPE_CHECKING and in functions included."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found.add(node.module or "")
            if node.module == "halo_voice":
                found |= {f"halo_voice.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_to_the_core(path):
    """No module imports a part that the layer table does not allow it."""
    part = part_of(path)
    if part == "__init__":
        return
    ours = {name.split(".")[1] for name in imports_of(path) if name.startswith("halo_voice.")}
    ours -= {part, "__version__"}
    assert ours <= MAY_IMPORT[part], f"{part} may not import {sorted(ours - MAY_IMPORT[part])}"


def test_every_part_is_in_the_layer_table():
    """A new part states whom it may import."""
    parts = {part_of(path) for path in modules()} - {"__init__"}
    assert parts == set(MAY_IMPORT)


@pytest.mark.parametrize("path", sorted((PACKAGE / "core").glob("*.py")), ids=lambda p: p.name)
def test_core_is_pure(path):
    """The core imports the standard library only."""
    foreign = {name.split(".")[0] for name in imports_of(path)} - set(sys.stdlib_module_names)
    assert foreign <= {"halo_voice"}


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_modules_stay_small_and_say_what_they_are_for(path):
    """At most 400 lines, a first sentence, and a noun for a name."""
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= LINES_MAX
    assert ast.get_docstring(ast.parse(text)), "a module begins with what it is for"
    assert path.stem not in NO_ROOM_FOR


def test_no_knots():
    """At most two modules know each other, type hints included."""
    graph = {}
    for path in modules():
        name = "halo_voice." + ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
        graph[name.removesuffix(".__init__")] = {
            imported for imported in imports_of(path) if imported.startswith("halo_voice.")
        }

    def reached(name: str) -> set[str]:
        found: set[str] = set()
        open_ends = [name]
        while open_ends:
            new = graph.get(open_ends.pop(), set()) - found
            found |= new
            open_ends += new
        return found

    reach = {name: reached(name) for name in graph}
    for name in graph:
        knot = {other for other in reach[name] if name in reach.get(other, ())} - {name}
        assert len(knot) <= 1, f"{name} is in a knot with {sorted(knot)}"
