"""Presets: what each provider needs, and what is said when it is missing."""

from __future__ import annotations

import pytest

from halo_voice.core.errors import ConfigurationError
from halo_voice.llm.openai_client import OpenAIClient
from halo_voice.llm.presets import PRESETS, ModelValues, endpoint_of


def values(preset: str, **more: object) -> ModelValues:
    """Enough for any preset."""
    return ModelValues(**{"preset": preset, "key": "k", "name": "", "folder": "b1g", **more})


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_makes_an_endpoint(preset: str) -> None:
    """Key, name and folder are all that any provider asks for."""
    url = PRESETS[preset].url or "http://127.0.0.1:8080/v1"
    endpoint = endpoint_of(values(preset, name="some-model", url=url))
    assert endpoint.name == preset
    assert endpoint.url.startswith("http")
    assert endpoint.model.endswith("some-model")


def test_yandexgpt() -> None:
    """The folder is in the header and in the model's address; the key is an Api-Key."""
    endpoint = endpoint_of(values("yandexgpt"))
    assert endpoint.url == "https://ai.api.cloud.yandex.net/v1"
    assert endpoint.model == "gpt://b1g/yandexgpt/latest"
    assert endpoint.key_style == "Api-Key"
    assert endpoint.headers == {"OpenAI-Project": "b1g"}
    assert endpoint_of(values("yandexgpt", name="gpt://other/m")).model == "gpt://other/m"


def test_gigachat() -> None:
    """The key buys a token; it is never sent to the model's own server."""
    endpoint = endpoint_of(values("gigachat", scope="GIGACHAT_API_CORP"))
    assert endpoint.key == ""
    assert endpoint.sign_in.key == "k"
    assert endpoint.sign_in.scope == "GIGACHAT_API_CORP"
    assert endpoint.sign_in.url == "https://ngw.devices.sberbank.ru:9443/api/v2/oauth"
    assert endpoint_of(values("gigachat")).sign_in.scope == "GIGACHAT_API_PERS"


@pytest.mark.parametrize(
    ("preset", "name", "fields"),
    [
        ("openai", "gpt-4o-mini", {}),
        ("openai", "gpt-5-mini", {"reasoning_effort": "minimal"}),
        ("openai", "gpt-5-2025-08-07", {"reasoning_effort": "minimal"}),
        ("openai", "gpt-5.1", {"reasoning_effort": "none"}),
        ("openai", "gpt-5-chat-latest", {}),
        ("openai", "o4-mini", {"reasoning_effort": "low"}),
        ("yandexgpt", "", {}),
        ("yandexgpt", "qwen3-235b-a22b-fp8/latest", {"reasoning_effort": "low"}),
        ("gigachat", "", {}),
        ("cloudru", "Qwen/Qwen3-235B", {"chat_template_kwargs": {"enable_thinking": False}}),
        ("cloudru", "t-tech/T-lite", {}),
        ("vllm", "any", {"chat_template_kwargs": {"enable_thinking": False}}),
        ("ollama", "qwen3:8b", {"reasoning_effort": "none"}),
        ("ollama", "gpt-oss:20b", {"reasoning_effort": "low"}),
    ],
)
def test_reasoning_is_off_where_it_can_be(preset: str, name: str, fields: dict) -> None:
    """Each provider's own way to keep a model from thinking, only for models that know it."""
    extra = dict(endpoint_of(values(preset, name=name)).extra)
    extra.pop("stream_options", None)
    assert extra == fields


def test_operators_values_win() -> None:
    """Address, headers and CA file of the settings replace the preset's."""
    endpoint = endpoint_of(
        values(
            "yandexgpt",
            url="https://proxy.example/v1/",
            headers={"OpenAI-Project": "mine", "X-A": "b"},
            ca_file=__file__,
        )
    )
    assert endpoint.url == "https://proxy.example/v1"
    assert endpoint.headers == {"OpenAI-Project": "mine", "X-A": "b"}
    assert endpoint.ca_file == __file__


@pytest.mark.parametrize(
    ("preset", "more", "variables"),
    [
        ("gpt", {}, ["HALO_MODEL_PRESET"]),
        ("openai", {"key": ""}, ["HALO_MODEL_KEY", "HALO_MODEL_NAME"]),
        ("yandexgpt", {"key": "", "folder": ""}, ["HALO_MODEL_KEY", "HALO_MODEL_FOLDER"]),
        ("gigachat", {"key": "ключ"}, ["HALO_MODEL_KEY"]),
        ("gigachat", {"key": "k\n"}, ["HALO_MODEL_KEY"]),
        ("yandexgpt", {"folder": "b1\r\nX: y"}, ["HALO_MODEL_FOLDER"]),
        ("compatible", {}, ["HALO_MODEL_NAME", "HALO_MODEL_URL"]),
        ("vllm", {"name": "m", "url": "localhost:8000"}, ["HALO_MODEL_URL"]),
        ("vllm", {"name": "m", "url": "http://me:pw@host/v1"}, ["HALO_MODEL_URL"]),
        ("vllm", {"name": "m", "url": "http://host:port/v1"}, ["HALO_MODEL_URL"]),
        ("vllm", {"name": "m", "headers": {"X Y": "z"}}, ["HALO_MODEL_HEADERS"]),
        ("vllm", {"name": "m", "headers": {"X": "z\r\nA: b"}}, ["HALO_MODEL_HEADERS"]),
        ("vllm", {"name": "m", "ca_file": "/no/such.pem"}, ["HALO_MODEL_CA_FILE"]),
    ],
)
def test_faults_are_reported_at_once_by_variable(
    preset: str, more: dict, variables: list[str]
) -> None:
    """Every fault names its variable, and no fault shows a key or a header's value."""
    with pytest.raises(ConfigurationError) as error:
        endpoint_of(values(preset, **more))
    assert [fault.split(":")[0] for fault in error.value.faults] == variables
    assert "ключ" not in str(error.value)
    assert "pw" not in str(error.value)


def test_who_has_a_dialect_of_his_own_is_spoken_to_in_it() -> None:
    """GigaChat has `functions`; everybody else the OpenAI format."""
    assert [name for name, each in PRESETS.items() if each.dialect != "tools"] == ["gigachat"]
    assert endpoint_of(values("gigachat")).dialect == "functions"
    assert OpenAIClient(endpoint_of(values("gigachat"))).takes_tools is True
