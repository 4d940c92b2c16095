"""The API surface and the platform as the engine wants them: texts, made once per process."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib import resources

import msgspec

from halo_voice.simulator.surface import Surface, surface

LATER = "21_later.js"  # reads the rarely used parts when they are needed
# Classes whose objects are emulated.
CLASSES = (
    *("Call", "ASR", "Player", "WebSocket", "VoxTTS.RealtimeTTSPlayer", "Silero.VAD"),
    *("AMD.AnsweringMachineDetector", "SmartQueueTask"),
)
# Names that production code uses although the published surface does not list them.
EXTRA_CHILDREN = {"Net": ["HttpRequestOptions"]}


@cache
def tables() -> tuple[str, str]:
    """Names of everything, values of enums, fields of interfaces; see platform/20_names.js.

    An index in JSON, table -> key -> offset, and the lines that it points to: of three thousand
    constants a call reads ten.
    """
    api = surface()
    children = {
        parent: " ".join(leaves + EXTRA_CHILDREN.get(parent, []))
        for parent, leaves in api.children.items()
    }
    content = {
        "children": children,
        "enums": {name: _enum(members) for name, members in api.enums.items()},
        "classes": {name: _members(api, name) for name in CLASSES},
        "fields": {name: " ".join(fields(api, name)) for name in api.interfaces if _needed(name)},
        "payloads": _payloads(api),
    }
    index: dict[str, dict[str, int]] = {}
    lines, offset = [], 0
    for table, entries in content.items():
        for key, line in entries.items():
            index.setdefault(table, {})[key] = offset
            lines.append(line + "\n")
            offset += len(line) + 1
    return msgspec.json.encode(index).decode(), "".join(lines)


@cache
def platform() -> str:
    """The emulated platform: the JS files in the order of their numbers, in one function."""
    return _in_one_function(text for _, text in _scripts("platform"))


@cache
def whole_platform() -> str:
    """The same with its rarely used parts, for a context that serves many calls."""
    parts = [text for name, text in _scripts("platform") if name != LATER]
    each = (f"{name!r}() {{\n{text}}},\n" for name, text in _scripts("platform/later"))
    parts.append(f"const LATER = {{\n{''.join(each)}}};\n")
    parts.append("function readLater(file) { LATER[file](); }\n")
    return _in_one_function(parts)


def _in_one_function(parts: Iterable[str]) -> str:
    body = "".join(parts)
    return f'(function (__index, __lines, __later, __config) {{ "use strict";\n{body}}})'


@cache
def rarely_used() -> str:
    """The parts of the platform that are read when first needed: form feed, name, text."""
    return "".join(f"\f{name}\n{text}" for name, text in _scripts("platform/later")) + "\f"


@cache
def ground() -> str:
    """What is evaluated first in a context that is to serve several calls."""
    return "".join(text for _, text in _scripts("platform/ground"))


def _scripts(folder: str) -> list[tuple[str, str]]:
    """Names and texts of the JS files of a folder, in their order."""
    files = resources.files("halo_voice.simulator").joinpath(folder).iterdir()
    return sorted((f.name, f.read_text("utf-8")) for f in files if f.name.endswith(".js"))


def fields(api: Surface, interface: str) -> list[str]:
    """The fields of an interface with those it inherits."""
    spec = api.interfaces.get(interface)
    if spec is None:
        return []
    space = interface.rpartition(".")[0]  # parents are named as seen from there
    parents = [
        f"{space}.{parent}" if f"{space}.{parent}" in api.interfaces else parent
        for parent in spec.get("extends") or []
    ]
    inherited = [name for parent in parents for name in fields(api, parent)]
    return inherited + [name for name in spec["fields"] if not name.startswith("[")]


def _enum(members: dict[str, dict]) -> str:
    values = {name: member.get("value") for name, member in members.items()}
    return msgspec.json.encode(values).decode()


def _members(api: Surface, class_name: str) -> str:
    return " ".join([*api.methods(class_name), *api.classes[class_name].get("props", {})])


def _needed(interface: str) -> bool:
    return "." not in interface or interface.startswith(("Net.", "Silero.", "AMD."))


def _payloads(api: Surface) -> dict[str, str]:
    """`CallEvents.Connected` -> `_ConnectedEvent`, for the sources of events that we emulate."""
    payloads = {
        name[1:-1]: field["type"]
        for source in (
            "_AppEvents",
            "_CallEvents",
            "_ASREvents",
            "_PlayerEvents",
            "_WebSocketEvents",
            "_SmartQueueEvents",
        )
        for name, field in api.interfaces[source]["fields"].items()
    }
    for name, field in api.interfaces["Silero._VADEvents"]["fields"].items():
        payloads[f"Silero.{name[1:-1]}"] = f"Silero.{field['type']}"
    for name, field in api.interfaces["AMD._Events"]["fields"].items():
        payloads[name[1:-1]] = field["type"]
    return payloads
