"""The money and tokens of a day, of all processes, at hand without asking the store.

Each process writes what it has spent itself under a name of its own and reads the sum: written
twice, a figure is still the same, and a restart finds what was written before. That happens in the
background; between two looks (`STALE_S`) others' spending is not known.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, timezone

import structlog

from halo_voice.calls.listener import Uncounted
from halo_voice.core.alarms import Alarms
from halo_voice.core.errors import StoreError
from halo_voice.core.money import Cap, Cost, Prices, Tokens
from halo_voice.core.ports import Meter, Store

WRITE_S = 1.0
"""So long after something was spent it is written down, in seconds: a kill loses no more."""

STALE_S = 5.0
"""While calls go on, the others' spending is asked for so often, in seconds."""

MARKS = (0.5, 0.8)
"""Shares of the day's cap that are told in the log: the first as a warning, the second an alarm."""

_NOTHING = Cost()
_log = structlog.get_logger(__name__)


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


class Budget:
    """What may be spent: `call` bounds each call, `day` all calls of a day together.

    The day begins at midnight `utc_hours` east of Greenwich. Without a `store` the day is this
    process's own. Never raises: a store that is away is asked again later.
    """

    def __init__(
        self,
        store: Store | None = None,
        prices: Prices | None = None,
        *,
        call: Cap | None = None,
        day: Cap | None = None,
        utc_hours: float = 3.0,
        meter: Meter | None = None,
        alarms: Alarms | None = None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self.prices = prices or Prices()
        self.call = call or Cap()
        self._cap = day or Cap()
        self._store = store
        self._meter = meter or Uncounted()
        self._alarms = alarms or Alarms()
        self._zone = timezone(timedelta(hours=utc_hours))
        self._now = now
        self._writer = secrets.token_hex(8)
        self._day = ""
        self._day_ends = datetime.min.replace(tzinfo=UTC)
        self._day_begins = datetime.max.replace(tzinfo=UTC)
        self._own: dict[str, Cost] = {}  # by day; a day that is over goes once it is written
        self._written: dict[str, Cost] = {}
        self._others = Cost()
        self._held = Cost()
        self._told = 0.0  # the highest of `MARKS` that was told today; 1: the cap is reached
        self._looked_at = float("-inf")
        self._timer: asyncio.TimerHandle | None = None
        self._looking: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def today(self) -> Cost:
        """What is known to be spent today, by everybody."""
        return self._today + self._others

    @property
    def _today(self) -> Cost:
        """What this process has spent of it."""
        return self._own.get(self._day, _NOTHING)

    @property
    def share(self) -> float:
        """The part of the day's cap that is used up."""
        return self._cap.share(self.today)

    def hold(self, most: Cost) -> bool:
        """Set aside what an answer may come to. False: the day has no room for it."""
        self._turn_day()
        if not self._cap.allows(self._today, self._others, self._held, most):
            self._tell(1.0)
            return False
        self._held += most
        if asyncio.get_running_loop().time() - self._looked_at > STALE_S:
            self._look_in(0.0)
        return True

    def release(self, held: Cost) -> None:
        self._held -= held

    def charge(self, taken: Sequence[Tokens]) -> Cost:
        """Count what questions to models came to."""
        for tokens in taken:
            self._meter.tokens(tokens)
        spent = self.prices.of_tokens(taken)
        self.add(spent)
        return spent

    def add(self, spent: Cost) -> None:
        """Count what was spent."""
        if spent == _NOTHING:
            return
        self._turn_day()
        self._own[self._day] = self._today + spent
        self._meter.paid(spent)
        self._tell(self.share)
        self._look_in(WRITE_S)

    async def start(self) -> None:
        """Find out what was spent today before."""
        self._turn_day()
        await self._look()

    async def close(self) -> None:
        """Write the rest."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        if self._looking is not None:
            await asyncio.wait([self._looking])
        await self._look()

    def _turn_day(self) -> None:
        now = self._now()
        if self._day_begins <= now < self._day_ends:
            return
        midnight = now.astimezone(self._zone).replace(hour=0, minute=0, second=0, microsecond=0)
        self._day_begins, self._day_ends = midnight, midnight + timedelta(days=1)
        self._day, self._others, self._told = midnight.date().isoformat(), Cost(), 0.0
        self._looked_at = float("-inf")

    def _tell(self, share: float) -> None:
        """Log each mark once a day."""
        reached = max((mark for mark in (*MARKS, 1.0) if share >= mark), default=0.0)
        if reached <= self._told:
            return
        self._told = reached
        if reached == MARKS[0]:
            _log.warning("day_budget", percent=50)
        elif reached < 1.0:
            _log.error("day_budget", alarm=True, percent=80)
            self._alarms.raised("money")
        else:
            _log.error("day_budget_spent", alarm=True)
            self._alarms.raised("money")

    # ------------------------------------------------------------------------- the store

    def _look_in(self, seconds: float) -> None:
        """Write and read soon, unless that is about to happen."""
        if self._store is None or self._closed or self._timer is not None:
            return
        if self._looking is None or self._looking.done():
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(seconds, self._begin_look)

    def _begin_look(self) -> None:
        self._timer = None
        self._looking = asyncio.create_task(self._look(), name="day-budget")
        self._looking.add_done_callback(self._looked)

    def _looked(self, looking: asyncio.Task[None]) -> None:
        self._looking = None
        if not looking.cancelled() and self._own != self._written:
            self._look_in(WRITE_S)

    async def _look(self) -> None:
        """Write what this process has spent, day by day, and learn the sum of today."""
        if self._store is None:
            return
        self._looked_at = asyncio.get_running_loop().time()
        for day in sorted({*self._own, self._day}):
            own = self._own.get(day, Cost())
            try:
                whole = await self._store.spend(day, self._writer, own)
            except StoreError as error:
                _log.warning("day_budget_unwritten", code=error.code)
                return
            if day == self._day:
                self._written[day], self._others = own, whole - own
                self._own.setdefault(day, own)
                self._tell(self.share)
            elif self._own.get(day) == own:
                self._own.pop(day, None)
                self._written.pop(day, None)
