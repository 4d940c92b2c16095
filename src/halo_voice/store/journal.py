"""Lines that are safe on the disk when `keep` returns, or, while the disk refuses, in memory.

One thread writes. Lines that come while it syncs wait together and share the next sync.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import structlog

from halo_voice.store.spool_file import SpoolFile

_BATCH_MAX = 256
_log = structlog.get_logger(__name__)


class Journal:
    """A spool file's lines, numbered from 1. Without a path, or before `open`, all in memory."""

    def __init__(self, path: Path | None) -> None:
        self.last = 0
        """The number of the last line that was handed in."""
        self._path = path
        self._file: SpoolFile | None = None
        self._unsaved: deque[tuple[int, bytes]] = deque()
        self._written = 0
        self._refused = False
        self._thread = ThreadPoolExecutor(1, "halo-spool")

    @property
    def unsaved(self) -> int:
        """How many lines are in memory only."""
        return len(self._unsaved)

    async def open(self) -> list[bytes]:
        """Take the file; the lines that a killed process left. Never raises: a file that cannot be
        had is an alarm, and everything stays in memory."""
        return await self._on_thread(self._open) if self._path is not None else []

    async def keep(self, line: bytes) -> None:
        """Keep a whole line. What the disk refuses is offered to it again with the next one."""
        self.last += 1
        self._unsaved.append((self.last, line))
        if self._file is not None:
            await self._on_thread(self._save)

    async def reject(self, line: bytes, reason: str) -> bool:
        """Move a line to where a person looks after it. False if that failed."""
        if self._file is None:
            return True
        said = {"reason": reason, "line": line.decode(errors="replace").rstrip("\n")}
        rejected = json.dumps(said, ensure_ascii=False).encode() + b"\n"
        return bool(await self._on_thread(self._reject, rejected))

    async def clear(self, upto: int) -> None:
        """Forget every line if there is none after number `upto`."""
        await self._on_thread(self._clear, upto)

    async def close(self) -> None:
        """Offer the disk the rest once more and let go of the file."""
        if self._file is not None:
            await self._on_thread(self._save)
        await asyncio.to_thread(self._thread.shutdown)
        if self._file is not None:
            self._file.close()

    async def _on_thread(self, run: Callable[..., Any], *arguments: Any) -> Any:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, run, *arguments)

    def _open(self) -> list[bytes]:
        assert self._path is not None
        try:
            self._file = SpoolFile(self._path)
        except OSError as error:
            self._alarm(error)
            return []
        left, self._file.left = self._file.left, []
        return left

    def _save(self) -> None:
        assert self._file is not None
        while self._unsaved:
            batch = [self._unsaved.popleft() for _ in range(min(_BATCH_MAX, len(self._unsaved)))]
            try:
                self._file.append([line for _, line in batch])
            except OSError as error:
                self._unsaved.extendleft(reversed(batch))
                self._alarm(error)
                return
            self._written = batch[-1][0]
            self._refused = False

    def _reject(self, line: bytes) -> bool:
        assert self._file is not None
        try:
            self._file.reject(line)
        except OSError as error:
            self._alarm(error)
            return False
        return True

    def _clear(self, upto: int) -> None:
        while self._unsaved and self._unsaved[0][0] <= upto:
            self._unsaved.popleft()
        if self._file is None or self._written > upto:
            return
        try:
            self._file.clear()
        except OSError as error:
            self._alarm(error)

    def _alarm(self, error: OSError) -> None:
        """Once for each time that the disk begins to refuse."""
        if not self._refused:
            self._refused = True
            _log.error("spool_unwritable", reason=error.strerror or type(error).__name__)
