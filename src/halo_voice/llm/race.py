"""Two models for one first piece: the second starts when the first is slow, or when it has failed.

The first is awaited in the turn's own task, so a turn in which nothing goes wrong costs one timer
and no task. If the timer rings, the second is asked in a task; when it has a piece first, it ends
the wait for the other one by moving that wait's time limit to now. When the race is over, the loser
has been cancelled and closed: no task, connection or timer is left.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import structlog

from halo_voice.core.errors import ModelBroken, ModelError
from halo_voice.core.ports import Fate
from halo_voice.llm.provider import Attempt

_log = structlog.get_logger(__name__)


class Race:
    """`begin` gives the next attempt, None when there is none; it is called twice at most
    (invariant 10). `give_up`: the loop's time at which the race is over.

    `winner` is known after `run`. `hedged`: the second was started while the first was awaited.
    `wasted`: attempts that were called off.
    """

    __slots__ = (
        "_alone",
        "_asked",
        "_begin",
        "_give_up",
        "_limit",
        "_loop",
        "_second",
        "hedged",
        "wasted",
        "winner",
    )

    def __init__(self, begin: Callable[[], Attempt | None], give_up: float, *, alone: bool) -> None:
        """`alone`: there is nobody to hedge with."""
        self.winner: Attempt | None = None
        self.hedged = False
        self.wasted = 0
        self._begin = begin
        self._give_up = give_up
        self._alone = alone
        self._loop = asyncio.get_running_loop()
        self._asked: list[Attempt] = []
        self._limit: asyncio.Timeout | None = None  # of the wait for the first
        self._second: asyncio.Task[str | None] | None = None

    async def run(self) -> str | None:
        """The first piece that anybody has, None when nobody has one in time."""
        first = self._next()
        if first is None:
            return None
        fate = Fate.UNWANTED  # unless the race comes to an end by itself
        try:
            piece = await (
                self._wait(first, self._give_up) if self._alone else self._wait_hedged(first)
            )
            piece = piece if piece is not None else await self._other()
            fate = Fate.SILENT if self.winner is None else Fate.OUTRUN
            return piece
        finally:
            if self._second is not None or self.winner is None:
                await self._call_off(fate)

    def _hedge_at(self, first: Attempt) -> float:
        """Its usual time; of a short turn, half, so that the second has a chance as well."""
        now = self._loop.time()
        return now + min(first.patience_s, (self._give_up - now) / 2)

    def _next(self) -> Attempt | None:
        attempt = self._begin()
        if attempt is not None:
            self._asked.append(attempt)
        return attempt

    async def _wait_hedged(self, first: Attempt) -> str | None:
        """As `_wait`. One timer at a time: the limit is set when the hedge's timer has rung."""
        timer = self._loop.call_at(self._hedge_at(first), self._hedge)
        try:
            return await self._wait(first, None)
        finally:
            timer.cancel()

    async def _wait(self, attempt: Attempt, until: float | None) -> str | None:
        """Its first piece, until the race is given up or `_ask_second` ends the wait."""
        try:
            async with asyncio.timeout_at(until) as self._limit:
                piece = await _first_piece(attempt)
        except TimeoutError:
            return None
        finally:
            self._limit = None
        if piece is not None:
            self.winner = attempt
        return piece

    def _hedge(self) -> None:
        """The timer rang: the first is slow."""
        if self._limit is None:  # it has just spoken or failed
            return
        self._limit.reschedule(self._give_up)
        attempt = self._next()
        if attempt is not None:
            self.hedged = True
            _log.info("model_hedged", model=self._asked[0].name, second=attempt.name)
            self._second = self._loop.create_task(self._ask_second(attempt))

    async def _ask_second(self, attempt: Attempt) -> str | None:
        piece = await _first_piece(attempt)
        if piece is not None and self._limit is not None and not self._limit.expired():
            self._limit.reschedule(self._loop.time())
        return piece

    async def _other(self) -> str | None:
        """The first has failed or was outrun: what the second has, asked now if it was not yet."""
        if self._second is None:
            attempt = self._next()
            return None if attempt is None else await self._wait(attempt, self._give_up)
        try:
            async with asyncio.timeout_at(self._give_up):
                piece = await self._second
        except TimeoutError:
            return None
        if piece is not None:
            self.winner = self._asked[1]
        return piece

    async def _call_off(self, fate: Fate) -> None:
        """Stop whoever is still at work, and close what did not win."""
        if self._second is not None and not self._second.done():
            self._second.cancel()
            await asyncio.wait([self._second])
        for attempt in self._asked:
            if attempt is not self.winner:
                await close(attempt.answer)
                self.wasted += attempt.called_off(fate)


async def _first_piece(attempt: Attempt) -> str | None:
    """Its first piece, None when it failed: the attempt knows by then."""
    try:
        piece = await anext(attempt.answer)
    except StopAsyncIteration:
        attempt.failed(ModelBroken("The model's answer is empty."))
    except ModelError as error:
        attempt.failed(error)
    else:
        attempt.spoke()
        return piece
    return None


async def close(answer: AsyncIterator[str]) -> None:
    """Stop reading an answer, whoever made it."""
    aclose = getattr(answer, "aclose", None)
    if aclose is not None:
        await aclose()
