"""The one place where the parts are joined: settings and profiles in, a running HALO out."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

import structlog
from fastapi import FastAPI, Request, Response

from halo_voice import __version__
from halo_voice.api.direct import Direct
from halo_voice.api.gate import UNFORESEEN, App, Gate, error_reply
from halo_voice.api.routes_health import health_router
from halo_voice.api.routes_metrics import metrics_router
from halo_voice.api.routes_stream import stream_app
from halo_voice.api.routes_voximplant import voximplant_router
from halo_voice.api.signature import Verifier, check_key
from halo_voice.api.websocket import SERVING
from halo_voice.api.wire import wire_page
from halo_voice.calls.recordings import Recordings
from halo_voice.calls.switchboard import Switchboard
from halo_voice.calls.words import Words
from halo_voice.core import voices
from halo_voice.core.errors import (
    ConfigurationError,
    HaloError,
    NoSuchMethod,
    NoSuchPath,
    StoreError,
)
from halo_voice.core.ports import LanguageModel, RecordingSource, Store
from halo_voice.core.profile import Profiles
from halo_voice.knowledge.index import CompanyTexts
from halo_voice.llm.endpoint import Endpoint, Limits
from halo_voice.llm.guarded import GuardedModel
from halo_voice.llm.offline import OfflineAssistant
from halo_voice.llm.openai_client import OpenAIClient
from halo_voice.llm.presets import ModelValues, endpoint_of
from halo_voice.llm.provider import Provider
from halo_voice.metrics import CONTENT_TYPE, Metrics
from halo_voice.profiles import load_profiles
from halo_voice.settings import Settings, read_settings, variable
from halo_voice.speech.addresses import RECORDING_HOSTS, host_fault
from halo_voice.speech.recordings import HttpRecordingSource
from halo_voice.speech.spoken import spoken
from halo_voice.speech.transcriber import OpenAITranscriber, transcriber_faults
from halo_voice.store import SpooledStore, open_store, spool_path

__all__ = [
    "SERVING",
    "Configuration",
    "Halo",
    "configure",
    "load_configuration",
    "running",
    "wire_page",
]

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Configuration:
    """Everything that was checked before anything was opened."""

    settings: Settings
    profiles: Profiles
    endpoints: Sequence[Endpoint]


@dataclass(frozen=True, slots=True)
class Halo:
    """A running HALO: `web` is the ASGI application, the rest is for those who look inside."""

    web: App
    switchboard: Switchboard
    store: Store


def load_configuration(**overrides: Any) -> Configuration:
    """Read and check everything. Raises `ConfigurationError` with all faults of all of it."""
    settings, faults = read_settings(**overrides)
    try:
        configuration = configure(settings)
    except ConfigurationError as error:
        raise ConfigurationError([*faults, *error.faults]) from None
    if faults:
        raise ConfigurationError(faults)
    return configuration


def configure(settings: Settings) -> Configuration:
    """Check what the settings mean to the parts, and the profiles. Raises all faults at once."""
    faults: list[str] = []
    for key_id, secret in settings.keys.items():
        faults += [f"HALO_KEYS: {f}" for f in check_key(key_id, secret.get_secret_value())]
    profiles: Profiles | None = None
    try:
        profiles = load_profiles(settings.assistants)
    except ConfigurationError as error:
        faults += error.faults
    endpoints: list[Endpoint] = []
    for name in ("model", "model2"):
        try:
            endpoints += _endpoint(settings, name, endpoints)
        except ConfigurationError as error:
            faults += error.faults
    faults += _recording_faults(settings)
    if faults or profiles is None:
        raise ConfigurationError(faults)
    return Configuration(settings, profiles, endpoints)


def _recording_faults(settings: Settings) -> list[str]:
    """What the parts that serve recordings would refuse, under the variables' names."""
    faults = [f"HALO_RECORDING_HOSTS: {f}" for f in map(host_fault, settings.recording_hosts) if f]
    found = transcriber_faults(
        settings.transcription_url,
        settings.transcription_key.get_secret_value(),
        settings.transcription_ca_file,
    )
    return faults + [f"HALO_TRANSCRIPTION_{ending}: {fault}" for ending, fault in found.items()]


