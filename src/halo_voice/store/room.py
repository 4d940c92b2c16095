"""How much may wait for a store that is away: turns longest, new calls less, notes least."""

from __future__ import annotations

import structlog

_PARTS = {"note_turn": 0.8, "open_call": 0.9}
_log = structlog.get_logger(__name__)


class Room:
    """`operations_max` in all, `memory_max` of them not on the disk."""

    def __init__(self, operations_max: int, memory_max: int) -> None:
        self._operations_max = operations_max
        self._memory_max = memory_max
        self._told = False

    def for_one(self, name: str, *, operations: int, unsaved: int) -> bool:
        """Whether one more of this kind may wait. Where calls or turns are refused it is an alarm,
        once until everything was brought in."""
        part = _PARTS.get(name, 1.0)
        room = operations < self._operations_max * part and unsaved < self._memory_max * part
        if not (room or self._told or name == "note_turn"):
            self._told = True
            _log.error("spool_full", operations=operations, unsaved=unsaved)
        return room

    def cleared(self) -> None:
        """Nothing waits any more."""
        self._told = False
