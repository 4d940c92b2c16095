"""Regular expressions mean the same in every Python that HALO runs on."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "src" / "halo_voice"
_CLASS = re.compile(r"(?<!\\)\[\^?\]?(?:\\.|[^\]\\])*\]")
_POSSESSIVE_GROUP = re.compile(r"(?<!\\)\)(?:[*+?]|\{+\d*,?\d*\}+)\+|\(\?>")


def doubtful(text: str) -> bool:
    """Whether a possessive quantifier stands behind a group, or a group is atomic."""
    return _POSSESSIVE_GROUP.search(_CLASS.sub("x", text)) is not None


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: str(p.name))
def test_no_group_is_repeated_possessively(path):
    """Python 3.11.0 to 3.11.4, Debian 12's among them, match too much there: an escaped control
    character got past the list of recording addresses."""
    tree = ast.parse(path.read_text("utf-8"))
    texts = [n.value for n in ast.walk(tree) if isinstance(n, ast.Constant)]
    found = [text for text in texts if isinstance(text, str) and doubtful(text)]
    assert found == []


def test_the_search_finds_what_it_is_for():
    """Groups, not classes: those are safe."""
    assert all(map(doubtful, (r"(?:a|b)*+", r"(a)++", r"(a){1,4}+", r"(?>a|b)")))
    assert not any(map(doubtful, (r"[a()*+,;=]*+", r"\s*+", r"(?:a|b)*", r"[^)\]]++", r"\(a\)++")))
