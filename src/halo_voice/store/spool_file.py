"""The spool on the disk: a private file of whole lines that belongs to one process.

Each process takes the first free file of `spool.jsonl`, `spool-2.jsonl`, … and keeps it locked. The
lock dies with the process, so a file that holds lines and no lock was left by one that was killed:
the next one that starts adopts it.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows: one process is assumed there
    fcntl = None  # type: ignore[assignment]


class SpoolFile:
    """Blocks, so use it from a thread. Every method raises `OSError`."""

    def __init__(self, path: Path) -> None:
        """Make the folder, take a file, and adopt what others left beside it."""
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._own, self.path = _first_free(path)
        self._adopted = _orphans(path, self.path)
        self.left = [line for file in (*self._adopted, self._own) for line in _lines(file)]
        """The lines found, without their ends, each file's in its order."""
        self._size = os.fstat(self._own).st_size
        _sync_folder(path.parent)

    @property
    def rejected(self) -> Path:
        """Where lines go that can never be applied."""
        return self.path.with_name(self.path.name + ".rejected")

    def append(self, lines: Sequence[bytes]) -> None:
        """Write whole lines; on the disk when it returns. A failure leaves nothing of them."""
        if os.fstat(self._own).st_nlink == 0:
            raise OSError(errno.ENOENT, "the spool was removed")
        os.ftruncate(self._own, self._size)  # what a failure before could not take back
        data = b"".join(lines)
        try:
            _write(self._own, data)
        except OSError:
            with suppress(OSError):
                os.ftruncate(self._own, self._size)
            raise
        self._size += len(data)

    def clear(self) -> None:
        """Empty the file, and give adopted ones back, empty."""
        while self._adopted:
            os.ftruncate(self._adopted[-1], 0)
            os.close(self._adopted.pop())
        if self._size:
            os.ftruncate(self._own, 0)
            self._size = 0
            os.fsync(self._own)

    def reject(self, line: bytes) -> None:
        """Append a line to the rejected ones."""
        file = os.open(self.rejected, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            _write(file, line)
        finally:
            os.close(file)

    def close(self) -> None:
        """Let go of the files; what is in them waits for the next process."""
        for file in (*self._adopted, self._own):
            os.close(file)


def _write(file: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(file, rest) :]
    os.fsync(file)


def _first_free(path: Path) -> tuple[int, Path]:
    for number in count(1):
        candidate = path if number == 1 else path.with_stem(f"{path.stem}-{number}")
        file = _locked(candidate, os.O_CREAT)
        if file is not None:
            return file, candidate
    raise AssertionError  # count() has no end


def _orphans(path: Path, own: Path) -> list[int]:
    """The files beside ours that hold lines and belong to nobody, locked."""
    name = re.compile(rf"{re.escape(path.stem)}(-\d+)?{re.escape(path.suffix)}")
    found = []
    for candidate in sorted(path.parent.iterdir()):
        if candidate == own or not name.fullmatch(candidate.name):
            continue
        file = None
        with suppress(OSError):  # another user's, or gone meanwhile
            file = _locked(candidate)
        if file is not None and os.fstat(file).st_size:
            found.append(file)
        elif file is not None:
            os.close(file)
    return found


def _locked(path: Path, create: int = 0) -> int | None:
    """The open file, ours until it is closed or we die; None if it is another's."""
    file = os.open(path, os.O_RDWR | os.O_APPEND | create, 0o600)
    try:
        if fcntl is not None:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(file)
        return None
    return file


def _lines(file: int) -> list[bytes]:
    """The whole lines of a file. A torn last one was never acknowledged: it is cut off."""
    with os.fdopen(os.dup(file), "rb") as reader:
        reader.seek(0)
        *lines, torn = reader.read().split(b"\n")
    if torn:
        os.ftruncate(file, os.fstat(file).st_size - len(torn))
    return [line for line in lines if line]


def _sync_folder(folder: Path) -> None:
    """A new file's name is on the disk only when its folder is."""
    with suppress(OSError):
        file = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(file)
        finally:
            os.close(file)
