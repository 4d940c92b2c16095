"""The platform's API surface and the hints for names that are not in it."""

from __future__ import annotations

import pytest

from halo_voice.simulator.surface import MEANT, surface


def test_every_hint_exists():
    """Nobody is sent from one invented name to another."""
    facts = surface()
    for wrong, meant in MEANT.items():
        assert wrong not in facts.names
        owner, _, leaf = (meant or "").rpartition(".")
        assert meant is None or meant in facts.names or leaf in facts.methods(owner)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("ASREvents.SpeechDetected", "ASREvents.CaptureStarted"),
        ("ASREvents.Resullt", "ASREvents.Result"),
        ("Player.pauze", "Player.pause"),
        ("_ASRResultEvent.confidance", "_ASRResultEvent.confidence"),
        ("Loger", "Logger"),
        ("call", None),
        ("URL", None),
        ("somethingElseEntirely", None),
    ],
)
def test_the_nearest_name_is_a_good_guess_or_none(name, meant):
    """A bare name is only corrected for a slip of the pen: it may be the scenario's own."""
    assert surface().nearest(name) == meant


def test_methods_are_inherited():
    """A player can do what the class it extends can do."""
    assert {"addMarker", "stop"} <= set(surface().methods("Player"))
