"""Every knob of HALO: its variable, its default and one line of help."""

from __future__ import annotations

import difflib
import io
import logging
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

from dotenv.parser import parse_stream
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from halo_voice.core.errors import ConfigurationError

PREFIX = "HALO_"
TEST_PREFIX = "HALO_TEST_"  # the test suite's own
MODEL_ENDINGS = ("preset", "url", "key", "name", "folder", "scope", "headers", "ca_file")
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
ENV_FILE = Path(".env")

logging.getLogger("dotenv").setLevel(logging.ERROR)  # its warnings are our faults, with words


def _knob(default: Any, help_line: str, **limits: Any) -> Any:
    return Field(default=default, description=help_line, **limits)


class Settings(BaseSettings):
    """What the environment (and a file `.env`) says, checked as a whole. Frozen."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=ENV_FILE,
        env_file_encoding="utf-8-sig",
        frozen=True,
        extra="ignore",
        validate_default=True,
    )

    host: str = _knob("127.0.0.1", "Address to listen on; other than loopback only with HALO_KEYS.")
    port: int = _knob(8080, "Port to listen on.", ge=0, le=65535)
    keys: Annotated[dict[str, SecretStr], NoDecode] = _knob(
        {},
        "Signing keys, `id:secret`, two at most, with a comma between; a secret has >= 32 bytes.",
    )
    assistants: Path = _knob(Path("assistants"), "Folder of the profiles (*.toml).")
    scenario: Path = _knob(
        Path("scenario/voximplant_scenario_ASR.js"), "The scenario file that the simulator runs."
    )
    store_url: str = _knob(
        "sqlite:///var/halo.sqlite3", "Where calls are kept: sqlite:///FILE or postgresql://…"
    )
    store_busy_ms: int = _knob(500, "A locked store is waited for so long, ms.", ge=1, le=60_000)

    store_spool: str = _knob(
        "",
        "File where writes wait while the store is away; empty: beside the SQLite file, or in var.",
    )

    model_preset: str = _knob(
        "",
        "Whose model: openai, yandexgpt, gigachat, cloudru, vllm, ollama; or see HALO_MODEL_URL.",
    )
    model_url: str = _knob("", "Base URL of any OpenAI-compatible server, up to and with `/v1`.")
    model_key: SecretStr = _knob(
        SecretStr(""), "The model's key; without key and URL HALO is offline."
    )
    model_name: str = _knob("", "The model's name; empty: the preset's.")
    model_folder: str = _knob("", "YandexGPT: the folder's id.")
    model_scope: str = _knob("", "GigaChat: GIGACHAT_API_PERS, _B2B or _CORP.")
    model_headers: str = _knob("", "More request headers, as a JSON object.")
    model_ca_file: str = _knob("", "File of the certificate authority of the model's server.")
    model2_preset: str = _knob("", "As HALO_MODEL_PRESET, of a second model; empty: there is none.")
    model2_url: str = _knob("", "The second model's base URL.")
    model2_key: SecretStr = _knob(SecretStr(""), "The second model's key.")
    model2_name: str = _knob("", "The second model's name; empty: its preset's.")
    model2_folder: str = _knob("", "The second model's folder.")
    model2_scope: str = _knob("", "The second model's scope.")
    model2_headers: str = _knob("", "More request headers of the second model, as a JSON object.")
    model2_ca_file: str = _knob("", "Certificate authority of the second model's server.")
    model_hedge_ms: int = _knob(
        1200,
        "The second model is asked as well when the first has said nothing for so long, ms; "
        "once its pace is known, after the time in which nine of ten of its answers begin.",
        ge=100,
        le=60_000,
    )
    model_max_tokens: int = _knob(300, "Longest answer of the model, tokens.", ge=16, le=4000)
    model_connect_s: float = _knob(1.0, "Connecting to the model's server, s.", gt=0, le=60)
    model_first_token_s: float = _knob(2.5, "Waiting for the model's first token, s.", gt=0, le=60)
    model_stall_s: float = _knob(1.5, "Longest pause between two tokens, s.", gt=0, le=60)
    model_answer_s: float = _knob(5.5, "The model's whole answer, s.", gt=0, le=60)

    recording_hosts: Annotated[tuple[str, ...], NoDecode] = _knob(
        (), "Hosts that recordings may be fetched from; empty: Voximplant's."
    )
    transcription_url: str = _knob("", "Base URL of an OpenAI-compatible /audio/transcriptions.")
    transcription_key: SecretStr = _knob(SecretStr(""), "The transcription server's key.")
    transcription_model: str = _knob("whisper-1", "The transcription model's name.")
    transcription_ca_file: str = _knob("", "Certificate authority of the transcription server.")

    log: Literal["text", "json"] = _knob("text", "How log lines look: text or json.")
    log_level: Literal["debug", "info", "warning", "error"] = _knob("info", "Least level logged.")

    @field_validator("keys", mode="before")
    @classmethod
    def _read_keys(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        pairs = [pair.strip().partition(":") for pair in value.split(",") if pair.strip()]
        if any(not (key_id and secret) for key_id, _, secret in pairs):
            raise ValueError("write it as id:secret,id2:secret2")
        if len({key_id for key_id, _, _ in pairs}) < len(pairs):
            raise ValueError("two keys have the same id; give each its own")
        return {key_id: secret for key_id, _, secret in pairs}

    @field_validator("keys")
    @classmethod
    def _check_keys(cls, keys: dict[str, SecretStr]) -> dict[str, SecretStr]:
        if len(keys) > 2:
            raise ValueError("two live keys at most: the present one and the next")
        return keys

    @field_validator("recording_hosts", mode="before")
    @classmethod
    def _read_hosts(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(host.strip().lower() for host in value.split(",") if host.strip())
        return value

    @property
    def loopback(self) -> bool:
        return self.host in LOOPBACK

    @property
    def offline(self) -> bool:
        """No model is configured: the offline assistant answers everything."""
        return not (self.model_preset or self.model_url or self.model_key.get_secret_value())

    def model(self, name: Literal["model", "model2"]) -> dict[str, str] | None:
        """What is set of one model, by the variables' endings; None when nothing is."""
        values = {end: getattr(self, f"{name}_{end}") for end in MODEL_ENDINGS}
        values["key"] = values["key"].get_secret_value()
        return values if any(values.values()) else None


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return PREFIX + name.upper()


