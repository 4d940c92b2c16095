"""Arguments checked by a JSON schema that somebody else wrote."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import jsonschema_rs

from halo_voice.core.errors import ConfigurationError, ToolMisused
from halo_voice.core.tools import within
from halo_voice.tools.function import read_arguments


class Schema:
    """Raises `ConfigurationError` for what is no schema of an object."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self.parameters = {"type": "object", "properties": {}, **schema}
        if self.parameters["type"] != "object":
            raise ConfigurationError(["its parameters must be a JSON schema of an object"])
        try:
            self._valid = jsonschema_rs.validator_for(self.parameters)
        except Exception as error:  # the library's errors have no common kind
            raise ConfigurationError([f"its parameters are no JSON schema: {error}"]) from None

    def check(self, arguments: str) -> dict[str, Any]:
        """Raises `ToolMisused`."""
        given = read_arguments(arguments)
        wrong = [
            f"{'.'.join(map(str, error.instance_path)) or 'аргументы'}: {error.message}"
            for error in self._valid.iter_errors(given)
        ]
        if wrong:
            raise ToolMisused(within("Неверные аргументы. " + "; ".join(wrong), 500))
        if len(json.dumps(given)) > 4000:
            raise ToolMisused("Аргументы слишком длинные.")
        return given
