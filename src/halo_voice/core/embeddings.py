"""Texts as vectors: what a profile says of the server that makes them, and the port to it."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True)
class Embeddings:
    """The server that turns texts into vectors. `url` is the base, without `/embeddings`.

    `question_model`: where questions have a model of their own. `key`: the name of a secret.
    `near_min`: a passage is near from this cosine on, -1 to 1. `wait_ms`: so long an answer may
    wait for the vector of its question.
    """

    url: str
    model: str
    question_model: str = ""
    key: str = ""
    key_style: Literal["Bearer", "Api-Key"] = "Bearer"
    near_min: float = 0.5
    wait_ms: int = 150


class Embedder(Protocol):
    """A server of vectors. Raises `ModelError`s only."""

    async def embed(
        self, texts: Sequence[str], *, model: str, deadline_s: float
    ) -> list[array[float]]:
        """A vector (32-bit floats) for each text, in their order, all of the same length."""
        ...

    async def close(self) -> None: ...
