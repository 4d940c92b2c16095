"""Which declaration a name in a scenario belongs to: scopes, bindings and what is put into them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar

from tree_sitter import Node

from halo_voice.simulator.lint.script import FUNCTIONS, Script

BLOCKS = frozenset(
    {"statement_block", "for_statement", "for_in_statement", "catch_clause", "switch_body"}
    | {"class_static_block"}
)
HOISTED = frozenset({"function_declaration", "generator_function_declaration"})
NAMES = frozenset(
    {"identifier", "shorthand_property_identifier", "shorthand_property_identifier_pattern"}
)


@dataclass(frozen=True)
class Source:
    """Where a binding's value comes from.

    `node` is an expression; for a parameter it is the function, and `index` counts parameters.
    `key` is the property that destructuring takes out of it.
    """

    node: Node
    index: int | None = None
    key: str | None = None


# How a name of a pattern is bound: declared, or assigned to.
Bind = Callable[[Node, "Source | None"], None]


@dataclass(eq=False)
class Binding:
    """One declared name. `opaque` says that a value comes in that nobody can name."""

    name: str
    sources: list[Source] = field(default_factory=list)
    uses: list[Node] = field(default_factory=list)
    opaque: bool = False


@dataclass(eq=False)
class Scope:
    """The names of a function or block."""

    parent: Scope | None
    names: dict[str, Binding] = field(default_factory=dict)
    is_function: bool = False

    def declare(self, name: str) -> Binding:
        return self.names.setdefault(name, Binding(name))

    def function(self) -> Scope:
        scope = self
        while not scope.is_function and scope.parent is not None:
            scope = scope.parent
        return scope

    def find(self, name: str) -> Binding | None:
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            scope = scope.parent
        return None


class Scopes:
    """Every use of a name in a script, bound to its declaration or to none."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.top = Scope(None, is_function=True)
        self.bound: dict[int, Binding] = {}
        self.free: list[Node] = []
        self.names: set[str] = set()
        self._uses: list[tuple[Node, Scope]] = []
        self._assigned: list[tuple[Node, Source | None, Scope]] = []
        self._walk(script.root, self.top)
        self._resolve()

    def binding(self, node: Node) -> Binding | None:
        """The declaration that an identifier means; None for a global of language or platform."""
        return self.bound.get(node.id)

    def _resolve(self) -> None:
        for node, source, scope in self._assigned:
            binding = scope.find(self.script.text(node))
            if binding is not None and source is not None:
                binding.sources.append(source)
            elif binding is not None:
                binding.opaque = True
        for node, scope in self._uses:
            binding = scope.find(self.script.text(node))
            if binding is None:
                self.free.append(node)
            else:
                self.bound[node.id] = binding
                binding.uses.append(node)

    def _walk(self, node: Node, scope: Scope) -> None:
        kind = node.type
        if kind in FUNCTIONS:
            self._function(node, scope)
        elif kind in NAMES:
            self._uses.append((node, scope))
        elif walk := self._special.get(kind):
            walk(self, node, scope)
        else:
            inner = Scope(scope) if kind in BLOCKS else scope
            for child in node.named_children:
                self._walk(child, inner)

    def _function(self, node: Node, scope: Scope) -> None:
        name = node.child_by_field_name("name")
        inner = Scope(scope, is_function=True)
        inner.declare("arguments").opaque = True
        if name is not None and name.type == "identifier":
            owner = scope.function() if node.type in HOISTED else inner
            self._declare(name, Source(node), owner)
        elif name is not None:
            self._walk(name, scope)
        params = node.child_by_field_name("parameters")
        single = node.child_by_field_name("parameter")
        written = params.named_children if params is not None else [single] if single else []
        for index, param in enumerate(p for p in written if p.type != "comment"):
            self._pattern(param, Source(node, index), inner, self._declarer(inner))
        body = node.child_by_field_name("body")
        if body is not None and body.type == "statement_block":
            for child in body.named_children:
                self._walk(child, inner)
        elif body is not None:
            self._walk(body, inner)

    def _declarer(self, scope: Scope) -> Bind:
        return lambda node, source: self._declare(node, source, scope)

    def _declare(self, node: Node, source: Source | None, scope: Scope) -> None:
        name = self.script.text(node)
        self.names.add(name)
        binding = scope.declare(name)
        self.bound[node.id] = binding
        if source is None:
            binding.opaque = True
        else:
            binding.sources.append(source)

    def _pattern(self, node: Node, source: Source | None, scope: Scope, bind: Bind) -> None:
        """Binds the names of a parameter or of the left side of `=`."""
        if node.type in NAMES:
            bind(node, source)
        elif node.type in ("assignment_pattern", "object_assignment_pattern"):
            left, right = (node.child_by_field_name(side) for side in ("left", "right"))
            if left is not None and right is not None:
                self._pattern(left, source, scope, bind)
                self._walk(right, scope)
        elif node.type == "object_pattern":
            for child in node.named_children:
                self._property(child, source, scope, bind)
        elif node.type in ("array_pattern", "rest_pattern"):
            for child in node.named_children:
                self._pattern(child, None, scope, bind)
        else:
            self._walk(node, scope)

    def _property(self, node: Node, source: Source | None, scope: Scope, bind: Bind) -> None:
        key, inner = node, node
        if node.type == "pair_pattern":
            key, inner = (node.child_by_field_name(part) or node for part in ("key", "value"))
            if key.type == "computed_property_name":
                self._walk(key, scope)
        elif node.type == "object_assignment_pattern":
            key = node.child_by_field_name("left") or node
        simple = source is not None and source.key is None and node.type != "rest_pattern"
        named = key.type in NAMES or key.type == "property_identifier"
        taken = (
            Source(source.node, source.index, self.script.text(key))
            if source is not None and simple and named
            else None
        )
        self._pattern(inner, taken, scope, bind)

    def _declaration(self, node: Node, scope: Scope) -> None:
        owner = scope.function() if node.type == "variable_declaration" else scope
        for child in node.named_children:
            name, value = (child.child_by_field_name(part) for part in ("name", "value"))
            if name is None:
                continue
            if value is None:
                self.names.add(self.script.text(name))
                self.bound[name.id] = owner.declare(self.script.text(name))
                continue
            self._pattern(name, Source(value), scope, self._declarer(owner))
            self._walk(value, scope)

    def _assignment(self, node: Node, scope: Scope) -> None:
        left, right = (node.child_by_field_name(side) for side in ("left", "right"))
        if left is None or right is None:
            return

        self._pattern(left, Source(right), scope, self._assigner(scope))
        self._walk(right, scope)

    def _assigner(self, scope: Scope) -> Bind:
        def bind(name: Node, source: Source | None) -> None:
            self._assigned.append((name, source, scope))
            self._uses.append((name, scope))

        return bind

    def _loop(self, node: Node, scope: Scope) -> None:
        """`for (… of …)`: the variable takes values that nobody can name."""
        inner = Scope(scope)
        kind = node.child_by_field_name("kind")
        left, right = (node.child_by_field_name(side) for side in ("left", "right"))
        if left is None or right is None:
            return
        if kind is None:
            self._pattern(left, None, inner, self._assigner(inner))
        else:
            owner = scope.function() if kind.type == "var" else inner
            self._pattern(left, None, inner, self._declarer(owner))
        self._walk(right, scope)
        if body := node.child_by_field_name("body"):
            self._walk(body, inner)

    def _catch(self, node: Node, scope: Scope) -> None:
        inner = Scope(scope)
        if parameter := node.child_by_field_name("parameter"):
            self._pattern(parameter, None, inner, self._declarer(inner))
        if body := node.child_by_field_name("body"):
            self._walk(body, inner)

    def _class(self, node: Node, scope: Scope) -> None:
        name = node.child_by_field_name("name")
        inner = scope if node.type == "class_declaration" else Scope(scope)
        if name is not None:
            self._declare(name, None, inner)
        for child in node.named_children:
            if child != name:
                self._walk(child, inner)

    def _import(self, node: Node, scope: Scope) -> None:
        for child in node.named_children:
            if child.type == "identifier":
                self._declare(child, None, scope)
            elif child.type == "import_specifier":
                named = child.child_by_field_name("alias") or child.child_by_field_name("name")
                if named is not None:
                    self._declare(named, None, scope)
            else:
                self._import(child, scope)

    def _export(self, node: Node, scope: Scope) -> None:
        for child in node.named_children:
            if child.type != "export_clause":
                self._walk(child, scope)

    _special: ClassVar = {
        "variable_declaration": _declaration,
        "lexical_declaration": _declaration,
        "assignment_expression": _assignment,
        "for_in_statement": _loop,
        "catch_clause": _catch,
        "class_declaration": _class,
        "class": _class,
        "import_statement": _import,
        "export_statement": _export,
    }
