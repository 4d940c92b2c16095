"""The platform's history over a real connection: lost calls completed, recordings erased there."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from halo_voice.cli import app
from halo_voice.core.admission import bucket_of
from halo_voice.core.errors import PlatformError
from halo_voice.core.ports import CallEnd, CallStart
from halo_voice.core.sessions import LOST
from halo_voice.management.history import history_of
from halo_voice.store import open_store
from halo_voice.store.archive import open_archive
from halo_voice.store.schema import rollups
from halo_voice.workflows.orphans import GIVE_UP, LOOK_S, REST_S, WAIT, Orphans
from tests.standins.management_api import ManagementApi

NUMBER = "+79161234567"
DIGITS = "79161234567"
BEGAN = datetime(2026, 11, 1, 10, tzinfo=UTC)
URL = "https://storage-gw-ru-02.voximplant.com/records/a.mp3"


class Clock:
    def __init__(self) -> None:
        self.now = BEGAN

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def api(tmp_path, monkeypatch):
    with ManagementApi() as api:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(api.write_authority(tmp_path)))
        yield api


@pytest.fixture
def history(api, tmp_path):
    history = history_of(str(api.write_credentials(tmp_path)), api.endpoint, "halo")
    yield history
    history.close()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def archive(tmp_path, clock):
    """Calls 1 and 2 were closed as lost, 3 was reported; 4 has an id that no platform gave."""
    url = f"sqlite:///{tmp_path}/halo.sqlite3"

    async def make() -> None:
        store = await open_store(url, now=clock)
        for call_id, reason in (("1", LOST), ("2", LOST), ("3", "caller_hung_up"), ("sim", LOST)):
            await store.open_call(CallStart(call_id, NUMBER, bucket=bucket_of(NUMBER)))
            await store.end_call(CallEnd(call_id, reason, 1_000, 1))
        await store.close()

    asyncio.run(make())
    archive = open_archive(url, now=clock)
    yield archive
    archive.close()


def orphans(archive, history, clock, recorded=True) -> Orphans:
    return Orphans(archive, history.sessions, now=clock, recorded=lambda _: recorded)


def counted(archive) -> dict[str, tuple[int, int]]:
    rows = archive._rows(rollups.select())
    return {row.end_reason: (row.calls, row.duration_ms) for row in rows if row.calls}


def test_a_lost_call_is_completed(archive, history, api, clock):
    """F59: with its length, why it ended and where its recording is; the figures follow; what the
    platform does not know stays lost, and what was reported stays as reported."""
    api.account.hold(1, DIGITS, URL, lasted_s=42)
    api.account.hold(3, DIGITS, finish="JS session error")
    assert counted(archive) == {LOST: (3, 3_000), "caller_hung_up": (1, 1_000)}

    assert orphans(archive, history, clock).look() == 1

    call = archive.call("1")
    assert (call.end_reason, call.duration_ms) == ("unreported", 42_000)
    assert archive.shelf.find("1").url == URL
    assert [archive.call(each).end_reason for each in ("2", "3", "sim")] == [
        LOST,
        "caller_hung_up",
        LOST,
    ]
    assert counted(archive) == {
        LOST: (2, 2_000),
        "caller_hung_up": (1, 1_000),
        "unreported": (1, 42_000),
    }
    assert api.asked[0][1]["call_session_history_id"] == "1;2"


@pytest.mark.parametrize(
    ("finish", "reason"),
    [
        ("JS session error", "scenario_error"),
        ("Insufficient funds", "no_funds"),
        ("Terminated administratively", "platform_ended"),
        ("Something new", LOST),
    ],
)
def test_the_reason_is_the_platforms(archive, history, api, clock, finish, reason):
    """In our words; one that is not known is guessed at by nobody."""
    api.account.hold(1, DIGITS, finish=finish)
    orphans(archive, history, clock).look()
    assert archive.call("1").end_reason == reason


def test_a_session_that_goes_on_is_no_end(archive, history, api, clock):
    """It is asked for again, as long as a day; a recording is wanted only where some are kept."""
    api.account.hold(1, DIGITS, URL, lasted_s=None)
    looking = orphans(archive, history, clock, recorded=False)
    assert looking.look() == 0
    assert archive.shelf.find("1") is None
    api.account.hold(1, DIGITS, lasted_s=7)
    assert looking.look() == 0  # it was asked just now
    clock.now += timedelta(seconds=LOOK_S)
    assert looking.look() == 1
    clock.now += GIVE_UP
    api.forget()
    assert (looking.look(), api.asked) == (0, [])


def test_a_platform_that_is_away_is_left_alone_for_a_while(archive, history, api, clock):
    """Nothing changes, nothing is raised, and it is asked again later."""
    api.account.hold(1, DIGITS)
    api.fail("GetCallHistory", refusal=(104, "Forbidden command."))
    looking = orphans(archive, history, clock)
    assert looking.look() == 0
    clock.now += timedelta(seconds=LOOK_S)
    assert (looking.look(), len(api.asked)) == (0, 1)
    clock.now += timedelta(seconds=REST_S)
    assert looking.look() == 1


def test_a_review_waits_for_the_history_of_a_lost_call(archive, history, clock):
    """A little: what is delivered shall be right, and shall be delivered."""
    looking = orphans(archive, history, clock)
    assert [looking.waits(archive.call(each)) for each in ("1", "3", "sim")] == [True, False, False]
    clock.now += WAIT
    assert not looking.waits(archive.call("1"))


def test_an_answer_that_is_none_is_a_fault(history, api):
    """Told as the platform's, whatever it holds."""
    for answer in (b'{"result": [{}]}', b'{"result": 1}', b"[]"):
        api.fail("GetCallHistory", answer=answer)
        with pytest.raises(PlatformError):
            history.sessions(["1"], BEGAN)


