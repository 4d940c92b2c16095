"""What the table `embeddings` of a profile's file may hold."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from halo_voice.core.embeddings import Embeddings
from halo_voice.profiles.strict import Shape

Word = Annotated[str, Field(min_length=1, max_length=300)]


class EmbeddingsShape(Shape):
    url: Word
    model: Word
    question_model: str = ""
    key: str = ""
    key_style: Literal["Bearer", "Api-Key"] = "Bearer"
    near_min: Annotated[float, Field(ge=-1, le=1)] = 0.5
    wait_ms: Annotated[int, Field(ge=0, le=500)] = 150


def embeddings_of(shape: EmbeddingsShape | None) -> Embeddings | None:
    return None if shape is None else Embeddings(**shape.model_dump())
