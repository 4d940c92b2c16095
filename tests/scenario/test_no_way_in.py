"""Nothing outside commands a call: the scenario listens to no request, and tells nobody how."""

from __future__ import annotations

import re

import pytest

from tests.halo import SCENARIO

WAYS_IN = re.compile(
    r"""AppEvents\s*\.\s*HttpRequest | ["']Application\.HttpRequest["'] | \bHttpRequest\b
    | access(?:Secure)?URL | AppEvents\s*\[ | \bonHttpRequest\b""",
    re.VERBOSE,
)


def code_of(source: str) -> str:
    """The source without its comments."""
    return re.sub(r"/\*.*?\*/|(?<![:\"'\\])//[^\n]*", "", source, flags=re.DOTALL)


def test_the_scenario_takes_no_requests():
    """F82: whoever learns a session's address can do nothing with it, and it is sent nowhere."""
    found = WAYS_IN.findall(code_of(SCENARIO.read_text(encoding="utf-8")))
    assert found == []


@pytest.mark.parametrize(
    "line",
    [
        "VoxEngine.addEventListener(AppEvents.HttpRequest, (e) => e);",
        "VoxEngine.addEventListener(AppEvents['HttpRequest'], (e) => e);",
        "VoxEngine.addEventListener('Application.HttpRequest', (e) => e);",
        "const url = e.accessSecureURL;",
    ],
)
def test_a_way_in_is_found(line):
    """F82: each way to listen, and each way to tell the address, fails the test above."""
    assert WAYS_IN.search(code_of(f"const a = 1; // a comment\n{line}\n"))


def test_only_known_events_of_the_application_are_listened_to():
    """F82: a new one is looked at before it is taken."""
    listened = set(re.findall(r"AppEvents\.(\w+)", code_of(SCENARIO.read_text(encoding="utf-8"))))
    assert listened <= {"Started", "CallAlerting", "Terminating"}
