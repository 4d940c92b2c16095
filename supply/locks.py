"""The locked packages as the lock files have them, and what is wrong with a lock file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]
PYTHON_LOCKS = tuple(sorted((ROOT / "requirements").glob("*.txt")))
NODE_LOCK = ROOT / "package-lock.json"

_PINNED = re.compile(
    r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[a-z0-9,_-]+\])?==(?P<version>[^\s;]+)"
    r"(?: ; (?P<marker>[^\\]+?))?(?P<hashes>(?: --hash=sha256:[0-9a-f]{64})*)"
)


@dataclass(frozen=True)
class Package:
    """One locked package. `hashes`: sha256 (Python, one a file) or sha512 (Node), in hex."""

    kind: str  # "pypi" or "npm", as package URLs have it
    name: str
    version: str
    hashes: tuple[str, ...] = ()
    marker: str = ""
    licence: str = field(default="", compare=False)

    @property
    def purl(self) -> str:
        """The package URL, which every tool for bills of materials knows."""
        return f"pkg:{self.kind}/{self.name.replace('@', '%40')}@{self.version}"


def _joined(text: str) -> Iterator[str]:
    """The requirements of a file, each on one line, without comments."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        if line.strip():
            yield re.sub(r"\s+", " ", line).strip()


def python_packages(text: str) -> tuple[list[Package], list[str]]:
    """The packages of a requirements file, and its faults: whatever is not pinned with a hash."""
    packages, faults = [], []
    for line in _joined(text):
        found = _PINNED.fullmatch(line)
        if found is None or not found["hashes"]:
            faults.append(f"not pinned with a hash: {line[:80]}")
            continue
        hashes = tuple(re.findall(r"sha256:([0-9a-f]{64})", found["hashes"]))
        marker = (found["marker"] or "").strip()
        packages.append(Package("pypi", found["name"], found["version"], hashes, marker))
    return packages, faults


def node_packages(text: str) -> tuple[list[Package], list[str]]:
    """The packages of a package-lock.json, and its faults: no hash, or a registry's address."""
    packages, faults = [], []
    for path, entry in json.loads(text)["packages"].items():
        if not path:
            continue
        name = path.rpartition("node_modules/")[2]
        integrity = entry.get("integrity", "")
        if not re.fullmatch(r"sha512-[A-Za-z0-9+/]{86}==", integrity):
            faults.append(f"without a sha512: {path}")
        if "resolved" in entry:
            faults.append(f"names where it came from: {path}")
        if entry.get("link") or "version" not in entry:
            faults.append(f"not a version: {path}")
            continue
        licence = entry.get("license", "")
        packages.append(Package("npm", name, entry["version"], (integrity,), "", licence))
    return packages, faults
