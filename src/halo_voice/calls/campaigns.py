"""How the rows of the newest campaigns stand, read anew when somebody asks, not too often."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Mapping

from halo_voice.core.dials import Dials, row_state
from halo_voice.core.errors import StoreError

CAMPAIGNS = 50
FRESH_S = 15.0
READ_S_MAX = 2.0


class Campaigns:
    """`known`: one of `core.dials.ROW_STATES` -> rows; None: not read yet, or the store is away."""

    def __init__(self, dials: Dials) -> None:
        self._dials = dials
        self._read_at = -FRESH_S
        self._reading: asyncio.Task[None] | None = None
        self.known: Mapping[str, int] | None = None

    async def refresh(self) -> None:
        """Neither raises nor takes long: a slow store is not waited for."""
        if time.monotonic() - self._read_at < FRESH_S:
            return
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read(), name="campaigns")
        await asyncio.wait([self._reading], timeout=READ_S_MAX)

    async def _read(self) -> None:
        try:
            names = [each.campaign for each in await self._dials.campaigns(CAMPAIGNS)]
            rows: Counter[str] = Counter()
            for each in await self._dials.standing(names):
                rows[row_state(each.outcome)] += each.rows
            self.known = rows
        except StoreError:
            self.known = None
        self._read_at = time.monotonic()

    async def close(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.wait([self._reading])
