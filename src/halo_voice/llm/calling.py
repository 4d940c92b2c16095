"""Tools in the OpenAI format: how they are offered, and a model's calls of them from its deltas."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from halo_voice.core.messages import Calling, Message, Returned, ToolCall
from halo_voice.core.tools import ARGUMENTS_CHARS_MAX, CALLS_MAX, Offer
from halo_voice.llm.chunks import mended

_NAME_CHARS_MAX = 64


def offered(tools: Offer, messages: Sequence[Message]) -> dict[str, Any]:
    """What a request with tools has besides, its messages among it."""
    fields: dict[str, Any] = {"tools": tools.functions, "messages": [_line(m) for m in messages]}
    return fields | ({"tool_choice": "none"} if tools.closed else {})


def _line(message: Message) -> dict[str, Any]:
    line: dict[str, Any] = {"role": message.role, "content": message.content}
    if isinstance(message, Calling):
        line["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments},
            }
            for call in message.calls
        ]
    elif isinstance(message, Returned):
        line["tool_call_id"] = message.call_id
    return line


def characters(deltas: Iterable[Any]) -> int:
    """What these deltas hold of arguments; a delta without any counts, too: they come in streams
    without end."""
    return sum(1 + len(_text(_function(delta).get("arguments"))) for delta in deltas)


def assembled(deltas: Iterable[Any]) -> tuple[ToolCall, ...]:
    """The calls of a whole answer, in their order; what is no call of a named tool is left out.

    A delta belongs to the call of its `index`. Servers that send whole calls leave the index out,
    or give every call the same one: another `id` begins another call.
    """
    parts: list[dict[str, Any]] = []
    at: dict[Any, dict[str, Any]] = {}
    for delta in deltas:
        if not isinstance(delta, dict):
            continue
        index, said = delta.get("index"), _text(delta.get("id"))
        index = index if isinstance(index, int) else None
        call = at.get(index)
        if call is None or index is None or (said and call["id"] and said != call["id"]):
            call = at[index] = {"id": "", "name": "", "arguments": ""}
            parts.append(call)
        function = _function(delta)
        call["id"] = call["id"] or said
        call["name"] += _text(function.get("name"))
        call["arguments"] += _text(function.get("arguments"))
    named = [call for call in parts if 0 < len(call["name"]) <= _NAME_CHARS_MAX]
    return tuple(
        ToolCall(
            call["id"][:_NAME_CHARS_MAX] or f"call_{number}",
            call["name"],
            call["arguments"] if len(call["arguments"]) <= ARGUMENTS_CHARS_MAX else "",
        )
        for number, call in enumerate(named[:CALLS_MAX])
    )


def _function(delta: Any) -> dict[str, Any]:
    function = delta.get("function") if isinstance(delta, dict) else None
    return function if isinstance(function, dict) else {}


def _text(found: Any) -> str:
    return mended(found) if isinstance(found, str) else ""
