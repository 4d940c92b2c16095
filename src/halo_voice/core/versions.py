"""Which versions of the scenario this backend is tried with.

Scenario and backend are deployed one after the other: for a while one of them is a version back,
and calls go on. A scenario that is not known here is served all the same, and told of.
"""

from __future__ import annotations

from typing import Literal

SCENARIOS = ("1.0", "1.1", "1.2", "1.3", "1.4")
"""The oldest first, the shipped one last."""


_TRANSFERS_SINCE = SCENARIOS.index("1.3")
_QUEUES_SINCE = SCENARIOS.index("1.4")


def transfers(version: str) -> bool:
    """Whether a scenario of this version can put a call through. One that is not known is newer."""
    return version not in SCENARIOS[:_TRANSFERS_SINCE] and version != ""


def queues(version: str) -> bool:
    """Whether it can put a call into a queue of the platform."""
    return version not in SCENARIOS[:_QUEUES_SINCE] and version != ""


def standing(version: str) -> Literal["current", "older", "unknown"]:
    """How the scenario of this version stands to the shipped one."""
    if version == SCENARIOS[-1]:
        return "current"
    return "older" if version in SCENARIOS else "unknown"
