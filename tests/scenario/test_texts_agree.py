"""What the scenario says before the backend's first answer is what the backend's defaults say."""

from __future__ import annotations

from dataclasses import fields

from halo_voice.core.profile import Profile, Texts
from tests.scenario.table import Table


def test_the_scenario_s_own_texts_are_the_profile_s_defaults():
    """Whichever side says it, a caller hears one assistant; neither has a text that the other
    lacks."""
    of_scenario = Table().evaluate("DEFAULTS.texts")
    of_profile = Profile().for_scenario()["texts"]
    assert of_scenario == of_profile
    assert set(of_scenario) == {f.name for f in fields(Texts) if f.metadata["to_scenario"]}
