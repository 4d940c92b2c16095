"""Writes down what became known of a call's turns, while the call goes on."""

from __future__ import annotations

import asyncio

import structlog

from halo_voice.core.errors import StoreError
from halo_voice.core.ports import Store, TurnNote

_log = structlog.get_logger(__name__)


class Notes:
    """The notes of one call on their way to the store. One that it refuses is lost, and logged."""

    def __init__(self, call_id: str, store: Store) -> None:
        self._call_id = call_id
        self._store = store
        self._writing: set[asyncio.Task[None]] = set()

    def write(self, note: TurnNote) -> None:
        """Begin to write it."""
        writing = asyncio.create_task(self._write(note))
        self._writing.add(writing)
        writing.add_done_callback(self._writing.discard)

    async def written(self) -> None:
        """Wait until everything that was begun is written or lost."""
        await asyncio.gather(*self._writing)

    async def _write(self, note: TurnNote) -> None:
        try:
            await self._store.note_turn(note)
        except StoreError as error:
            _log.warning("note_lost", call_id=self._call_id, code=error.code)
