"""How the rows of campaigns stand, as a scrape finds it: read once for all who ask together."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from halo_voice.calls import campaigns
from halo_voice.calls.campaigns import Campaigns
from halo_voice.core.dials import Campaign, Standing
from halo_voice.core.errors import StoreUnavailable


class Dials:
    """One campaign, whose rows stand so. `away`: the store cannot be asked."""

    def __init__(self) -> None:
        self.read = 0
        self.away = False
        self.gate = asyncio.Event()

    async def campaigns(self, limit: int) -> list[Campaign]:
        self.read += 1
        await self.gate.wait()
        if self.away:
            raise StoreUnavailable
        return [Campaign("autumn", "Осень", "halo", datetime(2026, 11, 25, tzinfo=UTC))]

    async def standing(self, names: list[str]) -> list[Standing]:
        assert names == ["autumn"]
        return [Standing("autumn", *each) for each in (("busy", 2), ("answered", 3), ("spent", 1))]


@pytest.fixture
def dials() -> Dials:
    return Dials()


async def test_whoever_asks_meanwhile_waits_for_the_same_reading(dials):
    """And for some seconds nobody reads it again."""
    rows = Campaigns(dials)
    asking = [asyncio.create_task(rows.refresh()) for _ in range(3)]
    await asyncio.sleep(0)
    dials.gate.set()
    await asyncio.gather(*asking)
    await rows.refresh()
    assert dials.read == 1
    assert rows.known == {"unreached": 3, "reached": 3}


async def test_a_store_that_is_away_tells_nothing(dials, monkeypatch):
    """Instead of the last known, which may be long past."""
    monkeypatch.setattr(campaigns, "FRESH_S", 0.0)
    rows = Campaigns(dials)
    dials.gate.set()
    await rows.refresh()
    assert rows.known is not None
    dials.away = True
    await rows.refresh()
    assert rows.known is None


async def test_a_slow_store_is_not_waited_for(dials, monkeypatch):
    monkeypatch.setattr(campaigns, "READ_S_MAX", 0.01)
    rows = Campaigns(dials)
    await rows.refresh()
    assert rows.known is None
    dials.gate.set()
    await asyncio.wait([rows._reading])  # type: ignore[list-item]
    assert rows.known is not None
