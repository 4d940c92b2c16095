"""What happened, one line per event: `ms · who · what`; tests, terminal and console show it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec


# A call has hundreds: a Struct is made in a tenth of a dataclass's time, and holds no cycles.
class TraceLine(msgspec.Struct, frozen=True, gc=False):
    """One event. `who`: caller, scenario, cloud, asr, voice, backend, timer, log or fault."""

    ms: int
    who: str
    what: str
    data: dict[str, Any] = {}

    def __str__(self) -> str:
        return f"{self.ms:>7} · {self.who} · {self.what}"


class Trace:
    """Collects the lines of one call and shows each to a watcher as it happens."""

    def __init__(self, watcher: Callable[[TraceLine], None] | None = None) -> None:
        self.lines: list[TraceLine] = []
        self._watcher = watcher

    def add(self, line: TraceLine) -> None:
        self.lines.append(line)
        if self._watcher is not None:
            self._watcher(line)


def digest(lines: list[TraceLine]) -> str:
    """SHA-256 of the printed lines: two runs of one seed must agree."""
    return hashlib.sha256("\n".join(map(str, lines)).encode()).hexdigest()


@dataclass(slots=True)
class PlaybackSpan:
    """One phrase as the caller's ear had it. Times in ms; `ended_ms` is None while it sounds."""

    number: int
    text: str  # of a file: its address
    started_ms: int
    call: str = "call:1"
    ended_ms: int | None = None
    complete: bool = False
    heard: str = ""
    cut_by: str = ""  # "stopped", "replaced", "paused", "cleared" or "call over"


@dataclass(slots=True)
class SpeechSpan:
    """One utterance of the caller; `heard_by` names the recognisers that were listening."""

    text: str
    started_ms: int
    call: str = "call:1"
    ended_ms: int | None = None
    heard_by: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class LegSpan:
    """A call that the scenario made. Times in ms; None for what it did not come to."""

    unit: str
    began_ms: int
    connected_ms: int | None
    ended_ms: int | None


def part_of(text: str, share: float) -> str:
    """The words of a text that fit into a share (0..1) of its length."""
    if share >= 1:
        return text
    kept = text[: int(len(text) * max(0.0, share))]
    if len(kept) < len(text) and text[len(kept)] != " ":
        kept = kept.rpartition(" ")[0]
    return kept.rstrip()
