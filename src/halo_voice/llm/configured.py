"""The endpoint of a model that the settings describe, or what is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from halo_voice.core.errors import ConfigurationError
from halo_voice.core.hidden import headers_of
from halo_voice.llm.endpoint import Endpoint, Limits
from halo_voice.llm.presets import ModelValues, endpoint_of


def configured(
    values: dict[str, str] | None,
    prefix: str,
    limits: Limits | None = None,
    *,
    before: Sequence[Endpoint] = (),
    offline: bool = False,
) -> list[Endpoint]:
    """The endpoint of this model, if it is configured; its name differs from those before it.

    `values`: by the endings of its variables, whose names begin with `prefix`. `offline`: there is
    no first model. Raises `ConfigurationError` with all faults.
    """
    if values is None:
        return []
    if not (values["preset"] or values["url"] or values["key"]):
        words = f"has no effect while {prefix}_PRESET, {prefix}_URL and {prefix}_KEY are empty."
        raise ConfigurationError(
            [f"{prefix}_{ending.upper()}: {words}" for ending, value in values.items() if value]
        )
    if offline:
        raise ConfigurationError([f"{prefix}_PRESET: a second model needs a first: HALO_MODEL_…"])
    faults = []
    headers = headers_of(values.pop("headers"))
    if headers is None:
        faults.append(f"{prefix}_HEADERS: must be a JSON object of strings")
    preset = values.pop("preset") or ("compatible" if values["url"] else "openai")
    try:
        given = ModelValues(preset=preset, headers=headers or {}, prefix=prefix, **values)
        endpoint = endpoint_of(given, limits)
    except ConfigurationError as error:
        raise ConfigurationError([*faults, *error.faults]) from None
    if faults:
        raise ConfigurationError(faults)
    if endpoint.name in [each.name for each in before]:
        endpoint = replace(endpoint, name=f"{endpoint.name}-2")
    return [endpoint]
