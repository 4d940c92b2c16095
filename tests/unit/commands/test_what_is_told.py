"""What commands tell: the words of others as they stand, and faults that name what is wrong."""

from __future__ import annotations

import os
import socket

import pytest
from typer.testing import CliRunner

from halo_voice.cli import app
from halo_voice.core.errors import ConfigurationError
from halo_voice.serving import CannotListen, listening
from tests.halo import ROOT, SCENARIO


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    for name in [name for name in os.environ if name.startswith("HALO_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def halo(*given: str) -> str:
    done = CliRunner().invoke(app, list(given))
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.output


def test_a_finding_keeps_its_brackets(place):
    """`[/status]` closes nothing, `[b]` is the file's own."""
    file = place / "[b] odd.js"
    file.write_text('throw new Error("bad reply: [/status] is missing");\n')
    said = halo("lint", str(file))
    assert "[b] odd.js:1:" in said
    assert "bad reply: [/status] is missing" in said


def test_a_fault_keeps_the_name_of_its_table(monkeypatch):
    """It is a profile's table that is spoken of, or a path."""

    def broken(**_):
        raise ConfigurationError(["send_sms needs the table [tools.sms]", "no [/b] here"])

    monkeypatch.setattr("halo_voice.app.load_configuration", broken)
    said = halo("serve")
    assert "needs the table [tools.sms]" in said
    assert "no [/b] here" in said


def test_an_address_is_printed_whole():
    """That nobody answers there is said, not a traceback."""
    url = "http://127.0.0.1:1/[/b]"
    assert url in halo("call", "--url", url, "--say", "x", "--scenario", str(SCENARIO))


@pytest.mark.parametrize(
    "given", [("dial", "123"), ("campaign", "optout", "add", "123"), ("live-check", "123", "--yes")]
)
def test_what_is_no_number_is_named(monkeypatch, place, given):
    """The sentence has its subject: what was given."""
    monkeypatch.setenv("HALO_STORE_URL", f"sqlite:///{place}/halo.sqlite3")
    monkeypatch.setenv("HALO_ASSISTANTS", str(ROOT / "assistants"))
    assert "✘ '123' is no telephone number" in halo(*given)


@pytest.mark.parametrize(
    ("host", "port", "cure"),
    [("192.0.2.1", 8401, "HALO_HOST or --host"), ("127.0.0.1", 0, "HALO_PORT or --port")],
)
def test_an_address_that_cannot_be_had_is_told_with_its_cure(host, port, cure):
    """Another machine's address is not mended by another port."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with (
            pytest.raises(CannotListen, match=cure),
            listening(host, port or taken.getsockname()[1]),
        ):
            pass


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("user", "list"), "There is no user yet"),
        (("campaign", "list"), "There is no campaign yet"),
        (("campaign", "optout", "list"), "Nobody has said"),
    ],
)
def test_an_empty_list_says_so(monkeypatch, place, given, said):
    """Nothing at all could be a fault as well."""
    monkeypatch.setenv("HALO_STORE_URL", f"sqlite:///{place}/halo.sqlite3")
    assert said in halo(*given)
