"""What an expression of a scenario is on the platform, as far as reading can tell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from tree_sitter import Node

from halo_voice.simulator.lint.scopes import Binding, Scopes, Source
from halo_voice.simulator.lint.script import Script
from halo_voice.simulator.surface import surface
from halo_voice.simulator.typenames import TypeNames

EMPTY = frozenset({"null", "undefined"})
LISTENING = frozenset({"addEventListener", "removeEventListener"})


@dataclass(frozen=True)
class Meaning:
    """`kind` says how `name` is to be read.

    path: a dotted global of the platform · instance: of a class · payload: of an interface ·
    method: `Class.method` · promise: of what `name` says, as `inner`.
    """

    kind: str
    name: str
    inner: Meaning | None = None


class Meanings:
    """Meanings of the expressions of one script; worked out when asked for."""

    def __init__(self, script: Script, scopes: Scopes) -> None:
        self.script = script
        self.scopes = scopes
        self.facts = surface()
        self.types = TypeNames(self.facts)
        self._known: dict[Binding, Meaning | None] = {}

    def of(self, node: Node | None) -> Meaning | None:
        """The meaning of an expression; None when it cannot be told."""
        if node is None:
            return None
        find = self._by_type.get(node.type)
        return find(self, node) if find else None

    def member(self, owner: Meaning | None, leaf: str) -> Meaning | None:
        """The meaning of `owner.leaf`; None when it does not exist or cannot be told."""
        if owner is None:
            return None
        full = f"{owner.name}.{leaf}"
        if owner.kind == "path":
            return Meaning("path", full) if full in self.facts.names else None
        inside = owner.name.rpartition(".")[0]
        if owner.kind == "instance":
            if leaf in self.facts.methods(owner.name):
                return Meaning("method", full)
            prop = self.facts.classes[owner.name]["props"].get(leaf)
            return self.typed(prop["type"], inside) if prop else None
        if owner.kind == "payload":
            found = self.types.fields(owner.name).get(leaf)
            return self.typed(*found) if found else None
        return None

    def typed(self, type_text: str, inside: str) -> Meaning | None:
        """The meaning of a value that has a type, as written inside a namespace."""
        text = type_text.removesuffix("| null").removesuffix("| undefined").strip()
        if text.startswith("Promise<") and text.endswith(">"):
            inner = self.typed(text[len("Promise<") : -1], inside)
            return Meaning("promise", text, inner)
        full = self.types.resolve(text, inside)
        if full in self.facts.classes:
            return Meaning("instance", full)
        return Meaning("payload", full) if full in self.facts.interfaces else None

    def signature(self, function: Meaning | None) -> tuple[dict[str, Any], str] | None:
        """Parameters and result of a platform function or method, and where they are written."""
        if function is None:
            return None
        owner, _, leaf = function.name.rpartition(".")
        if function.kind == "path" and function.name in self.facts.functions:
            return self.facts.functions[function.name], owner
        if function.kind == "method":
            return self.facts.methods(owner)[leaf], owner.rpartition(".")[0]
        return None

    def _identifier(self, node: Node) -> Meaning | None:
        binding = self.scopes.binding(node)
        if binding is not None:
            return self._binding(binding)
        name = self.script.text(node)
        return Meaning("path", name) if name in self.facts.names else None

    def _member(self, node: Node) -> Meaning | None:
        leaf = member_name(self.script, node)
        return self.member(self.of(node.child_by_field_name("object")), leaf) if leaf else None

    def _call(self, node: Node) -> Meaning | None:
        signature = self.signature(self.of(node.child_by_field_name("function")))
        return self.typed(signature[0]["returns"], signature[1]) if signature else None

    def _await(self, node: Node) -> Meaning | None:
        waited = self._first(node)
        return waited.inner if waited and waited.kind == "promise" else waited

    def _first(self, node: Node) -> Meaning | None:
        return self.of(node.named_children[0]) if node.named_children else None

    def _assigned(self, node: Node) -> Meaning | None:
        return self.of(node.child_by_field_name("right"))

    def _binding(self, binding: Binding) -> Meaning | None:
        """What all the values of a variable agree to be."""
        if binding in self._known:
            return self._known[binding]
        self._known[binding] = None  # a variable that is made of itself tells nothing
        values = [s for s in binding.sources if s.node.type not in EMPTY]
        found = {self._source(source) for source in values} if not binding.opaque else set()
        if len(found) == 1:
            self._known[binding] = found.pop()
        return self._known[binding]

    def _source(self, source: Source) -> Meaning | None:
        value = self.of(source.node) if source.index is None else self._parameter(source)
        return self.member(value, source.key) if source.key else value

    def _parameter(self, source: Source) -> Meaning | None:
        """What all the callers of a function agree to pass as one of its parameters."""
        passed = set(self._passed(source.node, source.index or 0))
        return passed.pop() if len(passed) == 1 else None

    def _passed(self, function: Node, index: int) -> Iterator[Meaning | None]:
        parent = function.parent
        if parent is not None and parent.type == "arguments":
            yield self._called_back(parent, function, index)
            return
        name = function.child_by_field_name("name")
        if parent is not None and parent.type == "variable_declarator":
            name = parent.child_by_field_name("name")
        binding = self.scopes.binding(name) if name is not None else None
        for use in binding.uses if binding else ():
            where = use.parent
            if where is not None and where.type == "arguments":
                yield self._called_back(where, use, index)
            elif where is not None and where.type == "call_expression":
                arguments = where.child_by_field_name("arguments")
                given = written(arguments)
                yield self.of(given[index]) if index < len(given) else None
            else:
                yield None

    def _called_back(self, arguments: Node, callback: Node, index: int) -> Meaning | None:
        """What the platform passes to a function that was given to it."""
        call = arguments.parent
        function = call.child_by_field_name("function") if call else None
        given = written(arguments)
        if function is None or callback not in given:
            return None
        if function.type == "member_expression" and index == 0:
            promise = self.of(function.child_by_field_name("object"))
            if promise and promise.kind == "promise":
                then = member_name(self.script, function) == "then"
                return promise.inner if then and given[0] == callback else None
        signature = self.signature(self.of(function))
        if signature is None:
            return None
        spec, inside = signature
        if event_map := self.types.event_map(spec["params"], inside):
            return self._payload(event_map, given[0]) if index == 0 else None
        position = given.index(callback)
        params = spec["params"][position]["type"] if position < len(spec["params"]) else ""
        labels = params.partition("(")[2].partition(")")[0].split(",")
        type_text = labels[index].partition(":")[2] if index < len(labels) else ""
        return self.typed(type_text.strip(), inside) if type_text else None

    def _payload(self, event_map: str, event: Node) -> Meaning | None:
        named = self.of(event)
        payload = self.types.events(event_map).get(named.name) if named else None
        return Meaning("payload", payload) if payload in self.facts.interfaces else None

    _by_type: ClassVar = {
        "identifier": _identifier,
        "shorthand_property_identifier": _identifier,
        "member_expression": _member,
        "subscript_expression": _member,
        "call_expression": _call,
        "await_expression": _await,
        "parenthesized_expression": _first,
        "assignment_expression": _assigned,
    }


def written(arguments: Node | None) -> list[Node]:
    """The arguments of a call without the comments between them."""
    children = arguments.named_children if arguments is not None else []
    return [child for child in children if child.type != "comment"]


def member_name(script: Script, node: Node) -> str | None:
    """The property of `a.b` or `a["b"]`; None when it is computed."""
    leaf = node.child_by_field_name("property") or node.child_by_field_name("index")
    if leaf is None or leaf.type in ("property_identifier", "private_property_identifier"):
        return script.text(leaf) if leaf is not None else None
    if leaf.type == "string":
        return script.text(leaf)[1:-1]
    return None
