"""Real time on a busy machine: what it takes from a call is not what HALO takes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from halo_voice.pulse import Pulse
from halo_voice.simulator.invariants import Limits


class Stalls:
    """How long the test's own event loop stood still; the simulator's clock runs on it."""

    def __init__(self) -> None:
        self.worst_s = 0.0

    @contextmanager
    def watched(self) -> Iterator[None]:
        with Pulse(self._note).beating():
            yield

    def _note(self, seconds: float) -> None:
        self.worst_s = max(self.worst_s, seconds)

    def limits(self) -> Limits:
        """Those of the invariants, and the worst standstill twice: before and after a reaction."""
        strict, late_ms = Limits(), round(2000 * self.worst_s)
        names = ("reaction_ms", "answer_ms", "silence_ms", "hush_ms")
        return replace(strict, **{name: getattr(strict, name) + late_ms for name in names})
