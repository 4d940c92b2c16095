"""People on the line: they act on what they hear, by a script or through a keyboard."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from halo_voice.simulator.clock import Timer


class Line(Protocol):
    """The telephone in the person's hand. Times in ms of the session's clock."""

    now: int
    rng: random.Random
    real_time: bool
    up: bool
    audible: bool  # the assistant is speaking
    speaking: bool  # the person is speaking
    listening: bool  # a recogniser hears this line
    heard: list[str]  # the phrases that have ended, as far as they were heard

    def say(
        self, text: str, *, confidence: float = 0.93, duration_ms: int | None = None
    ) -> None: ...
    def speak_on(self, text: str, *, confidence: float = 0.93) -> None: ...
    def press(self, tone: str) -> None: ...
    def hang_up(self) -> None: ...
    def beep(self) -> None: ...
    def fall_silent(self) -> None: ...
    def after(self, delay_ms: float, action: Callable[[], object]) -> Timer: ...


class Caller(Protocol):
    """Somebody who calls, or is called."""

    def hear(self, line: Line) -> Awaitable[None] | None:
        """Called whenever something audible has changed, first when the call is up.

        An awaitable is awaited while the session's clock stands.
        """

    def ended(self, line: Line) -> None:
        """The call is over."""


@dataclass(frozen=True, slots=True)
class Pickup:
    """What a telephone that is called does, so long after it was dialled: `person` takes the call,
    or it fails by `code`. 60 s is as long as the platform lets it ring. `verdict`: what a detector
    of machines makes of it, a name of `AMD.ResultClass` or ERROR; "": the truth."""

    after_ms: float = 5_000
    person: Caller | None = None
    code: int = 408
    verdict: str = ""


@dataclass(frozen=True, slots=True)
class Queued:
    """What comes of a place in a queue, so long after it was taken: `person` takes the call, or the
    queue ends it with `status`, a value of `TerminationStatus`, as an error where that is `error`.
    `position` before that, one less at each `Waiting`; `told` False: nobody hears of it at all."""

    after_ms: float = 20_000
    person: Caller | None = None
    status: int = 1001
    error: bool = False
    position: int = 2
    told: bool = True


@dataclass(frozen=True, slots=True)
class Say:
    """A line with its own confidence (0..1) or length."""

    text: str
    confidence: float = 0.93
    duration_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Press:
    """Keys of the telephone."""

    keys: str


@dataclass(frozen=True, slots=True)
class Silence:
    """Says nothing until the assistant has spoken again."""


@dataclass(frozen=True, slots=True)
class HangUp:
    """Hangs up, `after_ms` from the moment when it is this line's turn."""

    after_ms: float = 0


@dataclass(frozen=True, slots=True)
class Interrupt:
    """Speaks over the assistant: `after_ms` after a phrase became audible, or after the caller's
    own last sound in it. Comes even when the phrase has ended by then."""

    text: str
    after_ms: float = 800


@dataclass(frozen=True, slots=True)
class Cough:
    """A sound without words: over the assistant, like `Interrupt`, or where it is this line's turn
    (`after_ms` None)."""

    after_ms: float | None = None
    duration_ms: int = 400


Act = str | Say | Press | Silence | HangUp | Interrupt | Cough


