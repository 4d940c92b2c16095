"""Syntax the platform may not know: broken, newer than ES2020, modules; and size limits."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tree_sitter import Node

from halo_voice.simulator.lint.finding import Finding
from halo_voice.simulator.lint.script import FUNCTIONS, Script, enclosing

SIZE_MAX = 131_072
SPEECH_CHARS_MAX = 1_500
SPEAKING = frozenset({"say", "createTTSPlayer"})

# Node types that alone are a fault: what they are, and the rule.
NEWER = {
    "field_definition": "class fields are ES2022; assign in the constructor",
    "private_property_identifier": "private names (#x) are ES2022; use a closure",
    "class_static_block": "static blocks are ES2022; assign after the class",
    "hash_bang_line": "a #! line is ES2023; remove it",
    "decorator": "decorators are no part of ES2020",
}
MODULES = {
    "import_statement": "ES modules are not supported; require(Modules.X) loads platform modules",
    "import": "import() is not supported; require(Modules.X) loads platform modules",
    "export_statement": "ES modules are not supported; a scenario is one classic script",
}
NO_JAVASCRIPT = {"jsx_element": "JSX", "jsx_self_closing_element": "JSX", "jsx_fragment": "JSX"}
ASSIGNMENTS = ("??=", "||=", "&&=")


def findings(script: Script) -> Iterator[Finding]:
    """Every finding on syntax and size, in no order."""
    if len(script.source) > SIZE_MAX:
        message = f"the file has {len(script.source)} bytes; the platform takes {SIZE_MAX}"
        yield Finding(1, 1, "size", message)
    yield from broken(script)
    for node in script.nodes():
        for rule, table in (("es2020", NEWER), ("module", MODULES)):
            if node.type in table:
                yield script.finding(node, rule, table[node.type])
        if node.type in NO_JAVASCRIPT:
            yield script.finding(node, "syntax", f"{NO_JAVASCRIPT[node.type]} is no JavaScript")
        if check := CHECKS.get(node.type):
            yield from check(script, node)


def broken(script: Script) -> Iterator[Finding]:
    """What cannot be parsed: one finding for each place where the parser lost its way."""
    waiting = [script.root]
    while waiting:
        node = waiting.pop()
        if node.is_missing:
            yield script.finding(node, "syntax", f"syntax error: {node.type} is missing here")
        elif node.is_error:
            excerpt = " ".join(script.text(node).split())[:30]
            yield script.finding(node, "syntax", f"syntax error near “{excerpt}”")
        elif node.has_error:
            waiting.extend(node.children)


def assignment(script: Script, node: Node) -> Iterator[Finding]:
    operator = node.child_by_field_name("operator")
    if operator is not None and operator.type in ASSIGNMENTS:
        plain = operator.type[:-1]
        message = f"{operator.type} is ES2021; write a = a {plain} b"
        yield script.finding(operator, "es2020", message)


def number(script: Script, node: Node) -> Iterator[Finding]:
    if "_" in script.text(node):
        message = "separators in numbers are ES2021; write the digits together"
        yield script.finding(node, "es2020", message)


def flags(script: Script, node: Node) -> Iterator[Finding]:
    for flag, year in (("d", 2022), ("v", 2024)):
        if flag in script.text(node):
            yield script.finding(node, "es2020", f"the regular expression flag {flag} is ES{year}")


def waiting(script: Script, node: Node) -> Iterator[Finding]:
    loops = node.type == "for_in_statement"
    if loops and not any(child.type == "await" for child in node.children):
        return
    if enclosing(node, FUNCTIONS) is None:
        message = "await outside an async function is ES2022 and needs a module"
        yield script.finding(node, "es2020", message)


def returning(script: Script, node: Node) -> Iterator[Finding]:
    if enclosing(node, FUNCTIONS) is None:
        yield script.finding(node, "syntax", "syntax error: return outside a function")


def importing(script: Script, node: Node) -> Iterator[Finding]:
    if script.text(node).startswith("import"):
        yield script.finding(node, "module", "import.meta exists only in ES modules")


def speaking(script: Script, node: Node) -> Iterator[Finding]:
    """A text that is longer than the platform speaks, where it is written out."""
    callee, arguments = (node.child_by_field_name(name) for name in ("function", "arguments"))
    if callee is None or arguments is None or not arguments.named_children:
        return
    name = callee.child_by_field_name("property")
    if name is None or script.text(name) not in SPEAKING:
        return
    length = written_length(script, arguments.named_children[0])
    if length > SPEECH_CHARS_MAX:
        message = f"{length} characters to speak; the platform takes {SPEECH_CHARS_MAX}"
        yield script.finding(arguments.named_children[0], "speech-length", message)


def written_length(script: Script, node: Node) -> int:
    """How many characters a text has at least, as far as it is written out."""
    if node.type in ("string", "template_string"):
        return sum(
            1 if part.type == "escape_sequence" else len(script.text(part))
            for part in node.named_children
            if part.type in ("string_fragment", "escape_sequence")
        )
    if node.type in ("binary_expression", "parenthesized_expression"):
        return sum(written_length(script, part) for part in node.named_children)
    return 0


CHECKS: dict[str, Callable[[Script, Node], Iterator[Finding]]] = {
    "augmented_assignment_expression": assignment,
    "number": number,
    "regex_flags": flags,
    "await_expression": waiting,
    "for_in_statement": waiting,
    "return_statement": returning,
    "meta_property": importing,
    "call_expression": speaking,
}
