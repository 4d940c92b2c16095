"""Every knob of HALO: its variable, its default and one line of help."""

from __future__ import annotations

import difflib
import logging
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from halo_voice.core.admission import NumberLimits
from halo_voice.core.errors import ConfigurationError
from halo_voice.core.hidden import header_values, passwords
from halo_voice.core.money import Cap, ModelPrice, Prices, micros
from halo_voice.core.telephones import all_callable
from halo_voice.env_file import read_env_file

PREFIX = "HALO_"
TEST_PREFIX = "HALO_TEST_"  # the test suite's own
MODEL_ENDINGS = ("preset", "url", "key", "name", "folder", "scope", "headers", "ca_file")
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
ENV_FILE = Path(".env")
_SUM = {"ge": 0, "le": 1e9}
_LISTS = ("recording_hosts", "vox_numbers", "tool_private_hosts", "delivery_private_hosts")

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
    watch_s: float = _knob(
        5.0,
        "Profiles, the company's texts and what the console published are looked at so often, s; "
        "what has changed holds for new calls, without a restart; 0: never.",
        ge=0,
        le=3600,
    )
    scenario: Path = _knob(
        Path("scenario/voximplant_scenario_ASR.js"), "The scenario: simulated, and deployed."
    )
    store_url: str = _knob(
        "sqlite:///var/halo.sqlite3", "Where calls are kept: sqlite:///FILE or postgresql://…"
    )
    store_busy_ms: int = _knob(500, "A locked store is waited for so long, ms.", ge=1, le=60_000)
    store_spool: str = _knob(
        "", "File where writes wait while the store is away; empty: beside SQLite's, or in var."
    )

    model_preset: str = _knob(
        "",
        "Whose model: openai, yandexgpt, gigachat, cloudru, vllm, ollama; or see HALO_MODEL_URL.",
    )
    model_url: str = _knob("", "Base URL of any OpenAI-compatible server, up to and with `/v1`.")
    model_key: SecretStr = _knob(SecretStr(""), "Its key. A key alone means OpenAI.")
    model_name: str = _knob("", "The model's name; YandexGPT and GigaChat have one.")
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
    model_tokens_min: int = _knob(100_000, "Alarm when GigaChat's package has fewer.", ge=0)
    model_connect_s: float = _knob(1.0, "Connecting to the model's server, s.", gt=0, le=60)
    model_first_token_s: float = _knob(2.5, "Waiting for the model's first token, s.", gt=0, le=60)
    model_stall_s: float = _knob(1.5, "Longest pause between two tokens, s.", gt=0, le=60)
    model_answer_s: float = _knob(5.5, "The model's whole answer, s.", gt=0, le=60)

    tool_secrets: Annotated[dict[str, SecretStr], NoDecode] = _knob(
        {},
        "Secrets of the profiles' tools, `name:value`, with a comma between; `{name}` in a header.",
    )
    tool_private_hosts: Annotated[tuple[str, ...], NoDecode] = _knob(
        (),
        "Hosts (host, or host:port) that tools may reach in this network, over http too; "
        "all others must be public, over https.",
    )
    tool_data: Path = _knob(Path("var"), "Folder where the profiles' tools may keep files.")

    embeddings_file: Path = _knob(
        Path("var/embeddings.sqlite3"), "File where the vectors of the company's texts are kept."
    )

    recording_hosts: Annotated[tuple[str, ...], NoDecode] = _knob(
        (), "Hosts that recordings may be fetched from; empty: Voximplant's."
    )
    recordings: str = _knob(
        "",
        "Folder where `halo work` keeps calls' recordings, or s3://bucket/prefix; empty: none.",
    )
    recordings_url: str = _knob("", "The S3-compatible service of s3://…, https://…")
    recordings_region: str = _knob("ru-central1", "Its region.")
    recordings_key_id: str = _knob("", "The id of its static key.")
    recordings_key: SecretStr = _knob(SecretStr(""), "The static key itself.")
    transcription_url: str = _knob("", "Base URL of an OpenAI-compatible /audio/transcriptions.")
    transcription_key: SecretStr = _knob(SecretStr(""), "The transcription server's key.")
    transcription_model: str = _knob("whisper-1", "The transcription model's name.")
    transcription_ca_file: str = _knob("", "Certificate authority of the transcription server.")

    webhook_url: str = _knob("", "Where `halo work` tells of each call that has ended; https://…")
    webhook_secret: SecretStr = _knob(
        SecretStr(""), "Signs it, as Standard Webhooks wants: whsec_ and 24+ bytes in base64."
    )
    delivery_secrets: Annotated[dict[str, SecretStr], NoDecode] = _knob(
        {},
        "Secrets of the profiles' deliveries, as HALO_TOOL_SECRETS; `{name}` in a text of theirs.",
    )
    delivery_private_hosts: Annotated[tuple[str, ...], NoDecode] = _knob(
        (),
        "Hosts (host, or host:port) of this network that deliveries may go to; all others must be "
        "public.",
    )
    delivery_ca_file: str = _knob("", "Certificate authority of the servers of deliveries.")
    work_hours: float = _knob(
        24.0, "`halo work` leaves calls alone that ended more hours ago.", gt=0, le=8760
    )
    work_database_url: str = _knob(
        "", "Where `halo work` notes its steps; empty: beside the store's file, or in its database."
    )
    keep_words_days: int = _knob(
        30, "`halo work` empties the words of older calls; 0: never.", ge=0, le=36_500
    )
    keep_calls_days: int = _knob(
        180, "`halo work` removes older calls altogether; 0: never.", ge=0, le=36_500
    )

    # What one's own tariff says; as long as they are 0, only tokens are counted.
    price_model_in: float = _knob(0.0, "1,000 tokens to the model, roubles.", **_SUM)
    price_model_out: float = _knob(0.0, "1,000 tokens from the model, roubles.", **_SUM)
    price_model2_in: float = _knob(0.0, "1,000 tokens to the second model, roubles.", **_SUM)
    price_model2_out: float = _knob(0.0, "1,000 tokens from the second model, roubles.", **_SUM)
    price_asr_minute: float = _knob(0.0, "A minute of the recogniser, roubles.", **_SUM)
    price_tts: float = _knob(0.0, "1,000 characters spoken by the voice, roubles.", **_SUM)
    price_line_minute: float = _knob(0.0, "A minute of the telephone line, roubles.", **_SUM)
    call_roubles: float = _knob(
        30.0,
        "The models of one call; above it the offline assistant answers; 0: no limit.",
        **_SUM,
    )
    call_tokens: int = _knob(300_000, "The same in tokens; 0: no limit.", ge=0)
    day_roubles: float = _knob(
        3000.0,
        "The models of all calls of a day; above it the offline assistant answers; 0: no limit.",
        **_SUM,
    )
    day_tokens: int = _knob(20_000_000, "The same in tokens; 0: no limit.", ge=0)
    day_utc_hours: float = _knob(
        3.0, "Our clock (day, console): so many hours east of Greenwich; Moscow: 3.", ge=-12, le=14
    )
    calls_max: int = _knob(
        1000,
        "Calls of one process at once; one more hears that all lines are busy; 0: no limit.",
        ge=0,
    )
    number_calls: int = _knob(2, "Calls of one caller's number at once; 0: no limit.", ge=0)
    number_calls_hour: int = _knob(10, "Calls of one number in an hour; 0: no limit.", ge=0)
    number_minutes_day: int = _knob(
        30, "Minutes of one number in 24 hours, for a new call; 0: no limit.", ge=0
    )

    public_url: str = _knob(
        "", "Address under which the telephony cloud reaches HALO: https://halo.example.ru"
    )
    vox_credentials: str = _knob("", "Voximplant's service account: its key file (JSON).")
    vox_application: str = _knob("halo", "Voximplant's application that `halo deploy` fills.")
    vox_numbers: Annotated[tuple[str, ...], NoDecode, AfterValidator(all_callable)] = _knob(
        (), "Rented numbers that lead to it, with commas between: +74950000000."
    )
    vox_api: str = _knob("api.voximplant.com", "Host of Voximplant's Management API.")
    vox_balance_min: float = _knob(500.0, "Alarm when the account has less, in its money.", **_SUM)

    console: Literal["here", "outside", "off"] = _knob(
        "here",
        "Who may reach the console: this machine, or also others, through TLS, who then sign in; "
        "or nobody.",
    )
    console_key: SecretStr = _knob(
        "", "Seals the second factors of the console's users, >= 32 bytes: `openssl rand -hex 32`."
    )
    console_mask_numbers: bool = _knob(
        True, "The console shows callers' numbers with their middle hidden."
    )

    log: Literal["text", "json"] = _knob("text", "How log lines look: text or json.")
    log_level: Literal["debug", "info", "warning", "error"] = _knob("info", "Least level logged.")

    @field_validator("keys", "tool_secrets", "delivery_secrets", mode="before")
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

    @field_validator("console_key")
    @classmethod
    def _check_console_key(cls, key: SecretStr) -> SecretStr:
        if 0 < len(key.get_secret_value().encode()) < 32:
            raise ValueError("has less than 32 bytes: `openssl rand -hex 32`")
        return key

    @field_validator(*_LISTS, mode="before")
    @classmethod
    def _read_list(cls, value: Any) -> Any:
        if isinstance(value, str):
            if "/" in value:
                raise ValueError("no «/» here: crm.local, or crm.local:8080, not http://crm.local/")
            return tuple(each.strip().lower() for each in value.split(",") if each.strip())
        return value

    @property
    def loopback(self) -> bool:
        return self.host in LOOPBACK

    @property
    def secrets(self) -> list[str]:
        """What must never be said or shown: signing keys, the keys of models and servers, the
        values of more headers of theirs, and the password in the store's address."""
        given = [value for value in vars(self).values() if isinstance(value, SecretStr)]
        named = [self.keys, self.tool_secrets, self.delivery_secrets]
        given += [each for several in named for each in several.values()]
        values = [each.get_secret_value() for each in given]
        values += [*header_values(self.model_headers), *header_values(self.model2_headers)]
        values += passwords(self.store_url)
        return [value for value in dict.fromkeys(values) if value]

    @property
    def bucket(self) -> tuple[str, str, str, str, str]:
        """What describes where recordings are kept: place, service, region, the key's id, key."""
        key = self.recordings_key.get_secret_value()
        named = self.recordings_url, self.recordings_region, self.recordings_key_id
        return (self.recordings, *named, key)

    @property
    def offline(self) -> bool:
        """No model is configured: the offline assistant answers everything."""
        return not (self.model_preset or self.model_url or self.model_key.get_secret_value())

    @property
    def scenario_secrets(self) -> dict[str, str]:
        """With what a scenario signs for this server; nothing while no key is set."""
        key_id, key = next(iter(self.keys.items()), ("", None))
        return {} if key is None else {"HALO_KEY_ID": key_id, "HALO_KEY": key.get_secret_value()}

    def spending(self, models: Sequence[str]) -> dict[str, Any]:
        """What `Budget` wants to know. `models`: the names of the first and of the second."""
        of_models = (
            ModelPrice(self.price_model_in, self.price_model_out),
            ModelPrice(self.price_model2_in, self.price_model2_out),
        )
        prices = Prices(
            models=dict(zip(models, of_models, strict=False)),
            asr_minute=self.price_asr_minute,
            tts=self.price_tts,
            line_minute=self.price_line_minute,
        )
        return {
            "prices": prices,
            "call": Cap(micros(self.call_roubles), self.call_tokens),
            "day": Cap(micros(self.day_roubles), self.day_tokens),
            "utc_hours": self.day_utc_hours,
        }

    def admission(self) -> dict[str, Any]:
        """What `Admission` wants to know."""
        numbers = NumberLimits(
            together=self.number_calls,
            per_hour=self.number_calls_hour,
            minutes_per_day=self.number_minutes_day,
        )
        return {"calls_max": self.calls_max, "numbers": numbers}

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
    names, faults = read_env_file(ENV_FILE)
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
