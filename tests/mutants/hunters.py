"""Who looks for a mutant: simulated calls, then the tests that it names; the first find ends it.

A hunter works in a child that was forked from a process in which everything but the project is
loaded already, and finds the mutant's tree first on its path: so a mutant costs no start of an
interpreter, and can do no harm to the next one.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import select
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from tests.mutants.table import Mutant, mutated
from tests.mutants.tree import tree

CALLS = {"scenario": 200, "backend": 60}
"""So many simulated calls look for a mutant, at most."""

HANG_S = 120
"""A hunter that takes longer has found something that hangs."""

CONTROL_S = 1_200
"""The whole project stands before all named tests at once."""

TEST_S = 15
"""So long one test may wait for what a mutant never does."""

CONTROL_TEST_S = 120
"""The project as it is does everything: on a busy machine, late."""

OURS = ("halo_voice", "tests")
LOADED_BEFORE = ("pytest", "hypothesis", "httpx", "halo_voice.hunt.play", "halo_voice.app")


@dataclass(frozen=True, slots=True)
class Find:
    """What noticed a mutant: `by` is "hunt", "test" or, if nothing did, "".

    `told` says what was noticed, `calls` how many were simulated. `broken`: the mutant or a hunter
    is no good, so that it is neither killed nor alive.
    """

    mutant: str
    by: str = ""
    told: str = ""
    calls: int = 0
    seconds: float = 0.0
    broken: str = ""


def load() -> None:
    """Once in each process that examines: everything that the hunters need, but the project."""
    for name in LOADED_BEFORE:
        importlib.import_module(name)
    for plugin in entry_points(group="pytest11"):  # each child would read and rewrite them anew
        plugin.load()
    gc.freeze()  # pytest collects the garbage of each run, and would look at all of this


def examine(mutant: Mutant) -> Find:
    """Let the hunters of this mutant loose, the cheapest first."""
    began = time.monotonic()
    find = Find(mutant.id)
    limit_s = HANG_S if mutant.changes else CONTROL_S
    with tree(mutated(mutant)) as root:
        if mutant.hunt:
            calls = CALLS[mutant.hunt]
            find = _find(find, "hunt", _in_child(root, limit_s, lambda: _calls(mutant.hunt, calls)))
        if mutant.tests and not (find.by or find.broken):
            test_s = TEST_S if mutant.changes else CONTROL_TEST_S
            find = _find(
                find, "test", _in_child(root, limit_s, lambda: _tests(mutant.tests, test_s))
            )
    return replace(find, seconds=time.monotonic() - began)


def _find(find: Find, by: str, result: dict[str, Any]) -> Find:
    calls = find.calls + result.get("calls", 0)
    if "broken" in result:
        return replace(find, broken=result["broken"], calls=calls)
    told = result.get("told", "")
    return replace(find, by=by if told else "", told=told, calls=calls)


# ---- in the child ---------------------------------------------------------------------------


def _calls(kind: str, calls: int) -> dict[str, Any]:
    """Simulated calls until one of them breaks a rule."""
    from halo_voice.hunt.play import first_violation

    found = first_violation(range(calls), backend=kind == "backend")
    if found is None:
        return {"calls": calls}
    return {"told": f"seed {found.seed}: {found.breaches[0]}", "calls": found.seed + 1}


def _tests(nodes: tuple[str, ...], limit_s: int) -> dict[str, Any]:
    """The tests of these node ids until one of them fails, or takes longer than `limit_s`."""
    import pytest

    failed: list[str] = []

    class Watch:
        def pytest_runtest_logreport(self, report: Any) -> None:
            if report.failed:
                failed.append(report.nodeid)

    quick = ["-x", "-m", "not postgres", "-p", "no:cacheprovider", "-p", "no:xdist"]
    quick += ["--timeout", str(limit_s)]
    quick += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]  # plugins are loaded already
    status: object = None
    try:
        status = pytest.main([*quick, *nodes], plugins=[Watch()])
    except Exception as error:  # what a test that failed left behind may break pytest's end
        status = error
    if failed:
        return {"told": failed[0]}
    return {} if status == pytest.ExitCode.OK else {"broken": f"pytest says {status!r}"}


# ---- the child -------------------------------------------------------------------------------


def _in_child(root: Path, limit_s: float, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What `work` gives in a process that has the tree for the project."""
    output = root / "output.txt"
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _be_child(root, output, writing, work)
    os.close(writing)
    try:
        ready, _, _ = select.select([reading], [], [], limit_s)
        answer = _read(reading) if ready else b""
    finally:
        os.close(reading)
        _end(child)
    if not ready:
        return {"told": f"takes more than {limit_s} s"}
    if not answer:
        return {"broken": output.read_text("utf-8", "replace")[-1500:]}
    return json.loads(answer)


def _be_child(root: Path, output: Path, writing: int, work: Callable[[], dict[str, Any]]) -> None:
    """Never returns."""
    status = 1
    try:
        os.setsid()  # whatever it starts ends with it
        log = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.chdir(root)
        os.environ["PYTHONPATH"] = os.pathsep.join((str(root / "src"), str(root)))
        os.environ.pop("HALO_TEST_REQUIRE", None)  # a test that is skipped has noticed nothing
        os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
        sys.dont_write_bytecode = True
        sys.path[:0] = [str(root / "src"), str(root)]
        for name in [n for n in sys.modules if n.partition(".")[0] in OURS]:
            del sys.modules[name]
        result = work()
        os.write(writing, json.dumps(result).encode())
        status = 0
    except BaseException:  # the top of the process: the parent shows what was written
        import traceback

        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _read(reading: int) -> bytes:
    whole = b""
    while part := os.read(reading, 65536):
        whole += part
    return whole


def _end(child: int) -> None:
    """Whatever became of it, nothing of it is left."""
    try:
        os.killpg(child, signal.SIGKILL)
    except ProcessLookupError:
        os.kill(child, signal.SIGKILL)  # not yet a group of its own
    except PermissionError:  # macOS: it has ended
        pass
    os.waitpid(child, 0)
