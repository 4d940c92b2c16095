"""What is made of a call after it has ended, as values: the review, and its delivery."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

OUTCOMES = {
    "answered": "what was asked was answered",
    "partly": "some of it was answered",
    "unanswered": "nothing of it was answered",
    "callback": "the caller waits for a call back, or for words that were passed on",
    "transferred": "the call went to a person",
    "abandoned": "the caller hung up before an answer",
    "silent": "nothing was asked",
    "other": "none of these",
}
"""How a call can have ended for its caller."""

STATES = ("waiting", "delivered", "dead", "again")
"""Of a delivery."""

RECORDING_STATES = ("wanted", "kept", "lost")

SUMMARY_CHARS_MAX = 1_000
TOPICS_MAX = 5
TOPIC_CHARS_MAX = 60
VALUE_CHARS_MAX = 300
PROMISES_MAX = 5


@dataclass(frozen=True, slots=True)
class Review:
    """`fields`: what the profile asks for, by its names; what the call did not tell is missing.

    `marks`: how good the call was, see `workflows.marks`. `source`: who wrote the summary.
    """

    call_id: str
    made_at: datetime
    summary: str
    outcome: str
    topics: tuple[str, ...] = ()
    fields: Mapping[str, Any] = field(default_factory=dict)
    marks: Mapping[str, Any] = field(default_factory=dict)
    source: str = "rules"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event on its way out. `state`: one of `STATES`. `channel`:
    `webhook`, or the name that the call's profile gives it."""

    delivery_id: str
    call_id: str
    event: str
    made_at: datetime
    state: str = "waiting"
    attempts: int = 0
    rounds: int = 0
    last_at: datetime | None = None
    last_status: int | None = None
    last_fault: str = ""
    channel: str = "webhook"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at a delivery. `number` from 1; `status` of the answer, if there was one; `fault` is
    empty after a success."""

    delivery_id: str
    number: int
    at: datetime
    status: int | None
    fault: str


@dataclass(frozen=True, slots=True)
class Work:
    """What waits to be done on calls that have ended. `lag_s`: since the end of the call that waits
    longest for its review, seconds; `deliveries` and `recordings`: how many, by their states.
    `balance`: the least that a live worker saw on the platform's account; None: not known."""

    lag_s: float
    workers: int
    deliveries: Mapping[str, int]
    recordings: Mapping[str, int]
    balance: float | None = None
