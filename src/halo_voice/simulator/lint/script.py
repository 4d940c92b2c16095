"""A scenario's text as a syntax tree, with places as people count them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import tree_sitter_javascript
from tree_sitter import Language, Node, Parser

from halo_voice.simulator.lint.finding import Finding

FUNCTIONS = frozenset(
    {
        "function_declaration",
        "generator_function_declaration",
        "function_expression",
        "generator_function",
        "arrow_function",
        "method_definition",
    }
)


class Script:
    """The parsed text of one file."""

    def __init__(self, source: bytes) -> None:
        self.source = source
        self.root = Parser(Language(tree_sitter_javascript.language())).parse(source).root_node

    @cached_property
    def lines(self) -> list[bytes]:
        return self.source.split(b"\n")

    def text(self, node: Node) -> str:
        return self.source[node.start_byte : node.end_byte].decode()

    def place(self, node: Node) -> tuple[int, int]:
        """Line and column where a node begins, both from 1, the column in characters."""
        row, column = node.start_point
        return row + 1, len(self.lines[row][:column].decode(errors="replace")) + 1

    def finding(self, node: Node, rule: str, message: str) -> Finding:
        return Finding(*self.place(node), rule, message)

    def nodes(self, *types: str) -> Iterator[Node]:
        """Every named node, or those of the given types, in the order of the text."""
        waiting = [self.root]
        while waiting:
            node = waiting.pop()
            if not types or node.type in types:
                yield node
            waiting.extend(reversed(node.named_children))

    def at(self, line: int, column: int) -> Node | None:
        """The smallest named node at a place given as `place` gives it."""
        if not 0 < line <= len(self.lines):
            return None
        before = self.lines[line - 1].decode(errors="replace")[: column - 1].encode()
        point = (line - 1, len(before))
        return self.root.named_descendant_for_point_range(point, point)


def enclosing(node: Node, types: frozenset[str]) -> Node | None:
    """The nearest node above that has one of the types."""
    above = node.parent
    while above is not None and above.type not in types:
        above = above.parent
    return above
