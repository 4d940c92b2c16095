"""The account's money over a real connection: seen by a worker, told by every server (F64)."""

from __future__ import annotations

import asyncio

import pytest
from structlog.testing import capture_logs

from halo_voice.core.alarms import Alarms
from halo_voice.management.history import history_of
from halo_voice.metrics import Metrics
from halo_voice.store import open_store
from halo_voice.store.archive import open_archive
from halo_voice.store.beside import Beside
from halo_voice.workflows.funds import LOOK_S, Funds
from tests.standins.management_api import ManagementApi


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
def passing():
    """A clock on which each look is due."""
    now = [0.0]

    def clock() -> float:
        return now[0]

    clock.pass_on = lambda: now.__setitem__(0, now[0] + LOOK_S)  # type: ignore[attr-defined]
    return clock


def told(logs) -> list[str]:
    return [each["event"] for each in logs if each["event"].startswith("balance_")]


def test_an_account_that_runs_low_is_told_once_and_again_when_it_is_back(api, history, passing):
    """F64: in the log of `halo work`; not asked again before its time."""
    funds = Funds(history.balance, 500.0, passing)
    with capture_logs() as logs:
        for balance in (1_000.0, 400.0, 300.0, 2_000.0, 100.0):
            api.account.balance = balance
            funds.look()
            assert funds.balance == balance
            api.account.balance = -1.0
            funds.look()
            assert funds.balance == balance
            passing.pass_on()
    assert told(logs) == ["balance_low", "balance_back", "balance_low"]
    assert [line.get("alarm", False) for line in logs] == [True, False, True]


def test_an_account_that_cannot_be_asked_is_told_once(api, history, passing):
    """Nothing is raised: the worker goes on."""
    funds = Funds(history.balance, 500.0, passing)
    api.account.balance = 100.0
    with capture_logs() as logs:
        funds.look()
        api.fail("GetAccountInfo", times=3, refusal=(100, "Authorization failed."))
        for _ in range(3):
            passing.pass_on()
            funds.look()
            assert funds.balance is None
    assert told(logs) == ["balance_low", "balance_unknown"]


@pytest.mark.parametrize(("balance", "alarms"), [(499.0, 1), (500.0, 0), (None, 0)])
async def test_servers_raise_the_alarm_and_have_the_figure(tmp_path, balance, alarms):
    """What a live worker saw is in the store; the least counts, not that of one who ended."""
    url = f"sqlite:///{tmp_path}/halo.sqlite3"
    await (await open_store(url)).close()
    archive = open_archive(url)
    archive.beat("gone", 1.0)
    archive.leave("gone")
    archive.beat("one", balance)
    archive.beat("two", 9_000.0)
    archive.close()
    raised, metrics = Alarms(), Metrics()
    beside = Beside(url, tuple, 24.0)
    metrics.watch_work(beside)
    seen = asyncio.Event()

    def poor() -> None:
        raised.raised("balance_low")
        seen.set()

    beside.watch_money(500.0, poor)
    await beside.refresh()
    if alarms:
        await asyncio.wait_for(seen.wait(), 10)
    figures = metrics.text().decode()
    await beside.close()
    assert len(raised.recent()) == alarms
    assert f"halo_account_balance {9_000.0 if balance is None else balance}" in figures
