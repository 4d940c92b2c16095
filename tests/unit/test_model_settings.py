"""One model or two from the settings: the same checks, each fault under its own variable."""

from __future__ import annotations

import pytest

from halo_voice.app import configure
from halo_voice.core.errors import ConfigurationError
from halo_voice.settings import MODEL_ENDINGS, Settings
from tests.halo import settings

FIRST = {"model_preset": "openai", "model_key": "k", "model_name": "m"}
VLLM = {"model2_preset": "vllm", "model2_name": "m"}


def faults(**values: str) -> list[str]:
    with pytest.raises(ConfigurationError) as error:
        configure(settings(**values))
    assert "ключ" not in str(error.value)
    return [fault.split(":")[0] for fault in error.value.faults]


def test_the_second_model_has_every_setting_of_the_first() -> None:
    """Whatever can be said of one model can be said of the other."""
    for ending in MODEL_ENDINGS:
        first, second = (Settings.model_fields[f"{name}_{ending}"] for name in ("model", "model2"))
        assert (first.annotation, first.default) == (second.annotation, second.default)


def test_two_models_are_asked_in_their_order() -> None:
    """The first, then the second; each has its own key and address and the limits of both."""
    second = {"model2_preset": "yandexgpt", "model2_key": "k2", "model2_folder": "b1g"}
    one, two = configure(settings(**FIRST, **second, model_stall_s=0.7)).endpoints
    assert (one.name, one.key, two.name, two.key) == ("openai", "k", "yandexgpt", "k2")
    assert two.model == "gpt://b1g/yandexgpt/latest"
    assert (one.limits.stall_s, two.limits.stall_s) == (0.7, 0.7)


def test_two_of_one_provider_can_be_told_apart() -> None:
    """The log and a turn's row say which of the two it was."""
    second = {key.replace("model", "model2", 1): value for key, value in FIRST.items()}
    endpoints = configure(settings(**FIRST, **second)).endpoints
    assert [endpoint.name for endpoint in endpoints] == ["openai", "openai-2"]


def test_without_a_second_model_there_is_one_and_without_any_none() -> None:
    """Nothing is asked that was not configured."""
    assert len(configure(settings(**FIRST)).endpoints) == 1
    assert configure(settings()).endpoints == []


@pytest.mark.parametrize(
    ("values", "variables"),
    [
        ({"model2_preset": "gpt"}, ["HALO_MODEL2_PRESET"]),
        ({"model2_preset": "openai"}, ["HALO_MODEL2_KEY", "HALO_MODEL2_NAME"]),
        ({"model2_key": "ключ", "model2_name": "m"}, ["HALO_MODEL2_KEY"]),
        ({"model2_url": "localhost", "model2_name": "m"}, ["HALO_MODEL2_URL"]),
        ({**VLLM, "model2_headers": "[]"}, ["HALO_MODEL2_HEADERS"]),
        ({**VLLM, "model2_ca_file": "/no/such"}, ["HALO_MODEL2_CA_FILE"]),
        (
            {"model_headers": "{", "model2_url": "x"},
            ["HALO_MODEL_HEADERS", "HALO_MODEL2_NAME", "HALO_MODEL2_URL"],
        ),
        (
            {"model2_folder": "b1g", "model2_scope": "s"},
            ["HALO_MODEL2_FOLDER", "HALO_MODEL2_SCOPE"],
        ),
    ],
)
def test_faults_of_the_second_model_name_its_variables(
    values: dict[str, str], variables: list[str]
) -> None:
    """All faults of both at once, no key among them."""
    assert faults(**FIRST, **values) == variables


def test_a_second_model_without_a_first_is_a_fault() -> None:
    """It would be the first: say so instead of guessing."""
    assert faults(**VLLM) == ["HALO_MODEL2_PRESET"]


def test_a_name_without_a_provider_is_a_fault_of_the_first_model_too() -> None:
    """HALO would be offline and not say why."""
    assert faults(model_name="m") == ["HALO_MODEL_NAME"]


def test_a_ca_file_without_certificates_is_the_second_model_s_fault() -> None:
    """What shows only when the client is made is told under the right variable too."""
    from halo_voice.llm.openai_client import OpenAIClient

    endpoint = configure(settings(**FIRST, **VLLM, model2_ca_file=__file__)).endpoints[1]
    with pytest.raises(ConfigurationError, match="HALO_MODEL2_CA_FILE"):
        OpenAIClient(endpoint)
