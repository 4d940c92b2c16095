"""Tools that a model may call: what it is offered, and what became of each call. Pure.

Theory. A tool either reads or has an effect. What has an effect is written down before it runs,
under a key that is made of call, turn and tool: whoever comes to the same key later, after a retry,
an interruption or a restart, finds the row and not a second effect. A row's states go forward only:

    proposed ──► running ──► done          it happened, `result` tells what
        │           ├──────► failed        it did not happen
        ▼           └──────► unknown ────► done, failed (its answer came late)
    declined

`unknown` is the honest word for a tool that did not answer, or whose process died in it. Only a
tool that knows its key (`repeatable`) is asked again then; of any other nobody claims anything.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Protocol
from zlib import crc32

from halo_voice.core.messages import Calling, Message, Returned, ToolCall

STEPS_MAX = 3
"""Rounds of tools in one turn; then the model answers with what it has (F40)."""

CALLS_MAX = 4
"""Tools that one answer of a model may call; the rest is refused."""

RESULT_CHARS_MAX = 2_000
"""Of a tool's result, what is stored and told to a model."""

ARGUMENTS_CHARS_MAX = 4_000

CUT = " … (сокращено)"


class ToolState(StrEnum):
    """What became of a tool's call. The first three may still change."""

    PROPOSED = "proposed"
    RUNNING = "running"
    UNKNOWN = "unknown"
    DONE = "done"
    FAILED = "failed"
    DECLINED = "declined"


BEFORE: Mapping[ToolState, tuple[ToolState, ...]] = {
    ToolState.RUNNING: (ToolState.PROPOSED,),
    ToolState.DECLINED: (ToolState.PROPOSED,),
    ToolState.UNKNOWN: (ToolState.RUNNING,),
    ToolState.DONE: (ToolState.RUNNING, ToolState.UNKNOWN),
    ToolState.FAILED: (ToolState.RUNNING, ToolState.UNKNOWN),
}
"""The states from which a row may come into each state."""

ENDED = frozenset({ToolState.DONE, ToolState.FAILED, ToolState.DECLINED})


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolSpec:
    """A tool as it is declared. Times in seconds, texts in Russian, spoken as they are.

    `parameters`: the JSON schema of its arguments, an object. `effect`: it changes something in the
    world. `repeatable`: asked again under the same key, it does nothing twice. `deadline_s`: how
    long the caller waits for it; it may go on for `longest_s` in the background. `confirm`: what is
    read back before it runs, with `{argument}`s; empty: it runs at once. `spoken`: arguments that
    are a `date`, `time` or `phone` in it; `absent`: what is said for one that is not given.
    `identity`: arguments that say about whom it is: their digits must be the caller's own words
    (F69). `per_call`: so often in one call; 0: as often as it likes. `confirms`: stems of the verbs
    that its success allows the model to say in the past; none: any. `done`: said after a success if
    no model finds words. `later`: said when it is let go.
    """

    name: str
    description: str
    parameters: Mapping[str, Any]
    effect: bool = False
    repeatable: bool = False
    deadline_s: float = 5.0
    longest_s: float = 60.0
    filler: str = "Секунду, проверяю."
    filler_again: str = "Ещё немного, пожалуйста."
    confirm: str = ""
    spoken: Mapping[str, str] = field(default_factory=dict)
    absent: Mapping[str, str] = field(default_factory=dict)
    identity: tuple[str, ...] = ()
    per_call: int = 0
    confirms: tuple[str, ...] = ()
    done: str = "Готово."
    later: str = (
        "Это занимает больше времени, чем обычно. Я доведу дело до конца и без вас. "
        "Хотите, вам перезвонят, когда будет готово?"
    )

    @property
    def function(self) -> dict[str, Any]:
        """As the OpenAI format offers it."""
        return {
            "type": "function",
            "function": {
                "name": self.name,
                "description": self.description,
                "parameters": dict(self.parameters),
            },
        }


