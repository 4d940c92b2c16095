"""`halo dial` and `halo campaign` as commands, against the stand-in account over TLS.

The session that the account begins is played by the simulator, its scenario talks to a real backend
on the same store, with signed requests.
"""

from __future__ import annotations

import asyncio
import csv
import time
from datetime import UTC, datetime

import pytest
from deploying import KEY, NUMBER, URL
from typer.testing import CliRunner

from halo_voice.cli import app
from halo_voice.simulator import Answering, AsgiNetwork, Pickup, ScriptedCaller, place_call
from halo_voice.simulator.invariants import breaches
from tests.halo import HOST, ROOT, SCENARIO, backend
from tests.standins.management_api import ManagementApi

PERSON = "74951234567"
CLOCK = 12 - datetime.now(UTC).hour  # where it is noon now
SECRETS = {"HALO_URL": f"https://{HOST}", "HALO_KEY_ID": "k1", "HALO_KEY": KEY}


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
            "HALO_STORE_URL": f"sqlite:///{tmp_path}/halo.sqlite3",
            "COLUMNS": "200",
        }
        for name, value in variables.items():
            monkeypatch.setenv(name, str(value))
        monkeypatch.chdir(ROOT)
        yield standing


def halo(*options, given=""):
    return CliRunner().invoke(app, list(options), input=given)


def table_of(file):
    with file.open(encoding="utf-8-sig", newline="") as written:
        return list(csv.reader(written, delimiter=";"))


class Telephone:
    """Plays each session that the account begins; what the calls were."""

    def __init__(self, tmp_path, pickup) -> None:
        self.url = f"sqlite:///{tmp_path}/halo.sqlite3"
        self.pickup = pickup
        self.calls = []

    def __call__(self, data: str) -> None:
        assert len(data.encode()) <= 200
        asyncio.run(self._play(data))

    async def _play(self, data: str) -> None:
        keys = {"k1": KEY}
        async with backend(store_url=self.url, keys=keys, store_spool="") as running:
            call = await place_call(
                SCENARIO, caller=ScriptedCaller([]), dialled=self.pickup, custom_data=data,
                network=AsgiNetwork(running.web, HOST), secrets=SECRETS, session_id=4_000_001,
                epoch_ms=int(time.time() * 1000),
            )  # fmt: skip
        assert call.failures == []
        assert [str(breach) for breach in breaches(call)] == []
        self.calls.append(call)


def test_a_call_is_begun_and_its_outcome_told(api, tmp_path):
    """The account is given a token of no meaning; the number and what is known of the person stay
    here, and come back as a call with its turns."""
    assert halo("deploy").exit_code == 0
    person = Answering(ScriptedCaller(["сколько стоит доставка", "спасибо до свидания"]))
    api.account.on_start = telephone = Telephone(tmp_path, Pickup(3_000, person))
    done = halo("dial", "+7 495 123-45-67", "--data", "имя=Иван", "--utc-hours", str(CLOCK))
    assert (done.exit_code, "✔ answered: a person answered" in done.output) == (0, True), (
        done.output
    )
    [form] = api.account.started
    assert PERSON not in str(form)
    assert "Иван" not in str(form)
    [call] = telephone.calls
    [dialled] = [line.data for line in call.trace if "called" in line.data]
    assert (dialled["called"], dialled["callerid"]) == (PERSON, NUMBER)
    shown = halo("calls", "list")
    assert "4000001" in shown.output


def test_an_engaged_line_is_told_as_such(api, tmp_path):
    """With a status of its own."""
    halo("deploy")
    api.account.on_start = Telephone(tmp_path, Pickup(900, code=486))
    done = halo("dial", PERSON, "--utc-hours", str(CLOCK))
    assert (done.exit_code, "✘ busy" in done.output) == (1, True), done.output


def test_nobody_is_called_who_may_not_be(api):
    """Opted out, at night, a clock that nobody knows, no number: the account is not even asked."""
    halo("deploy")
    night = (CLOCK + 12 + 12) % 24 - 12
    assert "✔" in halo("campaign", "optout", "add", "(495) 123-45-67").output
    assert "+74951234567" in halo("campaign", "optout", "list").output
    refused = [
        (halo("dial", PERSON, "--utc-hours", str(CLOCK)), 1, "they want no calls"),
        (halo("dial", "+74957654321", "--utc-hours", str(night)), 1, "not at this hour"),
        (halo("dial", "+442071234567"), 1, "nobody knows their clock"),
        (halo("dial", "12345"), 2, "no telephone number"),
        (halo("dial", PERSON, "--data", "x"), 2, "name=value"),
        (halo("dial", PERSON, "--profile", "none"), 2, "there is no none"),
    ]
    for done, code, words in refused:
        assert (done.exit_code, words in done.output) == (code, True), done.output
    assert api.account.started == []
    foreign = halo("campaign", "optout", "add", "375291234567")
    assert (foreign.exit_code, "with a plus and its country's code" in foreign.output) == (2, True)
    assert halo("campaign", "optout", "remove", PERSON).exit_code == 0
    assert halo("campaign", "optout", "remove", PERSON).exit_code == 2


