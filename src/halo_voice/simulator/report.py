"""Errors of a scenario as a person wants them: file, line, and the name that was probably meant."""

from __future__ import annotations

import re
from dataclasses import dataclass

from halo_voice.simulator.surface import surface

# The platform's own frames lie behind this line; see Engine.
PLATFORM_LINE = 30_000

_FRAME = re.compile(r"<input>:(\d+)(?::(\d+))?")
_NOT_DEFINED = re.compile(r"ReferenceError: (\S+) is not defined")


@dataclass(frozen=True, slots=True)
class Violation:
    """Something in the scenario that the platform would not take, or that we do not emulate.

    `kind` is `unknown` (no such name), `unemulated`, `misuse` (a rule of the platform), `throw`
    (an error that ended the session) or `rejection` (a promise nobody caught).
    """

    kind: str
    name: str
    message: str
    file: str
    line: int | None = None
    column: int | None = None
    hint: str | None = None

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        meant = f"; did you mean {self.hint}?" if self.hint else ""
        return f"{place}: {self.message}{meant}"


def violation(kind: str, name: str, message: str, stack: str, file: str) -> Violation:
    """A report from what the engine says; only frames of the scenario count."""
    line, column = place(stack)
    hint = surface().nearest(name) if kind == "unknown" else None
    return Violation(kind, name, message, file, line, column, hint)


def thrown(kind: str, text: str, stack: str, file: str) -> Violation:
    """A report of an error that reached the platform. `text` is `Name: message`."""
    message = text.strip()
    missing = _NOT_DEFINED.search(message)
    line, column = place(stack or text)
    name = missing[1] if missing else ""
    hint = surface().nearest(name) if name else None
    return Violation(kind, name, message.split("\n")[0], file, line, column, hint)


def place(stack: str) -> tuple[int | None, int | None]:
    """Line and column of the innermost frame that belongs to the scenario."""
    for found in _FRAME.finditer(stack):
        line = int(found[1])
        if line < PLATFORM_LINE:
            return line, int(found[2]) if found[2] else None
    return None, None
