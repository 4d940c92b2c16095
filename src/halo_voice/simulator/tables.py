"""The API surface as the emulated platform wants it: one JSON text, made once per process."""

from __future__ import annotations

from functools import cache
from importlib import resources

import msgspec

from halo_voice.simulator.surface import Surface, surface

# Names that production code uses although the published surface does not list them.
EXTRA_CHILDREN = {"Net": ["HttpRequestOptions"]}


@cache
def tables() -> str:
    """Names of everything, values of enums, fields of interfaces; see platform/20_names.js."""
    api = surface()
    children = {
        parent: " ".join(leaves + EXTRA_CHILDREN.get(parent, []))
        for parent, leaves in api.children.items()
    }
    content = {
        "children": children,
        "enums": {name: _enum(members) for name, members in api.enums.items()},
        "classes": {name: _members(api, name) for name in ("Call", "ASR", "Player")},
        "fields": {name: " ".join(fields(api, name)) for name in api.interfaces if _needed(name)},
        "payloads": _payloads(api),
    }
    return msgspec.json.encode(content).decode()


@cache
def platform() -> str:
    """The emulated platform: the JS files in the order of their numbers, in one function."""
    folder = resources.files("halo_voice.simulator").joinpath("platform")
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".js")), key=lambda f: f.name)
    body = "".join(file.read_text("utf-8") for file in files)
    return f'(function (__tables, __config) {{ "use strict";\n{body}}})'


def fields(api: Surface, interface: str) -> list[str]:
    """The fields of an interface with those it inherits."""
    spec = api.interfaces.get(interface)
    if spec is None:
        return []
    inherited = [name for parent in spec.get("extends") or [] for name in fields(api, parent)]
    return inherited + [name for name in spec["fields"] if not name.startswith("[")]


def _enum(members: dict[str, dict]) -> str:
    values = {name: member.get("value") for name, member in members.items()}
    return msgspec.json.encode(values).decode()


def _members(api: Surface, class_name: str) -> str:
    return " ".join([*api.methods(class_name), *api.classes[class_name].get("props", {})])


def _needed(interface: str) -> bool:
    return "." not in interface or interface.startswith("Net.")


def _payloads(api: Surface) -> dict[str, str]:
    """`CallEvents.Connected` -> `_ConnectedEvent`, for the sources of events that we emulate."""
    return {
        name[1:-1]: field["type"]
        for source in ("_AppEvents", "_CallEvents", "_ASREvents", "_PlayerEvents")
        for name, field in api.interfaces[source]["fields"].items()
    }
