"""Lists of calls while some of them wait for the store: what it says, and what waits, as one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from halo_voice.core.errors import StoreBusy
from halo_voice.core.ports import CallRecord, Store
from halo_voice.store.attempt import AWAY
from halo_voice.store.shadow import Shadow
from halo_voice.store.waiting import Waiting

UNTOLD = "Ends may wait for the store: which calls are open is told when they are written."

Read = Callable[[Callable[..., Awaitable[Any]], Any], Awaitable[Any]]


class Roster:
    """`read` asks the store, and raises an error of `AWAY` where it cannot be read."""

    def __init__(self, store: Store, waiting: Waiting, shadow: Shadow, read: Read) -> None:
        self._store = store
        self._waiting = waiting
        self._shadow = shadow
        self._read = read

    async def recent(self, limit: int) -> list[CallRecord]:
        """The newest calls first; while the store cannot be read, only those that wait for it."""
        found: dict[str, CallRecord] = {}
        try:
            stored = await self._read(self._store.recent_calls, limit)
            found = {call.call_id: call for call in stored}
        except AWAY:
            if not self._waiting:
                raise
        for call_id in self._waiting.calls():
            known = await self._shadow.find_call(call_id)
            if known is not None:
                found[call_id] = known
        return _newest(found)[: max(0, limit)]

    async def of_bucket(self, bucket: str, since: datetime) -> list[CallRecord]:
        """Those of a bucket; while the store cannot be read, only those that this process knows."""
        found: dict[str, CallRecord] = {}
        try:
            stored = await self._read(lambda of: self._store.calls_of(of, since), bucket)
            found = {call.call_id: call for call in stored}
        except AWAY:
            known = await self._shadow.calls_of(bucket, since)
            return _newest({call.call_id: call for call in known})
        for call in await self._shadow.calls_of(bucket, since) if self._waiting else ():
            if call.call_id in self._waiting:
                found[call.call_id] = call
        return _newest(found)

    async def still_open(self, since: datetime, before: datetime, limit: int) -> list[CallRecord]:
        """As the store; `StoreBusy` while anything waits for it: an end may be among that, and
        "none" would be taken for an answer."""
        if self._waiting:
            raise StoreBusy(UNTOLD)
        found: list[CallRecord] = await self._read(
            lambda at: self._store.open_calls(since, at, limit), before
        )
        return found


def _newest(calls: dict[str, CallRecord]) -> list[CallRecord]:
    newest = sorted(calls.values(), key=lambda call: call.call_id)
    return sorted(newest, key=lambda call: call.started_at, reverse=True)
