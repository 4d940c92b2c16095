"""A model that plays a script, and an event loop whose time jumps, so that nobody waits for it."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import AsyncIterator, Sequence

from halo_voice.core.errors import ModelError
from halo_voice.core.ports import Message

ASKED = [Message("user", "Алло")]


class Fake:
    """Plays `script`: texts are said, numbers waited (seconds), errors raised, None hangs for ever.

    `now_open`: answers that were begun and not closed. `closed_at`: when each ended.
    """

    def __init__(self, name: str, *script: str | float | ModelError | None) -> None:
        self.name = name
        self.script = script
        self.deadlines: list[float] = []
        self.asked_at: list[float] = []
        self.closed_at: list[float] = []
        self.closed = 0
        self.warm = False
        self.asked = asyncio.Event()

    @property
    def now_open(self) -> int:
        return len(self.asked_at) - len(self.closed_at)

    async def stream(
        self, messages: Sequence[Message], *, max_tokens: int, deadline_s: float
    ) -> AsyncIterator[str]:
        clock = asyncio.get_running_loop().time
        self.deadlines.append(deadline_s)
        self.asked_at.append(clock())
        self.asked.set()
        try:
            for part in self.script:
                if part is None:
                    await asyncio.Event().wait()
                elif isinstance(part, ModelError):
                    raise part
                elif isinstance(part, float):
                    await asyncio.sleep(part)
                else:
                    yield part
        finally:
            self.closed += 1
            self.closed_at.append(clock())

    async def warm_up(self) -> None:
        self.warm = True

    async def close(self) -> None:
        self.closed += 1


class _JumpingSelector(selectors.DefaultSelector):
    jumped_s = 0.0

    def select(self, timeout: float | None = None) -> list:
        """Whoever would wait for a timer finds that its time has come."""
        found = super().select(0)
        if not found and timeout:
            self.jumped_s += timeout
        return found


class JumpingLoop(asyncio.SelectorEventLoop):
    """When nothing is to be done, its time jumps to the next timer. It begins at 0."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.jumped_s
