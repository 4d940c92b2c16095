"""One measurement from start to end: idle, warm, all callers at once, a window, the records."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

import msgspec

from halo_voice.bench import machine
from halo_voice.bench.answer import ScriptedAnswer
from halo_voice.bench.caller import Plan
from halo_voice.bench.figures import Result, Usage, result
from halo_voice.bench.load import Played, State
from halo_voice.bench.model import Records
from halo_voice.bench.process import (
    Child,
    Failed,
    Spot,
    free_port,
    new_key,
    start_bare,
    start_halo,
    start_load,
    start_model,
    start_pipecat,
    tail,
)

IDLE_S = 2.0
GONE_S_MAX = 10.0  # until a server has noticed that its callers have gone
RAMP_S_MAX = 60.0
END_S = 40.0


class Options(msgspec.Struct, frozen=True):
    """What `halo bench` was asked for; `early_ms` 0: the words are final as soon as they are.
    `settle_s`: so long all callers talk, besides one pause of theirs, before it is measured."""

    calls: int = 200
    think_s: float = 2.0
    turns: int = 10
    seconds: float = 15.0
    tokens: int = 44
    first_token_ms: float = 100.0
    token_ms: float = 15.0
    interims: int = 3
    early_ms: float = 0.0
    settle_s: float = 1.0
    keys: bool = True
    first: bool = False
    seed: int = 0


Progress = Callable[[str, float, State | None], None]
"""Told what is being done, how much of the measurement is over (0..1), the callers' last word."""


async def measure(
    options: Options,
    *,
    server: str,
    way: str,
    progress: Progress,
    pipecat_python: str = "",
    profile: Path | None = None,
) -> Result:
    """Start everything anew, load it, stop it. Raises `Failed`."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="halo-bench-")))
        own, other = (Spot(core, options.first) for core in places())
        progress("starting", 0.0, None)
        model, model_port = await start_model(
            folder,
            other,
            tokens=options.tokens,
            first_token_ms=options.first_token_ms,
            token_ms=options.token_ms,
        )
        stack.push_async_callback(model.stop)
        port, reports_port = free_port(), 0
        key = new_key() if options.keys and server == "halo" else None
        if server == "halo":
            measured = await start_halo(
                folder, own, port=port, model_port=model_port, key=key, profile=profile
            )
        elif server == "bare":
            reports_port = free_port()
            measured = await start_bare(
                folder, own, port=port, reports_port=reports_port, model_port=model_port
            )
        else:
            measured = await start_pipecat(
                folder, own, pipecat_python, port=port, model_port=model_port
            )
        stack.push_async_callback(measured.stop)
        plan = Plan(
            way=way,
            host="127.0.0.1",
            port=port,
            calls=options.calls,
            turns=options.turns,
            think_s=options.think_s,
            interims=options.interims,
            early_s=options.early_ms / 1000,
            key=key,
            seed=options.seed,
            reports_port=reports_port,
        )
        callers = await start_load(folder, other, plan)
        stack.push_async_callback(callers.stop)
        try:
            sockets, _ = machine.open_files(measured.pid)
            usage = await _watch(options, measured, Callers(callers), progress)
            await callers.wait(END_S)
            await model.stop()
            left = await _left(measured, sockets + usage.warm_files)
        except (Failed, TimeoutError) as error:
            log = tail(folder / ("load.log" if measured.alive else "server.log"))
            why = str(error) or "the callers do not get through"
            raise Failed(f"{why}\n{log}") from None
        played = msgspec.msgpack.decode((folder / "load.bin").read_bytes(), type=Played)
        seen = msgspec.msgpack.decode((folder / "model.bin").read_bytes(), type=Records)
        return result(server, way, played, seen, ScriptedAnswer(options.tokens), usage, left)


def places() -> tuple[int | None, int | None]:
    """The server's core and that of everything else; None where there is one for all."""
    known = machine.cores()
    return (known[0], known[-1]) if len(known) > 1 else (None, None)


class Callers:
    """The callers' last word, read as it comes."""

    def __init__(self, child: Child) -> None:
        self.child = child
        self.state = State(ready=False, open=0, turns=0, faults=0)
        self.warm = False

    async def read(self) -> None:
        line = await self.child.line()
        if line.strip() == b"warm":
            self.warm = True
        else:
            self.state = msgspec.json.decode(line, type=State)


async def _watch(options: Options, server: Child, callers: Callers, progress: Progress) -> Usage:
    """Read the server before, while and after all callers are there."""
    fresh = machine.memory_bytes(server.pid)
    progress("a few calls to warm up", 0.05, None)
    callers.child.tell("warm")
    async with asyncio.timeout(RAMP_S_MAX):
        while not callers.warm:
            await callers.read()
    progress("idle", 0.1, None)
    cpu, now = machine.cpu_s(server.pid), time.monotonic()
    await asyncio.sleep(IDLE_S)
    idle_share = (machine.cpu_s(server.pid) - cpu) / (time.monotonic() - now)
    warm, (_, warm_files) = machine.memory_bytes(server.pid), machine.open_files(server.pid)
    callers.child.tell("load")
    async with asyncio.timeout(RAMP_S_MAX + options.calls / 50):
        while not callers.state.ready:
            await callers.read()
            progress("the callers come", 0.15, callers.state)
    async with asyncio.timeout(RAMP_S_MAX + options.settle_s):
        until = time.monotonic() + options.think_s + options.settle_s  # until out of step
        while time.monotonic() < until:
            await callers.read()
    usage = await _window(options, server, callers, progress, (idle_share, fresh, warm))
    return msgspec.structs.replace(usage, warm_files=warm_files)


async def _left(server: Child, before: int) -> int:
    """How many descriptors more than `before` are there when everybody has gone."""
    until = time.monotonic() + GONE_S_MAX
    while True:
        left = sum(machine.open_files(server.pid)) - before
        if left <= 0 or time.monotonic() > until:
            return left
        await asyncio.sleep(0.1)


async def _window(
    options: Options,
    server: Child,
    callers: Callers,
    progress: Progress,
    before: tuple[float, int, int],
) -> Usage:
    own, _ = places()
    busy = machine.busy_s(own) if own is not None else 0.0
    cpu, began = machine.cpu_s(server.pid), time.monotonic()
    open_bytes, open_calls = machine.memory_bytes(server.pid), callers.state.open
    until = began + options.seconds
    while (now := time.monotonic()) < until:
        await callers.read()
        share = (now - began) / options.seconds
        progress("measuring", 0.25 + 0.7 * share, callers.state)
    ended = time.monotonic()
    cpu_s, last_bytes = machine.cpu_s(server.pid) - cpu, machine.memory_bytes(server.pid)
    others = None
    if own is not None:
        others = max(0.0, (machine.busy_s(own) - busy - cpu_s) / (ended - began))
    callers.child.tell("stop")
    progress("the callers leave", 0.97, callers.state)
    idle_share, fresh, warm = before
    return Usage(
        idle_cpu_share=idle_share,
        cpu_s=cpu_s,
        began=began,
        ended=ended,
        fresh_bytes=fresh,
        warm_bytes=warm,
        open_bytes=open_bytes,
        last_bytes=last_bytes,
        open_calls=open_calls,
        others_share=others,
    )
