"""Names that the platform does not have: members, globals, events, payload fields."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from halo_voice.simulator.lint.finding import Finding, absent
from halo_voice.simulator.lint.meaning import LISTENING, Meaning, Meanings, member_name, written
from halo_voice.simulator.lint.scopes import Scopes
from halo_voice.simulator.lint.script import Script

# The language itself, up to ES2022. What is here is never the platform's business.
LANGUAGE = frozenset(
    {"AggregateError", "Array", "ArrayBuffer", "Atomics", "BigInt", "BigInt64Array", "DataView"}
    | {"BigUint64Array", "Boolean", "Date", "Error", "EvalError", "FinalizationRegistry"}
    | {"Float32Array", "Float64Array", "Function", "Infinity", "Int16Array", "Int32Array", "JSON"}
    | {"Int8Array", "Intl", "Map", "Math", "NaN", "Number", "Object", "Promise", "Proxy", "Set"}
    | {"RangeError", "ReferenceError", "Reflect", "RegExp", "SharedArrayBuffer", "String"}
    | {"Symbol", "SyntaxError", "TypeError", "URIError", "Uint16Array", "Uint32Array", "WeakMap"}
    | {"Uint8Array", "Uint8ClampedArray", "WeakRef", "WeakSet", "decodeURI", "encodeURI", "eval"}
    | {"decodeURIComponent", "encodeURIComponent", "escape", "globalThis", "isFinite", "isNaN"}
    | {"parseFloat", "parseInt", "undefined", "unescape", "arguments"}
)
# Every object and every function has these from the language.
INHERITED = frozenset(
    {"constructor", "hasOwnProperty", "isPrototypeOf", "propertyIsEnumerable", "toLocaleString"}
    | {"toString", "valueOf", "prototype", "name", "length", "call", "apply", "bind"}
)


def findings(script: Script, scopes: Scopes, meanings: Meanings) -> Iterator[Finding]:
    """Every finding on names, in no order."""
    yield from undeclared(script, scopes, meanings)
    for node in script.nodes("member_expression", "subscript_expression"):
        leaf = member_name(script, node)
        owner = meanings.of(node.child_by_field_name("object"))
        if leaf and owner and lacks(meanings, owner, leaf) and not writes(node, owner):
            place = node.child_by_field_name("property") or node.child_by_field_name("index")
            yield script.finding(place or node, "unknown-name", absent(f"{owner.name}.{leaf}"))
    for node in script.nodes("object_pattern"):
        yield from taken_out(script, meanings, node)
    for node in script.nodes("call_expression"):
        yield from events(script, meanings, node)
        yield from required(script, meanings, node)


def undeclared(script: Script, scopes: Scopes, meanings: Meanings) -> Iterator[Finding]:
    """Globals that neither the script nor the language nor the platform declares."""
    known = LANGUAGE | set(meanings.facts.children[""])
    for node in scopes.free:
        name = script.text(node)
        asked = node.parent is not None and node.parent.type == "unary_expression"
        if name not in known and not (asked and script.text(node.parent).startswith("typeof")):
            yield script.finding(node, "unknown-global", absent(name, scopes.names))


def lacks(meanings: Meanings, owner: Meaning, leaf: str) -> bool:
    """Whether a thing of the platform certainly has no such member."""
    if leaf in INHERITED or meanings.member(owner, leaf) is not None:
        return False
    facts = meanings.facts
    if owner.kind == "path":
        return bool(facts.children.get(owner.name))
    if owner.kind == "instance":
        return leaf not in all_props(meanings, owner.name)
    return owner.kind == "payload" and leaf not in meanings.types.fields(owner.name)


def all_props(meanings: Meanings, name: str) -> set[str]:
    """The data members of a class and of its parents."""
    spec = meanings.facts.classes[name]
    parent = meanings.types.resolve(spec.get("extends") or "", name.rpartition(".")[0])
    inherited = all_props(meanings, parent) if parent in meanings.facts.classes else set()
    return inherited | set(spec["props"])


def writes(node: Node, owner: Meaning) -> bool:
    """Whether something is put onto an object, which the language allows."""
    above = node.parent
    left = above.child_by_field_name("left") if above is not None else None
    return (
        above is not None and "assignment" in above.type and left == node and owner.kind != "path"
    )


def taken_out(script: Script, meanings: Meanings, pattern: Node) -> Iterator[Finding]:
    """`const { SpeechDetected } = ASREvents`."""
    above = pattern.parent
    if above is None or above.type not in ("variable_declarator", "assignment_expression"):
        return
    value = above.child_by_field_name("value") or above.child_by_field_name("right")
    owner = meanings.of(value)
    for child in pattern.named_children if owner else ():
        key = child.child_by_field_name("key") or child.child_by_field_name("left") or child
        leaf = script.text(key)
        if "identifier" in key.type and owner and lacks(meanings, owner, leaf):
            yield script.finding(key, "unknown-name", absent(f"{owner.name}.{leaf}"))


def events(script: Script, meanings: Meanings, node: Node) -> Iterator[Finding]:
    """Listeners for an event that this object never sends."""
    function = meanings.of(node.child_by_field_name("function"))
    given = written(node.child_by_field_name("arguments"))
    signature = meanings.signature(function)
    if not (function and signature and given):
        return
    owner, _, leaf = function.name.rpartition(".")
    event_map = meanings.types.event_map(*(signature[0]["params"], signature[1]))
    if leaf not in LISTENING or event_map is None:
        return
    event = meanings.of(given[0])
    sent = meanings.types.events(event_map)
    if given[0].type == "string":
        message = f"write the event of {owner} by its name, for example {min(sent)}"
        yield script.finding(given[0], "unknown-event", message)
    elif event and event.kind == "path" and event.name not in sent:
        message = f"{owner} has no event {event.name}; it sends {', '.join(sorted(sent)[:3])} …"
        yield script.finding(given[0], "unknown-event", message)


def required(script: Script, meanings: Meanings, node: Node) -> Iterator[Finding]:
    """`require("…")`: the platform's `require` takes a constant of Modules and nothing else."""
    function = meanings.of(node.child_by_field_name("function"))
    given = written(node.child_by_field_name("arguments"))
    if function == Meaning("path", "require") and given and given[0].type == "string":
        message = "require takes a platform module such as Modules.ASR, not the name of a package"
        yield script.finding(given[0], "module", message)
