"""Plays a recorded call again: the shipped scenario, the real app, its model from the recording."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from halo_voice.app import Configuration, running
from halo_voice.in_process import HOST, forget_routes, quiet
from halo_voice.repeat.caller import RecordedCaller, acts_of
from halo_voice.repeat.model import RecordedModel
from halo_voice.repeat.recorded import Recorded, recorded
from halo_voice.simulator import (
    PROMPT,
    AsgiNetwork,
    Overheard,
    Socket,
    SocketRequest,
    Spread,
    Voice,
    place_call,
    run_virtually,
)
from halo_voice.simulator.recogniser import Recogniser
from halo_voice.store.memory import MemoryStore

MAX_MS = 1_500_000
NEVER_CAME = "the call never came to the assistant"
SETTLE_S = 10.0  # after the call: what is written down late is written


class Listening(AsgiNetwork):
    """The app, and what the scenario tells it of the phrases that are heard."""

    told: Callable[[str], None]

    async def connect(self, request: SocketRequest) -> Socket:  # type: ignore[override]
        return Overheard(await super().connect(request), self.told)


def repeated(old: Recorded, configuration: Configuration, scenario: Path) -> Recorded:
    """The call as it goes now. Not to be called in a running event loop."""
    try:
        with quiet():
            return run_virtually(_repeat(old, configuration, scenario))
    finally:
        forget_routes()


async def _repeat(old: Recorded, configuration: Configuration, scenario: Path) -> Recorded:
    caller, model, store = RecordedCaller(acts_of(old)), RecordedModel(old), MemoryStore()
    async with running(configuration, store=store, model=model) as halo:
        network = Listening(halo.web, HOST)
        network.told = lambda text: _tell(caller, model, json.loads(text))
        await place_call(
            scenario,
            caller=caller,
            network=network,
            secrets={"HALO_URL": f"https://{HOST}"},
            callerid=old.call.caller,
            destination=old.call.called or "halo",
            session_id=1,
            recogniser=_recogniser(old),
            voice=_voice(old),
            epoch_ms=int(old.call.started_at.timestamp() * 1000),
            real_time=True,
            max_ms=MAX_MS,
            again=True,
        )
        await asyncio.sleep(SETTLE_S)
        call = await store.find_call("1") or replace(old.call, end_reason=NEVER_CAME)
        return recorded(call, await store.turns("1"), await store.traces.of("1"))


def _tell(caller: RecordedCaller, model: RecordedModel, message: dict[str, object]) -> None:
    match message:
        case {"type": "call"}:
            caller.joined()
        case {"type": "phrase_started", "turn": int(turn), "phrase": int(phrase)}:
            caller.sounding(turn, phrase)
        case {"type": "interim" | "final" as what, "turn": int(turn)}:
            model.hearing(turn, asked=what == "final")


def _recogniser(old: Recorded) -> Recogniser:
    """As fast as the one that was there."""
    final_ms = max(50.0, old.final_ms() - PROMPT.endpoint.median_ms)
    interims = any(step.what == "hearing" for step in old.steps)
    return replace(PROMPT, final=Spread(final_ms, 0), interims=interims)


def _voice(old: Recorded) -> Voice:
    """As fast as the one that was there."""
    voice = replace(Voice(), ms_per_character=old.ms_per_character())
    delay_ms = old.voice_ms()
    if delay_ms is None:
        return voice
    delay = Spread(delay_ms, 0)
    return replace(voice, synthesis=delay, progressive=delay, first_byte=delay)
