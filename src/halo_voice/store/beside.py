"""What `halo serve` has to do with the work on ended calls: it tells of it, and of recordings."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import TypeVar

from halo_voice.core.errors import StoreError
from halo_voice.core.profile import Profile
from halo_voice.core.review import Work
from halo_voice.store.archive import Archive, open_archive
from halo_voice.store.memory import utc_now

Result = TypeVar("Result")

FRESH_S = 10.0
MONEY_S = 300.0
"""Between two looks at the account's money, in seconds; a worker asks half as often."""
READ_S_MAX = 3.0


class Beside:
    """On the store at `url`, which was opened before. Calls are reviewed as their `profiles` want,
    those that ended less than `hours` ago. Reads and writes on threads: no turn waits for it."""

    def __init__(self, url: str, profiles: Callable[[], Iterable[Profile]], hours: float) -> None:
        self._archive: Archive | None = None if url == "memory:" else open_archive(url)
        self._profiles = profiles
        self._hours = timedelta(hours=hours)
        self._read_at = -FRESH_S
        self._reading: asyncio.Task[None] | None = None
        self._watching: asyncio.Task[None] | None = None
        self.known: Work | None = None

    def watch_money(self, least: float, poor: Callable[[], None]) -> None:
        """`poor` is called again and again while the platform's account has less than `least`, as
        far as a worker knows (F64)."""
        if self._archive is not None:
            self._watching = asyncio.create_task(self._watch(least, poor))

    async def _watch(self, least: float, poor: Callable[[], None]) -> None:
        while True:
            await self.refresh()
            known = self.known
            if known is not None and known.balance is not None and known.balance < least:
                poor()
            await asyncio.sleep(MONEY_S)

    async def want(self, call_id: str, url: str) -> None:
        """Have the recording of a call kept by the worker. Raises `StoreError`s."""
        if self._archive is not None:
            await _apart(partial(self._archive.shelf.want, call_id, url))

    async def refresh(self) -> None:
        """Read how the work stands, unless that was just done; a store that is away tells nothing,
        a slow one is not waited for."""
        if self._archive is None or time.monotonic() - self._read_at < FRESH_S:
            return
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read(self._archive))
        await asyncio.wait([self._reading], timeout=READ_S_MAX)

    async def _read(self, archive: Archive) -> None:
        since = utc_now() - self._hours
        reviewed = [each.name for each in self._profiles() if each.after.enabled]
        try:
            self.known = await _apart(partial(archive.work, since, reviewed))
        except StoreError:
            self.known = None
        self._read_at = time.monotonic()

    async def close(self) -> None:
        if self._watching is not None:
            self._watching.cancel()
        if self._reading is not None:
            await asyncio.wait([self._reading], timeout=READ_S_MAX)
            self._reading.cancel()
        if self._archive is not None:
            self._archive.close()


async def _apart(work: Callable[[], Result]) -> Result:
    """Done by a thread that nobody waits for at the end: a database that was cut off may never
    answer, and HALO stops all the same."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Result] = loop.create_future()

    def tell(settle: Callable[[], None]) -> None:
        if not done.done():
            settle()

    def run() -> None:
        try:
            settle = partial(done.set_result, work())
        except Exception as error:  # handed to whoever waits
            settle = partial(done.set_exception, error)
        with suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(tell, settle)

    threading.Thread(target=run, daemon=True, name="beside").start()
    return await done
