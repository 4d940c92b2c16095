"""Says where a scenario uses what the platform does not have, before the first call."""

from __future__ import annotations

from pathlib import Path

from halo_voice.simulator.lint import names, rehearsal, syntax, typecheck
from halo_voice.simulator.lint.finding import Finding, LintReport, merged
from halo_voice.simulator.lint.meaning import Meanings
from halo_voice.simulator.lint.scopes import Scopes
from halo_voice.simulator.lint.script import Script
from halo_voice.simulator.lint.typecheck import Compiler, NoTypeScript

__all__ = ["Finding", "LintReport", "NoTypeScript", "lint", "read"]


def lint(path: Path, *, types: bool | None = None) -> LintReport:
    """Checks a scenario by reading it, by TypeScript's compiler, and by a call in the simulator.

    The same mistake is told once. Not to be called from a running event loop.

    `types`: True wants the type check and raises NoTypeScript where it cannot run, False leaves it
    out, None runs it where Node.js is found and notes where it is not. Raises OSError when the file
    cannot be read.
    """
    source = path.read_bytes()
    reading = read(source)
    if any(finding.rule == "encoding" for finding in reading):
        return LintReport(path, reading)
    checking, notes = checked(source, types)
    if any(finding.rule == "syntax" for finding in checking):
        # The compiler places a syntax error better than a parser that reads on regardless.
        reading = tuple(finding for finding in reading if finding.rule != "syntax")
    found = merged(reading, checking)
    if any(finding.rule == "syntax" for finding in found):
        return LintReport(path, found, (*notes, "rehearsal skipped: the script cannot be loaded"))
    played, remarks = rehearsal.rehearse(source.decode())
    return LintReport(path, merged(found, played), (*notes, *remarks))


def checked(source: bytes, types: bool | None) -> tuple[list[Finding], tuple[str, ...]]:
    """The findings of the type check, and a note when it was skipped."""
    if types is False:
        return [], ("type check skipped: not wanted",)
    try:
        compiler = Compiler.find(Path(__file__).resolve().parent, Path.cwd())
        return list(typecheck.findings(Script(source), compiler)), ()
    except NoTypeScript as reason:
        if types:
            raise
        return [], (f"type check skipped: {reason}",)


def read(source: bytes) -> tuple[Finding, ...]:
    """The findings that reading alone gives: no Node.js, nothing is run."""
    try:
        source.decode()
    except UnicodeDecodeError as error:
        line = source[: error.start].count(b"\n") + 1
        return (Finding(line, 1, "encoding", "the file is not UTF-8"),)
    script = Script(source)
    try:
        scopes = Scopes(script)
        meant = names.findings(script, scopes, Meanings(script, scopes))
        return tuple(sorted({*syntax.findings(script), *meant}))
    except RecursionError:
        return (Finding(1, 1, "depth", "the script is nested too deeply to be read"),)
