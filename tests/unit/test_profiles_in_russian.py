"""Each fault of the loader has its Russian sentence."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from halo_voice import knowledge, profiles
from halo_voice.profiles.in_russian import in_russian

FILES = [
    *(Path(profiles.__file__).parent / name for name in ("shape.py", "operators.py", "tools.py")),
    Path(knowledge.__file__).parent / "reading.py",
]
RUSSIAN = re.compile("[а-яё]")


def written(node: ast.expr) -> str:
    """The sentence, with a word for each value in it."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    values = node.values if isinstance(node, ast.JoinedStr) else [node]
    return "".join(v.value if isinstance(v, ast.Constant) else "choose one of x" for v in values)


def sentences() -> list[str]:
    found = []
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            name = getattr(getattr(node, "func", None), "id", "")
            if name in ("fault", "Unreadable"):
                found.append(written(node.args[0]))
    return found


@pytest.mark.parametrize("sentence", sentences())
def test_every_sentence_of_the_loader_is_known(sentence):
    """A new fault without its Russian would be told in English."""
    assert RUSSIAN.search(in_russian(sentence)), sentence


@pytest.mark.parametrize(
    ("english", "russian"),
    [
        (
            'there is no recogniser "gogle"; did you mean "google"?; choose one of google, tbank',
            "нет такого значения (recogniser): «gogle» (может быть, «google»?); "
            "выберите из: google, tbank",
        ),
        ("must be a whole number, not text", "нужно: целое число; написано: текст"),
        ("is 900; must be at most 100", "сейчас 900, нужно не больше 100"),
        ("has 412 characters; at most 400 can be spoken at once",
         "символов 412, за один раз можно произнести не больше 400"),
        ("is not TOML: Cannot overwrite a value", "это не TOML: этот ключ уже есть"),
        ("nobody wrote this", "nobody wrote this"),
    ],
)  # fmt: skip
def test_values_stay_as_they_were_written(english, russian):
    """The names and figures of a fault are in the sentence, each in its place."""
    assert in_russian(english) == russian
