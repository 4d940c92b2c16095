"""The project with some files changed, in a folder of its own: the working tree stays as it is."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.mutants.table import ROOT

PARTS = ("src", "tests", "scenario", "assistants", "docs", "pyproject.toml")


@contextmanager
def tree(changed: Mapping[str, str]) -> Iterator[Path]:
    """A copy of what the hunters need, with these texts in place of its own; gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="halo-mutant-") as folder:
        root = Path(folder)
        for part in PARTS:
            source = ROOT / part
            if source.is_dir():
                shutil.copytree(source, root / part)
            else:
                shutil.copy2(source, root / part)
        for path, text in changed.items():
            (root / path).write_text(text, "utf-8")
        yield root
