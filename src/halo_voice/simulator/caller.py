"""People on the line: they act on what they hear, by a script, at random, or through a keyboard."""

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
    def press(self, tone: str) -> None: ...
    def hang_up(self) -> None: ...
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


Act = str | Say | Press | Silence | HangUp


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

    def hear(self, line: Line) -> None:
        self._cancel()
        if line.audible or line.speaking:
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


PHRASES = [
    "здравствуйте",
    "скажите пожалуйста",
    "сколько стоит доставка",
    "когда вы работаете",
    "хочу записаться на завтра",
    "позовите оператора",
    "я не понял",
    "повторите ещё раз",
    "мне привезли не то",
    "заказ номер пять семь",
    "спасибо",
    "да",
    "нет",
]


class RandomCaller:
    """Talkative, silent, mumbling or long-winded, interrupts, and hangs up when it likes."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._talk = rng.uniform(0.3, 1.0)  # how often an end of a phrase is answered
        self._interrupts = rng.choice([0.0, 0.0, 0.2])
        self._mumbles = rng.choice([0.0, 0.1, 0.5])
        self._rambles = rng.choice([0.0, 0.05])
        self._leaves_ms = rng.choice(
            [rng.expovariate(1 / 20_000), rng.expovariate(1 / 120_000), 10**9]
        )
        self._pending: Timer | None = None
        self._begun = False

    def hear(self, line: Line) -> None:
        if not self._begun:
            self._begun = True
            line.after(self._leaves_ms, line.hang_up)
        if self._pending:
            self._pending.cancel()
        rng = self._rng
        if line.speaking or rng.random() > (self._interrupts if line.audible else self._talk):
            return
        pause = rng.lognormvariate(6.4, 0.8)  # about 600 ms, with a long tail
        self._pending = line.after(pause, lambda: self._speak(line))

    def ended(self, line: Line) -> None:  # noqa: ARG002
        if self._pending:
            self._pending.cancel()

    def _speak(self, line: Line) -> None:
        rng = self._rng
        if rng.random() < 0.03:
            line.press(rng.choice("0123456789*#"))
        elif rng.random() < self._rambles:
            line.say(
                ", ".join(rng.choices(PHRASES, k=50)), duration_ms=rng.randint(40_000, 150_000)
            )
        elif rng.random() < self._mumbles:
            line.say(rng.choice(["", "э", "мм"]), confidence=rng.uniform(0, 0.3))
        else:
            words = ", ".join(rng.choices(PHRASES, k=rng.randint(1, 4)))
            line.say(words, confidence=rng.uniform(0.5, 1))


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
