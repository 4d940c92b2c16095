"""The circuit breaker of one model: who keeps failing is left out for a while.

Closed, every turn may ask. Open, nobody asks and no turn loses time. When the back-off is over, one
turn may try (half-open); its outcome closes the breaker, or opens it for twice as long.

Every admission carries a number, the era, that changes with each change of state. An outcome of an
older era tells about a time that has been judged already, and counts for nothing: twenty turns
that failed together do not lengthen the back-off, and only the turn that tries can end it.

No task and no timer: the state follows from the clock when somebody asks.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from halo_voice.core.errors import ModelBusy, ModelError, ModelRefused
from halo_voice.llm.faults import TokenRefused

ABOUT_THE_REQUEST = frozenset({400, 413, 422})
"""Refusals that one caller's words can bring about: they may not cost every other caller the model,
so they count like any failure."""


class State(StrEnum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerLimits:
    """When it opens and for how long. Times in seconds."""

    failures: int = 3  # in a row
    share: float = 0.5  # of the last `window` answers, once there are `window_min`
    window: int = 20
    window_min: int = 10
    back_off_s: float = 5.0
    back_off_s_max: float = 60.0
    #: Our configuration is wrong: it mends itself only when somebody sees to it.
    refused_s: float = 300.0
    #: The longest that a server's own Retry-After is believed.
    busy_s_max: float = 600.0
    #: A trying turn that never tells its outcome is waited for so long.
    trial_s: float = 30.0


class Breaker:
    """`now`: the event loop's clock, in seconds. `failures`: in a row, up to now."""

    def __init__(self, limits: BreakerLimits | None = None, *, now: Callable[[], float]) -> None:
        self.failures = 0
        self._limits = limits or BreakerLimits()
        self._now = now
        self._state = State.CLOSED
        self._era = 0
        self._until = 0.0  # while open: the end of the back-off; half-open: of the trial
        self._back_off_s = self._limits.back_off_s
        self._recent: deque[bool] = deque(maxlen=self._limits.window)

    @property
    def state(self) -> State:
        """Half-open as soon as the next turn may try, and while one does."""
        if self._state is State.OPEN and self._now() >= self._until:
            return State.HALF_OPEN
        return self._state

    def admit(self) -> int | None:
        """The era for the outcome of one question; None when the model is to be left out."""
        if self._state is State.CLOSED:
            return self._era
        now = self._now()
        if now < self._until:
            return None
        self._enter(State.HALF_OPEN, now + self._limits.trial_s)
        return self._era

    def succeeded(self, era: int) -> bool:
        """An answer came to its end. True when that closed the breaker."""
        if era != self._era:
            return False
        self.failures = 0
        self._recent.append(True)
        if self._state is State.CLOSED:
            return False
        self._back_off_s = self._limits.back_off_s
        self._enter(State.CLOSED, 0.0)
        return True

    def failed(self, era: int, error: ModelError) -> float | None:
        """Seconds for which this failure opened the breaker, None when it did not."""
        if era != self._era:
            return None
        self.failures += 1
        self._recent.append(False)
        pause_s = self._said_s(error)
        if pause_s is None:
            if self._state is State.CLOSED and not self._too_many():
                return None
            pause_s = self._back_off_s
            self._back_off_s = min(pause_s * 2, self._limits.back_off_s_max)
        self._enter(State.OPEN, self._now() + pause_s)
        return pause_s

    def undecided(self, era: int) -> None:
        """The question was called off before it could tell anything: another turn may try."""
        if era == self._era and self._state is State.HALF_OPEN:
            self._enter(State.OPEN, self._now())

    def _enter(self, state: State, until: float) -> None:
        self._state = state
        self._until = until
        self._era += 1
        self._recent.clear()

    def _said_s(self, error: ModelError) -> float | None:
        """How long it stays open by what the failure itself says."""
        limits = self._limits
        if is_ours(error):
            return limits.refused_s
        if isinstance(error, ModelBusy) and error.retry_after_s:
            return min(error.retry_after_s, limits.busy_s_max)
        return None

    def _too_many(self) -> bool:
        limits, recent = self._limits, self._recent
        if self.failures >= limits.failures:
            return True
        bad = len(recent) - sum(recent)
        return len(recent) >= limits.window_min and bad >= limits.share * len(recent)


def is_ours(error: ModelError) -> bool:
    """Only a change of our configuration can help."""
    if not isinstance(error, ModelRefused) or isinstance(error, TokenRefused):
        return False
    return error.status not in ABOUT_THE_REQUEST
