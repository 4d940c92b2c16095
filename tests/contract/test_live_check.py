"""`halo live-check` against the stand-in account: its script is played by the simulator."""

from __future__ import annotations

import asyncio

import pytest
from deploying import NUMBER
from typer.testing import CliRunner

from halo_voice.cli import app
from halo_voice.dialling import live_command
from halo_voice.dialling.answers import QUESTIONS, answers_of
from halo_voice.simulator import (
    Answering,
    AnsweringMachine,
    HttpResponse,
    Pickup,
    ScriptedCaller,
    ScriptedNetwork,
    place_call,
)
from tests.halo import ROOT
from tests.standins.management_api import ManagementApi

OWN = "79161234567"
SCRIPT = ROOT / "scenario" / "live_check.js"


@pytest.fixture
def api(tmp_path, monkeypatch):
    with ManagementApi() as standing:
        standing.account.rent(NUMBER)
        variables = {
            "REQUESTS_CA_BUNDLE": standing.write_authority(tmp_path),
            "HALO_VOX_CREDENTIALS": standing.write_credentials(tmp_path),
            "HALO_VOX_API": standing.endpoint,
            "HALO_VOX_NUMBERS": NUMBER,
            "HALO_STORE_URL": f"sqlite:///{tmp_path}/halo.sqlite3",
            "COLUMNS": "200",
        }
        for name, value in variables.items():
            monkeypatch.setenv(name, str(value))
        monkeypatch.chdir(ROOT)
        monkeypatch.setattr(live_command, "LOOK_S", 0.01)
        yield standing


def helpful():
    return Pickup(3_000, Answering(ScriptedCaller(["проверка связи"] * 6, hang_up_after=False)))


def plays(api, dialled, **how):
    """What the account does with the session: the simulator plays it, on the account's storage."""

    def play(data: str) -> None:
        assert len(data.encode()) <= 200
        script = api.account.script("halo-live-check")
        assert script.encode() == SCRIPT.read_bytes()
        network = ScriptedNetwork(lambda _: HttpResponse(404))
        asyncio.run(
            place_call(
                script, caller=ScriptedCaller([]), network=network, dialled=dialled,
                custom_data=data, storage=api.account.storage, seed=3, **how,
            )
        )  # fmt: skip

    api.account.on_start = play


def check(*options):
    return CliRunner().invoke(app, ["live-check", OWN, "--yes", *options])


def test_one_call_answers_what_it_can(api, tmp_path):
    """The line in use is left alone; each question has an answer, or how else to find it; what a
    session does not survive is an answer, too."""
    plays(api, helpful())
    api.account.finish_reason = "JS session error"
    done = check("--to", str(tmp_path / "answers.md"))
    said = done.output
    assert "✔ a detector that is given to callPSTN: HUMAN" in said, said
    assert "✔ the form of hmac_sha256: hexadecimal" in said
    assert "✔ addEventListener(undefined): throws" in said
    assert "players that have finished" in said
    assert "✔ an error that nobody catches: the session did not survive it" in said
    assert "the platform's record says 'JS session error'" in said
    assert "✔ prices: 3" in said
    assert {each.name for each in api.account.applications.values()} == {"halo-live-check"}
    written = (tmp_path / "answers.md").read_text("utf-8")
    assert all(f"| {question} |" in written for _, question, _ in QUESTIONS)


def test_a_session_that_an_error_does_not_end_says_so(api):
    """Then the platform is milder than our code assumes of it, and the check is read to its end."""
    plays(api, helpful(), throw_ends_session=False)
    said = check().output
    assert "an error that nobody catches: the session goes on" in said


def test_a_second_check_makes_nothing_twice(api):
    """The application is there, and has the script."""
    plays(api, helpful())
    check()
    api.forget()
    check()
    assert api.writes == ["StartScenarios"]


def test_nobody_picks_up(api):
    """Said at once, with the platform's code; nothing is taken for an answer."""
    plays(api, Pickup(900, code=486))
    done = check()
    assert (done.exit_code, "code 486" in done.output) == (2, True)


def test_who_does_not_want_to_is_not_called(api):
    """The account is left alone."""
    done = CliRunner().invoke(app, ["live-check", OWN], input="n\n")
    assert done.exit_code == 1
    assert api.account.started == []


def test_a_wrong_verdict_is_told(api):
    """A machine picked up, or the detector erred: not as our code assumes."""
    plays(api, Pickup(3_000, AnsweringMachine(takes_ms=120_000)))
    done = check()
    assert (done.exit_code, "✘ a detector" in done.output) == (1, True)


def test_what_was_not_asked_is_no_answer():
    """A session that told nothing leaves every question open."""
    answers = answers_of({}, {}, None)
    assert {each.as_assumed for each in answers} == {None}
    assert len(answers) > len(QUESTIONS)
