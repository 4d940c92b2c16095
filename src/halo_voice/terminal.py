"""Shows a simulated call in the terminal as it happens: who said what, and when."""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import sys
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table
from rich.text import Text

from halo_voice.simulator import FinishedCall, TraceLine
from halo_voice.simulator.steps import Steps
from halo_voice.simulator.wire import Message, fields, messages

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
        self._waiting: asyncio.Future[None] | None = None

    def interrupt(self) -> None:
        """Nothing more is typed, what is not read yet is dropped. Who insists gets their way."""
        if self._ended:
            raise KeyboardInterrupt
        self._typed, self._ended = b"", True
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    async def read(self) -> str | None:
        """The next line, without its end; None when there are no more."""
        self._console.print(Text("  you  › ", "cyan"), end="")
        while b"\n" not in self._typed and not self._ended:
            await self._readable()
            if self._ended:
                break
            more = os.read(self._descriptor, 4096)
            self._ended = not more
            self._typed += more
        line, _, self._typed = self._typed.partition(b"\n")
        return None if self._ended and not line else line.decode("utf-8", "replace").strip("\r")

    async def _readable(self) -> None:
        loop = asyncio.get_running_loop()
        self._waiting = ready = loop.create_future()
        try:
            loop.add_reader(self._descriptor, lambda: ready.done() or ready.set_result(None))
        except (PermissionError, NotImplementedError):
            return  # a file, or a system that cannot tell: reading does not wait long
        try:
            await ready
        finally:
            loop.remove_reader(self._descriptor)


@dataclass
class Conversation:
    """Takes trace lines one by one and prints those that a listener cares about."""

    console: Console
    trace: bool = False
    waits_ms: list[int] = field(default_factory=list)
    _steps: Steps = field(default_factory=Steps)
    _stages: dict[str, list[int]] = field(default_factory=dict)
    _counts: Counter[str] = field(default_factory=Counter)
    _turn_requests: set[int] = field(default_factory=set)
    _unheard: dict[int, str] = field(default_factory=dict)  # phrases of the answer, by number
    _streaming: bool = False
    _paused: bool = False

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
            self._tell_steps()
            self._print(line.ms, "caller", line.data["text"], "cyan")
            self._steps = Steps()
        elif line.what == "stops speaking":
            self._steps.stopped = line.ms
        elif "calls" not in line.what:
            self._print(line.ms, "caller", f"({line.what})", "dim")

    def _asr(self, line: TraceLine) -> None:
        if line.data.get("event") == "ASR.Result" and self._steps.stopped is None:
            self._steps.stopped = line.ms

    def _backend(self, line: TraceLine) -> None:
        if "socket" in line.data or str(line.data.get("event", "")).startswith("WebSocket."):
            self._socket(line)
        elif line.what.startswith("→"):
            if line.what.endswith(TURN_PATH):
                self._turn_requests.add(line.data["sent"])
                self._asked(line.ms)
                if self._streaming:
                    self._counts["failovers"] += 1
                    self._print(line.ms, "backend", "(asked over HTTP: no stream)", "yellow")
        elif line.data["request"] in self._turn_requests:
            self._replied(line.ms)
            if line.data["code"] != 200:
                self._print(line.ms, "backend", f"({line.what[2:]})", "red")

    def _socket(self, line: TraceLine) -> None:
        lost = line.data.get("event") == "WebSocket.Error" or (
            line.data.get("event") == "WebSocket.Close" and line.data.get("code") != 1000
        )
        if lost:
            self._print(line.ms, "backend", f"(stream: {line.what})", "yellow")
        for message in messages([line]):
            reader = getattr(self, f"_on_{message.type}", None)
            if reader is not None:
                reader(message)

    def _on_ready(self, _: Message) -> None:
        self._streaming = True

    def _on_final(self, message: Message) -> None:
        self._asked(message.ms)
        self._unheard = {}

    def _on_revised(self, message: Message) -> None:
        self._counts["late results"] += 1
        self._print(message.ms, "caller", f"(recognised later: {message.text()})", "dim")

    def _on_say(self, message: Message) -> None:
        self._steps.streamed = True
        self._replied(message.ms)
        self._unheard[message.number("phrase")] = message.text()

    def _on_clear(self, message: Message) -> None:
        self._unheard = {}
        self._print(message.ms, "backend", "(answers anew)", "dim")

    def _on_answered(self, message: Message) -> None:
        self._replied(message.ms)
        self._steps.whole = True
        latency = message.fields.get("latency")
        if isinstance(latency, dict) and isinstance(latency.get("first_token_ms"), int):
            self._steps.first_token_ms = latency["first_token_ms"]
        if self._steps.audible is not None:
            self._tell_steps()

    def _on_failed(self, message: Message) -> None:
        self._print(message.ms, "backend", f"({message.text('code')})", "red")

    def _on_phrase_started(self, message: Message) -> None:
        self._unheard.pop(message.number("phrase"), None)

    def _on_phrase_interrupted(self, message: Message) -> None:
        self._paused = False
        self._counts["interruptions"] += 1
        self._unheard.pop(message.number("phrase"), None)
        heard = f"heard «{message.text('heard')}»" if message.text("heard") else "nothing heard"
        dropped = [f"«{text}»" for _, text in sorted(self._unheard.items())]
        rest = f"; dropped {' '.join(dropped)}" if dropped else ""
        told = f"(interrupts phrase {message.number('phrase')}: {heard}{rest})"
        self._print(message.ms, "caller", told, "yellow")
        self._unheard = {}

    def _asked(self, ms: int) -> None:
        if self._steps.asked is None:
            self._steps.asked = ms

    def _replied(self, ms: int) -> None:
        if self._steps.asked is not None and self._steps.replied is None:
            self._steps.replied = ms

    def _voice(self, line: TraceLine) -> None:
        if "timeToFirstByte" in line.data:
            self._stages.setdefault("voice's first byte", []).append(line.data["timeToFirstByte"])
        if line.what.startswith("speaks «"):
            if self._paused:
                self._paused = False
                self._counts["false interruptions"] += 1
                self._print(line.ms, "assistant", "(goes on)", "yellow")
                return
            self._print(line.ms, "assistant", line.what[8:-1], "bold")
            self._sounds(line.ms)
        elif line.what.startswith("is cut"):
            self._paused = line.what.endswith("(paused)")
            self._print(line.ms, "assistant", f"({line.what})", "yellow")

    def _sounds(self, ms: int) -> None:
        """A filler ends the silence, but not the turn: its steps are told with the answer."""
        steps = self._steps
        if steps.asked is None or steps.audible is not None:
            return
        if steps.stopped and not steps.filled:
            self.waits_ms.append(ms - steps.stopped)
        if steps.replied is None:
            self._counts["fillers"] += not steps.filled
            steps.filled = True
            return
        steps.audible = ms
        if not steps.streamed or steps.whole:
            self._tell_steps()

    def _tell_steps(self) -> None:
        """Once for each turn that was answered aloud."""
        steps = self._steps
        if steps.audible is None:
            return
        lengths = steps.lengths()
        told = " · ".join(f"{name} {seconds(ms)}" for name, ms in lengths.items())
        if told:
            self._print(steps.audible, "", told, "dim")
        for name, ms in lengths.items():
            self._stages.setdefault(name, []).append(ms)
        self._steps = Steps()

    def _fault(self, line: TraceLine) -> None:
        self._print(line.ms, "fault", line.what, "red")

    def close(self, call: FinishedCall) -> None:
        """The whole call in a few lines: its length, each step, what was out of the ordinary."""
        self._tell_steps()
        up = call.connected_ms is not None and call.disconnected_ms is not None
        length = (call.disconnected_ms or 0) - (call.connected_ms or 0) if up else 0
        turns = len(answered(call))
        parts = [f"{clock(length)} min", "1 turn" if turns == 1 else f"{turns} turns"]
        if self.waits_ms:
            parts.append(f"the caller waited {seconds(statistics.median(self.waits_ms))} at median")
            parts.append(f"{seconds(max(self.waits_ms))} at most")
        self._sum_up(parts)
        self._sum_up(
            [
                f"{name} {seconds(statistics.median(taken))}, at most {seconds(max(taken))}"
                for name, taken in self._stages.items()
                if name != "the caller waited"
            ]
        )
        self._sum_up([f"{name}: {count}" for name, count in self._counts.items() if count])
        self._sum_up(cost(call))
        for failure in call.failures:
            self.console.print(row("", "failure", Text(failure, "red")))

    def _sum_up(self, parts: list[str]) -> None:
        if parts:
            self.console.print(row("", "", Text(" · ".join(parts), "dim")))