def _endpoint(
    settings: Settings, name: Literal["model", "model2"], before: Sequence[Endpoint]
) -> list[Endpoint]:
    """The endpoint of this model, if it is configured; its name differs from those before it."""
    prefix = variable(name)
    values = settings.model(name)
    if values is None:
        return []
    if not (values["preset"] or values["url"] or values["key"]):
        words = f"has no effect while {prefix}_PRESET, {prefix}_URL and {prefix}_KEY are empty."
        raise ConfigurationError(
            [f"{prefix}_{ending.upper()}: {words}" for ending, value in values.items() if value]
        )
    if settings.offline:
        raise ConfigurationError([f"{prefix}_PRESET: a second model needs a first: HALO_MODEL_…"])
    faults = []
    headers = _headers(values.pop("headers"))
    if headers is None:
        faults.append(f"{prefix}_HEADERS: must be a JSON object of strings")
    preset = values.pop("preset") or ("compatible" if values["url"] else "openai")
    try:
        endpoint = endpoint_of(
            ModelValues(preset=preset, headers=headers or {}, prefix=prefix, **values),
            _limits(settings),
        )
    except ConfigurationError as error:
        raise ConfigurationError([*faults, *error.faults]) from None
    if faults:
        raise ConfigurationError(faults)
    if endpoint.name in [each.name for each in before]:
        endpoint = replace(endpoint, name=f"{endpoint.name}-2")
    return [endpoint]


def _headers(written: str) -> dict[str, str] | None:
    """The headers of a JSON object; None where it is none, or not of strings."""
    try:
        headers = json.loads(written or "{}")
    except (ValueError, RecursionError):
        return None
    good = isinstance(headers, dict) and all(isinstance(value, str) for value in headers.values())
    return headers if good else None


def _limits(settings: Settings) -> Limits:
    return Limits(
        connect_s=settings.model_connect_s,
        first_token_s=settings.model_first_token_s,
        stall_s=settings.model_stall_s,
        answer_s=settings.model_answer_s,
    )


@asynccontextmanager
async def running(
    configuration: Configuration,
    *,
    store: Store | None = None,
    model: LanguageModel | None = None,
    recording_source: RecordingSource | None = None,
) -> AsyncIterator[Halo]:
    """Open every part, yield the whole, close it in reverse order.

    `store`, `model` and `recording_source` replace the configured ones and are closed as well.
    Raises `StoreUnavailable`.
    """
    settings = configuration.settings
    async with AsyncExitStack() as parts:
        store = store or await _store(settings)
        parts.push_async_callback(store.close)
        clients = [model] if model else [OpenAIClient(e) for e in configuration.endpoints]
        for each in clients:
            parts.push_async_callback(each.close)
        hedge_s = settings.model_hedge_ms / 1000
        providers = [Provider(each, hedge_s=hedge_s) for each in clients]
        models = _models(configuration.profiles, providers)
        # Each once: the guarded models of all profiles share the clients.
        nets = [guarded.last for guarded in models.values()]
        await asyncio.gather(*(each.warm_up() for each in (*clients, *nets)))
        words = {
            name: Words(guarded, net=guarded.last, max_tokens=settings.model_max_tokens)
            for name, guarded in models.items()
        }
        spoken_by = _spoken(configuration.profiles)
        metrics = Metrics()
        switchboard = Switchboard(
            configuration.profiles, words, store, spoken=spoken_by, meter=metrics
        )
        _watch(metrics, switchboard, store, providers)
        parts.push_async_callback(switchboard.close)
        source = recording_source or HttpRecordingSource(
            settings.recording_hosts or RECORDING_HOSTS
        )
        parts.push_async_callback(source.close)
        transcriber = _transcriber(settings)
        if transcriber is not None:
            parts.push_async_callback(transcriber.close)
        recordings = Recordings(store, source, transcriber)
        web = _web(settings, switchboard, recordings, store, providers, metrics)
        _log.info(
            "ready",
            profiles=len(models),
            models=[provider.state.name for provider in providers],
            offline=not providers,
            version=__version__,
        )
        yield Halo(web, switchboard, store)


