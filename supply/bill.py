"""The bill of materials of HALO, in CycloneDX 1.6 (JSON), straight from the locks: `make sbom`.

What runs is `requirements/run.txt`; with `--all` what builds, tests and checks is in it too. The
same locks give the same bill, byte for byte, so it has no time of making.
"""

from __future__ import annotations

import argparse
import base64
import json
import sys
import tomllib
import uuid
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from supply.locks import NODE_LOCK, PYTHON_LOCKS, ROOT, Package, node_packages, python_packages

RUN = ROOT / "requirements" / "run.txt"


def _hashes(package: Package) -> list[dict[str, str]]:
    if package.kind == "npm":
        content = base64.b64decode(package.hashes[0].removeprefix("sha512-")).hex()
        return [{"alg": "SHA-512", "content": content}]
    return [{"alg": "SHA-256", "content": each} for each in package.hashes]


def _component(package: Package, scope: str) -> dict[str, Any]:
    made: dict[str, Any] = {
        "type": "library",
        "bom-ref": package.purl,
        "name": package.name,
        "version": package.version,
        "purl": package.purl,
        "scope": scope,
        "hashes": _hashes(package),
    }
    if package.marker:
        made["properties"] = [{"name": "halo:marker", "value": package.marker}]
    if package.licence:
        made["licenses"] = [{"expression": package.licence}]
    return made


def bill(*, everything: bool = False) -> dict[str, Any]:
    """The bill as JSON. What runs is `required`, what only builds, tests or checks `excluded`."""
    running, _ = python_packages(RUN.read_text(encoding="utf-8"))
    components = {package.purl: _component(package, "required") for package in running}
    if everything:
        others, _ = node_packages(NODE_LOCK.read_text(encoding="utf-8"))
        for lock in PYTHON_LOCKS:
            others += python_packages(lock.read_text(encoding="utf-8"))[0]
        for package in sorted(others, key=lambda each: each.purl):
            components.setdefault(package.purl, _component(package, "excluded"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    ours = f"pkg:pypi/{project['name']}@{project['version']}"
    listed = list(components.values())
    serial = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(listed, sort_keys=True))
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": ours,
                "name": project["name"],
                "version": project["version"],
                "description": project["description"],
            }
        },
        "components": listed,
        "dependencies": [
            {"ref": ours, "dependsOn": [package.purl for package in running]},
            *({"ref": purl} for purl in components),
        ],
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", action="store_true", help="what builds, tests and checks as well")
    parser.add_argument("file", type=Path, nargs="?", default=ROOT / "var" / "sbom.cdx.json")
    given = parser.parse_args()
    made = bill(everything=given.all)
    given.file.parent.mkdir(parents=True, exist_ok=True)
    given.file.write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{given.file}: {len(made['components'])} packages")
    return 0


if __name__ == "__main__":
    sys.exit(main())
