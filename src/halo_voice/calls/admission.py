"""Lets a new call in, or not: lines of this process, and what its number has had lately.

The store knows the calls of a number, those of other processes and of before a restart too. Two
calls that begin in the same moment in two processes may both be let in.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

import structlog

from halo_voice.calls.budget import utc_now
from halo_voice.core.admission import DAY, NumberLimits, Why, over
from halo_voice.core.errors import StoreError
from halo_voice.core.ports import CallStart, Store

_log = structlog.get_logger(__name__)


class Admission:
    """`calls_max`: calls of this process at once; 0: no limit."""

    def __init__(
        self,
        store: Store,
        *,
        calls_max: int = 0,
        numbers: NumberLimits | None = None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._store = store
        self._calls_max = calls_max
        self._numbers = numbers or NumberLimits(together=0, per_hour=0, minutes_per_day=0)
        self._now = now
        # By number: calls that are let in, or still being judged, and are not in the store yet.
        self._beginning: dict[str, list[str]] = defaultdict(list)
        self._begun = 0

    @contextmanager
    def beginning(self, start: CallStart) -> Iterator[None]:
        """While it lasts, others that begin see this call."""
        bucket = self._beginning[start.bucket]
        bucket.append(start.call_id)
        self._begun += 1
        try:
            yield
        finally:
            self._begun -= 1
            bucket.remove(start.call_id)
            if not bucket:
                self._beginning.pop(start.bucket, None)

    async def why_not(self, start: CallStart, live: int) -> Why | None:
        """Why a call that is `beginning` may not begin; None if it may. `live`: calls that go on.

        A call that is in the store already has begun, here or elsewhere, and is let in.
        """
        why: Why | None = None
        if self._calls_max and live + self._begun > self._calls_max:
            why = "lines"
        elif self._numbers.any:
            why = await self._number(start)
        if why is None or await self._known(start.call_id):
            return None
        _log.warning("call_refused", call_id=start.call_id, why=why)
        return why

    async def _number(self, start: CallStart) -> Why | None:
        now = self._now()
        others = self._beginning[start.bucket]
        before = others[: others.index(start.call_id)]
        try:
            past = await self._store.calls_of(start.bucket, now - DAY)
        except StoreError as error:
            _log.warning("number_unchecked", call_id=start.call_id, code=error.code)
            return None
        known = {call.call_id for call in past}
        beginning = sum(each not in known for each in before)
        return over(past, self._numbers, now, beginning=beginning)

    async def _known(self, call_id: str) -> bool:
        try:
            record = await self._store.find_call(call_id)
        except StoreError:
            return False
        return record is not None
