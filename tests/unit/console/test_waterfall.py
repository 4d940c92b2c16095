"""A turn's latency as bars: in their order, without gaps, in proportion."""

from __future__ import annotations

from itertools import pairwise

from halo_voice.console.views import clock, masked, roubles, seconds
from halo_voice.console.waterfall import SHORTEST_MS, WIDTH, bars, longest

LATENCY = {"asr_ms": 600, "first_token_ms": 200, "first_phrase_ms": 500, "voice_ms": 100}


def test_stages_follow_each_other():
    """The first phrase contains the first token, so its bar is the rest of it."""
    drawn = bars(LATENCY, 2_400)
    assert [(bar.stage, bar.ms) for bar in drawn] == [
        ("asr_ms", 600),
        ("first_token_ms", 200),
        ("first_phrase_ms", 300),
        ("voice_ms", 100),
    ]
    for left, right in pairwise(drawn):
        assert abs(left.x + left.width - right.x) < 0.2
    assert drawn[-1].x + drawn[-1].width == WIDTH / 2


def test_what_is_not_known_has_no_bar():
    """An empty turn is an empty line; a clock that went wrong draws nothing backwards."""
    assert bars({}, 1_000) == []
    assert [bar.stage for bar in bars({"asr_ms": -5, "voice_ms": 7}, 1_000)] == ["voice_ms"]


def test_the_width_is_the_longest_turn_s():
    """Quick turns do not fill the line."""
    assert longest([]) == SHORTEST_MS
    assert longest([LATENCY, {"audible_ms": 9_000}]) == 9_000


def test_figures_are_written_as_in_russian():
    """A comma; a dash for what is not known; a number's middle is hidden."""
    assert (clock(65_300), clock(None)) == ("1:05", "—")
    assert (seconds(1_250), seconds(None)) == ("1,25", "—")
    assert (roubles(420_000), roubles(0)) == ("0,42 ₽", "—")
    assert masked("+79991234567") == "+7 999 •••-••-67"
    assert masked("sip:anna@example") == "•••"
    assert masked("") == ""
