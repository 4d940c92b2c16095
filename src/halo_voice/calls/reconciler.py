"""Closes the calls whose end was never reported.

The platform's session may die with its report, or the report may find nobody. A call is overdue
when it has lasted longer than its profile allows. Wall clocks jump, and another process may be
talking to the caller still: so it must have been overdue for some minutes by a clock that never
jumps, without another turn, before it is closed.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog

from halo_voice.calls.budget import utc_now
from halo_voice.calls.switchboard import Switchboard
from halo_voice.core.admission import DAY
from halo_voice.core.errors import RequestError, StoreError
from halo_voice.core.operators import TRANSFER
from halo_voice.core.ports import CallEnd, CallRecord, Store
from halo_voice.core.profile import Profile
from halo_voice.core.sessions import LOST
from halo_voice.core.tools import ToolState

LOOK_S = 60.0
GRACE_S = 60.0
"""So much longer than its profile allows a call may last, in seconds: its report is on its way."""

OVERDUE_S = 180.0
AT_ONCE = 200

_FIRST = datetime.min.replace(tzinfo=UTC)
_log = structlog.get_logger(__name__)


class Reconciler:
    """Looks once a minute. Calls are closed 15 minutes after they began, with the usual limits."""

    def __init__(
        self, switchboard: Switchboard, store: Store, *, now: Callable[[], datetime] = utc_now
    ) -> None:
        self._switchboard = switchboard
        self._store = store
        self._now = now
        self._overdue: dict[str, tuple[float, int]] = {}  # since when, with how many turns
        self._since = _FIRST  # what was open long ago stays in sight until it is closed
        self._looking: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._looking = asyncio.create_task(self._look_on(), name="reconciler")

    async def close(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait([self._looking])

    async def _look_on(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            await self.look()

    async def look(self) -> int:
        """Close what is lost. Returns how many calls that were."""
        try:
            late = [each for each in await self._open() if self._late(each)]
            lost = [each for each in late if await self._lost(each)]
        except StoreError:
            return 0  # the next look finds them
        self._overdue = {each.call_id: self._overdue[each.call_id] for each in late}
        return sum([await self._close(each) for each in lost])

    async def _open(self) -> list[CallRecord]:
        now = self._now()
        found = await self._store.open_calls(self._since, now, AT_ONCE)
        if len(found) < AT_ONCE:
            oldest = min((each.started_at for each in found), default=now)
            self._since = min(oldest, now - 2 * DAY)
        return found

    def _late(self, call: CallRecord, more_ms: int = 0) -> bool:
        limits = self._profile(call).limits
        longest = timedelta(milliseconds=limits.call_ms + more_ms, seconds=GRACE_S)
        return self._now() - call.started_at > longest

    def _profile(self, call: CallRecord) -> Profile:
        profiles = self._switchboard.profiles
        return profiles.named(call.profile) or profiles.default

    async def _talks(self, call: CallRecord) -> bool:
        """Whether its caller may well be talking to a person, or waits for one: that has limits of
        its own."""
        profile = self._profile(call)
        waits_ms = max((each.wait_ms for each in profile.operators.values()), default=0)
        if not profile.operators or self._late(call, profile.limits.talk_ms + waits_ms):
            return False
        rows = await self._store.tools(call.call_id)
        return any(r.tool == TRANSFER and r.state is ToolState.RUNNING for r in rows)

    async def _lost(self, call: CallRecord) -> bool:
        now, turns = asyncio.get_running_loop().time(), len(await self._store.turns(call.call_id))
        since, before = self._overdue.get(call.call_id, (now, turns))
        alive = turns != before or self._switchboard.busy(call.call_id)
        if alive or await self._talks(call):
            since = now
        self._overdue[call.call_id] = (since, turns)
        return now - since >= OVERDUE_S

    async def _close(self, call: CallRecord) -> bool:
        turns = await self._store.turns(call.call_id)
        last = max((turn.settled_at or turn.accepted_at for turn in turns), default=call.started_at)
        lasted_ms = max(0, round((last - call.started_at) / timedelta(milliseconds=1)))
        end = CallEnd(call.call_id, LOST, min(lasted_ms, 86_400_000), len(turns))
        with contextlib.suppress(RequestError, StoreError):
            self._overdue.pop(call.call_id, None)
            return (await self._switchboard.end(end)).stored
        return False
