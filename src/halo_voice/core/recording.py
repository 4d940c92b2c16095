"""The recording of a call, as what is known of it after the call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Recording:
    """`state`: `wanted` as long as it is to be fetched from `url`, then `kept` in `file`, or `lost`
    for the reason in `fault`. `url` is a capability, and forgotten once it is of no use.

    `said`: what was heard in it, see `words_by_turn`; empty before it was transcribed.
    """

    call_id: str
    url: str
    noted_at: datetime
    state: str = "wanted"
    file: str = ""
    content_type: str = ""
    bytes: int = 0
    fault: str = ""
    said: Mapping[str, Any] = field(default_factory=dict)

    @property
    def turns(self) -> Sequence[Sequence[Any]]:
        """For each turn: its number, the caller's words and the assistant's, by the recording."""
        found = self.said.get("turns", ())
        return found if isinstance(found, list | tuple) else ()


class Objects(Protocol):
    """Where the sound of recordings lies: a folder, or a bucket. Blocks; raises `StoreError`s."""

    def put(self, name: str, audio: bytes, content_type: str) -> str:
        """Keep it, whole or not at all. Where it lies, as `Recording.file` has it."""
        ...

    def holds(self, file: str) -> bool:
        """Whether such a file lies here, by its name."""
        ...

    def read(self, file: str, part: str = "") -> tuple[bytes, str] | None:
        """The sound. `part`: what a header `Range` asks for; then also which part that is, where
        parts are given. None: it is not there."""
        ...

    def delete(self, file: str) -> None:
        """What is not there any more is deleted."""
        ...
