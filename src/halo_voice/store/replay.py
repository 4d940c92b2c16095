"""Brings what waits in the spool into the store, call by call, each call's operations in order."""

from __future__ import annotations

import asyncio

import structlog

from halo_voice.core.errors import StoreError
from halo_voice.core.ports import CallRecord, Store, TurnRecord
from halo_voice.store.attempt import attempt
from halo_voice.store.journal import Journal
from halo_voice.store.operation import Operation
from halo_voice.store.shadow import Shadow
from halo_voice.store.waiting import Waiting

_AT_ONCE = 64
_log = structlog.get_logger(__name__)


class Replay:
    """From `waiting` into `store`; the shadow learns what the store says to it."""

    def __init__(
        self, store: Store, waiting: Waiting, shadow: Shadow, journal: Journal, patience_s: float
    ) -> None:
        self._store = store
        self._waiting = waiting
        self._shadow = shadow
        self._journal = journal
        self._patience_s = patience_s

    async def all(self) -> bool:
        """Bring in everything that waits. False if the store does not take it, or one call."""
        brought = 0
        while self._waiting:
            heads = self._waiting.heads(_AT_ONCE)
            done = sum(await asyncio.gather(*(self._bring(operation) for operation in heads)))
            brought += done
            if not done:
                return False
        await self._journal.clear(self._journal.last)
        _log.info("store_back", operations=brought)
        return True

    async def reject(self, line: bytes, reason: str) -> bool:
        """Set a line aside that can never be applied. False if that failed."""
        _log.error("spool_rejected", reason=reason)
        return await self._journal.reject(line, reason)

    async def _bring(self, operation: Operation) -> bool:
        """Do the first operation of a call in the store. True if it need not wait any more."""
        result, fault, final = None, None, ""
        try:
            result, fault = await attempt(operation.apply(self._store), self._patience_s)
        except (StoreError, TypeError, ValueError) as error:
            final = error.message if isinstance(error, StoreError) else type(error).__name__
        if fault is not None or (final and not await self.reject(operation.line(), final)):
            self._waiting.let_others_first(operation.call_id)
            return False
        self._waiting.done(operation.call_id)
        if isinstance(result, TurnRecord):
            self._shadow.learn_turn(result)
        elif isinstance(result, CallRecord) and operation.call_id not in self._waiting:
            self._shadow.learn_call(result)
        call = await self._shadow.find_call(operation.call_id)
        if call is not None and not call.open:
            self._shadow.forget(operation.call_id)
        return True
