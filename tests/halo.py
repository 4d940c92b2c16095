"""A running HALO for tests: the real app in process, a model that says what a test wants, calls."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from halo_voice.app import Halo, configure, running
from halo_voice.core.errors import ModelError
from halo_voice.core.ports import Message
from halo_voice.settings import Settings
from halo_voice.simulator import AsgiNetwork, Caller, FinishedCall, ScriptedCaller, place_call

ROOT = Path(__file__).parents[1]
SCENARIO = ROOT / "scenario" / "voximplant_scenario_ASR.js"
HOST = "localhost"
SECRETS = {"HALO_URL": f"https://{HOST}"}

Call = Callable[..., Coroutine[Any, Any, FinishedCall]]


def settings(**values: Any) -> Settings:
    """The shipped assistants on a store in memory; nothing of this machine's environment."""
    given = {"assistants": ROOT / "assistants", "store_url": "memory:", **values}
    return Settings(_env_file=None, **given)


@asynccontextmanager
async def backend(
    *, model: Any = None, store: Any = None, recording_source: Any = None, **values: Any
) -> AsyncIterator[Halo]:
    """The real app; without a model the offline assistant answers."""
    async with running(
        configure(settings(**values)), model=model, store=store, recording_source=recording_source
    ) as halo:
        yield halo


def client_of(halo: Halo, **how: Any) -> httpx.AsyncClient:
    """Asks the app over ASGI, from 127.0.0.1 unless `client` says otherwise."""
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(halo.web, **how), base_url=f"http://{HOST}"
    )


def call_to(web: Any) -> Call:
    """Place a call to this app through the shipped scenario; a list of words is a script."""

    async def place(caller: Caller | list[str], **how: Any) -> FinishedCall:
        if isinstance(caller, list):
            caller = ScriptedCaller(caller)
        how.setdefault("network", AsgiNetwork(web, HOST))
        how.setdefault("secrets", SECRETS)
        return await place_call(how.pop("scenario", SCENARIO), caller=caller, **how)

    return place


class TalkingModel:
    """A model whose answers a test writes; it remembers what it was asked."""

    name = "talking"

    def __init__(self) -> None:
        self.asked: list[list[Message]] = []
        self.answer: Callable[[str], str] = lambda words: f"Ответ: {words}."
        self.fault: ModelError | None = None
        self.fault_after = 0  # words that come before the fault
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
            for number, word in enumerate(self.answer(messages[-1].content).split(" ")):
                if self.fault is not None and number == self.fault_after:
                    raise self.fault
                yield word + " "
        finally:
            self.running -= 1

    async def warm_up(self) -> None: ...

    async def close(self) -> None: ...
