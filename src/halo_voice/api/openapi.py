"""The OpenAPI description of requests that we read by ourselves, made from their shapes."""

from __future__ import annotations

from typing import Any

import msgspec


def _schema(shape: type[msgspec.Struct]) -> dict[str, Any]:
    """The shape's JSON schema, with what it refers to written in place."""
    _, parts = msgspec.json.schema_components([shape], ref_template="#/{name}")

    def inline(node: Any) -> Any:
        if isinstance(node, dict):
            if "$ref" in node:
                return inline(parts[node["$ref"].removeprefix("#/")])
            return {key: inline(value) for key, value in node.items()}
        return [inline(each) for each in node] if isinstance(node, list) else node

    schema: dict[str, Any] = inline(parts[shape.__name__])
    return schema


def body_of(shape: type[msgspec.Struct], *, form: bool = False) -> dict[str, Any]:
    """`openapi_extra` of a route that reads `shape` from its body."""
    content = {"application/json": {"schema": _schema(shape)}}
    if form:
        content["application/x-www-form-urlencoded"] = content["application/json"]
    return {"requestBody": {"required": True, "content": content}}


def query_of(shape: type[msgspec.Struct]) -> dict[str, Any]:
    """`openapi_extra` of a route that reads `shape` from its query; objects have no place there."""
    schema = _schema(shape)
    required = schema.get("required", [])
    simple = {name: s for name, s in schema["properties"].items() if name not in ("start", "notes")}
    return {
        "parameters": [
            {"name": name, "in": "query", "required": name in required, "schema": s}
            for name, s in simple.items()
        ]
    }
