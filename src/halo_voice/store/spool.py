"""A store that keeps the conversation going while the store behind it is locked, full or gone.

A write that the store refuses becomes an `Operation`: done at once on a shadow of its call in
memory, kept as a line of a file, acknowledged, and done in the store when that answers again. A
call with operations waiting goes on in the shadow until they are done, so its order holds. Every
operation may be done twice: the first one wins, in the shadow as in the store.

The limits: two processes that both work on one call while the store is away do not see each other;
when it is back, the first one replayed wins.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog

from halo_voice.core.errors import StoreError, StoreFull, StoreUnavailable
from halo_voice.core.money import Cost
from halo_voice.core.ports import (
    NOTHING_SPENT,
    Action,
    CallEnd,
    CallRecord,
    CallStart,
    Outcome,
    Spent,
    Store,
    TurnNote,
    TurnRecord,
)
from halo_voice.store.attempt import AWAY, attempt
from halo_voice.store.journal import Journal
from halo_voice.store.memory import utc_now
from halo_voice.store.operation import Operation
from halo_voice.store.past import Past
from halo_voice.store.replay import Replay
from halo_voice.store.room import Room
from halo_voice.store.roster import Roster
from halo_voice.store.shadow import NonceMemory, Shadow
from halo_voice.store.waiting import Waiting
from halo_voice.store.words import keepable

START_S = CLOSE_S = 2.0
PING_S = 15.0
PAUSE_S = (0.2, 5.0)  # between two looks whether the store is back: at first, and at most

_log = structlog.get_logger(__name__)


class SpooledStore(Past):
    """`core.ports.Store` around another one, which it closes. `start` it before use.

    `path` is the spool's file; None keeps what waits in memory only. `patience_s` is how long a
    method waits for the store, whatever the store's own limits. At `operations_max` waiting, or
    `memory_max` of them not on the disk, the store's error is raised as if there were no spool;
    a new call is refused (`StoreFull`) at nine tenths of that, so that the running ones can be
    finished, and notes are dropped at eight.
    """

    def __init__(
        self,
        store: Store,
        path: Path | None,
        *,
        now: Callable[[], datetime] = utc_now,
        patience_s: float = 1.0,
        operations_max: int = 100_000,
        memory_max: int = 10_000,
    ) -> None:
        super().__init__(store, patience_s=patience_s)
        self._now = now
        self._room = Room(operations_max, memory_max)
        self._journal = Journal(path)
        self._waiting = Waiting()
        self._shadow = Shadow(self._waiting, now=now)
        self._replay = Replay(store, self._waiting, self._shadow, self._journal, patience_s)
        self._roster = Roster(store, self._waiting, self._shadow, self._read)
        self.open_calls = self._roster.still_open
        self._nonces = NonceMemory(now=now)
        self._unread: StoreError | None = None  # known not to read
        self._recovery: asyncio.Task[None] | None = None

    @property
    def spooled(self) -> int:
        """How many operations wait for the store."""
        return len(self._waiting)

    @property
    def away(self) -> bool:
        """The store behind is known not to take writes now."""
        return self._away is not None

    @property
    def unsaved(self) -> int:
        """How many of them are in memory only: a killed process would lose them."""
        return self._journal.unsaved

    async def start(self) -> None:
        """Take over what a killed process left, and try for two seconds to bring it in."""
        for line in await self._journal.open():
            try:
                operation = Operation.read(line)
            except ValueError as error:
                await self._replay.reject(line, str(error))
            else:
                self._waiting.add(operation)
        if len(self._waiting):
            _log.warning("spool_found", operations=len(self._waiting))
            with suppress(TimeoutError):
                async with asyncio.timeout(START_S):
                    await self._bring_in()
            self._recover()

    async def recovered(self) -> None:
        """Return when the store answers and nothing waits any more."""
        if self._recovery is not None:
            await self._recovery

    async def close(self) -> None:
        """Try for two seconds to bring in what waits; the rest stays in the file."""
        if self._closed:
            return
        self._closed = True
        if self._recovery is not None:
            self._recovery.cancel()
            await asyncio.wait([self._recovery])
        if len(self._waiting):
            with suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_S):
                    await self._bring_in()
        await self._journal.close()
        if len(self._waiting):
            _log.warning("spool_left", operations=len(self._waiting), lost=self._journal.unsaved)
        await self._store.close()

    async def open_call(self, start: CallStart) -> CallRecord:
        call: CallRecord = await self._write("open_call", start.call_id, {"start": start})
        if call.open:
            self._shadow.learn_call(call)
        return call

    async def accept_turn(
        self,
        call_id: str,
        turn: int,
        user_text: str,
        confidence: float | None,
        *,
        text_cut: bool = False,
        within_s: float = 0.0,
    ) -> TurnRecord:
        given = {"user_text": user_text, "confidence": confidence, "text_cut": text_cut}
        return await self._write_turn("accept_turn", call_id, turn, given, within_s)

    async def settle_turn(
        self,
        call_id: str,
        turn: int,
        *,
        outcome: Outcome,
        reply: str,
        action: Action,
        source: str,
        model_ms: int | None = None,
        reply_cut: bool = False,
        spent: Spent = NOTHING_SPENT,
        cost: Cost | None = None,
        within_s: float = 0.0,
    ) -> TurnRecord:
        given = {"outcome": outcome, "reply": reply, "action": action, "source": source}
        given |= {"model_ms": model_ms, "reply_cut": reply_cut, "spent": spent, "cost": cost}
        return await self._write_turn("settle_turn", call_id, turn, given, within_s)

    async def note_turn(self, note: TurnNote) -> None:
        """As the store; when much waits already, notes are the first to be let go."""
        self._check()
        if self._full("note_turn"):
            return
        given = replace(note, latency=dict(note.latency))
        await self._write("note_turn", note.call_id, {"note": given})
        await self._shadow.note_turn(given)

    async def end_call(self, end: CallEnd) -> bool:
        closed: bool = await self._write("end_call", end.call_id, {"end": end})
        self._shadow.forget(keepable(end.call_id))
        return closed

    async def keep_recording_text(self, call_id: str, text: str) -> None:
        await self._write("keep_recording_text", call_id, {"call_id": call_id, "text": text})

    async def claim_nonce(self, nonce: str, ttl_s: float) -> bool:
        """As the store; while it is away, each process knows the nonces that it claimed itself.

        So a request replayed to the same process is always refused. One replayed to another
        process while the store is away is not: the alternative is to refuse every signed request.
        """
        self._check()
        if not self._nonces.claim(nonce, ttl_s):
            return False
        if self._away is not None:
            return True
        claimed, fault = await attempt(self._store.claim_nonce(nonce, ttl_s), self._patience_s)
        if fault is not None:
            self._lose(fault)
            return True
        return bool(claimed)

    async def find_call(self, call_id: str) -> CallRecord | None:
        stored = await self._stored(self._store.find_call, call_id)
        if stored is None:
            return await self._shadow.find_call(call_id)
        call: CallRecord | None = stored[0]
        if call is not None and call.open:
            self._shadow.learn_call(call)
        return call

    async def turns(self, call_id: str) -> list[TurnRecord]:
        stored = await self._stored(self._store.turns, call_id)
        if stored is None:
            return await self._shadow.turns(call_id)
        turns: list[TurnRecord] = stored[0]
        for turn in turns:
            self._shadow.learn_turn(turn)
        return turns

    async def recent_calls(self, limit: int) -> list[CallRecord]:
        self._check()
        return await self._roster.recent(limit)

    async def calls_of(self, bucket: str, since: datetime) -> list[CallRecord]:
        self._check()
        return await self._roster.of_bucket(bucket, since)

    async def _write_turn(
        self, name: str, call_id: str, turn: int, given: dict[str, Any], within_s: float
    ) -> TurnRecord:
        arguments = {"call_id": call_id, "turn": turn, **given}
        record: TurnRecord = await self._write(name, call_id, arguments, within_s=within_s)
        self._shadow.learn_turn(record)
        return record

    async def _write(
        self, name: str, call_id: str, arguments: dict[str, Any], **haste: float
    ) -> Any:
        self._check()
        fault = self._away
        if fault is None and not self._waits(call_id):
            method = getattr(self._store, name)
            result, fault = await attempt(method(**arguments, **haste), self._patience_s)
            if fault is None:
                if self._waits(call_id):
                    # Spooled meanwhile: the shadow hears of it too.
                    await self._shadowed(Operation(name, call_id, self._now(), arguments))
                return result
            self._lose(fault)
        key = keepable(call_id)
        operation = Operation(name, key, self._now(), arguments)
        return await self._spool(operation, fault or StoreUnavailable())

    async def _spool(self, operation: Operation, fault: StoreError) -> Any:
        """Do it in the shadow, keep it, acknowledge it."""
        known = True
        if operation.call_id not in self._waiting:
            try:
                await self._recall(operation.call_id, starting=operation.name == "open_call")
            except AWAY:
                # The end of a call that nobody here has seen is kept all the same, and notes.
                if operation.name not in ("end_call", "note_turn"):
                    raise
                known = False
        if self._closed:
            raise type(fault)(fault.message)
        if operation.name == "open_call" and self._shadow.knows(operation.call_id):
            return await operation.apply(self._shadow)  # repeated: there is nothing to keep
        if self._full(operation.name):
            raise StoreFull if operation.name == "open_call" else type(fault)(fault.message)
        result = await operation.apply(self._shadow) if known else True
        if result is False:  # an end that closed nothing: nothing to keep
            return False
        self._waiting.add(operation)
        self._recover()
        await self._journal.keep(operation.line())
        return result

    def _full(self, name: str) -> bool:
        return not self._room.for_one(name, operations=self.spooled, unsaved=self.unsaved)

    async def _shadowed(self, operation: Operation) -> None:
        with suppress(StoreError):
            await operation.apply(self._shadow)

    async def _read(
        self, method: Callable[..., Awaitable[Any]], argument: Any, *, shadowed: str = ""
    ) -> Any:
        """Ask the store, unless it is known to be silent and the shadow can answer."""
        fault = self._unread
        if fault is None or not self._shadow.knows(shadowed):
            result, fault = await attempt(method(argument), self._patience_s)
            if fault is None:
                return result
            self._unread = fault
            self._recover()
        raise type(fault)(fault.message)

    async def _stored(
        self, method: Callable[..., Awaitable[Any]], call_id: str
    ) -> tuple[Any] | None:
        """What the store says of the call, in a tuple; None if the shadow has to be asked."""
        self._check()
        key = keepable(call_id)
        if key not in self._waiting:
            try:
                answer = await self._read(method, call_id, shadowed=key)
            except AWAY:
                if not self._shadow.knows(key):
                    raise
                return None
            if key not in self._waiting:
                return (answer,)
        await self._recall(key)
        return None

    async def _recall(self, call_id: str, *, starting: bool = False) -> None:
        """Make the shadow of a call: what the store has of it, and on top what waits.

        Raises if the store cannot be read and neither this process nor the spool knows the call.
        """
        starting = starting or any(op.name == "open_call" for op in self._waiting.of(call_id))
        try:
            call = await self._read(self._store.find_call, call_id, shadowed=call_id)
            turns = await self._read(self._store.turns, call_id, shadowed=call_id) if call else []
        except AWAY:
            if not starting and not self._shadow.knows(call_id):
                raise
        else:
            if call is not None:
                self._shadow.learn_call(call)
            for turn in turns:
                self._shadow.learn_turn(turn)
        for operation in self._waiting.of(call_id):  # nothing in a shadow suspends
            await self._shadowed(operation)

    def _waits(self, call_id: str) -> bool:
        return len(self._waiting) > 0 and keepable(call_id) in self._waiting

    def _lose(self, fault: StoreError) -> None:
        if self._away is None:
            _log.error("store_away", code=fault.code, reason=fault.message)
        self._away = fault
        self._recover()

    def _recover(self) -> None:
        """See to it that somebody looks whether the store is back."""
        if self._closed or (self._recovery is not None and not self._recovery.done()):
            return
        self._recovery = asyncio.create_task(self._look_until_back(), name="store-recovery")

    async def _look_until_back(self) -> None:
        pause_s, pause_s_max = PAUSE_S
        while self._waiting or self._away is not None or self._unread is not None:
            await asyncio.sleep(pause_s)
            pause_s = PAUSE_S[0] if await self._bring_in() else min(2 * pause_s, pause_s_max)

    async def _bring_in(self) -> bool:
        """Bring everything that waits into the store. False if it, or one call, is still away."""
        try:
            async with asyncio.timeout(PING_S):
                await self._store.ping()
        except (StoreError, TimeoutError):
            return False
        self._away = self._unread = None
        self._room.cleared()
        return await self._replay.all()