async def _store(settings: Settings) -> Store:
    """The store, with the spool before it that keeps the conversation going while it is away."""
    url = settings.store_url
    spool = Path(settings.store_spool) if settings.store_spool else spool_path(url)
    busy_ms = settings.store_busy_ms
    inner = await open_store(url, busy_ms=busy_ms)
    store = SpooledStore(inner, spool, patience_s=busy_ms / 1000 + 0.5)
    await store.start()
    return store


def _models(profiles: Profiles, providers: Sequence[Provider]) -> dict[str, GuardedModel]:
    """For each profile: the models that all share, and its own offline assistant as the net."""
    models: dict[str, GuardedModel] = {}
    for profile in profiles:
        offline = OfflineAssistant(CompanyTexts(profile.documents), profile.texts)
        models[profile.name] = GuardedModel([*providers, offline])
    return models


def _spoken(profiles: Profiles) -> dict[str, Callable[[str], str]]:
    """For each profile: text in words, as the engine of its voice wants it."""
    return {
        profile.name: partial(spoken, engine=voices.vendor(profile.voice.name), words=profile.words)
        for profile in profiles
    }


def _watch(
    metrics: Metrics, switchboard: Switchboard, store: Store, providers: Sequence[Provider]
) -> None:
    """What is read when somebody asks for the figures."""
    metrics.watch("halo_live_calls", "Calls in progress.", lambda: len(switchboard))
    up = "1 unless the store is known to take no writes."
    metrics.watch("halo_store_up", up, lambda: not getattr(store, "away", False))
    waiting = "Writes that wait in the spool for the store."
    metrics.watch("halo_spooled_writes", waiting, lambda: getattr(store, "spooled", 0))
    unsaved = "Those of them that are in memory only."
    metrics.watch("halo_unsaved_writes", unsaved, lambda: getattr(store, "unsaved", 0))
    metrics.watch_models(lambda: [provider.state for provider in providers])


def _transcriber(settings: Settings) -> OpenAITranscriber | None:
    if not settings.transcription_url:
        return None
    return OpenAITranscriber(
        settings.transcription_url,
        settings.transcription_key.get_secret_value(),
        settings.transcription_model,
        ca_file=settings.transcription_ca_file or None,
    )


def _web(
    settings: Settings,
    switchboard: Switchboard,
    recordings: Recordings,
    store: Store,
    providers: Sequence[Provider],
    metrics: Metrics,
) -> App:
    api = FastAPI(
        title="HALO", version=__version__, docs_url=None, redoc_url=None, redirect_slashes=False
    )

    @api.exception_handler(404)
    @api.exception_handler(405)
    async def answer_nowhere(_: Request, error: Exception) -> Response:
        status, body = error_reply(
            NoSuchMethod() if getattr(error, "status_code", 404) == 405 else NoSuchPath()
        )
        return Response(body, status, media_type="application/json")

    @api.exception_handler(HaloError)
    @api.exception_handler(Exception)
    async def answer_fault(_: Request, error: Exception) -> Response:
        status, body = error_reply(error if isinstance(error, HaloError) else UNFORESEEN)
        return Response(body, status, media_type="application/json")

    async def report() -> dict[str, Any]:
        try:
            await store.ping()
            store_state = "ok"
        except StoreError as error:
            store_state = error.code
        return {
            # Calls go on while the spool takes what the store refuses, as long as it is on a disk.
            "ready": store_state == "ok" or getattr(store, "unsaved", 1) == 0,
            "store": store_state,
            "spooled": getattr(store, "spooled", 0),
            "unsaved": getattr(store, "unsaved", 0),
            "model": "offline" if settings.offline else (settings.model_preset or "compatible"),
            "models": [provider.state for provider in providers],
            "offline": settings.offline,
            "profiles": [profile.name for profile in switchboard.profiles],
            "live_calls": len(switchboard),
            "version": __version__,
        }

    calls = voximplant_router(switchboard, recordings)
    api.include_router(calls)
    api.include_router(health_router(report))
    api.include_router(metrics_router(metrics.text, CONTENT_TYPE))
    keys = {key_id: secret.get_secret_value() for key_id, secret in settings.keys.items()}
    web = Direct(api, calls, stream_app(switchboard))
    return Gate(web, Verifier(keys, store.claim_nonce, time.time) if keys else None)
