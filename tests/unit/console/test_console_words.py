"""Each Russian sentence of the pages has its English, and none is left over."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from halo_voice import console
from halo_voice.console.texts import EN, LIVE_WORDS, PHONE_WORDS
from halo_voice.console.words_of_calls import BAD_ROWS, GOOD_ROWS, ROWS, SOURCES
from halo_voice.core.aside import FOREIGN, SOURCE
from halo_voice.core.dials import OUTCOMES
from halo_voice.core.language import LANGUAGES

FOLDER = Path(console.__file__).parent
IN_SCRIPTS = {*PHONE_WORDS.values(), *LIVE_WORDS.values()}
RUSSIAN = re.compile("[а-яёА-ЯЁ]")


def in_templates() -> set[str]:
    """What templates hand to `_`."""
    found = set()
    for path in (FOLDER / "templates").glob("*.html"):
        text = path.read_text("utf-8")
        found |= set(re.findall(r"""_\("([^"]+)"\)""", text))
        found |= set(re.findall(r"""_\('([^']+)'\)""", text))
    return found


def in_code() -> set[str]:
    """Russian strings of the pages' modules, docstrings and joined pieces included."""
    found = set()
    for path in FOLDER.glob("*.py"):
        if path.name.startswith("texts"):
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
    return {text for text in found if RUSSIAN.search(text)}


def test_every_sentence_has_its_english():
    """A page in English has no Russian word of ours."""
    wanted = in_templates() | in_code() | IN_SCRIPTS
    assert sorted(wanted - set(EN)) == []


def test_every_end_of_a_campaigns_row_has_words():
    """And no other has."""
    assert set(ROWS) == {*OUTCOMES, "waiting"}
    assert set(ROWS) >= GOOD_ROWS | BAD_ROWS


def test_no_translation_is_left_over():
    """What no page says any more is translated no more."""
    assert sorted(set(EN) - in_templates() - in_code() - IN_SCRIPTS) == []


def test_no_template_has_russian_outside_the_translated_sentences():
    """A word that is not handed to `_` would stay Russian."""
    for path in (FOLDER / "templates").glob("*.html"):
        text = re.sub(r"""_\((?:"[^"]+"|'[^']+')\)""", "", path.read_text("utf-8"))
        text = re.sub(r'title="Русский"', "", text)
        assert not RUSSIAN.search(text), f"{path.name}: {RUSSIAN.search(text)}"


def test_no_template_has_inline_script_or_style():
    """The headers forbid them, and a browser would leave them out without a word."""
    for path in (FOLDER / "templates").glob("*.html"):
        text = path.read_text("utf-8")
        assert not re.search(r"<script(?![^>]*\bsrc=)", text), path.name
        assert not re.search(r"\sstyle=|<style|\son\w+=", text), path.name
        assert "|safe" not in text.replace(" ", ""), path.name


def test_whoever_answered_by_rule_has_words():
    """Models have names of their own; a turn in another language, or to nobody, is no model's."""
    found = {SOURCE, *(f"{FOREIGN}{language}" for language in LANGUAGES)}
    assert found <= set(SOURCES)
