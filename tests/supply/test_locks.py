"""Every package is locked with the hash of its files, and from nowhere in particular."""

from __future__ import annotations

import json

import pytest
from supply.audit import ACCEPTED, Findings, read_npm_audit, read_pip_audit
from supply.locks import NODE_LOCK, PYTHON_LOCKS, node_packages, python_packages

HASH = "--hash=sha256:" + "0" * 64
NODE_HASH = "sha512-" + "A" * 86 + "=="


def test_there_is_a_lock_for_whatever_is_installed():
    """F84: what runs, tests, measures and audits; the scenario's tools are one more."""
    names = ["audit.txt", "coverage.txt", "mcp.txt", "run.txt", "test.txt"]
    assert [lock.name for lock in PYTHON_LOCKS] == names
    assert NODE_LOCK.exists()


@pytest.mark.parametrize("lock", PYTHON_LOCKS, ids=lambda lock: lock.name)
def test_every_line_of_a_lock_has_hashes(lock):
    """F84: pip refuses what is not the file that was locked, and no line escapes it."""
    packages, faults = python_packages(lock.read_text(encoding="utf-8"))
    assert faults == []
    assert len(packages) > (0 if lock.name == "coverage.txt" else 20)
    assert len({package.purl for package in packages}) == len(packages)


@pytest.mark.parametrize(
    "line",
    [
        "aiohttp",
        "aiohttp==3.0",
        f"aiohttp>=3.0 {HASH}",
        f"aiohttp @ https://example.com/aiohttp.whl {HASH}",
        f"-e . {HASH}",
        "--extra-index" + "-url https://example.com",
        f"aiohttp==3.0 {HASH[:-1]}",
        f"aiohttp==3.0 {HASH} --no-deps",
        f"git+https://example.com/a.git#egg=a {HASH}",
    ],
)
def test_a_line_that_is_not_locked_is_a_fault(line):
    """F84: the check above can fail, on each way to escape a hash."""
    good = f"uvicorn==0.1 ; sys_platform != 'win32' \\\n    {HASH} \\\n    {HASH}\n    # via a\n"
    packages, faults = python_packages(f"{good}{line}\n")
    assert [package.name for package in packages] == ["uvicorn"]
    assert len(faults) == 1


def test_every_package_of_the_scenarios_tools_has_its_hash():
    """F84: and none says from which registry it came."""
    packages, faults = node_packages(NODE_LOCK.read_text(encoding="utf-8"))
    assert faults == []
    assert len(packages) > 20


@pytest.mark.parametrize(
    "entry",
    [
        {"version": "1.0.0"},
        {"version": "1.0.0", "integrity": "sha1-AAAA"},
        {"version": "1.0.0", "integrity": NODE_HASH, "resolved": "https://example.com/a.tgz"},
        {"resolved": "../a", "link": True, "integrity": NODE_HASH},
    ],
    ids=str,
)
def test_a_package_without_its_hash_is_a_fault(entry):
    """F84: the check above can fail."""
    lock = {"packages": {"": {}, "node_modules/@a/b": entry}}
    assert node_packages(json.dumps(lock))[1]


def test_an_audit_that_did_not_happen_is_told():
    """F84: no answer is no good answer; a package that no database knows is not sound."""
    skipped = {"dependencies": [{"name": "a", "skip_reason": "not found"}]}
    [line] = read_pip_audit(json.dumps(skipped), "run.txt", 1).lines(set())
    assert line.startswith("SKIPPED run.txt")
    [line] = read_npm_audit('{"message": "no network", "error": {}}', "p.json", 3).lines(set())
    assert line == "SKIPPED p.json: no network"
    assert Findings("run.txt", why_not="x").lines(set()) == ["SKIPPED run.txt: x"]


def test_a_vulnerable_package_is_told_unless_it_was_accepted_with_a_reason():
    """F84: by its id, from either tool."""
    said = {
        "dependencies": [
            {"name": "a", "version": "1", "vulns": [{"id": "PYSEC-1"}]},
            {"name": "b", "version": "2", "vulns": []},
            {"name": "c", "skip_reason": "not found"},
        ]
    }
    findings = read_pip_audit(json.dumps(said), "run.txt", 3)
    assert findings.found == ["a 1: PYSEC-1"]
    told = findings.lines(set())
    assert told[0] == "run.txt: 2 of 3 packages looked up"
    assert told[1].startswith("SKIPPED 1 packages")
    assert told[2] == "VULNERABLE: a 1: PYSEC-1"
    assert findings.lines({"PYSEC-1"})[2] == "accepted: a 1: PYSEC-1"
    via = [{"url": "https://example.com/advisories/GHSA-1"}, "b"]
    report = {"vulnerabilities": {"a": {"range": "<2", "via": via}}}
    assert read_npm_audit(json.dumps(report), "p.json", 3).found == ["a <2: GHSA-1"]


def test_what_is_accepted_has_a_reason():
    """F84: id, package, why."""
    lines = ACCEPTED.read_text(encoding="utf-8").splitlines()
    assert all(len(line.split()) > 3 for line in lines if line)
