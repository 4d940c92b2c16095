"""The generated TypeScript declarations, checked without a compiler."""

from __future__ import annotations

import re
from pathlib import Path

from halo_voice.simulator.declarations import declarations, missing, write
from halo_voice.simulator.surface import Surface, surface
from halo_voice.simulator.typenames import TypeNames, mentioned

COMMITTED = Path(__file__).parents[3] / "scenario" / "voxengine.d.ts"


def tiny(**parts: object) -> Surface:
    empty = {"enums": {}, "functions": {}, "classes": {}, "interfaces": {}, "types": {}}
    return Surface(**{"source": "test", "date": "2026-07", "constants": [], **empty, **parts})


def test_the_committed_file_is_what_the_generator_writes():
    """The file beside the scenario never falls behind the facts."""
    assert COMMITTED.read_text(encoding="utf-8") == declarations()


def test_header_names_source_and_date_of_the_facts():
    """A reader of the file can see where it comes from and how old its facts are."""
    head = declarations()[:600]
    assert surface().source in head
    assert surface().date in head


def test_every_constant_is_declared():
    """No voice, profile or model of the facts is left out."""
    written = len(re.findall(r"^\s*(?:declare )?const \w+: ", declarations(), re.M))
    assert written == len(surface().constants)


def test_every_type_of_the_facts_resolves():
    """Nothing had to be declared as `any` because the facts forgot it."""
    assert missing(surface()) == []


def test_a_missing_type_becomes_any_and_is_listed():
    """A type that the facts name and do not define is declared, and the header says so."""
    facts = tiny(
        functions={
            "Net.ask": {"params": [{"name": "q", "type": "Lost[]", "optional": False}],
                        "returns": "Promise<Net.Gone>"},
        }
    )  # fmt: skip
    text = write(facts)
    assert missing(facts) == ["Lost", "Net.Gone"]
    assert "declare type Lost = any;" in text
    assert "hence `any`: Lost, Net.Gone." in text
    assert "  type Gone = any;" in text


def test_a_listener_infers_its_payload_from_the_event():
    """`Events | T` of the facts becomes `T`, for otherwise the payload would have no fields."""
    assert (
        "addEventListener<T extends keyof _ASREvents>"
        "(event: T, callback: (event: _ASREvents[T]) => any): void;"
    ) in declarations()


def test_an_optional_parameter_before_a_required_one_stays_legal():
    """TypeScript refuses `(a?, b)`: the first is then written as required."""
    params = [
        {"name": "a", "type": "string", "optional": True},
        {"name": "b", "type": "string", "optional": False},
        {"name": "c", "type": "string", "optional": True},
    ]
    text = write(tiny(functions={"f": {"params": params, "returns": "void"}}))
    assert "declare function f(a: string, b: string, c?: string): void;" in text


def test_mentioned_names_leave_out_labels_strings_and_builtins():
    """Only type names count: not the keys of an object type, not literals, not `Promise`."""
    text = "Promise<{ [header: string]: A.B; kind?: 'Not'; c: (event: C[T]) => void } | D>"
    assert list(mentioned(text)) == ["A.B", "C", "D"]


def test_a_name_is_looked_up_from_its_namespace_outwards():
    """`Events` inside OpenAI.Beta is OpenAI.Beta's, and a global is found from anywhere."""
    names = TypeNames(surface())
    assert names.resolve("Events", "OpenAI.Beta") == "OpenAI.Beta.Events"
    assert names.resolve("Call", "OpenAI.Beta") == "Call"
    assert names.resolve("Nowhere", "OpenAI.Beta") is None
