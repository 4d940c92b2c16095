"""When the assistants of a folder are to be read anew: their files, or what was published of them,
have changed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

Files = dict[Path, tuple[int, int]]
"""Each file of the profiles, of their texts and tools, with its time (ns) and its size (bytes)."""


class Changes:
    """Since files and editions were read: `files` and `editions`, the number of each profile's."""

    def __init__(self, files: Files, editions: Mapping[str, int]) -> None:
        self._read = self._seen = files
        self._editions = editions
        self._still = True

    def see(self, files: Files) -> None:
        """What a look at the folder found."""
        self._still = files == self._seen
        self._seen = files

    def due(self, editions: Mapping[str, int]) -> bool:
        """Whether all is to be read again: it has changed, and is not being changed, since an
        editor, or a copy of many files, takes a while."""
        return editions != self._editions or (self._still and self._seen != self._read)

    def taken(self, editions: Mapping[str, int]) -> None:
        """It was read, with faults or without: not again before it changes."""
        self._read, self._editions = self._seen, editions
