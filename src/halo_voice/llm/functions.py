"""Tools in GigaChat's dialect: `functions`, one call at a time, its arguments an object.

After the description of its REST API: a request has `functions` and `function_call`, an answer's
message `function_call`; a result is a message of the role `function` whose text is a JSON object.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from halo_voice.core.messages import Calling, Message, Returned, ToolCall
from halo_voice.core.tools import Offer, ToolSpec

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_KEPT = ("type", "description", "enum", "required")


def offered(tools: Offer, messages: Sequence[Message]) -> dict[str, Any]:
    """What a request with tools has besides, its messages among it. A tool whose name the server
    would refuse is left out."""
    functions = [_function(spec) for spec in tools.specs if _NAME.fullmatch(spec.name)]
    mode = "none" if tools.closed or not functions else "auto"
    return {"functions": functions, "function_call": mode, "messages": list(_lines(messages))}


def as_deltas(function_call: Any) -> list[Any]:
    """A call of an answer as the OpenAI format has it."""
    if not isinstance(function_call, dict):
        return []
    arguments = function_call.get("arguments", {})
    if not isinstance(arguments, str):
        arguments = json.dumps(arguments, ensure_ascii=False)
    function = {"name": function_call.get("name"), "arguments": arguments}
    return [{"index": 0, "id": "call_0", "function": function}]


def _function(spec: ToolSpec) -> dict[str, Any]:
    parameters = {"type": "object", "properties": {}, **_plain(spec.parameters, spec.parameters)}
    return {"name": spec.name, "description": spec.description, "parameters": parameters}


def _plain(schema: Any, whole: Mapping[str, Any]) -> dict[str, Any]:
    """A schema without what the dialect does not describe: of alternatives, the first that is
    something. What it lets through is checked by the tool anyway."""
    if not isinstance(schema, Mapping):
        return {}
    chosen = dict(schema)
    for key in ("anyOf", "oneOf", "allOf"):
        some = [each for each in chosen.get(key) or () if isinstance(each, Mapping)]
        chosen = {**next((each for each in some if each.get("type") != "null"), {}), **chosen}
    reference = str(chosen.get("$ref", ""))
    if reference.startswith("#/$defs/"):
        defined = (whole.get("$defs") or {}).get(reference.removeprefix("#/$defs/"), {})
        chosen = {**{k: v for k, v in defined.items() if k != "$ref"}, **chosen}
    plain = {key: chosen[key] for key in _KEPT if key in chosen}
    if isinstance(plain.get("type"), list):
        plain["type"] = next((each for each in plain["type"] if each != "null"), "string")
    if "const" in chosen:
        plain["enum"] = [chosen["const"]]
    properties = chosen.get("properties")
    if isinstance(properties, Mapping):
        plain["properties"] = {name: _plain(each, whole) for name, each in properties.items()}
    if "items" in chosen:
        plain["items"] = _plain(chosen["items"], whole)
    if "type" not in plain:
        plain["type"] = "object" if "properties" in plain else "string"
    return plain


def _lines(messages: Sequence[Message]) -> Iterator[dict[str, Any]]:
    """Each call stands before its result: the dialect knows no two calls in one message."""
    called: dict[str, ToolCall] = {}
    for message in messages:
        if isinstance(message, Calling):
            called = {call.id: call for call in message.calls}
            if message.content:
                yield {"role": message.role, "content": message.content}
        elif isinstance(message, Returned):
            call = called.get(message.call_id)
            if call is None:
                continue
            function = {"name": call.name, "arguments": _arguments(call)}
            yield {"role": "assistant", "content": "", "function_call": function}
            told = json.dumps({"result": message.content}, ensure_ascii=False)
            yield {"role": "function", "name": call.name, "content": told}
        else:
            yield {"role": message.role, "content": message.content}


def _arguments(call: ToolCall) -> dict[str, Any]:
    try:
        found = json.loads(call.arguments or "{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
