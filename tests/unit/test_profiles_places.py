"""The lines of a TOML file's keys."""

from __future__ import annotations

import tomllib

import pytest

from halo_voice.profiles.places import Places

FILE = '''# comment = 1
name = "a # no comment"   # one
"quoted key" = [ # two
  "x = 1",
  "]",
]
text = """
[asr]
model = 3 \\"""
"""
raw = \'\'\'
it's = "
\'\'\'
inline = { a = 1, b = { c = [1, 2] } }
dotted.inner . deep = 2020-01-01
[ asr ]
model = "a"
[asr."sub.table"]
x = -1.5e3
[[list]]
y = 1
[[list]]
y = 2'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("name",), 2),
        (("quoted key",), 3),
        (("quoted key", 1), 3),
        (("text",), 7),
        (("raw",), 11),
        (("inline", "b", "c"), 14),
        (("dotted",), 15),
        (("dotted", "inner", "deep"), 15),
        (("asr",), 16),
        (("asr", "model"), 17),
        (("asr", "sub.table", "x"), 19),
        (("list", 0, "y"), 21),
        (("list", 1, "y"), 23),
        (("asr", "missing"), 16),
        (("missing",), 1),
    ],
)
def test_a_key_is_found_on_its_line(path, line):
    """Neither strings nor comments hold keys; what is missing stands at its table."""
    tomllib.loads(FILE)

    assert Places(FILE).line(path) == line
