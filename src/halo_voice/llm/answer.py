"""One answer of a model, read from the connection as it comes.

An `Answer` is the asynchronous iterator that `OpenAIClient.stream` returns. It owns one request
from the first byte sent to the connection's return, and keeps the four limits: connection, first
piece, stall, whole answer. Only text counts as progress. A server that sends keep-alives or
thoughts while the caller hears silence is as late as one that sends nothing.

All text of one network read is one piece: fewer wake-ups, the same words.
"""

from __future__ import annotations

import asyncio
from typing import Any, Self

import aiohttp

from halo_voice.core.errors import ModelBroken, ModelError, ModelTimeout
from halo_voice.llm import chunks, faults, sse
from halo_voice.llm.body import read_body
from halo_voice.llm.connection import Connection
from halo_voice.llm.endpoint import Limits
from halo_voice.llm.watch import Watch

_FAULT_BODY_BYTES_MAX = 16 * 1024
_SPACE = b" \t\r\n\xef\xbb\xbf"


class Answer:
    """Iterate for the text; the rest is known once the iteration ended.

    `source`: the model's name. `finish_reason`: why the model stopped, None if it never said.
    `usage`: tokens, if the server counts them. `tool_calls`: the deltas of tool calls, as sent.
    `first_piece_s`: seconds from the call to the first piece.
    """

    _closed = True  # until the answer is made whole

    def __init__(
        self, connection: Connection, body: bytes, source: str, limits: Limits, deadline_s: float
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._connection = connection
        self._limits = limits
        self._body = body
        self._begun = now = self._loop.time()
        self._end = now + min(limits.answer_s, deadline_s)
        self._first = min(now + limits.first_token_s, self._end)
        self._watch = Watch(self._loop, self._end, self._expire)
        self._events = sse.EventReader(limits.event_bytes)
        self._response: aiohttp.ClientResponse | None = None
        self._whole: bytearray | None = None  # the body so far, if it is one JSON object
        self._fault: ModelError | None = None
        self._ended = False
        self._thought = False
        self._chars = 0
        self.source = source
        self.finish_reason: str | None = None
        self.usage: chunks.Usage | None = None
        self.tool_calls: list[Any] = []
        self.first_piece_s: float | None = None
        self._closed = False

    @property
    def truncated(self) -> bool:
        """The model (or our limit on characters) cut the answer short."""
        return self.finish_reason == "length"

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
            self._leave()
            raise StopAsyncIteration
        self._watch.pause()
        return text

    async def aclose(self) -> None:
        """Stop reading; the connection is closed unless the answer had ended."""
        self._close()

    def __del__(self) -> None:
        if not self._closed and not self._loop.is_closed():
            self._close()

    async def _next(self) -> str | None:
        """The next piece; None when the answer has ended well. Raises `ModelError`."""
        if self._response is None:
            await self._open()
        due = self._due()
        while not self._ended:
            self._watch.until(due)
            text = self._take(await self._read())
            if text:
                if self.first_piece_s is None:
                    self.first_piece_s = self._loop.time() - self._begun
                return text
            if self.finish_reason is not None or self.tool_calls:
                due = self._due()
        if self._fault is not None:
            raise self._fault
        if self.first_piece_s is None:
            raise ModelBroken(self._why_empty())
        return None

    def _due(self) -> float:
        """Till when the next piece must be here."""
        limits = self._limits
        if self.finish_reason is not None:
            return min(self._loop.time() + limits.ending_s, self._end)
        if self.first_piece_s is None and not self.tool_calls:
            return self._first
        return min(self._loop.time() + limits.stall_s, self._end)

    async def _open(self) -> None:
        try:
            async with asyncio.timeout_at(self._first):
                self._response = response = await self._connection.post(self._body)
                if response.status != 200:
                    fault = faults.fault_of_status(
                        response.status, response.headers, await _short_body(response)
                    )
                    if self._connection.refused(response.status):
                        fault = faults.TokenRefused(fault.message, response.status)
                    raise fault
        except TimeoutError:
            raise ModelTimeout("The model's server did not answer in time.") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise faults.fault_of_connection(error) from None

    async def _read(self) -> bytes:
        assert self._response is not None
        try:
            return await self._response.content.readany()
        except ModelTimeout:
            if self.finish_reason is not None:  # all was said, only the end is missing
                return b""
            raise
        except (aiohttp.ClientError, OSError) as error:
            raise faults.fault_of_connection(error) from None

    def _take(self, data: bytes) -> str:
        """The text in what was read; notes the end and faults on the way."""
        if not data:
            self._ended = True
            return self._take_whole() if self._whole is not None else ""
        if self._whole is None:
            if not self._might_be_whole(data):
                return self._take_events(data)
            self._whole = bytearray()
        self._whole += data
        if len(self._whole) > self._limits.body_bytes:
            raise ModelBroken("The model's answer is larger than the limit.")
        return ""

    def _might_be_whole(self, data: bytes) -> bool:
        """Some servers answer a request to stream with one JSON object."""
        if self._events.begun:
            return False
        assert self._response is not None
        if self._response.content_type == "text/event-stream":
            return False
        return data.lstrip(_SPACE).startswith(b"{")

    def _take_whole(self) -> str:
        assert self._whole is not None
        found = bytes(self._whole).strip(_SPACE)
        return self._take_chunk(found) if found else ""

    def _take_events(self, data: bytes) -> str:
        try:
            events = self._events.feed(data)
        except sse.EventTooLarge:
            raise ModelBroken("One event of the model's answer is larger than the limit.") from None
        if len(events) == 1:  # the usual case
            return self._take_event(events[0])
        return "".join([self._take_event(event) for event in events])

    def _take_event(self, event: bytes) -> str:
        if self._ended:  # nothing counts after the end
            return ""
        if event.startswith(b"[DONE]"):
            self._ended = True
            return ""
        return self._take_chunk(event) if event else ""

    def _take_chunk(self, data: bytes) -> str:
        try:
            chunk = chunks.decode(data)
        except ValueError:
            return self._broken(ModelBroken("The model's server sent what is not a JSON object."))
        if chunk.error:
            return self._broken(faults.fault_in_stream(chunk.error))
        if chunk.usage is not None:
            self.usage = chunk.usage
        if not chunk.choices:
            return ""
        choice = chunk.choices[0]
        if choice.finish_reason is not None:
            self.finish_reason = choice.finish_reason
        delta = choice.delta or choice.message
        return "" if delta is None else self._take_delta(delta)

    def _take_delta(self, delta: chunks.Delta) -> str:
        if delta.tool_calls:
            self.tool_calls += delta.tool_calls
        if not delta.content:
            self._thought = self._thought or bool(delta.reasoning_content)
            return ""
        self._chars += len(delta.content)
        if self._chars <= self._limits.answer_chars:
            return delta.content
        self._ended = True
        self.finish_reason = "length"
        return delta.content[: self._limits.answer_chars - self._chars]

    def _broken(self, fault: ModelError) -> str:
        """Keep the fault for later: the text that came before it is still to be given."""
        self._fault = fault
        self._ended = True
        return ""

    def _why_empty(self) -> str:
        if self.tool_calls:
            return "The model's answer holds tool calls and no text."
        if self._thought:
            return "The model only thought and said nothing: switch its reasoning off."
        return "The model's answer is empty."

    def _expire(self) -> None:
        """The watch rang: wake the reader, if there is one, and drop the connection."""
        if self._response is not None:
            late = "stopped" if self.first_piece_s is not None else "did not begin"
            self._response.content.set_exception(
                ModelTimeout(f"The model's answer {late} in time.")
            )
            self._response.close()

    def _leave(self) -> None:
        """The answer is whole: let the connection go back to the pool when its end arrives."""
        self._closed = True
        self._watch.stop()
        if self._response is not None and not self._response.closed:
            self._connection.finish(self._response)

    def _close(self) -> None:
        self._closed = True
        self._watch.stop()
        if self._response is not None:
            if self._ended and self._fault is None and not self._response.closed:
                self._connection.finish(self._response)
            else:
                self._response.close()


async def _short_body(response: aiohttp.ClientResponse) -> bytes:
    """The beginning of an error's body; empty when it cannot be had."""
    try:
        async with asyncio.timeout(0.5):
            return await read_body(response, _FAULT_BODY_BYTES_MAX)
    except (TimeoutError, aiohttp.ClientError, OSError):
        return b""
