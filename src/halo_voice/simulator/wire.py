"""The messages of the stream, read from a call's trace: what went up, what came down, when."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from halo_voice.simulator.trace import TraceLine


@dataclass(frozen=True, slots=True)
class Message:
    """One message with its type, as the scenario sent it (`up`) or was given it."""

    ms: int
    up: bool
    type: str
    fields: dict[str, Any]

    @property
    def turn(self) -> int | None:
        number = self.fields.get("turn")
        return number if isinstance(number, int) else None

    def text(self, name: str = "text") -> str:
        value = self.fields.get(name)
        return value if isinstance(value, str) else ""

    def number(self, name: str) -> int:
        value = self.fields.get(name)
        return value if isinstance(value, int) else 0


def messages(trace: Iterable[TraceLine]) -> Iterator[Message]:
    """In the order of the trace; what is no object with a type is left out."""
    for line in trace:
        up = "message" in line.data
        if not up and line.data.get("event") != "WebSocket.Message":
            continue
        found = fields(line.data["message"] if up else line.data["text"])
        if isinstance(found.get("type"), str):
            yield Message(line.ms, up, found["type"], found)


def fields(text: str) -> dict[str, Any]:
    """The fields of a JSON object; none when it is something else."""
    try:
        value = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return {}
    return value if isinstance(value, dict) else {}
