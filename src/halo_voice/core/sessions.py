"""What the platform remembers of a call: its history's row, in our words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

LOST = "lost"
"""The reason of an end that nobody reported."""

REASONS: Mapping[str, str] = {
    "Normal termination": "unreported",
    "JS session error": "scenario_error",
    "Timeout": "time_limit",
    "Insufficient funds": "no_funds",
    "Internal error (billing timeout)": "platform_ended",
    "Terminated administratively": "platform_ended",
}
"""By the platform's `finish_reason`, what such a call's end is called."""

DURATION_MS_MAX = 86_400_000


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """A recording that the platform keeps."""

    record_id: int
    url: str


@dataclass(frozen=True, slots=True)
class Session:
    """`call_id` is ours: the platform's number of the session. `reason`: "" while it goes on, or
    where the platform names none that is known. `application`: its full name there."""

    call_id: str
    duration_ms: int | None
    reason: str
    records: tuple[SessionRecord, ...] = ()
    application: str = ""


def numbered(call_id: str) -> bool:
    """Whether the id is one that the platform gave; calls of a simulator have others."""
    return call_id.isascii() and call_id.isdigit() and len(call_id) <= 18