def end_reason(call: FinishedCall) -> str:
    """What the scenario told the backend of the call's end; "" when it told nothing."""
    for request in reversed(call.requests):
        if request.url.endswith(END_PATH):
            with suppress(ValueError, LookupError, TypeError):
                return str(json.loads(request.body)["reason"])
    return ""


def refused(call: FinishedCall, *, keyed: bool) -> str:
    """What to do about requests that the server did not take for signed; "" where it took all.

    `keyed`: the call had a key to sign with."""
    if all(request.code != 401 for request in call.requests):
        return ""
    if not keyed:
        return "The server wants signed requests. Give this command the server's HALO_KEYS."
    if any(request.code == 200 for request in call.requests):
        return (
            "Without --real-time a call's clock is not the server's, which refuses what is signed "
            "more than a minute off. Use --real-time."
        )
    return "The server refuses the signature. Compare HALO_KEYS and the clocks here and there."


def cost(call: FinishedCall) -> list[str]:
    """What the call came to, as the backend answers to its report; nothing where it does not."""
    for request in reversed(call.requests):
        if request.url.endswith(END_PATH) and request.code == 200:
            with suppress(ValueError, LookupError, TypeError):
                told = json.loads(request.text)
                parts = dict(told["roubles"])
                total = parts.pop("total")
                of_each = ", ".join(f"{part} {roubles:.2f}" for part, roubles in parts.items())
                spent = f"cost {total:.2f} ₽ ({of_each})" if total else "cost: no price is set"
                return [spent, f"tokens {told['tokens']['in']} in, {told['tokens']['out']} out"]
    return []


def answered(call: FinishedCall) -> list[str]:
    """The backend's answers to turns, as JSON, each turn's once: of the stream, and those replies
    with status 200."""
    found: dict[object, str] = {}
    for message in messages(call.trace):
        if message.type == "answered" and not message.up:
            found.setdefault(message.turn, json.dumps(message.fields, ensure_ascii=False))
    for request in call.requests:
        if request.url.endswith(TURN_PATH) and request.code == 200:
            number = fields(request.body).get("turn", f"request {request.number}")
            found.setdefault(number, request.text)
    return list(found.values())
