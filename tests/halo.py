"""A running HALO for tests: the real app in process, a model that says what a test wants, calls."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from functools import wraps
from pathlib import Path
from typing import Any

import httpx

from halo_voice.app import Halo, configure, running
from halo_voice.core.errors import ModelError
from halo_voice.core.ports import Message
from halo_voice.settings import Settings
from halo_voice.simulator import (
    AsgiNetwork,
    Caller,
    FinishedCall,
    ScriptedCaller,
    place_call,
    run_virtually,
)

ROOT = Path(__file__).parents[1]
SCENARIO = ROOT / "scenario" / "voximplant_scenario_ASR.js"
HOST = "localhost"
SECRETS = {"HALO_URL": f"https://{HOST}"}

NUMBER_LIMITS = ("number_calls", "number_calls_hour", "number_minutes_day")

Call = Callable[..., Coroutine[Any, Any, FinishedCall]]


def settings(**values: Any) -> Settings:
    """The shipped assistants on a store in memory; nothing of this machine's environment,
    and nobody who looks after its files.

    A test's calls come from one number as a rule: no number has limits unless a test sets them.
    """
    given = {
        "assistants": ROOT / "assistants",
        "store_url": "memory:",
        "watch_s": 0.0,
        **dict.fromkeys(NUMBER_LIMITS, 0),
        **values,
    }
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


class HttpOnly(AsgiNetwork):
    """The app where no WebSocket gets through: every turn is one HTTP request."""

    connect = None


def call_to(web: Any) -> Call:
    """Place a call to this app through the shipped scenario; a list of words is a script."""

    async def place(caller: Caller | list[str], **how: Any) -> FinishedCall:
        if isinstance(caller, list):
            caller = ScriptedCaller(caller)
        how.setdefault("network", AsgiNetwork(web, HOST))
        how.setdefault("secrets", SECRETS)
        return await place_call(how.pop("scenario", SCENARIO), caller=caller, **how)

    return place


def virtually(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Runs an async test on a virtual clock, which calls in real time share with the backend.

    Fixtures that are async live in another loop: open what is needed in the test.
    """

    @wraps(test)
    def run(*args: Any, **kwargs: Any) -> None:
        run_virtually(test(*args, **kwargs))

    return run


class PacedModel:
    """A model that takes its time: `first_s` to the first token, then so many seconds a token.

    A token is about five characters. It counts what it was asked and what was left unheard.
    """

    name = "paced"

    def __init__(
        self,
        first_s: float = 0.5,
        per_token_s: float = 1 / 60,
        tokens: int | None = None,
        *,
        answer: Callable[[str], str] = lambda _: PACED_ANSWER,
    ) -> None:
        self.first_s = first_s
        self.per_token_s = per_token_s
        self.tokens = tokens  # of an answer, at most; None: all of it
        self.answer = answer
        self.asked: list[list[Message]] = []
        self.finished = 0  # answers that were given to their end
        self.characters = 0  # given out in all

    async def stream(
        self, messages: Sequence[Message], *, max_tokens: int, deadline_s: float
    ) -> AsyncIterator[str]:
        self.asked.append(list(messages))
        pieces = in_tokens(self.answer(messages[-1].content))[: self.tokens]
        await asyncio.sleep(self.first_s)
        for number, piece in enumerate(pieces):
            if number:
                await asyncio.sleep(self.per_token_s)
            self.characters += len(piece)
            yield piece
        self.finished += 1

    async def warm_up(self) -> None: ...

    async def close(self) -> None: ...


PACED_ANSWER = (
    "Доставка по городу стоит триста рублей. От трёх тысяч мы везём бесплатно. "
    "Курьер приедет завтра с десяти до восемнадцати часов."
)


def in_tokens(text: str, characters: int = 5) -> list[str]:
    """A text in pieces, as a model gives it out."""
    return [text[at : at + characters] for at in range(0, len(text), characters)]


async def until(condition: Callable[[], object]) -> None:
    """Wait for what a task or a process beside the test does; an error after half a minute."""
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 (nobody tells that it is done)
            await asyncio.sleep(0.02)


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
