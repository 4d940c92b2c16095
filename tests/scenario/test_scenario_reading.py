"""Small pure pieces of the scenario that read foreign values."""

from __future__ import annotations

import pytest

from tests.scenario.table import Table


@pytest.mark.parametrize(
    ("value", "scale", "expected"),
    [
        ("0.95", None, 0.95),
        ("95", 100, 0.95),
        ("90", None, 0.9),
        ("0.9", 100, 0.9),
        ("0", 100, 0),
        ("undefined", 100, 0),
        ("'x'", None, 0),
        ("250", 100, 1),
        ("-1", None, 0),
        ("1", 100, 0.01),
        ("1", None, 1),
    ],
)
def test_confidence_is_normalised(value, scale, expected):
    """F09, F10: both scales, clamped; nothing is 0."""
    scale = "null" if scale is None else scale
    assert Table().evaluate(f"normalise({value}, {scale})") == expected


def test_a_strange_profile_leaves_the_defaults():
    """F32: values of a wrong type, blank texts and empty lists do not get through."""
    table = Table()
    merged = table.evaluate(
        'merge(DEFAULTS, {texts: {greeting: "", filler: 5, reprompts: []}, limits: "many", '
        'voice: null, asr: {interim: "yes", phrase_hints: ["да"]}, extra: 1})'
    )
    defaults = table.evaluate("DEFAULTS")
    assert merged["texts"] == defaults["texts"]
    assert merged["limits"] == defaults["limits"]
    assert merged["voice"] == defaults["voice"]
    assert merged["asr"]["interim"] is True
    assert merged["asr"]["phrase_hints"] == ["да"]
    assert "extra" not in merged


def test_long_text_is_cut_at_a_sentence():
    """F22: never over the limit, at a sentence end where there is one."""
    table = Table()
    cut = table.evaluate('speakable("Первое предложение. ".repeat(40), 400)')
    assert len(cut) <= 400
    assert cut.endswith("предложение.")
    assert len(table.evaluate('speakable("а".repeat(5000), 400)')) == 400


def test_markup_and_control_characters_are_not_spoken():
    """F23."""
    assert (
        Table().evaluate(r'speakable(" <speak>\u0000да &\n нет</speak> ", 400)')
        == "speak да нет /speak"
    )
    written = r"# Доставка\n**Курьер** \u202eпривезёт; [цены](https://halo.ru/a) на www.halo.ru"
    assert Table().evaluate(f'speakable("{written}", 400)') == "Доставка Курьер привезёт; цены на"


def test_the_body_is_ascii():
    """The signed bytes must be the same in every encoding."""
    text = Table().evaluate('ascii(JSON.stringify({t: "ё😀~"}))')
    assert text.isascii()
    assert "\\u0451\\ud83d\\ude00~" in text
