"""Asks the databases of vulnerabilities about every locked package: `make audit`.

Each database is asked by its own tool: pip-audit (for Python, of two databases the first that
answers) and npm. One that cannot be reached gives a line that begins with SKIPPED, never silence.
Exit code 1 if a package has a known vulnerability that is not in `accepted.txt` with its reason;
with `--require`, also if nothing could be asked.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from supply.locks import PYTHON_LOCKS, ROOT, python_packages

ACCEPTED = Path(__file__).with_name("accepted.txt")
SERVICES = ("osv", "pypi")
TIMEOUT_S = 300


@dataclass
class Findings:
    """What the databases said of one lock file. `asked`: packages that a database knew."""

    lock: str
    asked: int = 0
    of: int = 0
    found: list[str] = field(default_factory=list)  # "name version: id"
    why_not: str = ""

    def lines(self, accepted: set[str]) -> list[str]:
        if not self.asked:
            return [f"SKIPPED {self.lock}: {self.why_not or 'no database knows its packages'}"]
        told = [f"{self.lock}: {self.asked} of {self.of} packages looked up"]
        if self.asked < self.of:
            told.append(f"SKIPPED {self.of - self.asked} packages of {self.lock}: not known there")
        for each in self.found:
            told.append(("accepted: " if _id(each) in accepted else "VULNERABLE: ") + each)
        return told


def _id(found: str) -> str:
    return found.rpartition(" ")[2]


def accepted() -> set[str]:
    lines = ACCEPTED.read_text(encoding="utf-8").splitlines()
    return {line.split()[0] for line in lines if line and not line.startswith("#")}


def read_pip_audit(said: str, lock: str, of: int) -> Findings:
    """pip-audit's JSON; a package that it could not look up has a `skip_reason` in it."""
    findings = Findings(lock, of=of)
    for each in json.loads(said)["dependencies"]:
        if "skip_reason" in each:
            findings.why_not = "the database answers for none of its packages"
            continue
        findings.asked += 1
        findings.found += [f"{each['name']} {each['version']}: {v['id']}" for v in each["vulns"]]
    return findings


def read_npm_audit(said: str, lock: str, of: int) -> Findings:
    """npm's JSON; when the registry cannot be asked it has `error`."""
    report: dict[str, Any] = json.loads(said or "{}")
    if "vulnerabilities" not in report:
        why = report.get("message") or report.get("error", {}).get("summary") or "no answer"
        return Findings(lock, of=of, why_not=str(why).splitlines()[0][:100])
    findings = Findings(lock, asked=of, of=of)
    for name, each in report["vulnerabilities"].items():
        for via in each["via"]:
            if isinstance(via, dict):
                where = str(via.get("url", via.get("source"))).rstrip("/").rpartition("/")[2]
                findings.found.append(f"{name} {each['range']}: {where}")
    return findings


def _ran(command: list[str]) -> tuple[str, str]:
    """What a program writes, and why it could not, in one line."""
    try:
        done = subprocess.run(  # noqa: S603
            command, cwd=ROOT, capture_output=True, text=True, timeout=TIMEOUT_S
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return "", type(error).__name__
    return done.stdout, (done.stderr.strip().splitlines() or ["no answer"])[-1][:100]


def audit_python(lock: Path) -> Findings:
    packages, _ = python_packages(lock.read_text(encoding="utf-8"))
    name, program = lock.relative_to(ROOT).as_posix(), Path(sys.executable).with_name("pip-audit")
    findings = Findings(name, of=len(packages), why_not="pip-audit is not there: use make audit")
    if not program.exists():
        return findings
    for service in SERVICES:
        options = ["--disable-pip", "--require-hashes", "--progress-spinner", "off", "-f", "json"]
        said, why = _ran(
            [str(program), "-r", str(lock), "-s", service, "--timeout", "10", *options]
        )
        if said.lstrip().startswith("{"):
            findings = read_pip_audit(said, name, len(packages))
        else:
            findings.why_not = why
        if findings.asked:
            break
    return findings


def audit_node() -> Findings:
    lock = "package-lock.json"
    npm = shutil.which("npm")
    if npm is None:
        return Findings(lock, why_not="there is no npm here")
    of = len(json.loads((ROOT / lock).read_text(encoding="utf-8"))["packages"]) - 1
    said, why = _ran([npm, "audit", "--json", "--audit=true"])
    return read_npm_audit(said, lock, of) if said.strip() else Findings(lock, of=of, why_not=why)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--require", action="store_true", help="fail if nothing could be asked")
    given = parser.parse_args()
    known = accepted()
    every = [*map(audit_python, PYTHON_LOCKS), audit_node()]
    for findings in every:
        print(*findings.lines(known), sep="\n")
    open_ones = [found for each in every for found in each.found if _id(found) not in known]
    return 1 if open_ones or (given.require and not any(each.asked for each in every)) else 0


if __name__ == "__main__":
    sys.exit(main())
