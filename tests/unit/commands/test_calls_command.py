"""`halo calls`, as a person uses it."""

from __future__ import annotations

import asyncio
import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from halo_voice.cli import app
from halo_voice.core.admission import bucket_of
from halo_voice.core.dials import Dial, digest_of
from halo_voice.core.ports import CallEnd, CallStart, Outcome
from halo_voice.core.review import Delivery, Review
from halo_voice.core.trace import Trace
from halo_voice.store import open_store
from halo_voice.store.archive import open_archive
from tests.recordings import keep, simulated_call

NUMBER = "+79161234567"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path}/halo.sqlite3"


@pytest.fixture
def halo(monkeypatch, tmp_path, url):
    """Runs the command on a store of its own; what it prints."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HALO_STORE_URL", url)
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: str, code: int = 0, answer: str = "") -> str:
        result = CliRunner().invoke(app, ["calls", *arguments], input=answer)
        assert result.exit_code == code, result.output
        return result.output

    return run


@pytest.fixture
def calls(url):
    """Two calls of a number, one of them reviewed and not delivered; and somebody else's."""

    async def make() -> None:
        store = await open_store(url)
        for call_id, caller in (("c-1", NUMBER), ("c-2", NUMBER), ("other", "+79160000000")):
            await store.open_call(CallStart(call_id, caller, bucket=bucket_of(caller)))
            await store.accept_turn(call_id, 1, "где мой заказ [1]", 0.9)
            await store.settle_turn(
                call_id, 1, outcome=Outcome.ANSWERED, reply="В пути.", action="listen", source="x"
            )
            await store.end_call(CallEnd(call_id, "caller_hung_up", 9_000, 1))
        await store.traces.keep("c-1", Trace(NOON, ["0 started 0 0", "9 ended 0 0 [b]odd"]))
        await store.close()

    asyncio.run(make())
    archive = open_archive(url)
    archive.keep_review(Review("c-1", NOON, "Спросили о заказе.", "answered", fields={"a": "б"}))
    archive.keep_delivery(Delivery("call.ended.c-1", "c-1", "call.ended", NOON))
    archive.note_attempt("call.ended.c-1", state="dead", status=503, fault="HTTP 503")
    archive.close()


def test_whom_the_company_called_is_marked_in_the_list(halo, calls, url):
    """The number is not one that called; who called is told as ever."""

    async def dial() -> None:
        store = await open_store(url)
        await store.open_call(CallStart("made", "+79165555555", direction="outgoing"))
        await store.close()

    asyncio.run(dial())
    told = halo("list")
    assert "→ +79165555555" in told
    assert f"→ {NUMBER}" not in told


def test_calls_are_listed_and_shown(halo, calls):
    """With what was made of them; markup in what callers said is text."""
    told = halo("list")
    assert all(call_id in told for call_id in ("c-1", "c-2", "other"))
    assert "Спросили" in told
    assert "other" not in halo("list", "--number", "8 916 123 45 67")

    told = halo("show", "c-1")
    assert "где мой заказ [1]" in told
    assert '{"a": "б"}' in told
    assert "call.ended.c-1: dead, attempts 1, last HTTP 503" in told
    assert "9 ended" not in told
    assert "9 ended 0 0 [b]odd" in halo("show", "c-1", "--trace")
    assert "No call nothing is kept" in halo("show", "nothing", code=2)


def test_all_of_a_number_is_exported(halo, calls, tmp_path):
    """To the terminal, or to a file that nobody else may read."""
    told = json.loads(halo("export", NUMBER))
    assert [call["call_id"] for call in told["calls"]] == ["c-1", "c-2"]
    assert told["calls"][0]["turns"][0]["caller"] == "где мой заказ [1]"
    assert told["calls"][0]["summary"] == "Спросили о заказе."
    assert told["calls"][0]["deliveries"][0]["state"] == "dead"
    assert told["calls"][0]["traces"][0]["steps"][0] == "0 started 0 0"

    halo("export", NUMBER, "--to", "known.json")
    assert json.loads((tmp_path / "known.json").read_text("utf-8")) == told
    assert (tmp_path / "known.json").stat().st_mode & 0o777 == 0o600
    assert "--to" in halo("export", NUMBER, "--to", "no/such/folder.json", code=2)


def test_a_number_is_erased_after_a_question(halo, calls):
    """Nothing of it is left, and nothing of anybody else is touched."""
    assert "Erase 2 calls" in halo("erase", NUMBER, answer="n\n", code=1)
    assert len(json.loads(halo("export", NUMBER))["calls"]) == 2

    assert "2 calls are erased" in halo("erase", NUMBER, "--yes")
    assert json.loads(halo("export", NUMBER))["calls"] == []
    assert "other" in halo("list")
    assert "Nothing is known" in halo("erase", NUMBER, "--yes")


@pytest.fixture
def order(url):
    """Somebody who was to be called, was not reached, and wants no calls."""

    async def make() -> None:
        store = await open_store(url)
        dial = Dial("d-1", digest_of("t"), "79261234567", "halo", "74950000000", NOON,
                    data={"имя": "Иван"}, campaign="3f9c0a71", row=4)  # fmt: skip
        await store.dials.keep_dial(dial)
        await store.dials.claim(dial.token, "out-1")
        await store.dials.settle("out-1", "busy")
        await store.dials.opt_out(dial.number, "operator")
        await store.close()

    asyncio.run(make())


