"""What the console looks at: everything is handed in, so that it knows neither app nor settings."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from halo_voice.core.desk import Desk
from halo_voice.core.dials import Dials
from halo_voice.core.editions import Editions
from halo_voice.core.history import History
from halo_voice.core.money import Cost
from halo_voice.core.ports import LanguageModel, Store
from halo_voice.core.profile import Profiles
from halo_voice.core.recording import Objects, Recording
from halo_voice.core.review import Attempt, Delivery, Review
from halo_voice.core.trace import Traces
from halo_voice.core.workshop import Workshop

App = Callable[..., Awaitable[None]]


class LiveCalls(Protocol):
    """The calls of this process."""

    @property
    def profiles(self) -> Profiles: ...

    def __len__(self) -> int: ...

    async def hang_up(self, call_id: str) -> bool:
        """End a call; True if its line was told at once. Raises `HaloError`."""
        ...


class Transfers(Protocol):
    """Calls that are put through to a person."""

    async def put_through(self, call_id: str) -> bool:
        """Now; True if its line was told at once. Raises `HaloError`."""
        ...


class Afterwards(Protocol):
    """What was made of calls after they ended. Each method waits for a disk, so it is asked on a
    thread. Raises `StoreError`s only."""

    def review(self, call_id: str) -> Review | None: ...

    def reviews(self, call_ids: Sequence[str]) -> dict[str, Review]: ...

    def outcomes(self, since: datetime, until: datetime) -> dict[str, int]: ...

    def deliveries(self, *, call_id: str) -> list[Delivery]: ...

    def attempts(self, call_id: str) -> list[Attempt]: ...

    def send_again(self, delivery_id: str) -> int: ...

    @property
    def shelf(self) -> Shelf: ...

    def close(self) -> None: ...


class Shelf(Protocol):
    """Recordings that are kept."""

    def find(self, call_id: str) -> Recording | None: ...


@dataclass(frozen=True, slots=True)
class Gap:
    """What callers asked and the texts do not answer, about one subject. `questions`: the newest
    last, each with its call. `asked`: how often, in `calls` calls."""

    title: str
    calls: int
    asked: int
    last_at: datetime
    questions: Sequence[tuple[str, str]]


Gaps = Callable[[str], Awaitable[tuple[Sequence[Gap], datetime] | None]]
"""The gaps of a profile's texts, and when they were looked for; None where that failed."""


@dataclass(frozen=True, slots=True)
class LineCheck:
    """One thing of the account. `said`: what was found, by the language of the page; `cure`: what
    helps; "" where nothing is wrong."""

    name: str
    ok: bool
    said: Mapping[str, str]
    cure: Mapping[str, str]


class Line(Protocol):
    """The account at Voximplant, looked at beside the calls."""

    @property
    def credentials(self) -> bool:
        """There is a key to it."""
        ...

    @property
    def known(self) -> tuple[Sequence[LineCheck] | None, datetime] | None:
        """What was found, and when; None instead of it where it could not be asked; None before."""
        ...

    def ask(self) -> bool:
        """Have it looked at unless that was lately; whether somebody looks just now."""
        ...

    async def asked(self) -> None:
        """Returns when nobody looks any more."""
        ...

    async def close(self) -> None: ...


class Spending(Protocol):
    """What the models of all calls cost today."""

    @property
    def today(self) -> Cost: ...

    @property
    def share(self) -> float:
        """The used part of the day's cap, 0 to 1."""
        ...


@dataclass(frozen=True, slots=True)
class Limits:
    """Of the settings; 0: none. Money in roubles."""

    call_roubles: float
    call_tokens: int
    day_roubles: float
    day_tokens: int
    calls_max: int
    number_calls: int
    number_calls_hour: int
    number_minutes_day: int


Booth = Callable[[LanguageModel], AbstractAsyncContextManager[App]]
"""A second HALO on the same store and the same profiles, whose only model is the given one."""


@dataclass(frozen=True, slots=True)
class Look:
    """What the pages are made from. `app` is the gate, as calls from outside meet it.

    `outside`: who signs in need not be on this machine. `open_here`: somebody on this machine needs
    no sign-in as long as no user has been created. `secrets` are the scenario's. `mask_numbers`:
    callers' numbers are shown with a hidden middle. `rehearsal` is the same app without
    signatures, which the clock of a call in virtual time would make stale. `audible`: the newest
    turn that a live call's caller hears, and for how many ms it was waited for. `utc_hours`: the
    pages' time zone, hours east of Greenwich. `key`: what second factors are sealed with.
    `spending`: the models of all calls of today. `line`: None where nobody may
    look at the account. `afterwards` and `gaps` are None where the store forgets. `playable`: the
    file of a recording that is kept; `sounds` reads it, where it is no file of this machine.
    """

    store: Store
    history: History
    desk: Desk
    traces: Traces
    dials: Dials
    editions: Editions
    workshop: Workshop
    calls: LiveCalls
    transfers: Transfers
    app: App
    rehearsal: App
    booth: Booth
    report: Callable[[], Awaitable[dict[str, Any]]]
    spending: Spending
    limits: Limits
    scenario: Path
    secrets: Mapping[str, str]
    utc_hours: float
    mask_numbers: bool
    open_here: bool
    outside: bool
    version: str
    key: str = ""
    line: Line | None = None
    afterwards: Afterwards | None = None
    gaps: Gaps | None = None
    playable: Callable[[Recording | None], str] = lambda _: ""
    sounds: Objects | None = None
    audible: Callable[[str], tuple[int, int] | None] = lambda _: None
