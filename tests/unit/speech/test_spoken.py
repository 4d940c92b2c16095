"""Text in words: case, gender and reading of numbers, addresses, names; never slow, never undone."""

from __future__ import annotations

import time
import tomllib
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from halo_voice.speech.spoken import READ_MAX, spoken

HERE = Path(__file__).parent
GOLDEN_MIN = 500
RIGHT_SHARE = 0.97
RIGHT_SHARE_OF_A_CLASS = 0.92


def phrases(name: str) -> list[tuple[str, str, str]]:
    """(class, written, spoken) of every line of the file."""
    classes = tomllib.loads((HERE / name).read_text(encoding="utf-8"))
    return [(kind, *pair) for kind, lines in classes.items() for pair in lines.items()]


def judged(name: str) -> tuple[dict[str, float], float]:
    """The share of right answers in each class and overall; prints both and what is wrong."""
    total: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    for kind, written, expected in phrases(name):
        total[kind] += 1
        said = spoken(written)
        if said != expected:
            wrong[kind] += 1
            print(f"[{kind}] {written}\n    said     {said}\n    expected {expected}")
    for kind, number in total.items():
        print(f"{kind:<14}{wrong[kind]:>3} of {number:>3} wrong, {wrong[kind] / number:.1%}")
    overall = 1 - wrong.total() / total.total()
    print(f"{name}: {wrong.total()} of {total.total()} wrong, {1 - overall:.1%}")
    return {kind: 1 - wrong[kind] / number for kind, number in total.items()}, overall


def test_golden_phrases_are_spoken_as_expected():
    """At least 97 % of the golden phrases, and 92 % of each class, are exactly right."""
    assert len(phrases("spoken_golden.toml")) >= GOLDEN_MIN
    shares, overall = judged("spoken_golden.toml")
    assert overall >= RIGHT_SHARE
    assert all(share >= RIGHT_SHARE_OF_A_CLASS for share in shares.values()), shares


def test_held_out_phrases_are_mostly_right():
    """Phrases that the rules were not made from: the rate that a user may expect."""
    _, overall = judged("spoken_held_out.toml")
    assert overall >= 0.85


@pytest.mark.parametrize("name", ["spoken_golden.toml", "spoken_held_out.toml"])
def test_what_is_in_words_stays(name):
    """Speaking the result again changes nothing."""
    for _, written, _ in phrases(name):
        said = spoken(written)
        assert spoken(said) == said
