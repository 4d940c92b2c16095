"""What the models of one call have taken so far, and whether they may take more."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

import structlog

from halo_voice.calls.budget import Budget
from halo_voice.core.money import Cost, Tokens
from halo_voice.core.ports import Message

SETTLE_S = 1.0

_log = structlog.get_logger(__name__)


class Purse:
    """One call's. `spent`: what another process had spent on the call before.

    An answer is paid for when it has ended, whatever became of it, thrown away ones too; until then
    the most that it can come to is set aside. So neither the call's cap nor the day's is passed by
    answers that are made at the same time.
    """

    def __init__(self, budget: Budget | None = None, spent: Cost | None = None) -> None:
        self.spent = spent or Cost()
        self._budget = budget or Budget()
        self._held = Cost()
        self._answers = 0  # that are being made
        self._idle = asyncio.Event()
        self._idle.set()
        self._noted = self.spent  # of it, what stands in turns already
        self._told = False

    def hold(self, messages: Sequence[Message], max_tokens: int) -> Cost | None:
        """What is set aside for an answer; None: the call's money is spent, or the day's."""
        most = self._budget.prices.at_most(messages, max_tokens)
        if not self._budget.call.allows(self.spent, self._held, most):
            if not self._told:
                self._told = True
                _log.warning("call_budget_spent")
            return None
        if not self._budget.hold(most):
            return None
        self._held += most
        self._answers += 1
        self._idle.clear()
        return most

    def settle(self, held: Cost, taken: Sequence[Tokens]) -> None:
        """The answer has ended: it took this."""
        self._held -= held
        self._budget.release(held)
        if taken:
            self.spent += self._budget.charge(taken)
        self._answers -= 1
        if not self._answers:
            self._idle.set()

    async def settled(self) -> None:
        """Return when no answer is being made any more: those called off end at once, or never."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SETTLE_S):
                await self._idle.wait()

    def since_last_turn(self) -> Cost:
        """What was spent since this was asked the last time."""
        new, self._noted = self.spent - self._noted, self.spent
        return new

    def rest(self, duration_ms: int, characters: int) -> Cost:
        """What a call of this length cost besides. `characters`: spoken by the voice."""
        return self._budget.prices.of_line(duration_ms, characters)
