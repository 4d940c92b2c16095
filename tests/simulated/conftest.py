"""Whole calls: the shipped scenario in the simulator, the real app in process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from halo_voice.app import Halo, configure, running
from halo_voice.core.ports import LanguageModel, Store
from halo_voice.settings import Settings
from halo_voice.simulator import AsgiNetwork, Caller, FinishedCall, ScriptedCaller, place_call

ROOT = Path(__file__).parents[2]
SCENARIO = ROOT / "scenario" / "voximplant_scenario_ASR.js"
HOST = "halo.test"
SECRETS = {"HALO_URL": f"https://{HOST}"}

Call = Callable[..., Coroutine[Any, Any, FinishedCall]]


@asynccontextmanager
async def backend(
    model: LanguageModel | None = None, store: Store | None = None, **settings: Any
) -> AsyncIterator[Halo]:
    """The real app on a store in memory, unless another is given."""
    values = {"assistants": ROOT / "assistants", "store_url": "memory:", **settings}
    configuration = configure(Settings(_env_file=None, **values))
    async with running(configuration, model=model, store=store) as halo:
        yield halo


def call_to(web: Any) -> Call:
    """Place a call to this app; a list of words is a scripted caller."""

    async def place(caller: Caller | list[str], **how: Any) -> FinishedCall:
        if isinstance(caller, list):
            caller = ScriptedCaller(caller)
        how.setdefault("network", AsgiNetwork(web, HOST))
        how.setdefault("secrets", SECRETS)
        return await place_call(how.pop("scenario", SCENARIO), caller=caller, **how)

    return place


@pytest.fixture
async def halo() -> AsyncIterator[Halo]:
    """The app with the offline assistant."""
    async with backend() as running_halo:
        yield running_halo


@pytest.fixture
def call(halo: Halo) -> Call:
    return call_to(halo.web)
