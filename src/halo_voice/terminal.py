"""Shows a simulated call in the terminal as it happens: who said what, and when."""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import sys
from contextlib import suppress
from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table
from rich.text import Text

from halo_voice.simulator import FinishedCall, TraceLine

TURN_PATH = "/process_text"
END_PATH = "/call/end"


def clock(ms: float) -> str:
    """`1:05.3` for 65,300 ms."""
    return f"{int(ms // 60_000)}:{ms % 60_000 / 1000:04.1f}"


def seconds(ms: float) -> str:
    return f"{ms / 1000:.2f} s"


def row(when: str, who: str, what: Text) -> Table:
    """One line of the conversation; a long one is wrapped in its own column."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(width=7, justify="right", style="dim")
    grid.add_column(width=9, style="dim")
    grid.add_column(ratio=1)
    grid.add_row(when, who, what)
    return grid


class Keyboard:
    """Lines that a person types. Reads without a thread, so that a call that ends can be left."""

    def __init__(self, console: Console, descriptor: int | None = None) -> None:
        self._console = console
        self._descriptor = sys.stdin.fileno() if descriptor is None else descriptor
        self._typed = b""
        self._ended = False

    async def read(self) -> str | None:
        """The next line, without its end; None when there are no more."""
        self._console.print(Text("  you  › ", "cyan"), end="")
        while b"\n" not in self._typed and not self._ended:
            await self._readable()
            more = os.read(self._descriptor, 4096)
            self._ended = not more
            self._typed += more
        line, _, self._typed = self._typed.partition(b"\n")
        return None if self._ended and not line else line.decode("utf-8", "replace").strip("\r")

    async def _readable(self) -> None:
        loop = asyncio.get_running_loop()
        ready = loop.create_future()
        try:
            loop.add_reader(self._descriptor, lambda: ready.done() or ready.set_result(None))
        except (PermissionError, NotImplementedError):
            return  # a file, or a system that cannot tell: reading does not wait long
        try:
            await ready
        finally:
            loop.remove_reader(self._descriptor)


@dataclass(slots=True)
class Steps:
    """When the steps of one turn happened, ms of the call; None while they have not."""

    stopped: int | None = None  # the caller fell silent
    recognised: int | None = None
    answered: int | None = None
    filled: bool = False  # a filler was heard meanwhile

    def told(self, audible: int) -> str:
        """The steps' lengths up to the moment when the assistant is heard."""
        marks = [
            ("recognised", self.stopped, self.recognised),
            ("answered", self.recognised, self.answered),
            ("voiced", self.answered, audible),
        ]
        parts = [f"{name} {seconds(end - begin)}" for name, begin, end in marks if begin and end]
        if self.stopped:
            parts.append(f"the caller waited {seconds(audible - self.stopped)}")
        return " · ".join(parts)


@dataclass
class Conversation:
    """Takes trace lines one by one and prints those that a listener cares about."""

    console: Console
    trace: bool = False
    waits_ms: list[int] = field(default_factory=list)
    _steps: Steps = field(default_factory=Steps)
    _turn_requests: set[int] = field(default_factory=set)

    def see(self, line: TraceLine) -> None:
        """One event of the call."""
        if self.trace:
            self.console.print(Text(str(line), style="dim"))
        reader = getattr(self, f"_{line.who}", None)
        if reader is not None:
            reader(line)

    def _print(self, ms: int, who: str, what: str, style: str) -> None:
        if not self.trace:
            self.console.print(row(clock(ms) if who else "", who, Text(what, style)))

    def _caller(self, line: TraceLine) -> None:
        if "text" in line.data:
            self._print(line.ms, "caller", line.data["text"], "cyan")
            self._steps = Steps()
        elif line.what == "stops speaking":
            self._steps.stopped = line.ms
        elif "calls" not in line.what:
            self._print(line.ms, "caller", f"({line.what})", "dim")

    def _asr(self, line: TraceLine) -> None:
        if line.data.get("event") == "ASR.Result":
            self._steps.recognised = line.ms
            if self._steps.stopped is None:
                self._steps.stopped = line.ms

    def _backend(self, line: TraceLine) -> None:
        if line.what.startswith("→"):
            if line.what.endswith(TURN_PATH):
                self._turn_requests.add(line.data["sent"])
        elif line.data["request"] in self._turn_requests:
            self._steps.answered = line.ms
            if line.data["code"] != 200:
                self._print(line.ms, "backend", f"({line.what[2:]})", "red")

    def _voice(self, line: TraceLine) -> None:
        if line.what.startswith("speaks «"):
            self._print(line.ms, "assistant", line.what[8:-1], "bold")
            self._tell_steps(line.ms)
        elif line.what.startswith("is cut"):
            self._print(line.ms, "assistant", f"({line.what})", "yellow")

    def _tell_steps(self, audible: int) -> None:
        """A filler ends the silence, but not the turn: its steps are told with the answer."""
        steps = self._steps
        if steps.stopped and not steps.filled:
            self.waits_ms.append(audible - steps.stopped)
        steps.filled = steps.recognised is not None and steps.answered is None
        if not steps.filled:
            told = steps.told(audible)
            if told:
                self._print(audible, "", told, "dim")
            self._steps = Steps()

    def _fault(self, line: TraceLine) -> None:
        self._print(line.ms, "fault", line.what, "red")

    def close(self, call: FinishedCall) -> None:
        """One line about the whole call, and what went wrong in it."""
        up = call.connected_ms is not None and call.disconnected_ms is not None
        length = (call.disconnected_ms or 0) - (call.connected_ms or 0) if up else 0
        parts = [f"{clock(length)} min", f"{len(answered(call))} turns"]
        if self.waits_ms:
            parts.append(f"the caller waited {seconds(statistics.median(self.waits_ms))} at median")
            parts.append(f"{seconds(max(self.waits_ms))} at most")
        self.console.print(row("", "", Text(" · ".join(parts), "dim")))
        for failure in call.failures:
            self.console.print(row("", "failure", Text(failure, "red")))


def end_reason(call: FinishedCall) -> str:
    """What the scenario told the backend of the call's end; "" when it told nothing."""
    for request in reversed(call.requests):
        if request.url.endswith(END_PATH):
            with suppress(ValueError, LookupError, TypeError):
                return str(json.loads(request.body)["reason"])
    return ""


def answered(call: FinishedCall) -> list[str]:
    """The replies of the backend to turns, those with status 200."""
    return [r.text for r in call.requests if r.url.endswith(TURN_PATH) and r.code == 200]
