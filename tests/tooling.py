"""A call with tools for tests: a model whose answers are scripted, a meter that remembers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from halo_voice.calls.call import Call
from halo_voice.calls.errands import Errands
from halo_voice.calls.purse import Purse
from halo_voice.calls.words import Words
from halo_voice.core.clock import Clock
from halo_voice.core.dialogue import Dialogue
from halo_voice.core.errors import ToolError
from halo_voice.core.guard import Guard
from halo_voice.core.messages import Calls, Message, Returned, ToolCall
from halo_voice.core.ports import CallStart
from halo_voice.core.profile import Hours, Profile
from halo_voice.core.tools import Offer
from halo_voice.core.transcript import Transcript
from halo_voice.speech.values import READERS
from halo_voice.store.memory import MemoryStore
from halo_voice.tools import Use, tool
from halo_voice.tools.box import Box
from tests.one_call import PROFILE, Counting

NOW = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)  # a Friday, noon in Moscow


def now() -> datetime:
    return NOW


def using(name: str, *, call_id: str = "m1", **arguments: Any) -> Calls:
    """A model calls one tool."""
    return Calls((ToolCall(call_id, name, json.dumps(arguments, ensure_ascii=False)),))


class ScriptedModel:
    """Gives the answers of its script in turn, each a list of pieces, or a function of the messages
    that makes one; the last one for ever. `offers`: what it was offered each time."""

    name = "scripted"

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.asked: list[list[Message]] = []
        self.offers: list[Offer | None] = []

    async def stream(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        deadline_s: float,
        tools: Offer | None = None,
    ) -> AsyncIterator[str]:
        self.asked.append(list(messages))
        self.offers.append(tools)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        for piece in answer(messages) if callable(answer) else answer:
            if isinstance(piece, Exception):
                raise piece
            yield piece

    def told(self, question: int = -1) -> list[str]:
        """What it was told of tools with a question."""
        return [m.content for m in self.asked[question] if isinstance(m, Returned)]

    async def warm_up(self) -> None: ...

    async def close(self) -> None: ...


class Tools(Counting):
    """A meter that also remembers what became of tools."""

    def __init__(self) -> None:
        super().__init__()
        self.ended: list[tuple[str, str]] = []
        self.let_go: list[str] = []
        self.reasons: list[str] = []

    def tool_ended(self, tool, state, seconds):
        self.ended.append((tool, state.value))

    def tool_let_go(self, tool):
        self.let_go.append(tool)

    def withheld(self, reason):
        self.reasons.append(reason)


async def call_with(
    model: Any,
    *tools: Any,
    store: MemoryStore | None = None,
    meter: Tools | None = None,
    profile: Profile = PROFILE,
    caller: str = "+79161234567",
    net: Any = None,
    clock: Callable[[], datetime] = now,
    data: Path = Path("var"),
) -> Call:
    """A live call whose model may call these tools; as another process would find it in `store`."""
    store = store or MemoryStore()
    await store.open_call(CallStart("c-1", caller=caller))
    box = Box(tools, Clock(Hours(), clock), READERS, data=data)
    meter = meter or Tools()
    errands = Errands("c-1", caller, box, store, meter=meter)
    await errands.reload()
    guard = Guard(profile, canary="шышышышышышышышы")
    words = Words(model, net=net, max_tokens=300, guard=guard, meter=meter)
    turns = await store.turns("c-1")
    dialogue = Dialogue(
        profile, Transcript.of(turns, errands.records), briefing=lambda: box.briefing()
    )
    return Call("c-1", dialogue, words=words.paid_by(Purse(), errands), store=store, meter=meter)


BOOKED = "Вы записаны на завтра."


class Diary:
    """The other side of a booking tool: what it did, by the keys it was asked under. `full`: the
    days it refuses."""

    def __init__(self, *, knows_keys: bool = False, **marks: object) -> None:
        self.keys: list[str] = []
        self.done: dict[str, str] = {}
        self.gate: asyncio.Event | None = None
        self.fault: Exception | None = None
        self.full: set[str] = set()
        diary = self

        @tool("Записать.", name="book", effect=True, repeatable=knows_keys, **marks)
        async def book(day: str, use: Use) -> str:
            diary.keys.append(use.key)
            if day in diary.full:
                raise ToolError(f"{day}: занято.")
            diary.done[use.key if knows_keys else f"{use.key}#{len(diary.keys)}"] = day
            if diary.gate is not None:
                await diary.gate.wait()
            if diary.fault is not None:
                raise diary.fault
            return f"Записано: {day}."

        self.tool = book


def script(*more: object) -> ScriptedModel:
    return ScriptedModel([using("book", day="завтра")], *(more or ([BOOKED],)))


async def states(store: MemoryStore) -> list[str]:
    return [row.state.value for row in await store.tools("c-1")]
