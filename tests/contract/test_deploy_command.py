"""`halo deploy` as a command: what it shows, what it changes, what it says when it cannot."""

import subprocess

import pytest
from deploying import KEY, NUMBER, URL
from typer.testing import CliRunner

from halo_voice.cli import app
from tests.halo import ROOT, SCENARIO
from tests.serving import HALO
from tests.standins.management_api import ManagementApi


@pytest.fixture
def api(tmp_path, monkeypatch):
    with ManagementApi() as standing:
        standing.account.rent(NUMBER)
        variables = {
            "REQUESTS_CA_BUNDLE": standing.write_authority(tmp_path),
            "HALO_VOX_CREDENTIALS": standing.write_credentials(tmp_path),
            "HALO_VOX_API": standing.endpoint,
            "HALO_VOX_NUMBERS": "+7 (495) 000-00-00",
            "HALO_PUBLIC_URL": f"{URL}/",
            "HALO_KEYS": f"k1:{KEY}",
            "COLUMNS": "200",
        }
        for name, value in variables.items():
            monkeypatch.setenv(name, str(value))
        monkeypatch.chdir(ROOT)
        yield standing


def halo(*options):
    return CliRunner().invoke(app, ["deploy", *options])


def test_shows_the_plan_then_the_steps_then_that_it_looked(api):
    """First deploy, second deploy, going back to nothing; in all of it not one secret."""
    first = halo()
    assert first.exit_code == 0, first.output
    plan, steps = first.stdout.split("✔", 1)
    assert "upload the scenario halo" in plan
    assert steps.count("✔") == 7  # the last: read back and compared
    assert api.account.script("halo").encode() == SCENARIO.read_bytes()
    assert api.account.secret("HALO_URL") == URL
    assert api.account.bound(NUMBER) == ("halo", ["halo"])

    second = halo()
    assert (second.exit_code, "nothing was changed" in second.stdout) == (0, True)
    back = halo("--rollback")
    assert (back.exit_code, "Nothing is kept" in back.stderr) == (2, True)
    for said in (first.output, second.output, back.output):
        assert KEY not in said
        assert "PRIVATE" not in said
        assert "api-key-that-nobody" not in said


def test_a_dry_run_changes_nothing(api):
    """The plan of the real run, and not one command that changes anything."""
    dry = halo("--dry-run", "--application", "halo-test")
    assert dry.exit_code == 0
    assert "make the application halo-test" in dry.stdout
    assert api.writes == []


def test_goes_back(api, tmp_path):
    """With the options that a person has at hand in the night: none but --rollback."""
    old = tmp_path / "old.js"
    before = "// The one before.\n" + SCENARIO.read_text("utf-8")
    old.write_text(before, "utf-8")
    assert CliRunner(env={"HALO_SCENARIO": str(old)}).invoke(app, ["deploy"]).exit_code == 0
    assert halo().exit_code == 0
    bare = CliRunner(env={"HALO_PUBLIC_URL": "", "HALO_KEYS": ""})
    assert bare.invoke(app, ["deploy", "--rollback"]).exit_code == 0
    assert api.account.script("halo") == before


def test_a_scenario_that_would_break_on_the_line_is_not_put_there(api, tmp_path):
    """As `halo lint` finds it: the place, and that nothing was changed."""
    wrong = tmp_path / "wrong.js"
    wrong.write_text(SCENARIO.read_text("utf-8") + "\nVoxEngine.callPTSN();\n", "utf-8")
    refused = CliRunner(env={"HALO_SCENARIO": str(wrong)}).invoke(app, ["deploy"])
    assert refused.exit_code == 2
    assert "callPTSN" in refused.stderr
    assert "Nothing was changed" in refused.stderr
    assert api.writes == []


def test_a_fault_of_the_account_changes_nothing(api):
    """Somebody else's number: said, exit code 2, nothing begun."""
    refused = halo("--number", "+79990000000")
    assert refused.exit_code == 2
    assert "not a number of this account" in refused.stderr
    assert api.writes == []


def test_a_refusal_half_way_is_said(api):
    """What was done is shown; what stood in the way, and what to do, comes last."""
    api.fail("BindPhoneNumberToApplication", refusal=(127, "Insufficient money"))
    refused = halo()
    assert refused.exit_code == 2
    assert "Top it up" in refused.stderr
    assert refused.stdout.count("✔") == 6
    assert halo().exit_code == 0


def test_a_process_that_is_killed_is_carried_on_by_the_next(api):
    """SIGKILL while the platform performs a step: the next process makes what is missing, once."""
    api.fail("AddRule", hang=True)
    with subprocess.Popen([HALO, "deploy"], stdout=subprocess.PIPE) as process:
        assert api.hangs.wait(60)
        process.kill()
        said = process.stdout.read().decode()
    assert said.count("✔") == 5
    assert len(api.account.rules) == 1, "the rule was made, and nobody was told"
    assert halo().exit_code == 0
    assert api.account.bound(NUMBER) == ("halo", ["halo"])
    assert api.writes.count("AddRule") == len(api.account.rules) == 1


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"HALO_VOX_CREDENTIALS": ""}, "HALO_VOX_CREDENTIALS is empty"),
        ({"HALO_VOX_CREDENTIALS": "/none"}, "No such file"),
        ({"HALO_KEYS": ""}, "HALO_KEYS is empty"),
        ({"HALO_PUBLIC_URL": ""}, "HALO_PUBLIC_URL is empty"),
        ({"HALO_PUBLIC_URL": "http://halo.example.ru"}, "begin with https://"),
        ({"HALO_SCENARIO": "/none.js"}, "Set HALO_SCENARIO"),
        ({"HALO_VOX_APPLICATION": "Halo"}, "cannot be an application's name"),
        ({"HALO_VOX_NUMBERS": "12"}, "is no telephone number"),
    ],
    ids=str,
)
def test_what_is_missing_is_said_before_anybody_is_asked(api, variables, words):
    """Each with its variable; nothing goes over the network."""
    refused = CliRunner(env=variables).invoke(app, ["deploy"])
    assert refused.exit_code == 2
    assert words in refused.stderr
    assert api.raw == []
