"""One answer of a model, from the request's first byte to the line's return.

An `Answer` is what `OpenAIClient.stream` returns: an asynchronous iterator. `each` gives the same
pieces to a function instead, in the moment in which they come, and wakes nobody for a piece: the
cheaper way by half for who has no more to do with a piece than a function can.

It keeps the four limits: connection, first piece, stall, whole answer. All text that has come since
the last piece is one piece.
"""

from __future__ import annotations

import asyncio
from typing import Any, Self

from halo_voice.core.errors import ModelTimeout
from halo_voice.core.messages import Calls
from halo_voice.llm import chunks, faults
from halo_voice.llm.calling import assembled
from halo_voice.llm.connection import Connection
from halo_voice.llm.endpoint import Limits
from halo_voice.llm.reading import Reading, Take

_FILTERS = frozenset({"content_filter", "blacklist"})
"""The server's filter; GigaChat calls it `blacklist`. It often says a sentence of its own."""

_CUT = frozenset({"length", "error"}) | _FILTERS
"""Reasons to stop that are not the answer's own end."""


class Answer:
    """Iterate for the text; the rest is known once the iteration ended. `source`: the model."""

    __slots__ = (
        "_asked",
        "_begun",
        "_body",
        "_called",
        "_closed",
        "_connection",
        "_reading",
        "_token",
        "source",
    )

    def __init__(
        self,
        connection: Connection,
        body: bytes,
        source: str,
        limits: Limits,
        deadline_s: float,
        *,
        offered: bool = False,
    ) -> None:
        """`offered`: the body offers tools; then what the model calls are pieces: `Calls`."""
        self._closed = True  # until the answer is made whole
        self.source = source
        self._connection = connection
        self._body = body
        self._reading = Reading(limits, deadline_s, offered=offered)
        self._called = 0  # pieces that told of tools: first that some are called, then which
        self._begun = self._reading.loop.time()
        self._asked = False
        self._token = ""  # which the request carries
        self._closed = False

    @property
    def finish_reason(self) -> str | None:
        """Why the model stopped, None if it never said."""
        return self._reading.finish_reason

    @property
    def truncated(self) -> bool:
        """The answer was cut short: by its length, by the server's filter, by a fault."""
        return self.finish_reason in _CUT

    @property
    def filtered(self) -> bool:
        """The server's filter stopped it: there is no more to come, however often one asks."""
        return self.finish_reason in _FILTERS

    @property
    def usage(self) -> chunks.Usage | None:
        """Tokens, if the server counts them."""
        return self._reading.usage

    @property
    def chars(self) -> int:
        """Characters that the model has written so far, its thoughts included."""
        return self._reading.chars

    @property
    def tool_calls(self) -> list[Any]:
        """The deltas of tool calls, as sent."""
        return self._reading.tool_calls

    @property
    def first_piece_s(self) -> float | None:
        """Seconds from the call to the first piece."""
        first_at = self._reading.first_at
        return None if first_at is None else first_at - self._begun

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> str:
        if self._closed:
            raise StopAsyncIteration
        try:
            text = await self._next()
        except BaseException:
            self._close()
            raise
        if text is None:
            self._close()
            raise StopAsyncIteration
        return text

    async def each(self, take: Take) -> None:
        """Give every piece to `take` as it comes; back when the answer has ended.

        `take` must not wait. If it returns what is true, that was enough: the answer is closed.
        Raises `ModelError` as the iteration does, and what `take` raises.
        """
        if self._closed:
            return
        reading = self._reading
        try:
            if not self._asked:
                await self._ask()
            reading.hand_to(take)
            while not reading.over:
                await self._more()
            self._check()
            calls = self._calls()
            if calls is not None:
                take(calls)
        finally:
            self._close()

    async def aclose(self) -> None:
        """Stop reading; the line is closed unless the answer had ended."""
        self._close()

    def __del__(self) -> None:
        if not self._closed and not self._reading.loop.is_closed():
            self._close()

    async def _next(self) -> str | None:
        """The next piece; None when the answer has ended well. Raises `ModelError`."""
        if not self._asked:
            await self._ask()
        reading = self._reading
        while not (text := reading.said()):
            if reading.over:
                self._check()
                return self._calls()
            if reading.offered and reading.tool_calls and not self._called:
                self._called = 1
                return Calls()
            await self._more()
        return text

    def _calls(self) -> Calls | None:
        """The tools that a whole answer calls, once; None if there are none."""
        reading = self._reading
        if not (reading.offered and reading.tool_calls) or self._called > 1:
            return None
        self._called = 2
        return Calls(assembled(reading.tool_calls))

    async def _more(self) -> None:
        await self._reading.more()
        if self._reading.stale:
            await self._ask(new=True)

    def _check(self) -> None:
        """Raise what the reading ended with, if that is not the answer's end."""
        reading = self._reading
        if self._closed:
            return
        if self._connection.refused(reading.status, self._token):
            raise faults.TokenRefused(str(reading.fault), reading.status)
        if reading.fault is not None:
            raise reading.fault
        if reading.first_at is None and not (reading.offered and reading.tool_calls):
            raise reading.why_empty()

    async def _ask(self, *, new: bool = False) -> None:
        """Send the request over a warm line, or over a new one."""
        self._asked = True
        connection, reading = self._connection, self._reading
        request = None if new else connection.request(self._body)
        line = connection.warm_line() if request is not None else None
        if request is None or line is None:
            try:
                async with asyncio.timeout_at(reading.first):
                    while (request := connection.request(self._body)) is None:
                        await connection.sign_in()
                    line = await connection.line(new=new)
            except TimeoutError:
                raise ModelTimeout("The model's server did not answer in time.") from None
        self._token = request.token
        reading.ask(line, request.written)

    def _close(self) -> None:
        self._closed = True
        self._reading.close()
