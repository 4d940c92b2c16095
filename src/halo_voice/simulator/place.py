"""Places one call: scenario, caller and network go in, a finished call comes out."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path

from halo_voice.simulator.caller import Caller, Pickup
from halo_voice.simulator.chance import Chance
from halo_voice.simulator.cloud import Cloud, Control, FinishReason, World
from halo_voice.simulator.engine import EPOCH_MS, Engine, Mode
from halo_voice.simulator.exchanges import Exchange
from halo_voice.simulator.faults import Dice, Faults, Strike
from halo_voice.simulator.mould import mould_of
from halo_voice.simulator.network import Network
from halo_voice.simulator.recogniser import Recogniser
from halo_voice.simulator.report import Violation
from halo_voice.simulator.smart_queue import Answers
from halo_voice.simulator.trace import (
    LegSpan,
    PlaybackSpan,
    SpeechSpan,
    Trace,
    TraceLine,
    digest,
)
from halo_voice.simulator.virtual_loop import VirtualLoop
from halo_voice.simulator.voice import Voice
from halo_voice.simulator.wire import Message, messages


@dataclass(frozen=True)
class FinishedCall:
    """What is left of a call. Times are milliseconds from the session's beginning."""

    trace: list[TraceLine]
    log: list[str]  # Logger lines
    playbacks: list[PlaybackSpan]
    speech: list[SpeechSpan]
    requests: list[Exchange]
    violations: list[Violation]
    struck: dict[str, int]  # faults that struck, and how often
    strikes: list[Strike]  # the same one by one, in their order
    finish_reason: FinishReason
    connected_ms: int | None
    disconnected_ms: int | None
    terminated_ms: int
    custom_data: str = ""
    legs: list[LegSpan] = field(default_factory=list)  # that the scenario called besides

    @property
    def failures(self) -> list[str]:
        """JS errors, rejected promises and violations, each with file and line."""
        return [str(violation) for violation in self.violations]

    @property
    def hash(self) -> str:
        """SHA-256 of the trace."""
        return digest(self.trace)

    def having(self, key: str) -> list[TraceLine]:
        """The lines of the trace that have this in their data."""
        return self._by_key.get(key, [])

    @cached_property
    def recognition(self) -> list[TraceLine]:
        """The lines of the trace that tell of recognisers."""
        return [e for e in self.having("event") if str(e.data["event"]).startswith("ASR.")]

    @cached_property
    def messages(self) -> list[Message]:
        """The messages of the stream."""
        return list(messages(self.trace))

    @cached_property
    def _by_key(self) -> dict[str, list[TraceLine]]:
        found: dict[str, list[TraceLine]] = {}
        for line in self.trace:  # once, for a judge who asks thirty times
            for key in line.data:
                found.setdefault(key, []).append(line)
        return found


async def place_call(
    scenario: Path | str,
    *,
    caller: Caller,
    network: Network,
    secrets: Mapping[str, str] | None = None,
    seed: int = 0,
    callerid: str = "+79161234567",
    destination: str = "+74950000000",
    session_id: int | None = None,
    faults: Faults | None = None,
    recogniser: Recogniser | None = None,
    voice: Voice | None = None,
    real_time: bool = False,
    on_line: Callable[[TraceLine], None] | None = None,
    epoch_ms: int | None = None,
    custom_data: str = "",
    max_ms: int = 3_600_000,
    mode: Mode = "strict",
    throw_ends_session: bool = True,
    storage: dict[str, tuple[str, int]] | None = None,
    control: Sequence[Control] = (),
    answers: Answers | None = None,
    dialled: Pickup | Callable[[str], Pickup] | None = None,
    behind: Callable[[Dice], object] | None = None,
    again: bool = False,
) -> FinishedCall:
    """Plays one call against an unmodified scenario and returns when the session has ended.

    `scenario` is a path, or the text of a scenario. Without `real_time` the call takes no longer
    than its computing, its clock stands while the backend works, and the same seed gives the same
    trace. With it the session's clock is the event loop's: the world's, or, under `run_virtually`,
    a virtual one that the backend and its model share, and the same seed gives the same trace
    again. `epoch_ms` is the wall clock at the session's beginning: by default the present in the
    world's time, else a fixed moment. `recogniser` and
    `voice` replace the vendors' models. `mode="collect"` records violations and goes on. `answers`
    says who picks up an outgoing call, `control` what comes to the session's access URL. With
    `dialled` nobody calls: the session has `custom_data`, and the first telephone that the scenario
    calls is this one, its line `call:1`. `behind`
    is given the call's dice, for faults that strike behind the backend's door. With
    `again` the same scenario is called again and again: platform and scenario are read once, see
    `mould.py`. A call that does not end within `max_ms` has the finish reason "Timeout".
    """
    file, source = _text(scenario)
    world = World(
        caller=caller,
        network=network,
        chance=Chance(seed),
        faults=faults or Faults(),
        voice=voice or Voice(),
        recogniser=recogniser,
        callerid=callerid,
        destination=destination,
        session_id=session_id or random.Random(f"{seed}/session").randrange(10**9, 10**10),
        real_time=real_time,
        max_ms=max_ms,
        throw_ends_session=throw_ends_session,
        storage={} if storage is None else storage,
        control=control,
        answers=answers,
        dialled=dialled,
    )
    if epoch_ms is None:
        runs = real_time and not isinstance(asyncio.get_running_loop(), VirtualLoop)
        epoch_ms = int(time.time() * 1000) if runs else EPOCH_MS
    engine = Engine(
        seed=seed,
        secrets=secrets,
        custom_data=custom_data,
        outgoing=dialled is not None,
        epoch_ms=epoch_ms,
        mode=mode,
        mould=mould_of(source) if again else None,
    )
    trace = Trace(on_line)
    cloud = Cloud(engine, file, world, trace)
    if behind is not None:
        behind(cloud.dice)
    try:
        await cloud.run(source)
    finally:
        engine.close()
    return _finished(cloud, trace, custom_data if dialled is not None else "")


def _finished(cloud: Cloud, trace: Trace, custom_data: str) -> FinishedCall:
    leg = cloud.legs.get("call:1")
    assert cloud.finish_reason is not None
    assert cloud.terminated_ms is not None
    return FinishedCall(
        trace=trace.lines,
        log=cloud.log,
        playbacks=cloud.playbacks,
        speech=cloud.speech,
        requests=cloud.exchanges.all,
        violations=cloud.violations,
        struck=cloud.dice.struck,
        strikes=cloud.dice.strikes_made,
        finish_reason=cloud.finish_reason,
        connected_ms=leg.connected_ms if leg else None,
        disconnected_ms=leg.ended_ms if leg else None,
        terminated_ms=cloud.terminated_ms,
        custom_data=custom_data,
        legs=[
            LegSpan(each.unit, each.began_ms, each.connected_ms, each.ended_ms)
            for each in cloud.legs.values()
            if each.unit != "call:1"
        ],
    )


def _text(scenario: Path | str) -> tuple[str, str]:
    """Name and text. A string of one line that names a file is a path."""
    if isinstance(scenario, str) and ("\n" in scenario or ";" in scenario):
        return "scenario.js", scenario
    path = Path(scenario)
    return path.name, _read(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=16)
def _read(path: Path, _mtime_ns: int) -> str:
    return path.read_text("utf-8")
