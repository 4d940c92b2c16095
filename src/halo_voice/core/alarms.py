"""What somebody has to look at: counted, and remembered for a while."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

RECENT_S = 15 * 60.0
"""So long, in seconds, `/readyz` warns of an alarm after it was last raised."""

ALARMS = {
    "voice_down": "callers did not hear the voice: look at its vendor",
    "recogniser_down": "callers were not heard: look at the recogniser",
    "backend_down": "callers were said goodbye to, because no answer came: look at the log",
    "scenario_error": "the scenario failed: look at the session's log on the platform",
    "scenario_version": "calls come from a scenario that is not the one of this version: deploy it",
    "request_refused": "requests that name our key are refused: compare HALO_KEY and the clocks",
    "request_unusable": "the scenario's requests cannot be used: deploy scenario and backend alike",
    "money": "the day's cap on models is nearly used up, or is",
    "balance_low": "the platform's account runs out of money: top it up, or no call goes through",
    "tokens_low": "the tokens bought for a model run out: buy more, or it stops answering",
    "call_lost": "the end of calls was not reported: they were closed from here",
}
"""Each with what it means and what to do."""


class Alarms:
    """The alarms of one process. `count` is told of each; `now` is in seconds and never jumps."""

    def __init__(
        self,
        count: Callable[[str], None] = lambda _: None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._count = count
        self._now = now
        self._raised: dict[str, tuple[int, float]] = {}  # how often, and when last

    def raised(self, alarm: str) -> None:
        """One of `ALARMS`."""
        times, _ = self._raised.get(alarm, (0, 0.0))
        self._raised[alarm] = (times + 1, self._now())
        self._count(alarm)

    def recent(self) -> list[dict[str, Any]]:
        """Those of the last quarter of an hour, the latest first; `ago_s`: since the last time."""
        now = self._now()
        found = [
            {"warning": alarm, "times": times, "ago_s": round(now - at), "meaning": ALARMS[alarm]}
            for alarm, (times, at) in self._raised.items()
            if now - at < RECENT_S
        ]
        return sorted(found, key=lambda each: each["ago_s"])
