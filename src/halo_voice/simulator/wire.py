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


class Owed:
    """The turns that were asked on a stream and have no end yet."""

    def __init__(self) -> None:
        self._turns: set[str] = set()

    def __bool__(self) -> bool:
        return bool(self._turns)

    def asked(self, text: str) -> None:
        """The scenario sends this."""
        found = fields(text)
        if found.get("type") == "final":
            self._turns.add(str(found.get("turn")))

    def told(self, text: str) -> None:
        """The server says this."""
        found = fields(text)
        if found.get("type") in ("answered", "failed"):
            self._turns.discard(str(found.get("turn")))


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
