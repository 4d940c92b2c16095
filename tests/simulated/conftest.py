"""Whole calls: the shipped scenario in the simulator, the real app in process."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from halo_voice.app import Halo
from tests.halo import Call, backend, call_to


@pytest.fixture
async def halo() -> AsyncIterator[Halo]:
    """The app with the offline assistant."""
    async with backend() as running_halo:
        yield running_halo


@pytest.fixture
def call(halo: Halo) -> Call:
    return call_to(halo.web)
