"""The operations that wait for the store, call by call, each call's in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from itertools import islice

from halo_voice.store.operation import Operation


class Waiting:
    """Its length is the number of operations; what it contains are the calls' identifiers."""

    def __init__(self) -> None:
        self._queues: dict[str, deque[Operation]] = {}
        self._operations = 0

    def __len__(self) -> int:
        return self._operations

    def __contains__(self, call_id: object) -> bool:
        return call_id in self._queues

    def calls(self) -> list[str]:
        return list(self._queues)

    def of(self, call_id: str) -> Iterable[Operation]:
        """What waits of one call, the oldest first."""
        return self._queues.get(call_id, ())

    def add(self, operation: Operation) -> None:
        self._queues.setdefault(operation.call_id, deque()).append(operation)
        self._operations += 1

    def heads(self, calls_max: int) -> list[Operation]:
        """The oldest operation of each of so many calls."""
        return [queue[0] for queue in islice(self._queues.values(), calls_max)]

    def done(self, call_id: str) -> None:
        """Drop the oldest operation of the call."""
        queue = self._queues[call_id]
        queue.popleft()
        self._operations -= 1
        if not queue:
            del self._queues[call_id]

    def let_others_first(self, call_id: str) -> None:
        self._queues[call_id] = self._queues.pop(call_id)
