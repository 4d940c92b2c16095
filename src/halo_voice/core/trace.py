"""A live call's trace: what the backend saw of it, step by step, without a word that was said."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

STEPS: tuple[str, ...] = (
    "started",  # the call is let in
    "joined",  # its stream is there
    "left",  # its stream is gone
    "hearing",  # first words of a turn, as the recogniser understands them
    "asked",  # a turn is over and asked; the value: on what way, and how sure the recogniser is
    "revised",  # the recogniser understands a turn otherwise now
    "cleared",  # the answer is made anew
    "given",  # a phrase was sent down
    "answered",  # the turn is settled; the value: its outcome and who found the words
    "failed",  # there is no answer; the value: the error's code
    "sounding",  # the caller hears a phrase; the value: ms since the caller's last sound
    "heard",  # the phrase was heard to its end
    "interrupted",  # the caller cut it; the value: ms that were played
    "resumed",  # a sound had paused it and was nothing
    "key",  # the caller pressed a key
    "silence",  # the caller was asked whether they are there; the value: how often in a row
    "hangup",  # the scenario was told to end the call
    "transfer",  # or to put it through
    "gone",  # the caller is gone
    "ended",  # the call's report; the value: its reason, and what failed in it
)


class Step(NamedTuple):
    """`ms` since the trace began; 0 for a turn or a phrase that there is none of."""

    ms: int
    what: str
    turn: int = 0
    phrase: int = 0
    value: str = ""

    def line(self) -> str:
        """As it is kept."""
        return f"{self.ms} {self.what} {self.turn} {self.phrase} {self.value}".rstrip()


def read_step(line: str) -> Step | None:
    """A kept line; None for one that no version of HALO wrote."""
    ms, _, rest = line.partition(" ")
    what, _, rest = rest.partition(" ")
    turn, _, rest = rest.partition(" ")
    phrase, _, value = rest.partition(" ")
    numbers = (ms, turn, phrase)
    if not what or not all(each.isascii() and each.isdecimal() for each in numbers):
        return None
    return Step(int(ms), what, int(turn), int(phrase), value)


class Trace(NamedTuple):
    """What one process saw of a call. `begun_at` is UTC."""

    begun_at: datetime
    lines: Sequence[str]


class Traces(Protocol):
    """Where traces are kept. Raises `StoreError`s only."""

    async def keep(self, call_id: str, trace: Trace) -> None:
        """Some time soon, unless the call is unknown: not durable on return."""
        ...

    async def of(self, call_id: str) -> list[Trace]:
        """The oldest first."""
        ...
