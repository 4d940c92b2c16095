"""Plays tiny scenarios in the simulator: what a test writes runs when the call is connected."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from halo_voice.simulator import (
    FinishedCall,
    HttpRequest,
    HttpResponse,
    ScriptedCaller,
    ScriptedNetwork,
    SilentCaller,
    place_call,
)
from halo_voice.simulator.invariants import Limits, breaches
from tests.unit.simulator.plain_bot import BOT, TEXTS, backend

PRELUDE = """
require(Modules.ASR);
const VOICE = { voice: VoiceList.Yandex.Neural.ru_RU_alena };
const log = (...words) => Logger.write(words.join(" ").trim());
const field = (e, name) => (name in e ? e[name] : "");
const ears = (more) => VoxEngine.createASR({ profile: ASRProfileList.Google.ru_RU, singleUtterance: true, ...more });
VoxEngine.addEventListener(AppEvents.CallAlerting, ({ call }) => {
  call.addEventListener(CallEvents.Disconnected, () => VoxEngine.terminate());
  call.addEventListener(CallEvents.Connected, () => connected(call));
  call.answer();
});
"""

Play = Callable[..., Awaitable[FinishedCall]]


async def nobody(request: HttpRequest) -> HttpResponse:
    """A backend that has nothing to say."""
    return HttpResponse(404)


@pytest.fixture
def play() -> Play:
    """Plays a whole scenario; by default the caller says nothing and hangs up after ten seconds."""

    async def run(source: str, **options: Any) -> FinishedCall:
        options.setdefault("caller", SilentCaller(10_000))
        options.setdefault("network", ScriptedNetwork(nobody))
        return await place_call(source + ";\n", **options)

    return run


@pytest.fixture
def connected(play: Play) -> Play:
    """Plays a body that runs when the call is connected, with `call`, `VOICE`, `log` and `ears()`."""

    async def run(body: str, **options: Any) -> FinishedCall:
        return await play(f"{PRELUDE}\nfunction connected(call) {{\n{body}\n}}", **options)

    return run


@pytest.fixture
def judged(connected: Play) -> Callable[..., Awaitable[list[tuple[int, str]]]]:
    """Plays the plain bot with a bad habit and says which invariants broke, and how."""

    async def run(
        habit: str = "", limits: Limits | None = None, bot: str = BOT, **options: Any
    ) -> list[tuple[int, str]]:
        options.setdefault("caller", ScriptedCaller(["Первый вопрос", "Второй вопрос", "Третий"]))
        options.setdefault("network", ScriptedNetwork(backend))
        call = await connected(bot + habit, **options)
        assert call.failures == []
        return [(breach.invariant, breach.text) for breach in breaches(call, limits, TEXTS)]

    return run
