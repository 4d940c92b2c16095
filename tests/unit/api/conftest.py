"""The app in process, asked over ASGI, with a model that answers what the test wants."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from halo_voice.app import Halo
from tests.halo import TalkingModel, backend, client_of


@pytest.fixture
def model() -> TalkingModel:
    return TalkingModel()


@pytest.fixture
async def halo(model: TalkingModel) -> AsyncIterator[Halo]:
    async with backend(model=model) as whole:
        yield whole


@pytest.fixture
async def client(halo: Halo) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(halo) as asking:
        yield asking


@pytest.fixture
async def call_id(client: httpx.AsyncClient) -> str:
    """A call that has begun."""
    start = {"call_id": "c-1", "caller": "+79161234567", "called": "+74950000000"}
    assert (await client.post("/call/start", json=start)).status_code == 200
    return "c-1"
