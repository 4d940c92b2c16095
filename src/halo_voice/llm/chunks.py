"""The few fields of a `chat.completion.chunk` that a telephone call needs.

The fast path decodes into minimal structs and skips everything else unread. What it cannot take
(bytes that are no UTF-8, halves of surrogate pairs, fields of unusual types) goes the slow way,
which mends the text instead of failing: a caller must not lose an answer to one broken character.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec


class Delta(msgspec.Struct, gc=False):
    """What a chunk adds, or, in an answer that is not streamed, the whole message."""

    content: str | None = None
    reasoning_content: str | None = None
    tool_calls: list[Any] | None = None
    function_call: Any = None


class Choice(msgspec.Struct, gc=False):
    delta: Delta | None = None
    message: Delta | None = None
    finish_reason: str | None = None


class Usage(msgspec.Struct, gc=False, frozen=True):
    """Tokens, as the server counts them; 0 where it does not say."""

    prompt_tokens: int = 0
    completion_tokens: int = 0


class Chunk(msgspec.Struct, gc=False):
    choices: list[Choice] | None = None
    usage: Usage | None = None
    error: Any = None


decode_fast = msgspec.json.Decoder(Chunk).decode
"""As `decode`, without mending: raises `ValueError` for what goes the slow way, too."""


def decode(data: bytes) -> Chunk:
    """One chunk of an answer. Raises `ValueError` for what is not a JSON object."""
    try:
        return decode_fast(data)
    except ValueError:  # msgspec's errors and UnicodeDecodeError are both of this kind
        return _decode_slowly(data)


def mended(text: str) -> str:
    """The text with U+FFFD for every half of a surrogate pair."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _decode_slowly(data: bytes) -> Chunk:
    try:
        found = json.loads(data.decode("utf-8", "replace"))
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(found, dict):
        raise ValueError("not an object")
    choices = found.get("choices")
    return Chunk(
        choices=[_choice(c) for c in choices if isinstance(c, dict)]
        if isinstance(choices, list)
        else None,
        usage=_usage(found.get("usage")),
        error=found.get("error"),
    )


def _choice(found: dict[str, Any]) -> Choice:
    reason = found.get("finish_reason")
    return Choice(
        delta=_delta(found.get("delta")),
        message=_delta(found.get("message")),
        finish_reason=reason if isinstance(reason, str) else None,
    )


def _delta(found: object) -> Delta | None:
    if not isinstance(found, dict):
        return None
    calls = found.get("tool_calls")
    return Delta(
        content=_text(found.get("content")),
        reasoning_content=_text(found.get("reasoning_content")),
        tool_calls=calls if isinstance(calls, list) else None,
        function_call=found.get("function_call"),
    )


def _text(found: object) -> str | None:
    """A text, also where it comes as a list of parts."""
    if isinstance(found, list):
        found = "".join(
            part["text"]
            for part in found
            if isinstance(part, dict) and isinstance(part.get("text"), str)
        )
    return mended(found) if isinstance(found, str) else None


def _usage(found: object) -> Usage | None:
    if not isinstance(found, dict):
        return None
    counts = (found.get("prompt_tokens"), found.get("completion_tokens"))
    return Usage(*(n if isinstance(n, int) else 0 for n in counts))
