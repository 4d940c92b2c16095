"""Platform and scenario, read once for one call after another: what a hunt of thousands plays in.

A call of its own reads both anew. Here the scenario's text, unmodified, is the body of a function:
called, it gives a call its own variables. The engine's own objects are put back after each call,
see platform/ground/ground.js; a context that cannot be put back, or in which an engine's limit
struck, is thrown away.
"""

from __future__ import annotations

import re
from functools import lru_cache

import quickjs

from halo_voice.simulator.engine import new_context
from halo_voice.simulator.report import PLATFORM_LINE
from halo_voice.simulator.tables import ground, tables, whole_platform

# Whoever names these may look behind a function, or change what the ground does not see.
UNFIT = re.compile(
    r"\b(?:globalThis|eval|Function|import|Reflect|define(?:Property|Properties)|__define\w+__"
    r"|freeze|seal|preventExtensions|prepareStackTrace|stackTraceLimit)\b"
    r"|\bthis\s*[.\[]"  # beside functions, its members are the scenario's variables
)

# The tables stay in the context.
BOUND = "((make, index, lines) => (config) => make(index, lines, '', config))"


@lru_cache(maxsize=2)
def mould_of(source: str) -> Mould:
    """This process's mould of a scenario's text."""
    return Mould(source)


class Mould:
    """For one scenario. `take` gives its context to one call at a time."""

    def __init__(self, source: str) -> None:
        self.source = source
        self._fits = UNFIT.search(source) is None and _is_script(source)
        self._free = True
        self._context: quickjs.Context | None = None

    def take(self) -> tuple[quickjs.Context, quickjs.Object, quickjs.Object] | None:
        """Context, platform and scenario, to be called; None: they are to be read anew."""
        if not (self._fits and self._free):
            return None
        if self._context is None:
            self._context = context = new_context()
            self._restore = context.eval(ground())
            platform = context.eval("\n" * PLATFORM_LINE + whole_platform())
            index, lines = tables()
            self._platform = context.eval(BOUND)(platform, context.parse_json(index), lines)
            self._scenario = context.eval(f"(function () {{{self.source}\n}})")
        self._free = False
        return self._context, self._platform, self._scenario

    def give_back(self, *, unspoilt: bool) -> None:
        """The call is over. `unspoilt`: no limit of the engine struck in it."""
        self._free = True
        try:
            whole = unspoilt and self._restore()
        except quickjs.JSException:
            whole = False
        if not whole:
            self._context = self._restore = self._platform = self._scenario = None


def _is_script(source: str) -> bool:
    """Whether it can be read as what it is: a function's body may be what no script is."""
    try:
        new_context().eval(f"throw 0;{source}")
    except quickjs.JSException as error:
        return "SyntaxError" not in str(error)
    return False
