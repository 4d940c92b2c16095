"""The speaking vendor: how long a phrase takes to make and to say."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Literal

from halo_voice.simulator.chance import Spread

SYNTHESIS = Spread(450, 0.35)
PROGRESSIVE = Spread(220, 0.35)
FIRST_BYTE = Spread(150, 0.35)
TEXT_CHARACTERS_MAX = 1500  # the platform's limit for one phrase


@dataclass(frozen=True, slots=True)
class Voice:
    """Delays of synthesis and the pace of speech.

    The unit of `duration` in the platform's Started events is not documented; seconds is inferred
    from its other durations. A scenario should survive both.
    """

    synthesis: Spread = SYNTHESIS
    progressive: Spread = PROGRESSIVE
    first_byte: Spread = FIRST_BYTE  # of a realtime player, from the flush
    ms_per_character: float = 65.0
    file_ms: int = 4000  # how long a file plays
    duration_unit: Literal["s", "ms"] = "s"

    def delay_ms(self, rng: random.Random, *, progressive: bool) -> float:
        return (self.progressive if progressive else self.synthesis).draw(rng)

    def duration_ms(self, text: str) -> int:
        """How long a phrase sounds."""
        return max(200, round(len(text) * self.ms_per_character))

    def reported(self, duration_ms: int) -> float:
        """A duration as the platform's events give it."""
        return duration_ms / 1000 if self.duration_unit == "s" else duration_ms
