"""The OpenAPI description of what we read, write and refuse by ourselves, made from the shapes."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec
from fastapi import FastAPI

from halo_voice.api.gate import UNSIGNED_ON_LOOPBACK
from halo_voice.api.replies import Fault

_EVERYWHERE = (401, 408, 413, 500)
"""What the gate may answer on any path, and an unforeseen fault."""

_SIGNATURE = {
    "type": "apiKey",
    "in": "header",
    "name": "X-Halo-Signature",
    "description": "With X-Halo-Key, X-Halo-Timestamp and X-Halo-Nonce: see docs/http.md.",
}


def _schema(shape: type[msgspec.Struct]) -> dict[str, Any]:
    """The shape's JSON schema, with what it refers to written in place: a new one each time."""
    schema: dict[str, Any] = msgspec.json.decode(_written(shape))
    return schema


@cache
def _written(shape: type[msgspec.Struct]) -> bytes:
    _, parts = msgspec.json.schema_components([shape], ref_template="#/{name}")

    def inline(node: Any) -> Any:
        if isinstance(node, dict):
            if "$ref" in node:
                return inline(parts[node["$ref"].removeprefix("#/")])
            return {key: inline(value) for key, value in node.items()}
        return [inline(each) for each in node] if isinstance(node, list) else node

    return msgspec.json.encode(inline(parts[shape.__name__]))


_JSON_ONLY = ("start", "notes")
"""Objects, which have no place in a query or a form."""


def body_of(shape: type[msgspec.Struct], *, form: bool = False) -> dict[str, Any]:
    """`openapi_extra` of a route that reads `shape` from its body."""
    content = {"application/json": {"schema": _schema(shape)}}
    if form:
        schema = _schema(shape)
        schema["properties"] = _simple(schema)
        content["application/x-www-form-urlencoded"] = {"schema": schema}
    return {"requestBody": {"required": True, "content": content}}


def query_of(shape: type[msgspec.Struct]) -> dict[str, Any]:
    """`openapi_extra` of a route that reads `shape` from its query."""
    schema = _schema(shape)
    required = schema.get("required", [])
    return {
        "parameters": [
            {"name": name, "in": "query", "required": name in required, "schema": s}
            for name, s in _simple(schema).items()
        ]
    }


def _simple(schema: dict[str, Any]) -> dict[str, Any]:
    return {name: s for name, s in schema["properties"].items() if name not in _JSON_ONLY}


def replies_of(*shapes: type[msgspec.Struct], faults: tuple[int, ...] = ()) -> dict[str, Any]:
    """`openapi_extra` of a route that answers with one of `shapes`, or with one of `faults`."""
    schemas = [_schema(shape) for shape in shapes]
    good = schemas[0] if len(schemas) == 1 else {"anyOf": schemas}
    return {"responses": {"200": _json("As asked.", good)} | _faults(faults)}


def describe(api: FastAPI) -> None:
    """Have the description say what all routes have in common: the signature and the refusals."""
    plain = api.openapi

    def openapi() -> dict[str, Any]:
        if api.openapi_schema is None:
            page = plain()
            schemes = page.setdefault("components", {}).setdefault("securitySchemes", {})
            schemes["signature"] = _SIGNATURE
            for path, methods in page["paths"].items():
                for operation in methods.values():
                    operation["responses"] = _faults(_EVERYWHERE) | operation["responses"]
                    if path not in UNSIGNED_ON_LOOPBACK:
                        operation["security"] = [{"signature": []}]
            api.openapi_schema = page
        return api.openapi_schema

    api.openapi = openapi  # type: ignore[method-assign]


def methods_of(api: FastAPI) -> dict[str, str]:
    """By path, the methods that it takes, as `Allow` lists them."""
    return {
        path: ", ".join(sorted(method.upper() for method in operations))
        for path, operations in api.openapi()["paths"].items()
    }


def _faults(statuses: tuple[int, ...]) -> dict[str, Any]:
    return {str(status): _json("Refused, or failed.", _schema(Fault)) for status in statuses}


def _json(meaning: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": meaning, "content": {"application/json": {"schema": schema}}}
