"""What all shapes of a profile's file have in common: strictness, and faults in our words."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict
from pydantic_core import PydanticCustomError


class Shape(BaseModel):
    """Strict: "12" is not 12, and a key that nothing reads is a fault."""

    model_config = ConfigDict(extra="forbid", strict=True)


def fault(message: str) -> PydanticCustomError:
    # As context, so that braces in the message are not taken for a template.
    return PydanticCustomError("profile", "{message}", {"message": message})


def nearest(name: str, known: Iterable[str]) -> str:
    """`; did you mean "…"?` or nothing."""
    known = list(known)
    ends: dict[str, str] = {}
    for full in known:
        ends.setdefault(full.rpartition(".")[2].rpartition("_")[2].lower(), full)
    found = difflib.get_close_matches(name, known, n=1, cutoff=0.6) or [
        ends[end] for end in difflib.get_close_matches(name.lower(), ends, n=1, cutoff=0.75)
    ]
    return f'; did you mean "{found[0]}"?' if found else ""
