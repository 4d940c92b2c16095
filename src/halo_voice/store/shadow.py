"""What this process knows of the calls it is busy with, for the time when the store is away."""

from __future__ import annotations

from collections.abc import Callable, Container
from datetime import datetime, timedelta

from halo_voice.core.ports import CallRecord, Outcome, TurnRecord
from halo_voice.store.memory import MemoryStore, noted
from halo_voice.store.words import keepable

CALLS_MAX = 2_000
"""So many calls are remembered, those that wait for the store not counted."""

NONCES_MAX = 100_000


class Shadow(MemoryStore):
    """A store in memory that also learns what the real one said. `held` calls are never dropped.

    Calls and turns only go forward (pending to settled, open to closed), so what was learnt late
    never takes back what is known.
    """

    def __init__(self, held: Container[str], *, now: Callable[[], datetime]) -> None:
        super().__init__(now=now)
        self._held = held

    def knows(self, call_id: str) -> bool:
        return call_id in self._calls

    def learn_call(self, call: CallRecord) -> None:
        known = self._calls.get(call.call_id)
        if known is None:
            self._turns[call.call_id] = {}
            if len(self._calls) >= CALLS_MAX:
                self._forget_oldest()
        if known is None or known.open or not call.open:
            self._calls[call.call_id] = call

    def learn_turn(self, turn: TurnRecord) -> None:
        """Keep a turn of a call that is known; others are no business of this process."""
        turns = self._turns.get(turn.call_id)
        if turns is None:
            return
        known = turns.get(turn.turn)
        if known is None or known.outcome is Outcome.PENDING or turn.outcome is not Outcome.PENDING:
            # A note may be on its way still: what is known of the turn outlives an older record.
            turns[turn.turn] = turn if known is None else noted(noted(turn, known), turn)

    def forget(self, call_id: str) -> None:
        """Drop a call that has ended, unless it waits for the store."""
        if call_id not in self._held:
            self._calls.pop(call_id, None)
            self._turns.pop(call_id, None)

    def _forget_oldest(self) -> None:
        oldest = next((call_id for call_id in self._calls if call_id not in self._held), None)
        if oldest is not None:
            self.forget(oldest)


class NonceMemory:
    """The nonces that this process has claimed and that have not expired."""

    def __init__(self, *, now: Callable[[], datetime]) -> None:
        self._now = now
        self._expiry: dict[str, datetime] = {}

    def claim(self, nonce: str, ttl_s: float) -> bool:
        """True the first time within `ttl_s` seconds."""
        nonce, now = keepable(nonce), self._now()
        known = self._expiry.pop(nonce, None)
        if known is not None and known > now:
            self._expiry[nonce] = known
            return False
        self._expiry[nonce] = now + timedelta(seconds=ttl_s)
        while len(self._expiry) > 1:  # in the order of their claims, thus about of their expiry
            oldest = next(iter(self._expiry))
            if self._expiry[oldest] > now and len(self._expiry) <= NONCES_MAX:
                break
            del self._expiry[oldest]
        return True
