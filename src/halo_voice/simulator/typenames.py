"""Finds which platform type a name means: the data writes names as seen from their namespace."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from halo_voice.simulator.surface import Surface

# What TypeScript itself knows: keywords, primitives, and the types of `--lib es2022` that occur.
BUILTIN = frozenset(
    {"any", "Array", "boolean", "Date", "Function", "keyof", "never", "null", "number", "object"}
    | {"Object", "Promise", "string", "true", "false", "typeof", "undefined", "unknown", "void"}
    | {"T"}
)
NAME = re.compile(r"[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)*")
QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
LABEL = re.compile(r"\s*\??\s*:")
EVENT_MAP = re.compile(r"([\w$.]+)\[T\]")


def mentioned(type_text: str) -> Iterator[str]:
    """The dotted names that a TypeScript type mentions, without labels, strings and built-ins."""
    bare = QUOTED.sub("", type_text)
    for match in NAME.finditer(bare):
        if match.group() not in BUILTIN and not LABEL.match(bare, match.end()):
            yield match.group()


class TypeNames:
    """The types of the surface by full dotted name, and how a name is looked up from inside."""

    def __init__(self, surface: Surface) -> None:
        self.surface = surface

    @cached_property
    def declared(self) -> frozenset[str]:
        """Full names of every enum, class, interface and type alias."""
        facts = self.surface
        return frozenset([*facts.enums, *facts.classes, *facts.interfaces, *facts.types])

    @cached_property
    def namespaces(self) -> frozenset[str]:
        """Full names of everything that has dotted names below it and is no enum."""
        facts = self.surface
        return frozenset(
            ".".join(parts[:depth])
            for name in [*self.declared, *facts.functions, *facts.constants]
            for parts in [name.split(".")]
            for depth in range(1, len(parts))
        )

    def resolve(self, name: str, inside: str = "") -> str | None:
        """The full name of the type that `name` means inside a namespace; None when missing."""
        while True:
            full = f"{inside}.{name}" if inside else name
            if full in self.declared or full in self.namespaces:
                return full
            if not inside:
                return None
            inside = inside.rpartition(".")[0]

    def event_map(self, params: list[dict[str, str]], inside: str) -> str | None:
        """The interface that maps events to payloads, for `addEventListener` and its twin."""
        for param in params:
            if match := EVENT_MAP.search(param["type"]):
                return self.resolve(match[1], inside)
        return None

    def events(self, event_map: str) -> dict[str, str | None]:
        """The payload's interface for each event: `ASREvents.Result` → `_ASRResultEvent`."""
        inside = event_map.rpartition(".")[0]
        spec = self.surface.interfaces[event_map]
        found: dict[str, str | None] = {}
        for parent in spec.get("extends", ()):
            if full := self.resolve(parent, inside):
                found |= self.events(full)
        for key, field in spec["fields"].items():
            enum, _, member = key.strip("[]").rpartition(".")
            found[f"{self.resolve(enum, inside)}.{member}"] = self.resolve(field["type"], inside)
        return found

    def fields(self, interface: str) -> dict[str, tuple[str, str]]:
        """Own and inherited fields of an interface: name → (type, namespace it is written in)."""
        inside = interface.rpartition(".")[0]
        spec = self.surface.interfaces[interface]
        found: dict[str, tuple[str, str]] = {}
        for parent in spec.get("extends", ()):
            full = self.resolve(parent, inside)
            if full in self.surface.interfaces:
                found |= self.fields(full)
        return found | {name: (spec["type"], inside) for name, spec in spec["fields"].items()}
