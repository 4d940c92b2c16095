"""The capability table of the recognisers against the platform's surface."""

from __future__ import annotations

import pytest

from halo_voice.core.recognisers import RECOGNISERS, RUSSIAN
from halo_voice.simulator.surface import surface

# The platform's typings, `ASRModelList`: still there, marked deprecated.
DEPRECATED = {"dates", "names", "maps", "numbers"}


@pytest.mark.parametrize("recogniser", RECOGNISERS.values(), ids=lambda r: r.name)
def test_names_exist_on_the_platform(recogniser):
    """Every profile and model of the table is a constant of the platform."""
    names = {f"ASRModelList.{recogniser.model_path(model)}" for model in recogniser.models}
    if recogniser.profile:
        names.add(f"ASRProfileList.{recogniser.profile}")

    assert names <= surface().names


@pytest.mark.parametrize(
    "recogniser", [r for r in RECOGNISERS.values() if r.name != "deepgram"], ids=lambda r: r.name
)
def test_no_model_is_forgotten(recogniser):
    """The table has every model of the platform that is not deprecated (Deepgram: Russian only)."""
    group = f"ASRModelList.{recogniser.model_path('DEFAULT')}".removesuffix(".DEFAULT")

    assert set(recogniser.models) == set(surface().children[group]) - DEPRECATED


def test_exactly_the_vendors_with_a_russian_profile_speak_russian():
    """A vendor speaks Russian when the platform has a Russian profile of it."""
    groups = surface().children["ASRProfileList"]
    russian = {
        g for g in groups if {"ru", "ru_RU"} & set(surface().children[f"ASRProfileList.{g}"])
    }

    assert {r.profile.partition(".")[0] for r in map(RECOGNISERS.get, RUSSIAN)} == russian
    assert not RECOGNISERS["amazon"].speaks_russian


def test_capabilities_follow_the_typings():
    """Interim results, single utterances, hints and Google's scale are as the typings have them."""

    def able(capability: str) -> set[str]:
        return {r.name for r in RECOGNISERS.values() if getattr(r, capability)}

    assert able("interim") == {"amazon", "deepgram", "google", "salutespeech", "tbank", "yandex"}
    assert able("single_utterance") == {
        *("amazon", "google", "microsoft", "salutespeech", "tbank", "yandex"),
    }
    assert able("single_utterance_default") == {"salutespeech"}
    assert able("phrase_hints") == able("confidence_scale") == {"google"}


def test_no_model_has_no_path():
    """Without a model the platform's default is meant."""
    assert RECOGNISERS["google"].model_path(None) is None