def test_what_a_number_was_to_be_called_for_is_exported(halo, order):
    """What was known of the person, each attempt, and that they want no calls."""
    told = json.loads(halo("export", "926 123-45-67"))
    [wanted] = told["orders"]
    assert (wanted["number"], wanted["data"]) == ("79261234567", {"имя": "Иван"})
    assert (wanted["campaign"], wanted["row"], "token" in wanted) == ("3f9c0a71", 4, False)
    [attempt] = wanted["attempts"]
    assert (attempt["call_id"], attempt["outcome"]) == ("out-1", "busy")
    assert (told["opt_out"]["number"], told["opt_out"]["by"]) == ("79261234567", "operator")
    assert json.loads(halo("export", "926 123-45-68"))["opt_out"] is None


def test_orders_alone_are_erased_after_a_question(halo, order):
    """No call is kept, and what was known of the person goes only when that is wished."""
    told = halo("erase", "(926) 123-45-67", answer="n\n", code=1)
    assert "Erase 1 order to call it for good?" in told
    assert len(json.loads(halo("export", "9261234567"))["orders"]) == 1
    told = halo("erase", "(926) 123-45-67", answer="y\n")
    assert "1 order to call it is erased" in told
    assert "stays on the opt-out list" in told
    assert json.loads(halo("export", "9261234567"))["orders"] == []
    assert "Nothing is known" in halo("erase", "(926) 123-45-67")


def test_a_number_is_found_without_its_country(halo, calls):
    """However it is written."""
    assert len(json.loads(halo("export", "916 123-45-67"))["calls"]) == 2
    assert "c-1" in halo("list", "--number", "(916) 123-45-67")
    assert "2 calls are erased" in halo("erase", "916 123-45-67", "--yes")


def test_a_number_that_may_come_back_is_not_erased_by_halves(halo, calls, url, tmp_path):
    """A call that goes on, and writes that wait in the spool, are told first."""
    line = json.dumps({"name": "settle_turn", "call": "c-2"})
    (tmp_path / "halo.spool.jsonl").write_text(line + "\n", "utf-8")
    assert "1 write of this number waits" in halo("erase", NUMBER, "--yes", code=2)
    (tmp_path / "halo.spool.jsonl").unlink()

    async def begin() -> None:
        store = await open_store(url)
        await store.open_call(CallStart("live", NUMBER, bucket=bucket_of(NUMBER)))
        await store.close()

    asyncio.run(begin())
    assert "live. End them first" in halo("erase", NUMBER, "--yes", code=2).replace("\n", " ")
    assert len(json.loads(halo("export", NUMBER))["calls"]) == 3


def test_dead_deliveries_are_listed_and_sent_again(halo, calls, url):
    """One, or all; what is not dead is not sent."""
    assert "call.ended.c-1: HTTP 503, attempts 1" in halo("dead")
    assert "No such delivery" in halo("resend", "call.ended.c-2", code=2)
    assert "1 will be sent again" in halo("resend", "call.ended.c-1")
    assert "No delivery is dead" in halo("resend", code=2)
    assert "0 dead" in halo("dead")


def test_a_store_that_is_not_there_is_made_or_told(halo, monkeypatch):
    """A new store lists nothing; one that forgets says what to set."""
    assert "began" in halo("list")
    monkeypatch.setenv("HALO_STORE_URL", "memory:")
    assert "HALO_STORE_URL" in halo("list", code=2)


@pytest.fixture
def now():
    """The assistants and the scenario of the project, wherever the command is run."""
    root = Path(__file__).parents[3]
    scenario = root / "scenario" / "voximplant_scenario_ASR.js"
    return ["--assistants", str(root / "assistants"), "--scenario", str(scenario)]


def test_kept_calls_are_repeated(halo, url, now):
    """As they went; exit code 0. With an assistant that has other rules, 1, and it says what."""
    recorded = simulated_call(55)
    asyncio.run(keep(recorded, url))
    kept = recorded.call.call_id
    told = halo("repeat", kept, *now)
    assert "1 go as they did, 0 otherwise, 0 cannot be repeated" in told
    shutil.copytree(now[1], "other")
    profile = Path("other/halo.toml")
    profile.write_text(profile.read_text("utf-8").replace("turns = 12", "turns = 1"), "utf-8")
    told = halo("repeat", *now[2:], "--assistants", "other", code=1)
    assert f"{kept}: " in told
    assert "0 go as they did, 1 otherwise" in told


def test_what_cannot_be_repeated_is_counted(halo, calls, now):
    told = halo("repeat", *now)
    assert "0 go as they did, 0 otherwise, 3 cannot be repeated" in told
    assert "3: it has no trace of a stream" in told
    assert "No call c-9 is kept" in halo("repeat", "c-9", *now, code=2)
    assert "none.js" in halo("repeat", now[0], now[1], "--scenario", "none.js", code=2)
    assert "none" in halo("repeat", "--assistants", "none", *now[2:], code=2)


@pytest.mark.parametrize("width", [80, 10_000])
def test_ids_and_numbers_of_a_list_are_whole(halo, url, monkeypatch, width):
    """On a narrow terminal, and when it is piped: they are copied and searched for."""
    call_id = "browser-0123456789abcdef0123456789abcdef"

    async def make() -> None:
        store = await open_store(url)
        await store.open_call(CallStart(call_id, NUMBER, bucket=bucket_of(NUMBER)))
        await store.close()

    asyncio.run(make())
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr("halo_voice.commands.calls.PIPED_WIDTH", width)
    line = next(line for line in halo("list").splitlines() if call_id in line)
    assert NUMBER in line