class Offer:
    """The tools that a model may call in an answer. `closed`: they are known, but none may be."""

    def __init__(self, specs: Sequence[ToolSpec], *, closed: bool = False) -> None:
        self.specs = tuple(specs)
        self.closed = closed

    @cached_property
    def functions(self) -> list[dict[str, Any]]:
        return [spec.function for spec in self.specs]

    @cached_property
    def chars(self) -> int:
        """What a model reads of it, in characters."""
        return len(json.dumps(self.functions, ensure_ascii=False))

    @cached_property
    def acts(self) -> bool:
        """Whether one of them changes something."""
        return any(spec.effect for spec in self.specs)

    @cached_property
    def without(self) -> Offer:
        """The same, for the answer after the last step."""
        return Offer(self.specs, closed=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolStart:
    """A call of a tool before anything has happened. `key` is its name in the turn; `arguments` is
    JSON with sorted keys."""

    call_id: str
    turn: int
    key: str
    tool: str
    arguments: str
    effect: bool
    state: ToolState = ToolState.RUNNING


@dataclass(frozen=True, slots=True)
class ToolRecord:
    """A call of a tool as the store knows it: one row, unique by call, turn and key. Times: UTC."""

    call_id: str
    turn: int
    key: str
    tool: str
    arguments: str
    effect: bool
    state: ToolState
    result: str
    started_at: datetime
    ended_at: datetime | None = None

    @property
    def ended(self) -> bool:
        return self.state in ENDED


class ToolLog(Protocol):
    """The part of the store that tools are written down in. Raises `StoreError`s only.

    Unlike turns, nothing of it waits in a spool: what cannot be written down for all processes must
    not happen.
    """

    async def begin_tool(self, start: ToolStart) -> tuple[ToolRecord, bool]:
        """Write the call down, durable on return; True if it is new, else the row that is there."""
        ...

    async def move_tool(
        self, call_id: str, turn: int, key: str, state: ToolState, result: str = ""
    ) -> tuple[ToolRecord, bool]:
        """Bring a row into `state` if `BEFORE` allows it, durable on return; True if that was this
        call's doing. Otherwise the row as it stands. An unknown row raises `StoreError`."""
        ...

    async def tools(self, call_id: str) -> list[ToolRecord]:
        """All rows of the call, in the order of their beginning."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """What a tool is told besides its arguments. `key`: the idempotency key, the same for every
    try of the same call, at most 64 characters. `caller`: the number as the platform gives it; it
    proves nobody's identity. `now`: with the zone of the company. `data`: the folder where tools
    may keep files. `transfers`: the call may be put through to somebody."""

    key: str
    call_id: str
    turn: int
    caller: str
    now: datetime
    data: Path = Path("var")
    transfers: bool = False


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a tool came to. `text` is for the model; `say`: words for the caller if no model finds
    any; `action`: what to do after the turn's answer."""

    text: str
    say: str = ""
    action: Literal["listen", "hangup", "transfer"] = "listen"


class Tool(Protocol):
    """One tool. Both methods raise `ToolError`s only."""

    @property
    def spec(self) -> ToolSpec: ...

    def check(self, arguments: str) -> dict[str, Any]:
        """The arguments, read and valid. Raises `ToolMisused` with words for the model."""
        ...

    async def run(self, arguments: Mapping[str, Any], use: Use) -> ToolResult:
        """Do it. Raises `ToolError` if it did not happen, `ToolUnsure` if that is not known."""
        ...


class Platform(Protocol):
    """What only the telephony platform can do for a call. Raises `ToolError`s only."""

    async def send_sms(self, source: str, number: str, text: str) -> None:
        """From a number of the account to another, digits only."""
        ...


class Toolbox(Protocol):
    """The tools of one profile. Their number may change: servers of tools come and go."""

    def offer(self) -> Offer | None:
        """What can be called now; None: nothing."""
        ...

    def find(self, name: str) -> Tool | None: ...

    def readback(self, spec: ToolSpec, arguments: Mapping[str, Any]) -> str:
        """What is read back before it runs, in words. Raises `ToolMisused`."""
        ...

    @property
    def data(self) -> Path:
        """Where tools may keep files."""
        ...

    def now(self) -> datetime:
        """The company's time."""
        ...

    def briefing(self) -> str:
        """What a model is told of how tools are used."""
        ...


def within(text: str, characters: int = RESULT_CHARS_MAX) -> str:
    """The text, or its beginning, marked as cut."""
    return text if len(text) <= characters else text[: characters - len(CUT)] + CUT


_TOLD = {
    ToolState.PROPOSED: "Не выполнено: собеседник ещё не подтвердил. Если он согласен или поправил "
    "данные, вызовите инструмент снова.",
    ToolState.RUNNING: "Ещё выполняется, результата пока нет. Не говорите, что сделано.",
    ToolState.UNKNOWN: "Неизвестно, выполнено ли: ответа нет. Не говорите, что сделано, и не "
    "вызывайте снова; предложите, чтобы сотрудник проверил и перезвонил.",
    ToolState.DECLINED: "Не выполнено: собеседник не подтвердил.",
}


def told(record: ToolRecord) -> str:
    """What a model is told of a call of a tool: what really happened."""
    if record.state is ToolState.DONE:
        return record.result or "Выполнено."
    if record.state is ToolState.FAILED:
        return f"Не выполнено. {record.result}".rstrip()
    return _TOLD[record.state]


def call_name(turn: int, key: str) -> str:
    """What a call of a tool is named in a model's messages: the same each time it is told."""
    return f"call_{turn}_{crc32(key.encode('utf-8', 'replace')):08x}"


def messages_of(records: Sequence[ToolRecord], *, characters: int) -> list[Message]:
    """The calls and what became of them, in a model's format. Of each result, so many characters.

    What a success allows to be claimed is not known here: anything.
    """
    calls = tuple(
        ToolCall(call_name(each.turn, each.key), each.tool, each.arguments) for each in records
    )
    if not calls:
        return []
    returned = [
        Returned(
            "tool",
            within(told(each), characters),
            call_id=call.id,
            name=each.tool,
            confirms=() if each.effect and each.state is ToolState.DONE else None,
            read=not each.effect and each.state is ToolState.DONE,
        )
        for call, each in zip(calls, records, strict=True)
    ]
    return [Calling("assistant", "", calls), *returned]


def canonical(arguments: Mapping[str, Any]) -> str:
    """Arguments as a text that is the same for the same arguments."""
    return json.dumps(arguments, ensure_ascii=False, sort_keys=True, default=str)
