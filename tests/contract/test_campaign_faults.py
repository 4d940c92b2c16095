"""`halo campaign` that platform, store or operator break off: nobody is called by it."""

from __future__ import annotations

import signal
import threading

import pytest
from test_dial_command import api as api  # its account, and its settings
from test_dial_command import halo

from halo_voice.core.errors import StoreUnavailable
from halo_voice.dialling import account as at
from halo_voice.store.dials import SqlDials


@pytest.fixture
def create(api, tmp_path):
    """Makes a campaign of two people; how it went, and which it was."""
    halo("deploy")
    file = tmp_path / "list.csv"
    file.write_text("number;consent\n+74951234567;да\n+74951234568;да\n")

    def run():
        done = halo("campaign", "create", str(file), "--yes")
        return done, halo("campaign", "list").output.split()[0]

    return run


def told(name: str) -> list[str]:
    """How its rows stand, by our store alone."""
    shown = [line.split() for line in halo("campaign", "show", name).output.splitlines()]
    return [cells[3] for cells in shown if len(cells) > 3 and cells[1].startswith("7495123456")]


def test_a_list_that_cannot_be_looked_for_calls_nobody(api, create):
    """Its answer was lost, and the platform does not say whether there is one; `stop` finds it."""
    api.fail("CreateCallList", cut="after")
    api.fail("GetCallLists", refusal=(104, "Forbidden"))
    done, name = create()
    assert done.exit_code == 2
    assert f"halo campaign stop {name}" in done.output
    assert told(name) == ["unsure", "unsure"]
    [calls] = api.account.lists.values()
    assert {task.status for task in calls.tasks} == {"New"}
    assert halo("campaign", "stop", name).exit_code == 0
    assert {task.status for task in calls.tasks} == {"Canceled"}


def test_a_list_that_cannot_be_noted_calls_nobody(api, create, monkeypatch):
    """The store is away when the platform has made it: it is stopped there, and taken back here."""

    async def away(*_):
        raise StoreUnavailable("The store is away.")

    with monkeypatch.context() as broken:
        broken.setattr(SqlDials, "set_list", away)
        done, name = create()
    assert (done.exit_code, "The store is away." in done.output) == (2, True)
    [calls] = api.account.lists.values()
    assert {task.status for task in calls.tasks} == {"Canceled"}
    assert told(name) == ["unsure", "unsure"]


def test_a_store_that_is_gone_for_good_leaves_a_stopped_list(api, create, monkeypatch):
    """And says how to end it if it is not."""

    async def gone(*_):
        raise StoreUnavailable("The store is away.")

    with monkeypatch.context() as broken:
        broken.setattr(SqlDials, "set_list", gone)
        broken.setattr(SqlDials, "call_off", gone)
        done, name = create()
    assert f"halo campaign stop {name}" in done.output
    [calls] = api.account.lists.values()
    assert {task.status for task in calls.tasks} == {"Canceled"}


def test_a_campaign_that_is_broken_off_calls_nobody(api, create, monkeypatch):
    """Ctrl+C while the platform makes the list: it has it, and no row of it is dialled."""
    made, called_off = at.create_list, threading.Event()
    taken_back = SqlDials.call_off

    def slow(*given, **limits):
        number = made(*given, **limits)
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
        assert called_off.wait(30)
        return number

    async def noted(*given):
        count = await taken_back(*given)
        called_off.set()
        return count

    with monkeypatch.context() as broken:
        broken.setattr(at, "create_list", slow)
        broken.setattr(SqlDials, "call_off", noted)
        done, name = create()
    assert done.exit_code != 0
    assert f"halo campaign stop {name}" in done.output
    assert told(name) == ["unsure", "unsure"]
    assert halo("campaign", "stop", name).exit_code == 0
    [calls] = api.account.lists.values()
    assert {task.status for task in calls.tasks} == {"Canceled"}


def test_a_campaign_is_stopped_though_the_platform_cannot_be_asked(api, create):
    """Our own gate refuses its rows; that the list goes on there is told."""
    _, name = create()
    api.fail("StopCallListProcessing", refusal=(104, "Forbidden"))
    done = halo("campaign", "stop", name)
    assert (done.exit_code, "2 rows are cancelled" in done.output) == (2, True), done.output
    assert "finds nobody to call" in " ".join(done.output.split())
    assert told(name) == ["cancelled", "cancelled"]


def test_a_campaign_without_a_list_is_stopped(api, create):
    """Refused by the platform: there is nothing to stop there, and that is said."""
    api.fail("CreateCallList", refusal=(127, "Insufficient money."))
    _, name = create()
    assert told(name) == ["refused", "refused"]
    done = halo("campaign", "stop", name)
    assert (done.exit_code, "no list of it" in done.output) == (0, True)
