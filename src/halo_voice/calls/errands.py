"""The tools of one call at work: each effect once, written down first, never called off.

A tool runs in a task of its own. Whoever waits for it may go (an interruption, a newer turn, the
call's end): it runs to its end, and its row says what became of it.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from itertools import count
from typing import Any, TypeVar

import structlog

from halo_voice.calls.known_tools import KnownTools
from halo_voice.calls.listener import Uncounted
from halo_voice.core.errors import StoreError, ToolError, ToolUnsure
from halo_voice.core.ports import Meter
from halo_voice.core.tools import (
    ENDED,
    Tool,
    Toolbox,
    ToolLog,
    ToolRecord,
    ToolResult,
    ToolStart,
    ToolState,
    Use,
)

LOOK_S = 0.25
"""A row that another process works on is looked at so often, in seconds."""

WRITE_S = (0.2, 5.0)
WRITE_S_MAX = 60.0
"""What a store refuses of an end is offered again after so many seconds, at first and at most; in
all, so long."""

CLOSE_S = 2.0
"""So long, in seconds, a process that stops waits for tools that run."""

STORE_AWAY = "Сейчас это не записать: хранилище недоступно. Предложите перезвонить позже."

Written = TypeVar("Written")

_log = structlog.get_logger(__name__)


class Errands(KnownTools):
    """`results`: what came back in this process, with its words for the caller. `caller`: its
    number."""

    def __init__(
        self,
        call_id: str,
        caller: str,
        toolbox: Toolbox,
        log: ToolLog,
        *,
        meter: Meter | None = None,
        transfers: Callable[[], bool] = lambda: False,
    ) -> None:
        super().__init__(toolbox)
        self.call_id = call_id
        self.meter = meter or Uncounted()
        self.results: dict[tuple[int, str], ToolResult] = {}
        self._caller = caller
        self._transfers = transfers
        self._log = log
        self._running: dict[tuple[int, str], asyncio.Task[ToolRecord]] = {}
        self._followed: set[tuple[int, str]] = set()
        self._writing: set[asyncio.Task[Any]] = set()

    async def reload(self) -> None:
        """Another process may have called tools in this call."""
        self.learn(await self._log.tools(self.call_id))

    def open(self) -> list[ToolRecord]:
        """What was begun and is not known to have ended, and is not seen to in this process yet."""
        seen = self._running.keys() | self._followed
        return [record for record in self.unended() if (record.turn, record.key) not in seen]

    # -------------------------------------------------------------------------- beginning

    async def propose(self, tool: Tool, arguments: str, turn: int) -> ToolRecord:
        """Write down what is to be read back. Raises `ToolError`."""
        start = self._start(tool, arguments, turn, ToolState.PROPOSED)
        record, new = await self._begin(start)
        if new or record.state is not ToolState.PROPOSED or record.arguments == arguments:
            return record
        # The same turn, asked anew, wants something else: the newest is what is read back.
        await self.decline(record)
        other = replace(start, key=f"{start.key}:{_digest(arguments)[:8]}")
        return (await self._begin(other))[0]

    async def decline(self, record: ToolRecord) -> None:
        """The caller did not say yes. Never raises: who comes later finds the proposal as old."""
        with contextlib.suppress(StoreError):
            self._keep((await self._move(record, ToolState.DECLINED))[0])

    async def take_up(self, tool: Tool, record: ToolRecord) -> asyncio.Task[ToolRecord]:
        """The caller said yes. Raises `ToolError`."""
        return await self._surely(self._taken_up(tool, record))

    async def _taken_up(self, tool: Tool, record: ToolRecord) -> asyncio.Task[ToolRecord]:
        moved, mine = await self._safely(self._move(record, ToolState.RUNNING))
        self._keep(moved)
        return self._run_soon(tool, moved) if mine else self.follow(tool, moved)

    async def begin(self, tool: Tool, arguments: str, turn: int) -> asyncio.Task[ToolRecord]:
        """Run it, unless it runs, or has run, already. Raises `ToolError`."""
        if not tool.spec.effect:
            return self._read_soon(tool, arguments, turn)
        return await self._surely(self._begun(tool, arguments, turn))

    async def _begun(self, tool: Tool, arguments: str, turn: int) -> asyncio.Task[ToolRecord]:
        record, new = await self._begin(self._start(tool, arguments, turn, ToolState.RUNNING))
        return self._run_soon(tool, record) if new else self.follow(tool, record)

    def follow(self, tool: Tool | None, record: ToolRecord) -> asyncio.Task[ToolRecord]:
        """What becomes of a call that was begun before, here or elsewhere.

        A tool that knows its key is asked again if its row is open; of another one the row is
        watched as long as somebody may be at work on it, and then nobody knows.
        """
        place = record.turn, record.key
        if place in self._running:
            return self._running[place]
        self._followed.add(place)
        open_ = record.state in (ToolState.RUNNING, ToolState.UNKNOWN)
        if open_ and tool is not None and tool.spec.repeatable:
            return self._run_soon(tool, record)
        return self._soon(place, self._watch(tool, record))

    async def finish(self) -> None:
        """The call is over, or goes on elsewhere: wait a little for what runs. It runs on."""
        if running := [*self._running.values(), *self._writing]:
            await asyncio.wait(running, timeout=CLOSE_S)

    async def stop(self, *, over: bool) -> None:
        """The process stops: what runs is let go. An open row is found by whoever carries the call
        on; of a call that is `over` it says that nobody knows."""
        left = [place for place in self._running if self.records[place].effect]
        late = [*self._running.values(), *self._writing]
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        for record in (self.records[place] for place in left if over):
            with contextlib.suppress(StoreError):
                await self._write(self._ended(record, ToolState.UNKNOWN, ""))

    @property
    def busy(self) -> bool:
        return bool(self._running or self._writing)

    # --------------------------------------------------------------------------- running

    def _start(self, tool: Tool, arguments: str, turn: int, state: ToolState) -> ToolStart:
        spec = tool.spec
        key = spec.name if spec.effect else f"{spec.name}:{_digest(arguments)[:12]}"
        return ToolStart(
            call_id=self.call_id,
            turn=turn,
            key=key,
            tool=spec.name,
            arguments=arguments,
            effect=spec.effect,
            state=state,
        )

    async def _begin(self, start: ToolStart) -> tuple[ToolRecord, bool]:
        """Its row. A refusal answers its own arguments: behind it others have a row of their own,
        under the next number, which two processes cannot both begin."""
        for number in count(2):
            record, new = await self._safely(self._log.begin_tool(start))
            self._keep(record)
            if record.state is not ToolState.FAILED or record.arguments == start.arguments:
                break
            start = replace(start, key=f"{start.tool}:{number}")
        return record, new

    async def _surely(self, work: Coroutine[Any, Any, Written]) -> Written:
        """To its end, whoever waits for it: a row that says it runs has somebody who runs it."""
        task = asyncio.create_task(work, name="tool-begins")
        self._writing.add(task)
        task.add_done_callback(self._written)
        return await asyncio.shield(task)

    def _written(self, task: asyncio.Task[Any]) -> None:
        self._writing.discard(task)
        if not task.cancelled():
            task.exception()  # whoever waits for it is told

    async def _safely(self, writing: Awaitable[Written]) -> Written:
        """What cannot be written down must not happen."""
        try:
            return await writing
        except StoreError as error:
            _log.warning("tool_unwritten", call_id=self.call_id, code=error.code)
        raise ToolError(STORE_AWAY)

    def _run_soon(self, tool: Tool, record: ToolRecord) -> asyncio.Task[ToolRecord]:
        return self._soon((record.turn, record.key), self._run(tool, record))

    def _soon(
        self, place: tuple[int, str], work: Coroutine[Any, Any, ToolRecord]
    ) -> asyncio.Task[ToolRecord]:
        task = asyncio.create_task(work, name="tool")
        self._running[place] = task
        task.add_done_callback(lambda done: self._over(place, done))
        return task

    def _over(self, place: tuple[int, str], task: asyncio.Task[ToolRecord]) -> None:
        if self._running.get(place) is task:
            del self._running[place]
        if not task.cancelled() and (fault := task.exception()) is not None:
            _log.error("errand_failed", call_id=self.call_id, fault=type(fault).__name__)

    def _read_soon(self, tool: Tool, arguments: str, turn: int) -> asyncio.Task[ToolRecord]:
        """A tool without effect need not be written down before it runs."""
        start = self._start(tool, arguments, turn, ToolState.RUNNING)
        place = turn, start.key
        if place in self._running:
            return self._running[place]
        return self._soon(place, self._read(tool, start))

    async def _read(self, tool: Tool, start: ToolStart) -> ToolRecord:
        begun = ToolRecord(
            start.call_id,
            start.turn,
            start.key,
            start.tool,
            start.arguments,
            False,
            ToolState.RUNNING,
            "",
            self.toolbox.now(),
        )
        self._keep(begun)
        state, text = await self._use(tool, begun)
        ended = self._ended(begun, state, text)
        try:
            await self._log.begin_tool(start)
            await self._log.move_tool(self.call_id, start.turn, start.key, state, text)
        except StoreError as error:
            _log.warning("tool_unwritten", call_id=self.call_id, code=error.code)
        return ended

    async def _run(self, tool: Tool, record: ToolRecord) -> ToolRecord:
        state, text = await self._use(tool, record)
        return await self._end(record, state, text)

    async def _use(self, tool: Tool, record: ToolRecord) -> tuple[ToolState, str]:
        """Run the tool; how it ended, and its words for the model."""
        loop, spec = asyncio.get_running_loop(), tool.spec
        began = loop.time()
        state, text = ToolState.UNKNOWN, ""
        try:
            async with asyncio.timeout(spec.longest_s):
                result = await tool.run(tool.check(record.arguments), self._told(record))
            self.results[record.turn, record.key] = result
            state, text = ToolState.DONE, result.text
        except ToolUnsure as error:
            state, text = self._unsure(tool, error.message)
        except ToolError as error:
            state, text = ToolState.FAILED, error.message
        except TimeoutError:
            state, text = self._unsure(tool, "Инструмент не ответил вовремя.")
        except Exception as error:
            # The top of somebody else's code: whatever it was, the call goes on.
            _log.error("tool_raised", tool=spec.name, fault=type(error).__name__)
            state, text = self._unsure(tool, "Инструмент не сработал.")
        finally:
            self.meter.tool_ended(spec.name, state, loop.time() - began)
        if state is not ToolState.DONE:
            _log.warning("tool_failed", call_id=self.call_id, tool=spec.name, state=state.value)
        return state, text

    def _unsure(self, tool: Tool, message: str) -> tuple[ToolState, str]:
        """A tool without effect that gives no answer has just failed."""
        return (ToolState.UNKNOWN if tool.spec.effect else ToolState.FAILED), message

    def _told(self, record: ToolRecord) -> Use:
        return Use(
            key=_digest(f"{self.call_id}:{record.turn}:{record.key}")[:32],
            call_id=self.call_id,
            turn=record.turn,
            caller=self._caller,
            now=self.toolbox.now(),
            data=self.toolbox.data,
            transfers=self._transfers(),
        )

    async def _watch(self, tool: Tool | None, record: ToolRecord) -> ToolRecord:
        """A row that somebody else works on, or that is over."""
        loop = asyncio.get_running_loop()
        give_up = loop.time() + (tool.spec.longest_s if tool is not None else 0.0)
        while record.state is ToolState.RUNNING:
            if loop.time() >= give_up:
                return await self._end(record, ToolState.UNKNOWN, "")
            await asyncio.sleep(LOOK_S)
            with contextlib.suppress(StoreError):
                await self.reload()
                record = self.records[record.turn, record.key]
        return record

    # ------------------------------------------------------------------------ writing down

    def _keep(self, record: ToolRecord) -> None:
        self.records[record.turn, record.key] = record

    def _ended(self, record: ToolRecord, state: ToolState, text: str) -> ToolRecord:
        ended = ToolRecord(
            record.call_id,
            record.turn,
            record.key,
            record.tool,
            record.arguments,
            record.effect,
            state,
            text if state in ENDED else "",
            record.started_at,
            self.toolbox.now() if state in ENDED else None,
        )
        self._keep(ended)
        return ended

    async def _move(self, record: ToolRecord, state: ToolState) -> tuple[ToolRecord, bool]:
        return await self._log.move_tool(self.call_id, record.turn, record.key, state)

    async def _end(self, record: ToolRecord, state: ToolState, text: str) -> ToolRecord:
        """Write down how it ended. What another process wrote first holds, for everybody."""
        ended = self._ended(record, state, text)
        try:
            return await self._write(ended)
        except StoreError:  # nobody waits for a store: what has happened is known here
            writing = asyncio.create_task(self._write_later(ended), name="tool-end")
            self._writing.add(writing)
            writing.add_done_callback(self._written)
            return ended

    async def _write(self, ended: ToolRecord) -> ToolRecord:
        place = ended.turn, ended.key
        record, _ = await self._log.move_tool(self.call_id, *place, ended.state, ended.result)
        self._keep(record)
        return record

    async def _write_later(self, ended: ToolRecord) -> None:
        loop = asyncio.get_running_loop()
        give_up, (pause_s, pause_s_max) = loop.time() + WRITE_S_MAX, WRITE_S
        while loop.time() < give_up:
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, pause_s_max)
            with contextlib.suppress(StoreError):
                await self._write(ended)
                return
        _log.error("tool_end_unwritten", call_id=self.call_id)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