class ScriptedCaller:
    """Says the next line when the assistant has finished a phrase and listens.

    With `polite=False` the person speaks after the pause whether a recogniser listens or not. When
    all is said, hangs up after the next phrase (`hang_up_after`), or after `patience_ms` in which
    nothing was heard.
    """

    def __init__(
        self,
        lines: Sequence[Act],
        *,
        pause_ms: float = 600,
        hang_up_after: bool = True,
        polite: bool = True,
        patience_ms: float = 25_000,
    ) -> None:
        self._left = list(lines)
        self._pause_ms = pause_ms
        self._hang_up_after = hang_up_after
        self._polite = polite
        self._patience_ms = patience_ms
        self._answered = 0  # phrases heard before our last line
        self._pending: Timer | None = None
        self._patience: Timer | None = None
        self._intrudes = False  # an interruption is on its way

    def hear(self, line: Line) -> None:
        if self._intrudes:
            return
        if line.audible and not line.speaking and self._over():
            self._interrupt_later(line)
            return
        self._cancel()
        if line.audible or line.speaking or self._over():
            return
        if self._hang_up_after:
            self._patience = line.after(self._patience_ms, line.hang_up)
        if len(line.heard) > self._answered and (line.listening or not self._may_wait()):
            self._pending = line.after(self._pause_ms, lambda: self._act(line))

    def ended(self, line: Line) -> None:  # noqa: ARG002
        self._cancel()

    def _may_wait(self) -> bool:
        """Only for speaking does it matter whether somebody listens."""
        return self._polite and bool(self._left) and isinstance(self._left[0], str | Say)

    def _over(self) -> bool:
        """What comes next is for the time when the assistant speaks."""
        act = self._left[0] if self._left else None
        return isinstance(act, Interrupt) or (isinstance(act, Cough) and act.after_ms is not None)

    def _interrupt_later(self, line: Line) -> None:
        act = self._left.pop(0)
        assert isinstance(act, Interrupt | Cough)
        self._cancel()
        self._intrudes = True
        line.after(act.after_ms or 0, lambda: self._interrupt(line, act))

    def _interrupt(self, line: Line, act: Interrupt | Cough) -> None:
        self._intrudes = False
        self._answered = len(line.heard)
        if isinstance(act, Cough):
            line.say("", duration_ms=act.duration_ms)
        else:
            line.say(act.text)

    def _act(self, line: Line) -> None:
        if not line.up:
            return
        self._answered = len(line.heard)
        if not self._left:
            if self._hang_up_after:
                line.hang_up()
            return
        act = self._left.pop(0)
        if isinstance(act, str):
            line.say(act)
        elif isinstance(act, Say):
            line.say(act.text, confidence=act.confidence, duration_ms=act.duration_ms)
        elif isinstance(act, Cough):
            line.say("", duration_ms=act.duration_ms)
        elif isinstance(act, Press):
            for key in act.keys:
                line.press(key)
        elif isinstance(act, HangUp):
            line.after(act.after_ms, line.hang_up)

    def _cancel(self) -> None:
        for timer in (self._pending, self._patience):
            if timer:
                timer.cancel()


class SilentCaller:
    """Never says a word; hangs up after `patience_ms`, if at all."""

    def __init__(self, patience_ms: float | None = None) -> None:
        self._patience_ms = patience_ms
        self._begun = False

    def hear(self, line: Line) -> None:
        if not self._begun and self._patience_ms is not None:
            line.after(self._patience_ms, line.hang_up)
        self._begun = True

    def ended(self, line: Line) -> None:
        pass


class InteractiveCaller:
    """Somebody at a keyboard: `read` gives the next line to say, None to hang up.

    In virtual time the clock stands while the person thinks; in real time it runs, and a line is
    said when it was typed. A line such as `#123` presses keys, an empty one stays silent.
    """

    def __init__(self, read: Callable[[], Awaitable[str | None]]) -> None:
        self._read = read
        self._task: asyncio.Task[None] | None = None
        self._answered = 0

    def hear(self, line: Line) -> Awaitable[None] | None:
        if line.real_time:
            if self._task is None:
                self._task = asyncio.create_task(self._type(line))
            return None
        if line.audible or line.speaking or not line.listening or len(line.heard) <= self._answered:
            return None
        self._answered = len(line.heard)
        return self._one(line)

    def ended(self, line: Line) -> None:  # noqa: ARG002
        if self._task:
            self._task.cancel()

    async def _one(self, line: Line) -> bool:
        words = await self._read()
        if words is None:
            line.after(0, line.hang_up)
            return False
        if words.startswith("#"):
            line.after(0, lambda: [line.press(key) for key in words[1:]])
        elif words.strip():
            line.after(0, lambda: line.say(words))
        return True

    async def _type(self, line: Line) -> None:
        while line.up and await self._one(line):
            pass
