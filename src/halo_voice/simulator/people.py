"""Somebody drawn from a seed who calls: wild while faults may strike, then calm."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from halo_voice.simulator.caller import Caller, Line
from halo_voice.simulator.clock import Timer
from halo_voice.simulator.crowd import InterruptingCaller, RandomCaller, RestlessCaller
from halo_voice.simulator.desk import Desk
from halo_voice.simulator.keypad import Keypad

CALM_QUESTIONS = (
    "сколько стоит доставка до вокзала",
    "а до скольки вы работаете в субботу",
    "можно ли заплатить картой курьеру",
    "где находится ваш склад",
    "привезёте ли вы заказ на дачу",
)
CALM_PAUSE_MS = 1_500  # longer than a pause between two phrases of an answer
CALM_LEAVE_MS = 60_000  # after the faults have stopped
FAREWELL_MS = 400


def _talkative(rng: random.Random) -> Caller:
    return RandomCaller(rng, talk=rng.uniform(0.8, 1))


def _silent(rng: random.Random) -> Caller:
    return RandomCaller(rng, talk=rng.choice([0, 0.1, 0.3]))


def _mumbling(rng: random.Random) -> Caller:
    return RandomCaller(rng, mumbles=rng.uniform(0.3, 0.8))


def _keys(rng: random.Random) -> Caller:
    return RandomCaller(rng, keys=rng.uniform(0.2, 0.7))


def _long_winded(rng: random.Random) -> Caller:
    return RandomCaller(rng, rambles=rng.uniform(0.1, 0.4))


def _leaving(rng: random.Random) -> Caller:
    return RandomCaller(rng, leaves_ms=rng.uniform(0, 45_000))


def _dictating(rng: random.Random) -> Caller:
    return InterruptingCaller(rng, barges=0.1, dictates=0.6)


HABITS: dict[str, Callable[[random.Random], Caller]] = {
    "talkative": _talkative,
    "silent": _silent,
    "interrupting": InterruptingCaller,
    "dictating": _dictating,
    "mumbling": _mumbling,
    "pressing keys": _keys,
    "long-winded": _long_winded,
    "leaving": _leaving,
    "echoing": RandomCaller,  # whose line gives our own voice back: the fault F12, often
    "any": RandomCaller,
}
CHOSEN: dict[str, Callable[[random.Random], Caller]] = {  # only where they are asked for
    "restless": RestlessCaller,
}


class Held:
    """A line whose receiver is never put down; all else is as it is."""

    def __init__(self, line: Line) -> None:
        self._line = line

    def hang_up(self) -> None: ...

    def __getattr__(self, name: str) -> Any:
        return getattr(self._line, name)


class Person:
    """One caller in two phases: `habit` until `calm_ms` of the session, then calm.

    Who is calm lets the assistant speak to its end, asks a plain question each time it listens,
    waits for the answer, and hangs up after a few of them or after a minute. Who `stays` never
    hangs up: the questions begin anew, until the other side has had enough. Where there is a `desk`
    they ask for somebody once, and with a `keypad` they type a number once.
    """

    def __init__(
        self,
        rng: random.Random,
        calm_ms: int,
        habit: str = "",
        *,
        stays: bool = False,
        desk: Desk | None = None,
        keypad: Keypad | None = None,
    ) -> None:
        self.habit = habit or rng.choice(sorted(HABITS))
        self.calm_ms = calm_ms
        self._wild: Caller | None = (HABITS | CHOSEN)[self.habit](rng)
        self._questions = list(CALM_QUESTIONS[: rng.randint(2, len(CALM_QUESTIONS))])
        self.stays = stays
        self._desk = desk
        self._keypad = keypad
        self._begun = False
        self._leaving = False
        self._answered = -1  # phrases heard before the last question
        self._pending: Timer | None = None

    def hear(self, line: Line) -> None:
        if not self._begun:
            self._begun = True
            line.after(self.calm_ms - line.now, lambda: self._calm_down(line))
            if self._desk is not None:
                line.after(self._desk.asks_ms - line.now, lambda: self._ask_for_somebody(line))
            if (keypad := self._keypad) is not None:
                line.after(keypad.says_ms - line.now, lambda: keypad.use(line, self.calm_ms))
            if not self.stays:
                line.after(self.calm_ms - line.now + CALM_LEAVE_MS, line.hang_up)
        if self._wild is not None:
            self._wild.hear(Held(line) if self.stays else line)
            return
        self._cancel()
        if line.audible or line.speaking or self._leaving or len(line.heard) <= self._answered:
            return
        self._pending = line.after(CALM_PAUSE_MS, lambda: self._ask(line))

    def ended(self, line: Line) -> None:
        if self._wild is not None:
            self._wild.ended(line)
        self._cancel()

    def _calm_down(self, line: Line) -> None:
        if self._wild is not None:
            self._wild.ended(line)  # nothing that it meant to say is said
            self._wild = None
            if line.up:
                self.hear(line)

    def _ask(self, line: Line) -> None:
        self._answered = len(line.heard)
        if not self._questions and self.stays:
            self._questions = list(CALM_QUESTIONS)
        if not self._questions:
            self._leaving = True
            line.after(FAREWELL_MS, line.hang_up)
        else:
            line.say(self._questions.pop(0), confidence=0.9)

    def _ask_for_somebody(self, line: Line) -> None:
        if self._desk is not None:
            self._desk.ask(line)

    def _cancel(self) -> None:
        if self._pending:
            self._pending.cancel()
