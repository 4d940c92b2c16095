"""What every part of a session needs of it: time, chance, faults, trace, and a way to report."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from halo_voice.simulator.chance import Chance
from halo_voice.simulator.clock import Clock, Timer
from halo_voice.simulator.faults import Dice
from halo_voice.simulator.trace import PlaybackSpan, SpeechSpan
from halo_voice.simulator.voice import Voice


class Stage(Protocol):
    """The part of `cloud.Cloud` that its parts see, so that they need not know the whole."""

    clock: Clock
    chance: Chance
    dice: Dice
    voice: Voice
    real_time: bool
    playbacks: list[PlaybackSpan]
    speech: list[SpeechSpan]
    playbacks_made: int

    def after(self, delay_ms: float, action: Callable[[], object]) -> Timer:
        """Does something later."""

    def write(self, who: str, what: str, **data: Any) -> None:
        """Adds a line to the trace."""

    def report(
        self,
        unit: str,
        event: str,
        data: Mapping[str, Any],
        *,
        who: str,
        what: str = "",
        **more: Any,
    ) -> None:
        """Tells the scenario of an event of one of its objects."""

    def next_playback(self) -> int:
        """The number of one more playback."""