@pytest.fixture
def halo(monkeypatch, tmp_path, api, archive):
    """Runs `halo calls` with the platform's account."""
    monkeypatch.chdir(tmp_path)
    for name, value in (
        ("STORE_URL", f"sqlite:///{tmp_path}/halo.sqlite3"),
        ("VOX_CREDENTIALS", str(api.write_credentials(tmp_path))),
        ("VOX_API", api.endpoint),
    ):
        monkeypatch.setenv(f"HALO_{name}", value)

    def run(*arguments: str, code: int = 0) -> str:
        result = CliRunner().invoke(app, ["calls", *arguments])
        assert result.exit_code == code, result.output
        return " ".join(result.output.split())

    return run


def test_erasing_a_number_erases_its_recordings_on_the_platform(halo, api, archive):
    """Those of our calls, and those of calls that we know nothing of; nobody else's."""
    api.account.hold(1, DIGITS, URL, f"{URL}2")
    api.account.hold(77, DIGITS, URL)
    api.account.hold(78, "79990000000", URL)
    told = halo("erase", NUMBER, "--yes")
    assert "3 recordings are erased on the platform" in told
    assert "4 calls are erased" in told
    assert "docs/privacy.md" in told
    assert [api.account.sessions[78].records] == [list(api.account.records)]
    assert archive.call("1") is None
    assert "0 recordings" in halo("erase", NUMBER, "--yes")


def test_what_the_platform_refuses_to_erase_is_not_forgotten_here(halo, api, archive):
    """Else nobody would know what to erase there; who wants that all the same can say so."""
    api.account.hold(1, DIGITS, URL)
    api.fail("DeleteRecord", refusal=(104, "Forbidden command."), times=9)
    told = halo("erase", NUMBER, "--yes", code=2)
    assert "role" in told
    assert "Nothing of ours was erased" in told
    assert archive.call("1") is not None
    assert "4 calls are erased" in halo("erase", NUMBER, "--yes", "--no-platform")
    assert archive.call("1") is None
