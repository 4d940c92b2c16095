"""The profiles that hold, and their channels, as `halo work` has them: renewed while it runs.

A call belongs to the profile that it was answered with. One that is not known here, because it is
newer than the last look or was removed, is nobody's: no other profile stands for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import structlog

from halo_voice.core.editions import Editions, contents_of, numbers_in_force
from halo_voice.core.errors import ConfigurationError, StoreError
from halo_voice.core.profile import Profile, Profiles
from halo_voice.profiles import Changes, files_of, load_in_force
from halo_voice.store import open_store

_log = structlog.get_logger(__name__)

Made = Mapping[str, Mapping[str, Any]]
"""By the profile's name, its channels."""


class Standing:
    """`profile` and `channels` may be asked on any thread, all else on one.

    `make` makes the channels; it may raise `ConfigurationError`. `every_s`: between two looks,
    seconds; 0: what holds at the start holds. Opening it may raise `StoreError` and
    `ConfigurationError`.
    """

    def __init__(
        self,
        folder: Path,
        store_url: str,
        make: Callable[[Profiles], Made],
        *,
        every_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folder = folder
        self._make = make
        self._every_s = every_s
        self._clock = clock
        self._loop = asyncio.Runner()
        self._store: Any = None
        try:
            # It brings the store up to date on the way.
            self._store = self._loop.run(open_store(store_url, busy_ms=10_000))
            files = files_of(folder)
            numbers = self._loop.run(numbers_in_force(self._editions))
            self._changes = Changes(files, numbers)
            self._held = self._read(numbers)
        except BaseException:
            self.close()
            raise
        self._next = clock() + every_s

    @property
    def profiles(self) -> Profiles:
        return self._held[0]

    def profile(self, name: str) -> Profile | None:
        """None: no profile of this name is known here."""
        return self._held[0].named(name)

    def channels(self) -> Made:
        return self._held[1]

    def look(self) -> None:
        """If it is time to: take up what has changed. Faults are told in the log, and what was
        there stays. Never raises."""
        if not self._every_s or self._clock() < self._next:
            return
        self._next = self._clock() + self._every_s
        self._changes.see(files_of(self._folder))
        with contextlib.suppress(StoreError):  # it is asked again
            numbers = self._loop.run(numbers_in_force(self._editions))
            if self._changes.due(numbers):
                self._renew(numbers)
                self._changes.taken(numbers)

    def _renew(self, numbers: Mapping[str, int]) -> None:
        before = {each.name: each.version for each in self.profiles}
        try:
            self._held = self._read(numbers)
        except ConfigurationError as error:
            _log.error("profiles_not_renewed", faults=list(error.faults))
        else:
            new = [each.name for each in self.profiles if before.get(each.name) != each.version]
            _log.info("profiles_renewed", profiles=new)

    def _read(self, numbers: Mapping[str, int]) -> tuple[Profiles, Made]:
        contents = self._loop.run(contents_of(self._editions, numbers))
        found = load_in_force(self._folder, contents)
        if found.faults:
            _log.error("edition_left_out", faults=list(found.faults))
        return found.profiles, self._make(found.profiles)

    @property
    def _editions(self) -> Editions:
        found: Editions = self._store.editions
        return found

    def close(self) -> None:
        if self._store is not None:
            self._loop.run(self._store.close())
        self._loop.close()
