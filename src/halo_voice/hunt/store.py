"""A store with moods, as the process that uses it sees it: locked, refusing, or out of reach."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from halo_voice.core.errors import StoreBusy, StoreUnavailable
from halo_voice.core.ports import Store
from halo_voice.simulator.faults import Dice

BUSY_S = 0.5
REFUSES_MS = (500, 8_000)


class Disk:
    """What outlives a process: the real store, and the moods it is in. `now_ms`: the session's."""

    def __init__(self, store: Store, calm_ms: int, now_ms: Callable[[], float]) -> None:
        self.store = store
        self.dice: Dice | None = None
        self._calm_ms = calm_ms
        self._now_ms = now_ms
        self._refuses_until_ms = 0.0

    async def ask(self, name: str, *args: Any, **how: Any) -> Any:
        """One method of the store. Raises `StoreBusy`, `StoreUnavailable`."""
        if self.dice is not None and name != "open_calls":  # no caller waits for it
            now = self._now_ms()
            if now < self._refuses_until_ms:
                raise StoreUnavailable
            if self.dice.strikes("F54", name):
                await asyncio.sleep(BUSY_S)
                raise StoreBusy
            if self.dice.strikes("F55", name):
                longest = now + self.dice.delay_ms("F55", *REFUSES_MS)
                self._refuses_until_ms = min(longest, self._calm_ms)
                raise StoreUnavailable
        return await getattr(self.store, name)(*args, **how)


class Handle:
    """`core.ports.Store` as one process has it: closed with it, while the disk lives on."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self.dead = False  # the process was killed: nothing that it does has an effect

    @property
    def editions(self) -> Any:
        """The real store's: no caller waits for them."""
        return self._disk.store.editions  # type: ignore[attr-defined]

    @property
    def traces(self) -> Any:
        """The real store's: no caller waits for them."""
        return self._disk.store.traces  # type: ignore[attr-defined]

    def hurry(self) -> None: ...

    async def close(self) -> None:
        self.dead = True

    def __getattr__(self, name: str) -> Callable[..., Any]:
        async def ask(*args: Any, **how: Any) -> Any:
            if self.dead:
                raise StoreUnavailable
            return await self._disk.ask(name, *args, **how)

        return ask
