"""What every way out has in common: what is told of a call, and what became of an attempt.

A delivery is a channel and a call. The channel makes its own body of what is told (an event, a
letter, a lead) and sends it once; when to try again is decided by the workflow, for all alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from halo_voice.core.ports import CallRecord, TurnRecord
from halo_voice.core.review import Review

# The other side has understood, and does not want it: no other attempt will do better.
FINAL = frozenset(range(400, 500)) - {401, 403, 404, 408, 409, 410, 421, 423, 425, 429}


@dataclass(frozen=True, slots=True)
class Told:
    """A call that has ended. `title`: whose assistant it was; `utc_hours`: the company's clocks."""

    call: CallRecord
    turns: Sequence[TurnRecord]
    review: Review
    title: str = "HALO"
    utc_hours: float = 3.0

    @property
    def outgoing(self) -> bool:
        """The company called; the call's `caller` is whom."""
        return self.call.direction == "outgoing"


@dataclass(frozen=True, slots=True)
class Attempt:
    """What became of one attempt. `final`: no other one will do better. `rest_s`: the other side
    wants to be left alone for so long."""

    delivered: bool
    status: int | None = None
    fault: str = ""
    final: bool = False
    rest_s: float = 0.0


def judged(status: int, rest_s: float = 0.0) -> Attempt:
    """What the status of an HTTP answer says."""
    if 200 <= status < 300:
        return Attempt(True, status)
    return Attempt(False, status, f"HTTP {status}", status in FINAL, rest_s)


class Channel(Protocol):
    """One way out."""

    async def send(self, delivery_id: str, told: Told) -> Attempt:
        """One attempt. Never raises for what the other side, or the way to it, does.

        The id is the same for every attempt: where the protocol has a place for it, what was taken
        already is not taken twice.
        """
        ...
