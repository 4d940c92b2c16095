"""Each provider's ways, as data: address, key, folder, model's name, how to keep it from thinking.

A preset and the settings' values make an `Endpoint`. What a voice needs from all of them is the
same: the first word soon, so reasoning is switched off wherever the provider lets us.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from halo_voice.core.errors import ConfigurationError
from halo_voice.llm.endpoint import Dialect, Endpoint, KeyStyle, Limits, SignIn

#: Fields for models whose name fits the pattern; the first that fits counts.
Quirks = tuple[tuple[str, Mapping[str, Any]], ...]

_USAGE: Mapping[str, Any] = {"stream_options": {"include_usage": True}}
_TEMPLATE_THINKS_NOT: Mapping[str, Any] = {"chat_template_kwargs": {"enable_thinking": False}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """What is the same for every customer of a provider."""

    url: str = ""
    model: str = ""
    key_style: KeyStyle = "Bearer"
    key_needed: bool = True
    folder_header: str = ""
    model_template: str = "{name}"
    max_tokens_field: str = "max_tokens"
    extra: Mapping[str, Any] = field(default_factory=dict)
    reasoning_off: Quirks = ()
    sign_in_url: str = ""
    scope: str = ""
    tools: bool = True
    dialect: Dialect = "tools"
    packages: bool = False

    @property
    def folder_needed(self) -> bool:
        return bool(self.folder_header)


PRESETS: Mapping[str, Preset] = {
    # Any other server: nothing is assumed of it.
    "compatible": Preset(key_needed=False),
    "openai": Preset(
        url="https://api.openai.com/v1",
        max_tokens_field="max_completion_tokens",
        extra=_USAGE,
        reasoning_off=(
            (r"gpt-5(-mini|-nano)?(-20.*)?$", {"reasoning_effort": "minimal"}),
            (r"gpt-5\.(?!.*(codex|pro))", {"reasoning_effort": "none"}),
            (r"o\d", {"reasoning_effort": "low"}),
        ),
    ),
    "yandexgpt": Preset(
        url="https://ai.api.cloud.yandex.net/v1",
        model="yandexgpt/latest",
        key_style="Api-Key",
        folder_header="OpenAI-Project",
        model_template="gpt://{folder}/{name}",
        # YandexGPT itself does not reason unless asked; the open models of the gallery do.
        reasoning_off=((r"gpt://[^/]+/(qwen3|gpt-oss)", {"reasoning_effort": "low"}),),
    ),
    "gigachat": Preset(
        url="https://gigachat.devices.sberbank.ru/api/v1",
        model="GigaChat-2",
        sign_in_url="https://ngw.devices.sberbank.ru:9443/api/v2/oauth",
        scope="GIGACHAT_API_PERS",
        dialect="functions",
        packages=True,
    ),
    "cloudru": Preset(
        url="https://foundation-models.api.cloud.ru/v1",
        extra=_USAGE,
        reasoning_off=((r"(?i).*(qwen3|glm)", _TEMPLATE_THINKS_NOT),),
    ),
    "vllm": Preset(
        url="http://127.0.0.1:8000/v1",
        key_needed=False,
        extra=_USAGE,
        reasoning_off=((r"", _TEMPLATE_THINKS_NOT),),
    ),
    "ollama": Preset(
        url="http://127.0.0.1:11434/v1",
        key_needed=False,
        extra=_USAGE,
        reasoning_off=(
            (r"gpt-oss", {"reasoning_effort": "low"}),
            (r"", {"reasoning_effort": "none"}),
        ),
    ),
}

_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_WORD = re.compile(r"[\x21-\x7e]+")
_HEADER_VALUE = re.compile(r"[\x20-\x7e]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelValues:
    """The settings of one model, as the operator gave them; empty means the preset's own.

    `prefix`: what the names of its variables begin with, for those who read of a fault.
    """

    preset: str
    url: str = ""
    key: str = field(default="", repr=False)
    name: str = ""
    folder: str = ""
    scope: str = ""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    ca_file: str = ""
    prefix: str = "HALO_MODEL"


def endpoint_of(values: ModelValues, limits: Limits | None = None) -> Endpoint:
    """The endpoint that the values describe. Raises `ConfigurationError` with all faults."""
    preset = PRESETS.get(values.preset)
    if preset is None:
        known = ", ".join(sorted(PRESETS))
        raise ConfigurationError(
            [f"{values.prefix}_PRESET: «{values.preset}» is unknown; known are {known}."]
        )
    faults = _faults(preset, values)
    if faults:
        raise ConfigurationError(faults)
    model = preset.model_template.format(folder=values.folder, name=values.name or preset.model)
    if "://" in values.name:  # the operator gave the whole address of the model
        model = values.name
    headers = dict(values.headers)
    if preset.folder_header:
        headers.setdefault(preset.folder_header, values.folder)
    return Endpoint(
        url=(values.url or preset.url).rstrip("/"),
        model=model,
        name=values.preset,
        key="" if preset.sign_in_url else values.key,
        key_style=preset.key_style,
        headers=headers,
        ca_file=values.ca_file,
        max_tokens_field=preset.max_tokens_field,
        extra={**preset.extra, **_reasoning_off(preset, model)},
        sign_in=_sign_in(preset, values),
        prefix=values.prefix,
        limits=limits or Limits(),
        tools=preset.tools,
        dialect=preset.dialect,
        packages=preset.packages,
    )


def _reasoning_off(preset: Preset, model: str) -> Mapping[str, Any]:
    for pattern, fields in preset.reasoning_off:
        if re.match(pattern, model):
            return fields
    return {}


def _sign_in(preset: Preset, values: ModelValues) -> SignIn | None:
    if not preset.sign_in_url:
        return None
    return SignIn(url=preset.sign_in_url, scope=values.scope or preset.scope, key=values.key)


def _faults(preset: Preset, values: ModelValues) -> list[str]:
    of, prefix = f"the preset {values.preset}", values.prefix
    faults = []
    if preset.key_needed and not values.key:
        faults.append(f"{prefix}_KEY: {of} needs a key.")
    if values.key and not _WORD.fullmatch(values.key):
        faults.append(f"{prefix}_KEY: has spaces, line ends or characters that are not ASCII.")
    if preset.folder_needed and not values.folder:
        faults.append(f"{prefix}_FOLDER: {of} needs the folder's id.")
    if values.folder and not _WORD.fullmatch(values.folder):
        faults.append(f"{prefix}_FOLDER: has spaces or characters that are not ASCII.")
    if not (values.name or preset.model):
        faults.append(f"{prefix}_NAME: {of} needs the model's name.")
    if not (values.url or preset.url) or not _is_address(values.url or preset.url):
        faults.append(f"{prefix}_URL: must be http://… or https://…, without a user or a query.")
    faults += [
        f"{prefix}_HEADERS: the header number {number} is not a name and a line of ASCII."
        for number, (name, value) in enumerate(values.headers.items(), 1)
        if not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(value)
    ]
    if values.ca_file and not Path(values.ca_file).is_file():
        faults.append(f"{prefix}_CA_FILE: there is no file {values.ca_file}.")
    return faults


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        port_is_good = parts.port != 0
    except ValueError:
        return False
    clean = not (parts.username or parts.password or parts.query or parts.fragment)
    return parts.scheme in ("http", "https") and bool(parts.hostname) and clean and port_is_good