def load_settings(**overrides: Any) -> Settings:
    """Read the environment; `overrides` (by field name) win. Raises `ConfigurationError`."""
    settings, faults = read_settings(**overrides)
    if faults:
        raise ConfigurationError(faults)
    return settings


def read_settings(**overrides: Any) -> tuple[Settings, list[str]]:
    """The settings, faulty ones at their defaults, and the faults, so that others can be added.

    Raises `ConfigurationError` where the file `.env` cannot be read at all: without it, most of
    what else could be said would be wrong.
    """
    names, faults = _read_env_file(ENV_FILE)
    torn = bool(faults)
    wrong: set[str] = set()
    try:
        settings = Settings(**overrides)
    except ValidationError as error:
        # The input is left out on purpose: it may be a secret.
        found = error.errors(include_input=False)
        faults += map(_fault, found)
        wrong = {str(each["loc"][0]) for each in found}
        defaults = {name: Settings.model_fields[name].default for name in wrong}
        settings = Settings(**{**overrides, **defaults})
    faults += _unknown_variables([*names, *os.environ])
    # A key that could not be read is told as such.
    if not (settings.loopback or settings.keys or "keys" in wrong or torn):
        faults.append(
            f"HALO_HOST: {settings.host} is reachable from outside and HALO_KEYS is empty; "
            "set a signing key, or listen on 127.0.0.1"
        )
    return settings, faults


def _read_env_file(path: Path) -> tuple[list[str], list[str]]:
    """The names in the file, and its faults; none of them shows a line, which may hold a secret."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        return [], []
    except IsADirectoryError:
        raise ConfigurationError([f"{path}: is a folder; remove it, or make it a file"]) from None
    except OSError as error:
        raise ConfigurationError([f"{path}: cannot be read: {error.strerror}"]) from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ConfigurationError([f"{path}:{line}: is not UTF-8; save it as UTF-8"]) from None
    names, faults = [], []
    for statement in parse_stream(io.StringIO(text)):
        written = statement.original.string
        blank = written[: len(written) - len(written.lstrip())]
        line = statement.original.line + blank.count("\n")
        if statement.error or (statement.key is not None and statement.value is None):
            faults.append(f"{path}:{line}: cannot be understood; write NAME=value")
        elif statement.key is not None:
            names.append(statement.key)
    return names, faults


def _fault(error: Any) -> str:
    return f"{variable(str(error['loc'][0]))}: {error['msg'].removeprefix('Value error, ')}"


def _unknown_variables(names: Iterable[str]) -> list[str]:
    """A misspelt variable would be silently without effect: name it, with what it may mean."""
    known = {variable(name) for name in Settings.model_fields}
    faults = []
    for name in set(names):
        if name.startswith(PREFIX) and name not in known and not name.startswith(TEST_PREFIX):
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]}?" if near else "see docs/settings.md"
            faults.append(f"{name}: no such setting; {hint}")
    return sorted(faults)


def settings_table() -> str:
    """`docs/settings.md`: one row a setting."""
    rows = [
        "# Settings",
        "",
        "Environment variables, or lines of a file `.env`. Generated by `halo docs`.",
        "",
        "| variable | default | meaning |",
        "|---|---|---|",
    ]
    for name, knob in Settings.model_fields.items():
        default = knob.get_default(call_default_factory=True)
        shown = "" if isinstance(default, SecretStr) or default in ("", {}, ()) else f"`{default}`"
        rows.append(f"| `{variable(name)}` | {shown} | {knob.description} |")
    return "\n".join(rows) + "\n"
