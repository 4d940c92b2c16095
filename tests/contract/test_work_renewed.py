"""Profiles and their channels that change while `halo work` runs: it takes them up, or nobody's."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from halo_voice.commands.standing import Standing
from halo_voice.core.editions import Content
from halo_voice.core.errors import ConfigurationError
from halo_voice.core.ports import CallEnd, CallStart
from halo_voice.core.review import Review
from halo_voice.store import open_store
from halo_voice.store.archive import open_archive
from halo_voice.workflows.channels import channels_of
from halo_voice.workflows.worker import PROFILE_WAIT, Worker

SHOP = 'name = "shop"\ncompany = "Лавка"\ndefault = true\n'
GARAGE = """name = "garage"
company = "Гараж"
numbers = ["+74950000001"]
[after.deliver.boss]
to = "telegram"
token = "{bot}"
chat = "-1"
"""


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def made(profiles):
    return channels_of(profiles, secrets={"bot": "1:secret"})


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/halo.sqlite3"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "assistants"
    found.mkdir()
    (found / "shop.toml").write_text(SHOP, "utf-8")
    return found


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def standing(folder, url, clock) -> Iterator[Standing]:
    found = Standing(folder, url, made, every_s=5, clock=clock)
    yield found
    found.close()


def later(standing: Standing, clock: Clock, looks: int = 2) -> None:
    for _ in range(looks):
        clock.now += 5
        standing.look()


def test_a_new_profile_is_taken_up_with_its_channels(standing, folder, clock):
    """Until then its name is nobody's: the default does not stand for it."""
    assert standing.profile("garage") is None
    (folder / "garage.toml").write_text(GARAGE, "utf-8")
    standing.look()
    assert standing.profile("garage") is None  # it is not time to

    later(standing, clock)

    assert standing.profile("garage").company == "Гараж"
    assert list(standing.channels()["garage"]) == ["boss"]

    (folder / "garage.toml").unlink()
    later(standing, clock)
    assert standing.profile("garage") is None
    assert list(standing.channels()) == ["shop"]


def test_a_channel_without_its_secret_changes_nothing(standing, folder, clock):
    """The log names the fault; what was there goes on."""
    (folder / "garage.toml").write_text(GARAGE.replace("{bot}", "{other}"), "utf-8")
    with capture_logs() as lines:
        later(standing, clock, 4)

    (told,) = lines
    assert (told["event"], told["log_level"]) == ("profiles_not_renewed", "error")
    assert "HALO_DELIVERY_SECRETS has no other" in told["faults"][0]
    assert standing.profile("garage") is None
    assert standing.profile("shop").company == "Лавка"


def test_what_the_console_published_is_taken_up(standing, url, clock):
    """As by the server: an edition holds instead of the file."""

    async def publish() -> None:
        store = await open_store(url)
        content = Content(SHOP.replace("Лавка", "Булочная"))
        how = {"by": "anna", "origin": "console", "version": "v"}
        assert await store.editions.publish("shop", 1, content, **how)
        await store.close()

    asyncio.run(publish())
    later(standing, clock, 1)

    assert standing.profile("shop").company == "Булочная"


def test_a_folder_that_is_faulty_at_the_start_is_told(folder, url):
    """All of it at once, and nothing is left open."""
    (folder / "garage.toml").write_text(GARAGE.replace("{bot}", "{other}"), "utf-8")
    with pytest.raises(ConfigurationError, match="no other"):
        Standing(folder, url, made, every_s=5)


def test_calls_of_a_profile_that_is_not_known_wait_for_it(url):
    """Others do not wait behind them; after an hour they are reviewed without a profile."""
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)

    async def end(*calls: tuple[str, str]) -> None:
        store = await open_store(url, now=lambda: noon)
        for call_id, profile in calls:
            await store.open_call(CallStart(call_id, "", profile=profile))
            await store.end_call(CallEnd(call_id, "caller_hung_up", 1_000, 0))
        await store.close()

    asyncio.run(end(("c-1", "garage"), ("c-2", "shop"), ("c-3", "silent")))
    archive, now = open_archive(url), [noon]
    known = {"shop": True, "silent": False}
    worker = Worker("w", archive, None, now=lambda: now[0], wanted=known.get, hours=24)
    with capture_logs() as lines:
        assert list(worker.due()) == ["c-2"]
        assert list(worker.due()) == []
    assert [(line["event"], line["profile"]) for line in lines] == [("profile_unknown", "garage")]

    now[0] += PROFILE_WAIT - timedelta(seconds=1)
    assert list(worker.due()) == []
    now[0] += timedelta(seconds=1)
    assert list(worker.due()) == ["c-1"]
    assert list(worker.due()) == []
    archive.close()


def test_calls_that_nobody_worked_on_in_time_are_told(url):
    """How many, once: they have no review, and nobody was told of them. Those that are not wanted,
    or were reviewed, are none of them."""
    now = [datetime(2026, 3, 1, 12, tzinfo=UTC)]

    async def end(*calls: tuple[str, str]) -> None:
        store = await open_store(url, now=lambda: now[0])
        for call_id, profile in calls:
            await store.open_call(CallStart(call_id, "", profile=profile))
            await store.end_call(CallEnd(call_id, "caller_hung_up", 1_000, 0))
        await store.close()

    asyncio.run(end(("c-1", "shop"), ("c-2", "shop"), ("c-3", "shop"), ("c-4", "silent")))
    archive = open_archive(url)
    archive.keep_review(Review("c-1", now[0], "", "answered"))
    now[0] += timedelta(hours=30)
    asyncio.run(end(("c-5", "shop")))
    known = {"shop": True, "silent": False}
    worker = Worker("w", archive, None, now=lambda: now[0], wanted=known.get, hours=24)
    with capture_logs() as lines:
        worker.tell_left()
        assert list(worker.due()) == ["c-5"]
    told = [(line["event"], line["calls"], line["hours"]) for line in lines]
    assert told == [("calls_left_alone", 2, 24.0)]
    archive.close()
