"""The bill of materials is valid CycloneDX and lists what is locked."""

from __future__ import annotations

import json

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from supply.bill import RUN, bill
from supply.locks import NODE_LOCK, PYTHON_LOCKS, node_packages, python_packages


@pytest.mark.parametrize("everything", [False, True])
def test_the_bill_is_what_the_standard_says(everything):
    """F84: against the schema of CycloneDX itself, strictly."""
    text = json.dumps(bill(everything=everything))
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    broken = text.replace('"library"', '"book"', 1)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(broken) is not None


def test_the_bill_lists_what_runs_with_its_hashes():
    """F84: each locked package once, by name, version and hashes, as required."""
    made = bill()
    locked, _ = python_packages(RUN.read_text(encoding="utf-8"))
    listed = {(c["name"], c["version"]): c for c in made["components"]}
    assert set(listed) == {(package.name, package.version) for package in locked}
    assert {c["scope"] for c in listed.values()} == {"required"}
    for package in locked:
        hashes = listed[package.name, package.version]["hashes"]
        assert [each["content"] for each in hashes] == list(package.hashes)


def test_the_whole_bill_has_tools_too_and_tells_them_apart():
    """F84: what builds, tests and checks is in it, as not shipped."""
    packages, _ = node_packages(NODE_LOCK.read_text(encoding="utf-8"))
    for lock in PYTHON_LOCKS:
        packages += python_packages(lock.read_text(encoding="utf-8"))[0]
    components = bill(everything=True)["components"]
    assert {c["purl"] for c in components} == {package.purl for package in packages}
    assert {c["scope"] for c in components} == {"required", "excluded"}


def test_the_same_locks_give_the_same_bill():
    """F84: so a bill that differs means that the packages do."""
    assert bill() == bill()
