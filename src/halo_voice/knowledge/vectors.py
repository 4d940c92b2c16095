"""Vectors of texts: kept in a file so that no text is asked for twice, and compared."""

from __future__ import annotations

import hashlib
import sqlite3
from array import array
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

DAYS_UNUSED = 90
"""What nobody has wanted for so many days is forgotten."""

COARSE_DIMENSIONS = 128
EXACT = 64
"""Among many passages so many are looked at closely: those that are nearest in a projection."""

_MANY = 256
# So many products at a time BLAS does on this thread. It would wait for several on a busy machine.
_AT_ONCE = 32_768
_SEED = 20_23


def vector_key(server: str, model: str, text: str) -> bytes:
    """By what the vector of a text is found: another model, or another server, has another one."""
    return hashlib.sha256("\0".join((server, model, text)).encode("utf-8", "replace")).digest()[:16]


class VectorFile:
    """A SQLite file of vectors by key. It holds no text. May be used by several processes.

    Methods block, and raise `sqlite3.Error` or `OSError`: what cannot be kept is asked for again.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self, keys: Iterable[bytes], today: int) -> dict[bytes, array[float]]:
        """Those that are there. `today`: days since 1970, noted as their last use."""
        if not self._path.exists():
            return {}
        found: dict[bytes, array[float]] = {}
        with closing(self._open()) as file, file:
            for key in keys:
                row = file.execute("SELECT vector FROM vectors WHERE key = ?", (key,)).fetchone()
                if row is not None and len(row[0]) % 4 == 0:
                    found[key] = array("f", row[0])
            used = [(today, key) for key in found]
            file.executemany("UPDATE vectors SET day = ?1 WHERE key = ?2 AND day < ?1", used)
            file.execute("DELETE FROM vectors WHERE day < ?", (today - DAYS_UNUSED,))
        return found

    def write(self, vectors: Mapping[bytes, array[float]], today: int) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        rows = [(key, vector.tobytes(), today) for key, vector in vectors.items()]
        with closing(self._open()) as file, file:
            file.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?)", rows)

    def _open(self) -> sqlite3.Connection:
        file = sqlite3.connect(self._path, timeout=5.0)
        file.execute(
            "CREATE TABLE IF NOT EXISTS vectors "
            "(key BLOB PRIMARY KEY, vector BLOB NOT NULL, day INTEGER NOT NULL) WITHOUT ROWID"
        )
        return file


def direction(vector: Sequence[float]) -> np.ndarray:
    """The vector with length 1; of nothing but zeros, as it is."""
    found = np.asarray(vector, np.float32)
    length = float(np.linalg.norm(found))
    return found / length if length > 0 else found


class Directions:
    """Passages by number, each with its direction; finds the nearest to a question's."""

    def __init__(self, vectors: Mapping[int, Sequence[float]]) -> None:
        """Vectors of another length than the first one's are left out."""
        size = len(next(iter(vectors.values()))) if vectors else 0
        sound = {number: each for number, each in vectors.items() if len(each) == size}
        self._numbers = np.array(list(sound), np.int64)
        rows = [direction(each) for each in sound.values()]
        self._rows = np.stack(rows) if rows else np.zeros((0, 0), np.float32)
        self._axes: np.ndarray | None = None
        if len(rows) > _MANY and size > COARSE_DIMENSIONS:
            drawn = np.random.default_rng(_SEED).standard_normal((size, COARSE_DIMENSIONS))
            self._axes = np.ascontiguousarray(drawn.astype(np.float32).T)
            self._coarse = self._rows @ self._axes.T

    def __len__(self) -> int:
        return len(self._numbers)

    def nearest(self, question: np.ndarray, limit: int) -> list[tuple[int, float]]:
        """Numbers with their cosines, the nearest first."""
        if not len(self) or question.shape != self._rows.shape[1:]:
            return []
        among = np.arange(len(self))
        if self._axes is not None:
            rough = _products(self._coarse, _products(self._axes, question))
            among = np.sort(np.argpartition(-rough, EXACT)[:EXACT])
        cosines = _products(self._rows[among], question)
        best = (-cosines).argsort(kind="stable")[:limit]
        return [(int(self._numbers[among[at]]), float(cosines[at])) for at in best]


def _products(rows: np.ndarray, vector: np.ndarray) -> np.ndarray:
    """`rows @ vector`, in parts. All numbers are finite; what a library's kernel flags in what it
    pads them with is no warning of ours."""
    found = np.empty(len(rows), np.float32)
    step = max(1, _AT_ONCE // max(1, rows.shape[1]))
    with np.errstate(all="ignore"):
        for at in range(0, len(rows), step):
            np.dot(rows[at : at + step], vector, out=found[at : at + step])
    return found
