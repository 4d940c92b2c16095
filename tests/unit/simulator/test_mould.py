"""One context for one call after another: no call knows of the one before it."""

from __future__ import annotations

import pytest

from halo_voice.hunt.play import SCENARIO
from halo_voice.simulator import mould
from halo_voice.simulator.engine import Engine
from halo_voice.simulator.mould import Mould


def played(source: str, moulded: Mould | None) -> list[dict]:
    """The commands of a session that begins and ends, in a mould or in a context of its own."""
    engine = Engine(seed=7, secrets={"KEY": "x"}, mould=moulded)
    commands = engine.load(source)
    commands += engine.step({"type": "app", "event": "Application.Started", "data": {}, "at": 5})
    engine.close()
    return commands


LEAVES = {
    "a variable": "var seen = typeof kept; var kept = 1;",
    "a global": "var seen = typeof kept; kept = 1;",
    "a member of the engine's": "var seen = [].kept; Array.prototype.kept = 1;",
    "a member of a function": "var seen = Math.max.kept; Math.max.kept = 1;",
    "a method": "var seen = [2].map(x => x)[0]; Array.prototype.map = () => [9];",
    "a method that is gone": "var seen = typeof [].at; delete Array.prototype.at;",
    "a hidden prototype": "var seen = [][Symbol.iterator]().kept; [].values().__proto__.kept = 1;",
    "a prototype": "var seen = Map.prototype.kept; Map.prototype.__proto__ = { kept: 1 };",
    "a function's prototype": "var seen = Math.max.kept; Math.max.__proto__ = { kept: 1 };",
    "a function's prototype by name": "var seen = Math.max.kept; Object.setPrototypeOf(Math.max, { kept: 1 });",
    "a platform name": "var seen = typeof Net; Net = 5;",
    "a date's method": "var seen = new Date(0).getHours(); Date.prototype.getHours = () => 9;",
    "an event": "var seen = 1; VoxEngine.addEventListener(AppEvents.Started, () => trace('heard'));",
    "chance and time": "var seen = Math.random() + ' ' + Date.now() + ' ' + uuidgen();",
    "a promise": "var seen = 1; Promise.resolve().then(() => trace('kept'));",
}


@pytest.mark.parametrize("does", LEAVES.values(), ids=list(LEAVES))
def test_a_call_leaves_nothing_to_the_next(does):
    """The second and the third session in a mould have what the first had in its own context."""
    source = f"{does} trace(String(seen));"
    alone, moulded = played(source, None), Mould(source)
    assert [each["text"] for each in alone if each["op"] == "log"]
    assert [played(source, moulded) for _ in range(3)] == [alone] * 3


def test_the_scenario_is_read_once(monkeypatch):
    """One context serves all sessions of our own scenario, and a second at the same time none."""
    made = []
    real, source = mould.new_context, SCENARIO.read_text("utf-8")
    monkeypatch.setattr(mould, "new_context", lambda: made.append(1) or real())
    moulded = Mould(source)
    made.clear()
    for _ in range(3):
        played(source, moulded)
    assert len(made) == 1
    first = Engine(mould=moulded)
    assert moulded.take() is None
    first.close()
    assert moulded.take() is not None


@pytest.mark.parametrize(
    "source",
    [
        "globalThis.kept = 1;",
        "var kept = 1; this.kept = 2;",
        "Object.defineProperty(Array.prototype, 'at', { writable: false });",
        "Object.freeze(Array.prototype);",
        "return;",
        "let a = ;",
    ],
)
def test_what_could_leave_traces_is_read_anew(source):
    """A scenario that names what the ground does not see, or that is no script, gets no mould."""
    assert Mould(source).take() is None


def test_a_context_that_was_struck_is_thrown_away():
    """After a callback without an end the next session has a new context."""
    source = "while (true);"
    moulded = Mould(source)
    engine = Engine(mould=moulded)
    (error,) = engine.load(source)
    engine.close()
    assert error["message"] == "InternalError: the callback ran longer than 1 s"
    assert moulded._context is None


def test_lines_of_errors_are_those_of_the_file():
    """The wrapped scenario's errors have the lines of its text."""
    source = "let a = 1;\n\nnothing.at(1);"
    stacks = [played(source, m)[0]["stack"] for m in (None, Mould(source))]
    assert all("<input>:3" in stack for stack in stacks)
