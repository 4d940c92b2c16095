"""Who hears of a call's answers while they are made, and who counts them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from halo_voice.core.admission import Why
from halo_voice.core.money import Cost, Tokens
from halo_voice.core.ports import Attempted, Outcome
from halo_voice.core.tools import ToolState


class Listener(Protocol):
    """The other end of a call's stream. Every method returns at once and never raises."""

    def accepted(self, turn: int) -> None:
        """The turn is written down."""
        ...

    def say(self, turn: int, phrase: int, text: str) -> None:
        """The turn's next phrase, numbered from 1."""
        ...

    def clear(self, turn: int) -> None:
        """The turn is answered anew: its phrases count from 1 again."""
        ...

    def listen(self, turn: int, patience_ms: int) -> None:
        """Wait so long for the end of the coming turn; 0: as usual."""
        ...

    def hang_up(self) -> None:
        """End the call after what is being said."""
        ...

    def transfer(self) -> None:
        """Put the call through to somebody now."""
        ...

    def leave(self, *, closed: bool) -> None:
        """Nothing more comes: the call is `closed`, or a newer stream has taken it over."""
        ...

    def drain(self) -> None:
        """This process is about to stop: go when what was asked is answered."""
        ...


class Uncounted:
    """A `Meter` that counts nothing."""

    def turn_settled(self, outcome: Outcome) -> None: ...

    def latency(self, stages: Mapping[str, int]) -> None: ...

    def interrupted(self, *, real: bool) -> None: ...

    def speculated(self, *, adopted: bool) -> None: ...

    def attempted(self, attempt: Attempted) -> None: ...

    def key_pressed(self) -> None: ...

    def reprompted(self) -> None: ...

    def withheld(self, reason: str) -> None: ...

    def tool_ended(self, tool: str, state: ToolState, seconds: float) -> None: ...

    def tool_let_go(self, tool: str) -> None: ...

    def tokens(self, tokens: Tokens) -> None: ...

    def paid(self, cost: Cost) -> None: ...

    def refused(self, why: Why) -> None: ...

    def stream_opened(self) -> None: ...

    def stream_closed(self, *, lost: bool) -> None: ...
