"""The texts that a scenario file speaks by itself, read from the file: its constant `DEFAULTS`."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

import quickjs

NO_PLATFORM = """
const nothing = () => undefined;
const require = nothing;
const Modules = {}, AppEvents = {}, VoxEngine = { addEventListener: nothing };
"""
Texts = dict[str, str | list[str]]


def own_texts(scenario: str | Path) -> Texts:
    """Of a path, or of the text of a scenario; none where the file has no such constant."""
    if isinstance(scenario, str) and "\n" in scenario:
        return _read(scenario)
    return _read_file(Path(scenario), Path(scenario).stat().st_mtime_ns)


@lru_cache(maxsize=4)
def _read_file(path: Path, _mtime_ns: int) -> Texts:
    return _read(path.read_text("utf-8"))


@lru_cache(maxsize=4)
def _read(source: str) -> Texts:
    context = quickjs.Context()
    try:
        context.eval(NO_PLATFORM + source)
        return json.loads(context.eval("JSON.stringify(DEFAULTS.texts)"))
    except quickjs.JSException:
        return {}
