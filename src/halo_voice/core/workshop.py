"""What an editor of an assistant asks for: checks, a preview, a test question, publication."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from halo_voice.core.editions import Content, Origin


@dataclass(frozen=True, slots=True)
class Folder:
    """What the folder has of an assistant. `file`: its profile's name; `version`: as calls keep
    it."""

    file: str
    content: Content
    version: str


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong. `text` names the text (`PROFILE`, or a paper), None: another assistant's, or
    none; `line` counts from 1, 0: none; `russian` is `message` once more."""

    text: str | None
    file: str
    line: int
    key: str
    message: str
    russian: str


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence that is said by itself. `key` is its name in `[texts]`; `read`: the same with its
    numbers and foreign words written out, where it has some."""

    key: str
    text: str
    read: str


@dataclass(frozen=True, slots=True)
class Preview:
    """How a faultless text would sound and hear."""

    greeting: Notice
    notices: tuple[Notice, ...]
    voice: str
    progressive: bool
    realtime: bool
    recogniser: str
    interim: bool
    turns: int
    numbers: tuple[str, ...]
    default: bool
    persona: str
    passages: int


@dataclass(frozen=True, slots=True)
class Checked:
    """`preview` and `version` only without `faults`."""

    faults: tuple[Fault, ...]
    version: str
    preview: Preview | None


@dataclass(frozen=True, slots=True)
class Heard:
    """An answer. `source`: who found the words; `ms`: how long the whole answer took."""

    text: str
    source: str
    ms: int


class TooMuch(Exception):
    """No question now: `busy`, another one is being answered; `spent`, the rest of the day's money
    is the callers'."""

    def __init__(self, why: Literal["busy", "spent"]) -> None:
        super().__init__(why)
        self.why = why


class Workshop(Protocol):
    """Raises `ConfigurationError` where the folder cannot be read, and `StoreError`s."""

    @property
    def standing(self) -> Mapping[str, int]:
        """By the assistant's name, the number of the edition that new calls get in this process;
        what is not there has its folder's."""
        ...

    @property
    def left_out(self) -> Sequence[str]:
        """Why an edition that was published is not among them, as the loader's lines."""
        ...

    async def folders(self) -> Mapping[str, Folder]:
        """By the assistant's name."""
        ...

    def keys(self, text: str) -> list[int]:
        """The lines of the text in which something looks like a key."""
        ...

    async def check(self, name: str, content: Content) -> Checked:
        """As the loader would, beside the assistants that are in force."""
        ...

    async def ask_both(
        self, name: str, contents: Sequence[Content], question: str
    ) -> list[Heard | None]:
        """What each would answer, with no tool and outside any call; None: it has faults. Raises
        `TooMuch`."""
        ...

    async def publish(
        self,
        name: str,
        number: int,
        content: Content,
        *,
        by: str,
        origin: Origin,
        of: int = 0,
        draft: str | None = None,
    ) -> bool:
        """As `Editions.publish`, once it was checked; False also where it has faults."""
        ...
