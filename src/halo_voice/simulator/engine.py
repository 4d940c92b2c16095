"""One scenario in one JavaScript context: `step(event) -> commands`, nothing else in or out."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import msgspec
import quickjs

from halo_voice.simulator.report import PLATFORM_LINE
from halo_voice.simulator.tables import platform, rarely_used, tables

if TYPE_CHECKING:
    from halo_voice.simulator.mould import Mould

Mode = Literal["strict", "collect"]
Command = dict[str, Any]

MEMORY_BYTES = 16 * 2**20  # the platform's limit
CALLBACK_SECONDS = 1  # the platform's limit, in CPU time
EPOCH_MS = 1_772_355_600_000  # 2026-03-01 09:00 UTC, where a virtual session begins unless told

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(list[dict[str, Any]]).decode


class Engine:
    """An emulated VoxEngine around one scenario file.

    Errors never leave as exceptions: they are commands (`error`, `violation`), so that what the
    scenario did before the error is kept. All times are milliseconds of the session's clock. With a
    `mould` that is free, it is the mould's scenario that is loaded, in the mould's context.
    """

    def __init__(
        self,
        *,
        seed: int = 0,
        secrets: Mapping[str, str] | None = None,
        custom_data: str = "",
        outgoing: bool = False,
        epoch_ms: int = EPOCH_MS,
        mode: Mode = "strict",
        mould: Mould | None = None,
    ) -> None:
        self._mould: Mould | None = None
        self._script: quickjs.Object | None = None
        taken = None if mould is None else mould.take()
        if taken is None:
            context = new_context()
            # All texts are called `<input>` in a stack. The platform lies behind the lines of any
            # scenario, so that its frames can be told apart and the scenario's lines are true.
            make = context.eval("\n" * PLATFORM_LINE + platform())
            index, lines = tables()
            make = partial(make, context.parse_json(index), lines, rarely_used())
        else:
            context, make, self._script = taken
            self._mould = mould
        self._context = context
        self._unspoilt = True
        config = {
            "seed": seed & 0xFFFFFFFF,
            "secrets": dict(secrets or {}),
            "customData": custom_data,
            "outgoing": outgoing,
            "epochMs": epoch_ms,
            "mode": mode,
            "platformLine": PLATFORM_LINE,
        }
        make(_encode(config).decode())
        self._step = context.get("__step")
        self._drain = context.get("__drain")
        context.eval("delete globalThis.__step; delete globalThis.__drain")
        context.set_time_limit(CALLBACK_SECONDS)

    def load(self, source: str) -> list[Command]:
        """Evaluates the scenario's text as a classic script."""
        return self._run(self._evaluate, source)

    def step(self, event: Mapping[str, Any]) -> list[Command]:
        """Delivers one event and returns what the scenario wants done, in its order."""
        return self._run(self._step, _encode(event).decode())

    def close(self) -> None:
        """Gives the memory back. The engine cannot be used afterwards."""
        self._step = self._drain = self._script = self._context = None  # type: ignore[assignment]
        if self._mould is not None:
            self._mould.give_back(unspoilt=self._unspoilt)
            self._mould = None

    def _evaluate(self, source: str) -> str:
        if self._script is None:
            self._context.eval(source)
        else:
            self._script()
        return self._drain()

    def _run(self, enter: Callable[[str], str], text: str) -> list[Command]:
        commands: list[Command] = []
        try:
            commands = _decode(enter(text))
            if not self._context.execute_pending_job():
                return commands
            broken = self._run_jobs()
        except quickjs.JSException as error:  # not catchable in JS: out of time, of memory, syntax
            broken = _broken(error)
        self._unspoilt = self._unspoilt and broken is None
        commands += self._collect()
        return [*commands, broken] if broken else commands

    def _run_jobs(self) -> Command | None:
        job, jobs = self._context.execute_pending_job, 1
        deadline = time.process_time() + CALLBACK_SECONDS
        while job():
            jobs += 1
            if jobs % 1000 == 0 and time.process_time() > deadline:
                return {
                    "op": "error",
                    "how": "throw",
                    "message": "InternalError: endless promises",
                    "stack": "",
                }
        return None

    def _collect(self) -> list[Command]:
        try:
            return _decode(self._drain())
        except quickjs.JSException as error:  # no memory left even for this
            self._unspoilt = False
            return [_broken(error)]


def new_context() -> quickjs.Context:
    """A context of no one's, with the platform's limit of memory."""
    context = quickjs.Context()
    context.set_memory_limit(MEMORY_BYTES)
    return context


def _broken(error: quickjs.JSException) -> Command:
    text = str(error)
    if text.startswith("InternalError: interrupted"):
        text = text.replace("interrupted", f"the callback ran longer than {CALLBACK_SECONDS} s", 1)
    return {"op": "error", "how": "throw", "message": text.split("\n")[0], "stack": text}
