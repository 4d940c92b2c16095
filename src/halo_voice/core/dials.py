"""Calls that the company makes: what was wanted, what came of each attempt, who wants no calls.

`Dials` is the port that the store keeps them behind.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

TOKEN_BYTES = 32
DATA_KEYS_MAX = 20
DATA_CHARS_MAX = 500
CLAIM_STALE = timedelta(minutes=90)
"""An attempt of a campaign's row that told nothing for so long is over: its report was lost."""

REACHED: frozenset[str] = frozenset(("answered", "message"))
FINAL: frozenset[str] = REACHED | {"declined", "hung_up", "invalid", "opted_out"}
"""After it nobody is called again, whatever attempts are left."""
UNTRIED: frozenset[str] = frozenset(("closed", "lines"))
"""Nobody was dialled: that costs no attempt."""

OUTCOMES: Mapping[str, str] = {
    "answered": "a person answered",
    "message": "an answering machine took the message",
    "machine": "an answering machine, no message was left",
    "busy": "busy",
    "no_answer": "nobody picked up",
    "unavailable": "the telephone is off or out of reach",
    "declined": "declined",
    "invalid": "there is no such number",
    "hung_up": "picked up, and hung up at once",
    "no_money": "not enough money on the account",
    "failed": "failed",
    "closed": "not at this hour of their clock",
    "lines": "all lines are busy",
    "opted_out": "they want no calls",
    "spent": "all attempts are made",
    "running": "is being called",
    "unknown": "nobody knows the token",
    "unsure": "the platform did not say whether it calls; the order was taken back",
    "refused": "the platform refused",
    "lost": "no report came",
    "no_consent": "no consent",
    "no_clock": "nobody knows their clock",
    "duplicate": "the same number stands above",
    "cancelled": "the campaign was stopped",
}
"""What came of an attempt, or why there was none."""


@dataclass(frozen=True, slots=True)
class Dial:
    """One person to be called. `token`: the digest of it; "": it is never called, `outcome` tells
    why. `data`: what is known of them. `clock`: of their number, where it is known; `campaign` and
    `row`: where it came from, "" and 0 for a single call."""

    dial_id: str
    token: str
    number: str
    profile: str
    caller_id: str
    made_at: datetime
    data: Mapping[str, str] = field(default_factory=dict)
    clock: float | None = None
    attempts_max: int = 1
    campaign: str = ""
    row: int = 0
    outcome: str = ""


@dataclass(frozen=True, slots=True)
class Tried:
    """One attempt. `outcome` is "" as long as it is under way, or its report was lost."""

    dial_id: str
    number: int
    call_id: str
    begun_at: datetime
    ended_at: datetime | None = None
    outcome: str = ""


@dataclass(frozen=True, slots=True)
class Campaign:
    """`list_id`: the platform's call list; 0: it has none (yet)."""

    campaign: str
    name: str
    profile: str
    made_at: datetime
    list_id: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """How many rows of a campaign stand so. `outcome`: one of `OUTCOMES`, or `waiting`. `last_at`:
    when the last of their attempts was reported; None: none was."""

    campaign: str
    outcome: str
    rows: int
    last_at: datetime | None = None


ROW_STATES = ("waiting", "running", "reached", "unreached", "barred")
_BARRED = frozenset(
    ("no_consent", "no_clock", "duplicate", "opted_out", "invalid", "refused", "cancelled")
)


def row_state(outcome: str) -> str:
    """One of `ROW_STATES`. `unreached`: its last attempt reached nobody; `barred`: not called."""
    if outcome in ("waiting", "running"):
        return outcome
    if outcome in _BARRED:
        return "barred"
    return "reached" if outcome in REACHED else "unreached"


def outcome_of(dial: Dial, last: Tried | None) -> str:
    """How a row stands, by our store alone; `last`: its last attempt."""
    if last is not None and last.outcome:
        return last.outcome
    return dial.outcome or ("waiting" if last is None else "running")


@dataclass(frozen=True, slots=True)
class OptOut:
    """Somebody who is not called. `by`: who noted it."""

    number: str
    at: datetime
    by: str


class Dials(Protocol):
    """Raises `StoreError`s only."""

    def now(self) -> datetime: ...

    async def keep_campaign(self, campaign: Campaign, dials: Sequence[Dial]) -> None:
        """The campaign with all its rows, or nothing."""
        ...

    async def set_list(self, campaign: str, list_id: int) -> None: ...

    async def find_campaign(self, campaign: str) -> Campaign | None: ...

    async def campaigns(self, limit: int) -> list[Campaign]:
        """The newest first."""
        ...

    async def keep_dial(self, dial: Dial) -> None: ...

    async def set_outcome(self, dial_id: str, outcome: str) -> None:
        """Of a dial that is not called, or may not be (any more)."""
        ...

    async def call_off(self, campaign: str, outcome: str) -> int:
        """Every row of it that might still be called is not, for that. How many they are."""
        ...

    async def find_dial(self, dial_id: str) -> Dial | None: ...

    async def dials_of(self, campaign: str) -> list[Dial]:
        """By row."""
        ...

    async def standing(self, campaigns: Sequence[str]) -> list[Standing]:
        """How their rows stand, by campaign and outcome."""
        ...

    async def tried(self, dial_ids: Sequence[str]) -> list[Tried]:
        """Their attempts, by dial and number."""
        ...

    async def claim(self, token: str, call_id: str) -> tuple[Dial, str] | None:
        """The dial of this digest for the session `call_id`, and why it may not be tried by it: ""
        (it may), `spent` or `running`. A session that has claimed it before gets it again, with
        what came of it, if anything did. None: there is no such token."""
        ...

    async def dial_of_call(self, call_id: str) -> Dial | None: ...

    async def settle(self, call_id: str, outcome: str) -> bool:
        """What came of an attempt: the first word counts. False: it was told, or is unknown."""
        ...

    async def opt_out(self, number: str, by: str) -> None: ...

    async def opt_in(self, number: str) -> bool:
        """False: the number was not on the list."""
        ...

    async def opted_out(self, numbers: Sequence[str]) -> set[str]:
        """Those of them that are on the list."""
        ...

    async def opt_outs(self, limit: int) -> list[OptOut]:
        """The newest first."""
        ...


def new_token() -> str:
    """43 characters that nobody can guess, of A-Z a-z 0-9 - _."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def digest_of(token: str) -> str:
    """What the store keeps of a token: whoever reads the store cannot begin a call with it."""
    return hashlib.sha256(token.encode()).hexdigest()
