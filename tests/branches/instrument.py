"""A scenario that tells which way each of its conditions went, and else does what it did.

A condition is what stands before `?`, in `if (…)`, and on the left of `&&` and `||`; each has two
branches. The first time a session takes one, it writes a line into its log.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import tree_sitter_javascript
from tree_sitter import Language, Node, Parser

MARK = "[branch] "
_PREAMBLE = """
var branchesTaken = {};
function branchOf(value, yes, no) {
  const taken = value ? yes : no;
  if (!branchesTaken[taken] && typeof Logger !== "undefined") {
    branchesTaken[taken] = true;
    Logger.write("MARK" + taken);
  }
  return value;
}
"""


@dataclass(frozen=True, slots=True)
class Branch:
    """One way of a condition that stands in this line."""

    line: int
    condition: str
    way: bool

    def __str__(self) -> str:
        return f"{self.line}: {self.condition} is {'true' if self.way else 'false'}"


def instrumented(scenario: Path) -> tuple[str, list[Branch]]:
    """The scenario's text with marks, and the branches by the numbers that it tells."""
    source = scenario.read_bytes()
    tree = Parser(Language(tree_sitter_javascript.language())).parse(source)
    branches: list[Branch] = []
    marks: list[tuple[int, int, bytes]] = []  # place, order among marks at one place, text
    for depth, node in _conditions(tree.root_node, 0):
        told = " ".join(source[node.start_byte : node.end_byte].decode().split())[:80]
        line = node.start_point.row + 1
        yes = len(branches)
        branches += [Branch(line, told, True), Branch(line, told, False)]
        marks.append((node.start_byte, depth, b"branchOf("))
        marks.append((node.end_byte, -depth, f", {yes}, {yes + 1})".encode()))
    for place, _, text in sorted(marks, reverse=True):
        source = source[:place] + text + source[place:]
    return _PREAMBLE.replace("MARK", MARK) + source.decode(), branches


def _conditions(node: Node, depth: int) -> list[tuple[int, Node]]:
    found = []
    condition = None
    if node.type == "if_statement":
        condition = node.child_by_field_name("condition").named_children[0]  # in its brackets
    elif node.type == "ternary_expression":
        condition = node.child_by_field_name("condition")
    elif node.type == "binary_expression":
        operator = node.child_by_field_name("operator")
        if operator is not None and operator.type in ("&&", "||"):
            condition = node.child_by_field_name("left")
    if condition is not None:
        found.append((depth, condition))
    for child in node.named_children:
        found += _conditions(child, depth + 1)
    return found
