"""Bars and percentiles of the figures page."""

from __future__ import annotations

import pytest

from halo_voice.console.plots import HEIGHT, WIDTH, bars_of, columns, percentile
from halo_voice.core.history import Day


def test_the_highest_bar_fills_the_drawing():
    """The others are in proportion; none sticks out."""
    drawn = columns(["a", "b", "c"], [0, 5, 10])
    assert [bar.height for bar in drawn] == [0, HEIGHT / 2, HEIGHT]
    assert [bar.y + bar.height for bar in drawn] == [HEIGHT] * 3
    assert drawn[-1].x + drawn[-1].width <= WIDTH


def test_days_without_calls_have_their_place():
    """A hole in the calendar is a day with nothing in it."""
    drawn = bars_of(["2026-11-26", "2026-11-27"], {"2026-11-27": Day("2026-11-27", calls=4)})
    assert [(bar.name, bar.value) for bar in drawn] == [("2026-11-26", 0), ("2026-11-27", 4)]
    assert columns([], []) == []


@pytest.mark.parametrize(("share", "ms"), [(0.5, 50), (0.95, 95), (1.0, 100), (0.001, 1)])
def test_percentiles_are_values_that_were_measured(share, ms):
    """The least value that so many do not exceed."""
    assert percentile(range(1, 101), share) == ms
    assert percentile([7], share) == 7
