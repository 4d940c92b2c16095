"""How long a model usually takes to its first piece."""

from __future__ import annotations

import random

import pytest

from halo_voice.llm.pace import Pace


def test_nothing_is_known_of_too_few_answers() -> None:
    """One slow answer says nothing about the model."""
    pace = Pace(enough=3)
    pace.add(9.0)
    pace.add(9.0)
    assert pace.usual_s is None
    pace.add(9.0)
    assert pace.usual_s == 9.0


def test_nine_of_ten_begin_by_then() -> None:
    """The 90th percentile, whatever the order."""
    times = [n / 100 for n in range(50)]
    random.Random(1).shuffle(times)
    pace = Pace()
    for seconds in times:
        pace.add(seconds)
    assert pace.usual_s == pytest.approx(0.45)


def test_only_the_last_answers_count() -> None:
    """A slow morning is forgotten, equal times included."""
    pace = Pace(keep=8, enough=4)
    for seconds in [5.0] * 20 + [0.5, 0.4] * 4:
        pace.add(seconds)
    assert pace.usual_s == 0.5
    for _ in range(8):
        pace.add(3.0)
    assert pace.usual_s == 3.0
