"""What becomes of an answer's bytes while they come: text, the answer's facts, or a fault.

A `Reading` is the line's reader. The text goes to whoever waits, in the moment in which the network
gave it. Only text counts as progress: a server that sends keep-alives or thoughts while the caller
hears silence is as late as one that sends nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from halo_voice.core.errors import ModelBroken, ModelError, ModelTimeout
from halo_voice.llm import calling, chunks, faults, functions, sse
from halo_voice.llm.endpoint import Limits
from halo_voice.llm.line import Headers, Line
from halo_voice.llm.watch import Watch

Take = Callable[[str], object]
"""Is given a piece of text; what it returns, if true, means: enough."""

_ENDING_S = 0.2
_FAULT_S = 0.5
_FAULT_BODY_BYTES_MAX = 16 * 1024
_CALLS_CHARS_MAX = 32 * 1024
_SPACE = b" \t\r\n\xef\xbb\xbf"
_NOTHING, _SILENCE = chunks.Chunk(), chunks.Delta()


class Reading(Watch):
    """`over`: no text comes any more, `fault` says why if that is not the answer's end.

    `stale`: the line was dead before the server was asked; it may be asked over another one.
    `status`: of a refusal, else 200. `chars`: of text, thoughts and tool calls, as far as they
    came. `offered`: there are tools that the model may call. Times are those of the event loop.
    """

    __slots__ = (
        "_events",
        "_headers",
        "_limits",
        "_streamed",
        "_take",
        "_texts",
        "_thoughts",
        "_waiter",
        "_whole",
        "chars",
        "fault",
        "finish_reason",
        "first",
        "first_at",
        "line",
        "offered",
        "over",
        "stale",
        "status",
        "tool_calls",
        "usage",
    )

    def __init__(self, limits: Limits, deadline_s: float, *, offered: bool = False) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        end = now + min(limits.answer_s, deadline_s)
        super().__init__(loop, end)
        self.first = min(now + limits.first_token_s, end)
        self.first_at: float | None = None
        self.line: Line | None = None
        self.over = False
        self.stale = False
        self.offered = offered
        self.status = 200
        self.fault: BaseException | None = None
        self.finish_reason: str | None = None
        self.usage: chunks.Usage | None = None
        self.tool_calls: list[Any] = []
        self._limits = limits
        self._events = sse.EventReader(limits.event_bytes)
        self._headers: Headers = {}
        self._streamed = False  # known to be no whole JSON object
        self._whole: bytearray | None = None  # the body, where it is no stream
        self._thoughts = 0
        self.chars = 0
        self._texts: list[str] = []
        self._take: Take | None = None
        self._waiter: asyncio.Future[None] | None = None

    # ------------------------------------------------------------------- for who asked

    def ask(self, line: Line, request: bytes) -> None:
        self.stale = False
        self.line = line
        line.ask(request, self)

    def said(self) -> str:
        """The text that nobody has had yet, "" if there is none."""
        texts = self._texts
        if not texts:
            return ""
        text = texts[0] if len(texts) == 1 else "".join(texts)
        texts.clear()
        return text

    async def more(self) -> None:
        """Wait until something can be told: text, a stale line, or that it is over."""
        self.until(self._next_due())
        self._waiter = self.loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None
            self.pause()

    def hand_to(self, take: Take) -> None:
        """Every text from now on goes to `take`, in the moment in which it comes."""
        self._take = take
        text = self.said()
        if text:
            self._give(text)

    def why_empty(self) -> ModelBroken:
        if self.tool_calls:
            return ModelBroken("The model's answer holds tool calls and no text.")
        if self._thoughts:
            return ModelBroken("The model only thought and said nothing: switch its reasoning off.")
        return ModelBroken("The model's answer is empty.")

    def close(self) -> None:
        """Nobody wants the rest."""
        if not self.over:
            self._break_off(None)

    # --------------------------------------------------------------------- the line's side

    def head(self, status: int, headers: Headers) -> None:
        kind = headers.get("content-type", "")
        if status == 200:
            self._streamed = kind.partition(";")[0].strip().lower() == "text/event-stream"
        else:
            self.status, self._headers = status, headers
            self._whole = bytearray()
            self.until(min(self.loop.time() + _FAULT_S, self.first))

    def body(self, data: bytes) -> None:
        if self.over:
            return
        try:
            if self._streamed:
                events = self._events.feed(data)
                # One event is the usual case.
                text = self._event(events[0]) if len(events) == 1 else self._all(events)
            else:
                text = self._undecided(data)
        except sse.EventTooLarge:
            self._break_off(
                ModelBroken("One event of the model's answer is larger than the limit.")
            )
            return
        if text:
            self._give(text)
        elif self._waiter is not None and (self.finish_reason is not None or self.tool_calls):
            self.until(self._next_due())
            if self.offered and self.first_at is None:  # that tools are called is news
                self.first_at = self.loop.time()
                self._wake()
        if self.over:
            self._leave()

    def end(self) -> None:
        line, self.line = self.line, None
        if self.over:
            return
        if self.status != 200:
            self._break_off(self._refusal())
            return
        if self.chars and self.finish_reason is None and line and not line.self_ending:
            self._break_off(faults.fault_of_connection(None))  # nothing says that this is all
            return
        text = self._event(bytes(self._whole).strip(_SPACE)) if self._whole is not None else ""
        if text:
            self._give(text)
        self._leave()

    def lost(self, error: Exception | None, *, stale: bool) -> None:
        self.line = None
        if self.over:
            return
        if stale:
            self.stale = True
            self._wake()
        elif self.status != 200:
            self._break_off(self._refusal())
        else:
            self._break_off(faults.fault_of_connection(error))

    # ------------------------------------------------------------------------ the clock's side

    def expired(self) -> None:
        if self.status != 200:
            self._break_off(self._refusal())
        elif self.finish_reason is not None:  # all was said, only the end is missing
            self._break_off(None)
        else:
            late = "stopped" if self.first_at is not None else "did not begin"
            self._break_off(ModelTimeout(f"The model's answer {late} in time."))

    def _next_due(self) -> float:
        """Till when the next text must be here."""
        if self.finish_reason is not None:
            return self.loop.time() + self._limits.ending_s
        if self.first_at is None and not self.tool_calls:
            return self.first
        return self.loop.time() + self._limits.stall_s

    # --------------------------------------------------------------------------------- the text

    def _give(self, text: str) -> None:
        if self.first_at is None:
            self.first_at = self.loop.time()
        take = self._take
        if take is None:
            self._texts.append(text)
            self._wake()
            return
        if not self.over:
            limits = self._limits
            wait_s = limits.stall_s if self.finish_reason is None else limits.ending_s
            self._due = due = self.loop.time() + wait_s  # `until`, without a call for each token
            if due < self._rings:
                self._ring_at(due)
        try:
            enough = take(text)
        except BaseException as error:  # raised where it is waited for
            self._break_off(error)
        else:
            if enough:
                self._break_off(None)

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _leave(self) -> None:
        """All is said: the line is kept if the body ends soon, without anybody waiting for it."""
        line, self.line = self.line, None
        if line is not None:
            if self.fault is None:
                line.leave(_ENDING_S)
            else:
                line.abort()
        self._finish()

    def _break_off(self, fault: BaseException | None) -> None:
        self.fault = self.fault or fault
        line, self.line = self.line, None
        if line is not None:
            line.abort()
        self._finish()

    def _finish(self) -> None:
        self.over = True
        self._take = None
        self.stop()
        self._wake()

    def _refusal(self) -> ModelError:
        return faults.fault_of_status(self.status, self._headers, bytes(self._whole or b""))

    def _undecided(self, data: bytes) -> str:
        """Some servers answer a request to stream with one JSON object; others refuse."""
        if self._whole is None:
            start = data.lstrip(_SPACE)
            if self._events.begun or (start and not start.startswith(b"{")):
                self._streamed = True
                return self._all(self._events.feed(data))
            if not start:
                return self._all(self._events.feed(data))
            self._whole = bytearray()
        self._whole += data
        if self.status != 200:
            if len(self._whole) >= _FAULT_BODY_BYTES_MAX:
                self._break_off(self._refusal())
        elif len(self._whole) > self._limits.body_bytes:
            self._break_off(ModelBroken("The model's answer is larger than the limit."))
        return ""

    def _all(self, events: Sequence[bytes]) -> str:
        return "".join([self._event(event) for event in events])

    def _event(self, event: bytes) -> str:
        """The text of an event; notes the end and faults on the way."""
        if self.over:  # nothing counts after the end
            return ""
        try:
            chunk = chunks.decode_fast(event)
        except ValueError:
            chunk = self._mended(event)
        if chunk.error:
            self._end_with(faults.fault_in_stream(chunk.error))
            return ""
        self.usage = chunk.usage or self.usage
        if not chunk.choices:
            fault = None if chunk.usage or self.over else faults.fault_of_event(event)
            if fault is not None:
                self._end_with(fault)
            return ""
        choice = chunk.choices[0]
        if choice.finish_reason:  # some servers send "" with every chunk
            self.finish_reason = choice.finish_reason
        delta = choice.delta or choice.message or _SILENCE
        content = delta.content
        if not content or delta.tool_calls or delta.function_call:
            self._besides(delta)
            if not content or self.over:
                return ""
        self.chars += len(content)
        said = self.chars - self._thoughts
        if said <= self._limits.answer_chars:
            return content
        self.over = True
        self.finish_reason = "length"
        return content[: self._limits.answer_chars - said]

    def _mended(self, event: bytes) -> chunks.Chunk:
        """What is no chunk at first sight: the end, a broken character, garbage."""
        if event.startswith(b"[DONE]"):
            self.over = True
        elif event:
            try:
                return chunks.decode(event)
            except ValueError:
                self._end_with(ModelBroken("The model's server sent what is not a JSON object."))
        return _NOTHING

    def _besides(self, delta: chunks.Delta) -> None:
        """What is no text: calls of tools, thoughts."""
        if delta.function_call:
            delta.tool_calls = functions.as_deltas(delta.function_call)
        if delta.tool_calls:
            self.tool_calls += delta.tool_calls
            written = calling.characters(delta.tool_calls)
            self._thoughts += written
            self.chars += written
            if self.chars > _CALLS_CHARS_MAX + self._limits.answer_chars:
                self._end_with(ModelBroken("The model's tool calls have no end."))
        if not delta.content and delta.reasoning_content:
            self._thoughts += len(delta.reasoning_content)
            self.chars += len(delta.reasoning_content)

    def _end_with(self, fault: ModelError) -> None:
        """Keep the fault for later: the text that came before it is still to be given."""
        self.fault = fault
        self.over = True
