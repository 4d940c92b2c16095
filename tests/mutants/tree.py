"""The project with some files changed, in a folder of its own: the working tree stays as it is."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from tests.mutants.table import ROOT

PARTS = ("src", "tests", "scenario", "assistants", "docs", "pyproject.toml")


@contextmanager
def tree(changed: Mapping[str, str]) -> Iterator[Path]:
    """A copy of what the hunters need, with these texts in place of its own: one at a time in a
    process, which makes it once. Nobody may keep compiled code there: what was changed a moment
    ago looks the same to whoever asks for a file's size and second.
    """
    root = Path(_copy().name)
    try:
        for path, text in changed.items():
            (root / path).write_text(text, "utf-8")
        yield root
    finally:
        for path in changed:
            shutil.copy2(ROOT / path, root / path)


@cache
def _copy() -> tempfile.TemporaryDirectory[str]:
    """The project as it is; gone when the process ends."""
    folder = tempfile.TemporaryDirectory(prefix="halo-mutants-")
    root = Path(folder.name)
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, root / part)
        else:
            shutil.copy2(source, root / part)
    return folder
