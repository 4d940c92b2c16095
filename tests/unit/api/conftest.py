"""The app in process, asked over ASGI, with a model that answers what the test wants."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import httpx
import pytest

from halo_voice.app import Halo, configure, running
from halo_voice.core.errors import ModelError
from halo_voice.core.ports import Message
from halo_voice.settings import Settings

ROOT = Path(__file__).parents[3]


class TalkingModel:
    """A model whose answers a test writes; it remembers what it was asked."""

    name = "talking"

    def __init__(self) -> None:
        self.asked: list[list[Message]] = []
        self.answer: Callable[[str], str] = lambda words: f"Ответ: {words}."
        self.fault: ModelError | None = None
        self.gate: asyncio.Event | None = None
        self.running = 0
        self.together = 0
        self._news = asyncio.Condition()

    async def was_asked(self, times: int) -> None:
        """Return when so many questions have come in."""
        async with self._news:
            await self._news.wait_for(lambda: len(self.asked) >= times)

    async def stream(
        self, messages: Sequence[Message], *, max_tokens: int, deadline_s: float
    ) -> AsyncIterator[str]:
        self.asked.append(list(messages))
        async with self._news:
            self._news.notify_all()
        self.running += 1
        self.together = max(self.together, self.running)
        try:
            if self.gate is not None:
                await self.gate.wait()
            if self.fault is not None:
                raise self.fault
            for word in self.answer(messages[-1].content).split(" "):
                yield word + " "
        finally:
            self.running -= 1

    async def warm_up(self) -> None: ...

    async def close(self) -> None: ...


@pytest.fixture
def model() -> TalkingModel:
    return TalkingModel()


def settings(**values: object) -> Settings:
    given = {"assistants": ROOT / "assistants", "store_url": "memory:", **values}
    return Settings(_env_file=None, **given)


@pytest.fixture
async def halo(model: TalkingModel) -> AsyncIterator[Halo]:
    async with running(configure(settings()), model=model) as whole:
        yield whole


def client_of(halo: Halo, **how: object) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(halo.web, raise_app_exceptions=True, **how)
    return httpx.AsyncClient(transport=transport, base_url="http://halo.test")


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
