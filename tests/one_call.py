"""What a test of one call needs: a listener and a meter that remember, and words to ask with."""

from __future__ import annotations

import asyncio
from typing import Any

from halo_voice.calls.listener import Uncounted
from halo_voice.calls.turn import Heard
from halo_voice.core.ports import Attempted
from halo_voice.core.profile import Profile

PROFILE = Profile(name="main", default=True)


class Listening:
    """A `Listener` that writes down what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []

    def accepted(self, turn: int) -> None:
        self.told.append(("accepted", turn))

    def say(self, turn: int, phrase: int, text: str) -> None:
        self.told.append(("say", turn, phrase, text))

    def clear(self, turn: int) -> None:
        self.told.append(("clear", turn))

    def listen(self, turn: int, patience_ms: int) -> None:
        self.told.append(("listen", turn, patience_ms))

    def hang_up(self) -> None:
        self.told.append(("hang_up",))

    def leave(self, *, closed: bool) -> None:
        self.told.append(("leave", closed))

    def drain(self) -> None:
        self.told.append(("drain",))

    def said(self, turn: int) -> list[str]:
        return [told[3] for told in self.told if told[:2] == ("say", turn)]


class Counting(Uncounted):
    """A `Meter` that remembers."""

    def __init__(self) -> None:
        self.outcomes: list[str] = []
        self.stages: dict[str, int] = {}
        self.interruptions: list[bool] = []
        self.speculations: list[bool] = []
        self.attempts: list[Attempted] = []

    def turn_settled(self, outcome):
        self.outcomes.append(outcome)

    def latency(self, stages):
        self.stages.update(stages)

    def interrupted(self, *, real):
        self.interruptions.append(real)

    def speculated(self, *, adopted):
        self.speculations.append(adopted)

    def attempted(self, attempt):
        self.attempts.append(attempt)


def heard(turn: int, words: str, **more: Any) -> Heard:
    return Heard(turn, words, 0.9, more.pop("deadline_s", 5.0), **more)


def asking(call, turn, words, listener=None, **more):
    return asyncio.create_task(call.take(heard(turn, words, **more), listener))


async def until(condition):
    """Let everything run that can; what is waited for must come without time passing."""
    for _ in range(1000):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("it did not come")
