"""The lines of a conversation as a language model wants them, those about tools included. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Message:
    """One line of the conversation."""

    role: Literal["system", "user", "assistant", "tool"]
    content: str


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A model wants a tool used. `arguments` is JSON as the model wrote it: hostile."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Calling(Message):
    """What the assistant said, and the tools that it called with it."""

    calls: tuple[ToolCall, ...] = ()


@dataclass(frozen=True, slots=True)
class Returned(Message):
    """What became of one call of a tool. `confirms`: stems of the words that may claim it happened,
    see `core.claims`; None: nothing happened by it. `read`: it told something."""

    call_id: str = ""
    name: str = ""
    confirms: tuple[str, ...] | None = None
    read: bool = False


def plain(messages: Sequence[Message]) -> list[Message]:
    """The conversation without what is about tools, for a model that knows none."""
    return [each for each in messages if type(each) is Message]


class Calls(str):
    """A piece of a model's answer without text: tools are called. Without `calls`: they are about
    to be; with them: this is all of the answer."""

    calls: tuple[ToolCall, ...]

    def __new__(cls, calls: tuple[ToolCall, ...] = ()) -> Calls:
        piece = super().__new__(cls)
        piece.calls = calls
        return piece
