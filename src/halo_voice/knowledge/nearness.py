"""Finds passages by what is meant: vectors of a server, beside the words of the index.

The server may be slow, down or wrong at any time, and nobody may hear it. So passages get their
vectors in the background; a question's vector is asked for as soon as its words stand still; and an
answer waits for it only as long as the server has lately been quick, and `wait_ms` at most. One
answer that is late ends the waiting, until another one is in time.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import time
from array import array
from collections import OrderedDict
from collections.abc import Iterable, Sequence

import numpy as np
import structlog

from halo_voice.core.embeddings import Embedder, Embeddings
from halo_voice.core.errors import ModelError, ModelRefused
from halo_voice.core.ports import Passage
from halo_voice.knowledge.index import CompanyTexts
from halo_voice.knowledge.vectors import Directions, VectorFile, direction, vector_key

BATCH = 32
BATCH_S = 30.0
"""So many passages are asked for at once, and so long, in seconds, it may take."""

ASK_S = 2.0
"""A question's vector that is not there by then, in seconds, is given up."""

REST_S = (1.0, 60.0)
"""After a failure nothing is asked for so long, in seconds, at first and at most."""

RETRY_S = (2.0, 300.0)
QUESTIONS_MAX = 512
QUESTION_CHARS = 1_000
ASKING_MAX = 32
_PROBE = "Здравствуйте"

_log = structlog.get_logger(__name__)


class Nearness:
    """The passages of one profile and their vectors. `kept`: the file; None: nothing is kept."""

    def __init__(
        self, texts: CompanyTexts, spec: Embeddings, embedder: Embedder, kept: VectorFile | None
    ) -> None:
        self.spec = spec
        self.fault = ""
        self._first = asyncio.Event()  # every passage was asked for once, or one could not be
        self._texts = texts
        self._embedder = embedder
        self._kept = kept
        self._directions = Directions({})
        self._questions: OrderedDict[str, asyncio.Task[np.ndarray | None]] = OrderedDict()
        self._quick = False
        self._rest_s = 0.0
        self._rests_until = 0.0

    def __len__(self) -> int:
        """How many passages have a vector by now."""
        return len(self._directions)

    @property
    def wanted(self) -> int:
        """How many passages there are."""
        return len(self._texts)

    # ---------------------------------------------------------------------------- passages

    async def fill(self) -> None:
        """Give each passage its vector: from the file, or asked for. Tries until it is done, or
        the server says that it never will be."""
        texts = [f"{each.title}\n{each.text}" for each in self._texts.passages()]
        keys = [vector_key(self.spec.url, self.spec.model, text) for text in texts]
        found = await asyncio.to_thread(self._read, keys)
        await self._show(keys, found)
        missing = [(key, text) for key, text in zip(keys, texts, strict=True) if key not in found]
        missing = list(dict(missing).items())
        if await self._fill(keys, found, missing):
            await self.vector(_PROBE)  # whether it is quick
            self._first.set()

    async def tried(self) -> bool:
        """Wait for the first try; whether every passage has its vector."""
        await self._first.wait()
        return not self.fault

    async def _fill(
        self,
        keys: list[bytes],
        found: dict[bytes, array[float]],
        missing: Sequence[tuple[bytes, str]],
    ) -> bool:
        pause_s = RETRY_S[0]
        at = 0
        while at < len(missing):
            batch = missing[at : at + BATCH]
            try:
                asked = [text for _, text in batch]
                vectors = await self._embedder.embed(
                    asked, model=self.spec.model, deadline_s=BATCH_S
                )
            except ModelError as error:
                _log.warning("embeddings_failed", code=error.code, left=len(missing) - at)
                self.fault = error.code
                self._first.set()
                if isinstance(error, ModelRefused):
                    return False  # a retry is useless: words alone, until the profile changes
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, RETRY_S[1])
                continue
            new = {key: vector for (key, _), vector in zip(batch, vectors, strict=True)}
            found |= new
            await asyncio.to_thread(self._write, new)
            at, pause_s, self.fault = at + len(batch), RETRY_S[0], ""
        if missing:
            await self._show(keys, found)
        return True

    async def _show(self, keys: Iterable[bytes], found: dict[bytes, array[float]]) -> None:
        there = {number: found[key] for number, key in enumerate(keys) if key in found}
        self._directions = await asyncio.to_thread(Directions, there)

    def _read(self, keys: Sequence[bytes]) -> dict[bytes, array[float]]:
        with contextlib.suppress(sqlite3.Error, OSError):
            return self._kept.read(keys, _today()) if self._kept is not None else {}
        _log.warning("embeddings_unread")
        return {}

    def _write(self, vectors: dict[bytes, array[float]]) -> None:
        try:
            if self._kept is not None:
                self._kept.write(vectors, _today())
        except (sqlite3.Error, OSError) as error:
            _log.warning("embeddings_unkept", fault=type(error).__name__)

    async def close(self) -> None:
        """Give up what is being asked."""
        asking = list(self._questions.values())
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)

    # --------------------------------------------------------------------------- questions

    def begin(self, question: str) -> asyncio.Task[np.ndarray | None] | None:
        """Ask for the question's vector, unless it was; None: not now."""
        question = question[-QUESTION_CHARS:]
        known = self._questions.get(question)
        if known is not None:
            self._questions.move_to_end(question)
            return known
        resting = asyncio.get_running_loop().time() < self._rests_until
        busy = sum(not each.done() for each in self._questions.values()) >= ASKING_MAX
        if not len(self) or resting or busy or not question.strip():
            return None
        task = self._questions[question] = asyncio.create_task(self.vector(question))
        while len(self._questions) > QUESTIONS_MAX:
            self._questions.popitem(last=False)
        return task

    async def ready(self, question: str) -> None:
        """Wait for the question's vector, if that is worth it; never longer than `wait_ms`."""
        asking = self.begin(question)
        if asking is None or asking.done() or not self._quick:
            return
        await asyncio.wait([asking], timeout=self.spec.wait_ms / 1000)
        if not asking.done():
            self._quick = False
            _log.warning("embeddings_late", wait_ms=self.spec.wait_ms)

    async def vector(self, question: str) -> np.ndarray | None:
        """The question's direction; None where the server has none. Never a `ModelError`."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            vectors = await self._embedder.embed(
                [question],
                model=self.spec.question_model or self.spec.model,
                deadline_s=ASK_S,
            )
        except ModelError as error:
            self._quick = False
            self._rest_s = min(max(2 * self._rest_s, REST_S[0]), REST_S[1])
            self._rests_until = loop.time() + self._rest_s
            self._questions.pop(question, None)
            _log.warning("embeddings_failed", code=error.code)
            return None
        self._rest_s = 0.0
        self._quick = loop.time() - began <= self.spec.wait_ms / 1000
        return direction(vectors[0])

    def near(self, question: str, limit: int) -> list[Passage]:
        """The passages nearest to a question whose vector is there, by their cosines."""
        asking = self._questions.get(question[-QUESTION_CHARS:])
        if asking is None or not asking.done() or asking.cancelled():
            return []
        found = asking.result()
        return [] if found is None else self.nearest(found, limit)

    def nearest(
        self, question: np.ndarray, limit: int, *, least: float | None = None
    ) -> list[Passage]:
        """The passages nearest to a direction. `least`: their cosine; else the profile's."""
        least = self.spec.near_min if least is None else least
        return [
            self._texts.passage(number, cosine)
            for number, cosine in self._directions.nearest(question, limit)
            if cosine >= least
        ]


def _today() -> int:
    return int(time.time() // 86_400)
