"""The type check: TypeScript's compiler on a scenario and the generated declarations."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from halo_voice.simulator.declarations import declarations
from halo_voice.simulator.lint.finding import Finding, absent
from halo_voice.simulator.lint.meaning import Meanings
from halo_voice.simulator.lint.scopes import Scopes
from halo_voice.simulator.lint.script import Script
from halo_voice.simulator.surface import surface

FLAGS = [
    *("--allowJs", "--checkJs", "--noEmit", "--target", "es2022", "--lib", "es2022"),
    *("--skipLibCheck", "--strict", "false", "--pretty", "false"),
]
SECONDS_MAX = 60
# Of the scenario only: a name declared twice is told of both files.
DIAGNOSTIC = re.compile(r"^scenario\.js\((\d+),(\d+)\): error TS(\d+): (.*)$")
NO_MEMBER = re.compile(r"^Property '([^']+)' does not exist on type '(typeof )?([\w$.]+)'")
NO_NAME = re.compile(r"^Cannot find (?:name|namespace) '([^']+)'")


class NoTypeScript(Exception):
    """Node.js or TypeScript is not installed; install Node.js 18 or newer and run `npm ci`."""


@dataclass(frozen=True)
class Compiler:
    """Where Node.js and TypeScript's compiler are."""

    node: str
    tsc: Path

    @staticmethod
    def find(*starts: Path) -> Compiler:
        """Looks in `node_modules` of the given folders and all above. Raises NoTypeScript."""
        node = shutil.which("node")
        if node is None:
            raise NoTypeScript("no Node.js")
        for start in starts:
            for folder in (start, *start.parents):
                tsc = folder / "node_modules" / "typescript" / "lib" / "tsc.js"
                if tsc.is_file():
                    return Compiler(node, tsc)
        raise NoTypeScript("no node_modules/typescript (npm ci installs it)")

    def run(self, source: bytes) -> list[str]:
        """What the compiler prints about a scenario, line by line."""
        with tempfile.TemporaryDirectory(prefix="halo-lint-") as folder:
            Path(folder, "scenario.js").write_bytes(source)
            Path(folder, "voxengine.d.ts").write_text(declarations(), encoding="utf-8")
            command = [self.node, str(self.tsc), *FLAGS, "scenario.js", "voxengine.d.ts"]
            try:
                done = subprocess.run(  # noqa: S603 -- our own compiler, no shell
                    command, cwd=folder, capture_output=True, timeout=SECONDS_MAX, check=False
                )
            except subprocess.TimeoutExpired as error:
                raise NoTypeScript(f"tsc took longer than {SECONDS_MAX} s") from error
        printed = done.stdout.decode(errors="replace").splitlines()
        if done.returncode != 0 and not any(DIAGNOSTIC.match(line) for line in printed):
            raise NoTypeScript(f"tsc failed with status {done.returncode}")
        return printed


def findings(script: Script, compiler: Compiler) -> Iterator[Finding]:
    """Every error of the type check, in our words where the platform's names are concerned."""
    scopes = Scopes(script)
    meanings = Meanings(script, scopes)
    for printed in compiler.run(script.source):
        if match := DIAGNOSTIC.match(printed):
            line, column, code, message = match.groups()
            place = int(line), int(column)
            yield Finding(*place, *worded(script, scopes, meanings, place, code, message))


def worded(
    script: Script,
    scopes: Scopes,
    meanings: Meanings,
    place: tuple[int, int],
    code: str,
    message: str,
) -> tuple[str, str]:
    """Rule and message for one diagnostic of the compiler."""
    if match := NO_NAME.match(message):
        return "unknown-global", absent(match[1], scopes.names)
    if match := NO_MEMBER.match(message):
        owner = owner_at(script, meanings, place) or owner_named(match[3])
        if owner is not None:
            return "unknown-name", absent(f"{owner}.{match[1]}")
    return ("syntax" if code.startswith("1") and len(code) == 4 else f"TS{code}"), message


def owner_at(script: Script, meanings: Meanings, place: tuple[int, int]) -> str | None:
    """The platform's full name of what stands before the dot at a place."""
    node = script.at(*place)
    if node is None or node.parent is None:
        return None
    owner = meanings.of(node.parent.child_by_field_name("object"))
    return owner.name if owner else None


def owner_named(type_name: str) -> str | None:
    """The full name for a type that the compiler prints without its namespace, if it is clear."""
    facts = surface()
    full = [
        name
        for name in [*facts.enums, *facts.classes, *facts.interfaces]
        if name == type_name or name.endswith(f".{type_name}")
    ]
    return full[0] if len(full) == 1 else None