def test_an_account_that_does_not_call_says_why(api, tmp_path):
    """Not deployed, no money; and an answer that was lost begins no second call: the order is taken
    back, and the session that begins all the same dials nobody."""
    undeployed = halo("dial", PERSON, "--utc-hours", str(CLOCK))
    assert (undeployed.exit_code, "halo deploy" in undeployed.output) == (2, True)
    halo("deploy")
    api.account.balance = 0
    poor = halo("dial", PERSON, "--utc-hours", str(CLOCK))
    assert (poor.exit_code, "Top it up" in poor.output) == (2, True)
    api.account.balance = 100
    api.fail("StartScenarios", cut="after")
    lost = halo("dial", PERSON, "--utc-hours", str(CLOCK))
    assert lost.exit_code == 2, lost.output
    telephone = Telephone(tmp_path, Pickup(900, code=486))
    telephone(api.account.started[-1]["script_custom_data"])
    assert not any("called" in line.data for line in telephone.calls[0].trace)


FILE = """номер;согласие;имя;utc_hours
+7 495 123-45-67;да;Иван;
8 (423) 212-34-56;12.05.2026;Пётр;
+7 916 000-00-01;нет;Анна;3
+7 916 000-00-02;да;Олег;3
+7 916 000-00-02;да;Олег;3
"""


def test_a_campaign_is_made_and_shown(api, tmp_path):
    """The plan comes first; the platform is given tokens and hours of UTC, and nothing else; every
    row is shown with what came of it, and one that nobody reported is an alarm."""
    halo("deploy")
    file = tmp_path / "осень.csv"
    file.write_bytes(FILE.encode("cp1251"))
    dry = halo("campaign", "create", str(file), "--dry-run")
    assert "5 rows: 3 to be called" in dry.output
    assert api.account.lists == {}
    assert halo("campaign", "create", str(file), given="n\n").exit_code == 0
    assert api.account.lists == {}
    made = halo("campaign", "create", str(file), "--yes", "--attempts", "3")
    assert made.exit_code == 0, made.output
    [calls] = api.account.lists.values()
    assert [task.data.keys() for task in calls.tasks] == [{"dial"}] * 3
    hours = [(task.begin // 3600, task.end // 3600) for task in calls.tasks]
    assert hours == [(6, 17), (23, 10), (6, 17)]
    name = calls.name.rpartition(" ")[2]
    assert name in halo("campaign", "list").output

    shown = halo("campaign", "show", name)
    assert shown.exit_code == 0, shown.output
    told = [
        line.split()[3]
        for line in shown.output.splitlines()
        if line[:3].strip().isdigit() and "7" in line.split()[1][:1]
    ]
    assert told == ["waiting", "waiting", "no_consent", "waiting", "duplicate"]
    calls.tasks[0].ended([], 0.0, 60)  # its session said nothing: done, says the platform
    silent = halo("campaign", "show", name, "--csv", str(tmp_path / "out.csv"))
    assert (silent.exit_code, "unreported" in silent.output) == (1, True)
    assert ["unreported", "Processed"] in [row[-2:] for row in table_of(tmp_path / "out.csv")]
    assert halo("campaign", "stop", name).exit_code == 0
    assert {task.status for task in calls.tasks} == {"Processed", "Canceled"}
    assert "cancelled" in halo("campaign", "show", name).output


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("number;name\n+74951234567;x\n", "no column consent"),
        ("consent\nда\n", "no column number"),
        ("", "no column number"),
        ("number;consent;utc_hours\n+74951234567;да;Москва\n", "row 1"),
        ("number;consent\n+74951234567;да;лишнее\n", "row 1 has 3 cells"),
        *(
            (f"number;consent;utc_hours\n+74951234567;да;3\n+74951234568;да;{clock}\n", "row 2")
            for clock in ("15", "-12,5", "180", "nan", "inf", "-inf")
        ),
    ],
)
def test_a_file_that_cannot_be_read_calls_nobody(api, tmp_path, text, words):
    """Who has consented must be known; which row is wrong is told."""
    file = tmp_path / "list.csv"
    file.write_text(text)
    done = halo("campaign", "create", str(file), "--yes")
    assert (done.exit_code, words in done.output) == (2, True), done.output
    assert api.account.lists == {}


def test_a_table_of_results_has_no_formula(api, tmp_path):
    """F80: a number that is none is written as the file had it, and computes nothing."""
    halo("deploy")
    file, table = tmp_path / "list.csv", tmp_path / "out.csv"
    file.write_text("number;consent\n=1+2;да\n+1;да\n@x;да\n-5;да\n+74951234567;да\n")
    assert halo("campaign", "create", str(file), "--yes").exit_code == 0
    name = halo("campaign", "list").output.split()[0]
    assert halo("campaign", "show", name, "--csv", str(table)).exit_code == 0
    numbers = [row[1] for row in table_of(table)[1:]]
    assert numbers == ["'=1+2", "'+1", "'@x", "'-5", "74951234567"]


def test_a_list_whose_answer_was_lost_is_found_again(api, tmp_path):
    """It is made once; where it is not there, no token of it calls anybody."""
    halo("deploy")
    file = tmp_path / "list.csv"
    file.write_text("number;consent\n+74951234567;да\n")
    api.fail("CreateCallList", cut="after")
    found = halo("campaign", "create", str(file), "--yes")
    assert found.exit_code == 0, found.output
    assert len(api.account.lists) == 1
    api.fail("CreateCallList", refusal=(104, "Forbidden"))
    refused = halo("campaign", "create", str(file), "--yes")
    assert refused.exit_code == 2
    name = halo("campaign", "list").output.split()[0]
    assert "refused" in halo("campaign", "show", name).output
