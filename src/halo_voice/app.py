"""The one place where the parts are joined: settings and profiles in, a running HALO out."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog
from fastapi import APIRouter, FastAPI, Request, Response

from halo_voice import __version__
from halo_voice.api.direct import Direct
from halo_voice.api.gate import UNFORESEEN, App, Gate, error_reply
from halo_voice.api.openapi import describe, methods_of
from halo_voice.api.routes_health import health_router
from halo_voice.api.routes_metrics import metrics_router
from halo_voice.api.routes_stream import stream_app
from halo_voice.api.routes_voximplant import voximplant_router
from halo_voice.api.signature import Verifier, check_key
from halo_voice.api.websocket import SERVING
from halo_voice.api.wire import wire_page
from halo_voice.assistants import Assistants, Renewal
from halo_voice.calls.admission import Admission
from halo_voice.calls.budget import Budget
from halo_voice.calls.campaigns import Campaigns
from halo_voice.calls.dialler import Dialler
from halo_voice.calls.diaries import Diaries
from halo_voice.calls.reconciler import Reconciler
from halo_voice.calls.recordings import Recordings
from halo_voice.calls.sent import messages_sent
from halo_voice.calls.switchboard import Switchboard
from halo_voice.calls.transfers import Transfers
from halo_voice.core.alarms import Alarms
from halo_voice.core.embeddings import Embeddings
from halo_voice.core.errors import (
    ConfigurationError,
    HaloError,
    NoSuchMethod,
    NoSuchPath,
    StoreError,
)
from halo_voice.core.ports import LanguageModel, RecordingSource, Store
from halo_voice.core.profile import Profiles
from halo_voice.desk import open_desk
from halo_voice.front import Front
from halo_voice.knowledge.meanings import Meanings
from halo_voice.llm.configured import configured
from halo_voice.llm.embeddings import EmbeddingClient, embeddings_faults
from halo_voice.llm.endpoint import Endpoint, Limits
from halo_voice.llm.openai_client import OpenAIClient
from halo_voice.llm.packages import watch_tokens
from halo_voice.llm.provider import Provider
from halo_voice.metrics import CONTENT_TYPE, Metrics
from halo_voice.outgoing.place import bucket_faults
from halo_voice.profiles import Files, files_of, load_profiles
from halo_voice.pulse import Pulse
from halo_voice.settings import Settings, read_settings, variable
from halo_voice.speech.addresses import host_fault
from halo_voice.speech.recordings import HttpRecordingSource
from halo_voice.speech.transcriber import transcriber_faults, transcriber_of
from halo_voice.speech.values import READERS
from halo_voice.store import SpooledStore, open_store, spool_path
from halo_voice.store.beside import Beside
from halo_voice.tools.kit import Toolboxes, kits_of
from halo_voice.workshop import Workshop

if TYPE_CHECKING:
    from halo_voice.management.messages import Messages

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
    """Everything that was checked before anything was opened. `files`: those of the profiles, as
    they were just before they were read."""

    settings: Settings
    profiles: Profiles
    endpoints: Sequence[Endpoint]
    files: Files
    platform: Messages | None


@dataclass(frozen=True, slots=True)
class Halo:
    """A running HALO: `web` is the ASGI application, the rest is for those who look inside.

    `pulse` watches the event loop while whoever serves lets it. `front` serves the same as `web`,
    and the console's pages.
    """

    web: App
    switchboard: Switchboard
    store: Store
    pulse: Pulse
    front: Front


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
    files = files_of(settings.assistants)
    try:
        profiles = load_profiles(settings.assistants)
    except ConfigurationError as error:
        faults += error.faults
    endpoints: list[Endpoint] = []
    for name in ("model", "model2"):
        try:
            values, prefix = settings.model(name), variable(name)
            limits, offline = _limits(settings), settings.offline
            endpoints += configured(values, prefix, limits, before=endpoints, offline=offline)
        except ConfigurationError as error:
            faults += error.faults
    faults += _recording_faults(settings)
    given = _given(settings)
    faults += embeddings_faults(profiles or (), **given)
    platform: Messages | None = None
    try:
        kits_of(profiles or (), **given)
        if settings.vox_credentials and any(each.tools.sms for each in profiles or ()):
            platform = _messages_of(settings)
    except ConfigurationError as error:
        faults += error.faults
    if faults or profiles is None:
        raise ConfigurationError(faults)
    return Configuration(settings, profiles, endpoints, files, platform)


def _messages_of(settings: Settings) -> Messages:
    """Brought in only where it is wanted: the official client takes 10 MB."""
    from halo_voice.management.messages import messages_of

    return messages_of(settings.vox_credentials, settings.vox_api)


def _given(settings: Settings) -> dict[str, Any]:
    """What the parts that profiles describe may use: secrets by name, hosts of this network."""
    secrets = {name: each.get_secret_value() for name, each in settings.tool_secrets.items()}
    return {"secrets": secrets, "private": settings.tool_private_hosts}


def _recording_faults(settings: Settings) -> list[str]:
    """What the parts that serve recordings would refuse, under the variables' names."""
    faults = [f"HALO_RECORDING_HOSTS: {f}" for f in map(host_fault, settings.recording_hosts) if f]
    for ending, fault in bucket_faults(*settings.bucket).items():
        faults.append(f"{'_'.join(filter(None, ('HALO_RECORDINGS', ending)))}: {fault}")
    found = transcriber_faults(
        settings.transcription_url,
        settings.transcription_key.get_secret_value(),
        settings.transcription_ca_file,
    )
    return faults + [f"HALO_TRANSCRIPTION_{ending}: {fault}" for ending, fault in found.items()]


def _limits(settings: Settings) -> Limits:
    return Limits(
        connect_s=settings.model_connect_s,
        first_token_s=settings.model_first_token_s,
        stall_s=settings.model_stall_s,
        answer_s=settings.model_answer_s,
    )


def _embedder(settings: Settings, spec: Embeddings) -> EmbeddingClient:
    key = settings.tool_secrets.get(spec.key)
    return EmbeddingClient(spec, "" if key is None else key.get_secret_value())


@asynccontextmanager
async def running(
    configuration: Configuration,
    *,
    store: Store | None = None,
    model: LanguageModel | None = None,
    recording_source: RecordingSource | None = None,
    spooled: bool = True,
) -> AsyncIterator[Halo]:
    """Open every part, yield the whole, close it in reverse order.

    Not `spooled`: another process has the spool; what the store refuses is refused.
    `store`, `model` and `recording_source` replace the configured ones and are closed as well.
    Raises `StoreUnavailable`.
    """
    settings = configuration.settings
    async with AsyncExitStack() as parts:
        url = "memory:" if store else settings.store_url
        store = store or await _store(settings, spooled=spooled)
        parts.push_async_callback(store.close)
        clients = [model] if model else [OpenAIClient(e) for e in configuration.endpoints]
        for each in clients:
            parts.push_async_callback(each.close)
        providers = [Provider(each, hedge_s=settings.model_hedge_ms / 1000) for each in clients]
        metrics = Metrics()
        alarms = Alarms(metrics.alarmed)
        meanings = Meanings(settings.embeddings_file, partial(_embedder, settings))
        parts.push_async_callback(meanings.close)
        assistants = Assistants(
            providers,
            meanings=meanings,
            secret=settings.secrets,
            max_tokens=settings.model_max_tokens,
            meter=metrics,
        )
        able = any(getattr(each, "takes_tools", False) for each in clients)
        platform, given = configuration.platform, _given(settings)
        if platform is not None:
            parts.push_async_callback(platform.close)
            given |= {"platform": platform, "sent": partial(messages_sent, store)}
        toolboxes = Toolboxes(lambda of: kits_of(of, **given), READERS, settings.tool_data)
        parts.push_async_callback(toolboxes.close)
        editions = store.editions  # type: ignore[attr-defined]
        boxes = toolboxes.of if able else None  # the offline assistant calls nothing
        renewal = Renewal(settings.assistants, assistants, editions, boxes)
        prepared = await renewal.begin(configuration.profiles)
        words = assistants.words(prepared)
        # Each once: the guarded models of all profiles share the clients.
        nets = [each.net for each in words.values() if each.net is not None]
        await asyncio.gather(*(each.warm_up() for each in (*clients, *nets)))
        spending = settings.spending([each.name for each in clients])
        budget = Budget(store, meter=metrics, alarms=alarms, **spending)
        await budget.start()
        parts.push_async_callback(budget.close)
        switchboard = renewal.switchboard = Switchboard(
            prepared.profiles,
            words,
            store,
            spoken=assistants.voices(prepared),
            meter=metrics,
            budget=budget,
            admission=Admission(store, **settings.admission()),
            alarms=alarms,
            toolboxes=None if boxes is None else await boxes(prepared.profiles),
        )
        metrics.watch_parts(switchboard, store)
        metrics.watch_models(lambda: [provider.state for provider in providers])
        used = "The part of the day's cap on models that is used up, 0 to 1."
        metrics.watch("halo_day_budget_used", used, lambda: budget.share)
        parts.push_async_callback(switchboard.close)
        least, few = settings.model_tokens_min, partial(alarms.raised, "tokens_low")
        parts.push_async_callback(_ended, asyncio.create_task(watch_tokens(providers, least, few)))
        reconciler = Reconciler(switchboard, store)
        reconciler.start()
        parts.push_async_callback(reconciler.close)
        watching = asyncio.create_task(renewal.watch(configuration.files, settings.watch_s))
        parts.push_async_callback(_ended, watching)
        source = recording_source or HttpRecordingSource(settings.recording_hosts)
        parts.push_async_callback(source.close)
        transcriber = transcriber_of(
            settings.transcription_url,
            settings.transcription_key.get_secret_value(),
            settings.transcription_model,
            ca_file=settings.transcription_ca_file,
        )
        if transcriber is not None:
            parts.push_async_callback(transcriber.close)
        beside = Beside(url, lambda: switchboard.profiles, settings.work_hours)
        beside.watch_money(settings.vox_balance_min, partial(alarms.raised, "balance_low"))
        parts.push_async_callback(beside.close)
        metrics.watch_work(beside)
        want = beside.want if settings.recordings and url != "memory:" else None
        recordings = Recordings(store, source, transcriber, lambda: switchboard.profiles, want)
        transfers = Transfers(switchboard, store, count=metrics.transferred)
        report = partial(_report, settings, switchboard, store, providers)
        dialler = Dialler(switchboard, store, count=metrics.dialled)
        metrics.watch_rows(rows := Campaigns(store.dials))  # type: ignore[attr-defined]
        parts.push_async_callback(rows.close)
        diaries = Diaries(store.traces)  # type: ignore[attr-defined]
        parts.push_async_callback(diaries.close)
        asked = voximplant_router(switchboard, recordings, transfers, dialler, diaries)
        served = asked, stream_app(switchboard, diaries)
        web = _web(settings, switchboard, served, store, report, metrics)
        second = partial(running, configuration)
        shop = Workshop(settings.assistants, assistants, renewal, store, budget)
        desk = partial(open_desk, settings, switchboard, transfers, diaries.audible)
        pages = partial(desk, store, report, budget, web, web.unsigned(), second, shop)
        front = Front(web, settings.console != "off" and pages)
        parts.push_async_callback(front.close)
        _log.info(
            "ready",
            profiles=len(words),
            models=[provider.state.name for provider in providers],
            offline=not providers,
            version=__version__,
        )
        yield Halo(web, switchboard, store, Pulse(metrics.loop_blocked), front)


async def _store(settings: Settings, *, spooled: bool) -> Store:
    """The store, with the spool before it that keeps the conversation going while it is away."""
    url = settings.store_url
    spool = Path(settings.store_spool) if settings.store_spool else spool_path(url)
    busy_ms = settings.store_busy_ms
    inner = await open_store(url, busy_ms=busy_ms)
    if not spooled:
        return inner
    store = SpooledStore(inner, spool, patience_s=busy_ms / 1000 + 0.5)
    await store.start()
    return store


async def _ended(task: asyncio.Task[None]) -> None:
    """Stop what runs beside; whatever it ends with, the rest is closed as well."""
    task.cancel()
    await asyncio.wait([task])


def _web(
    settings: Settings,
    switchboard: Switchboard,
    served: tuple[APIRouter, App],
    store: Store,
    report: Callable[[], Awaitable[dict[str, Any]]],
    metrics: Metrics,
) -> Gate:
    api = FastAPI(
        title="HALO", version=__version__, docs_url=None, redoc_url=None, redirect_slashes=False
    )

    @api.exception_handler(404)
    @api.exception_handler(405)
    async def answer_nowhere(request: Request, error: Exception) -> Response:
        known = getattr(error, "status_code", 404) == 405
        status, body = error_reply(NoSuchMethod() if known else NoSuchPath())
        allowed = {"allow": methods_of(api).get(request.url.path, "GET")} if known else None
        return Response(body, status, allowed, media_type="application/json")

    @api.exception_handler(HaloError)
    @api.exception_handler(Exception)
    async def answer_fault(_: Request, error: Exception) -> Response:
        status, body = error_reply(error if isinstance(error, HaloError) else UNFORESEEN)
        return Response(body, status, media_type="application/json")

    api.include_router(served[0])
    api.include_router(health_router(report))
    api.include_router(metrics_router(metrics.told, CONTENT_TYPE))
    describe(api)
    keys = {key_id: secret.get_secret_value() for key_id, secret in settings.keys.items()}
    unusable, refused = (
        partial(switchboard.alarms.raised, each) for each in ("request_unusable", "request_refused")
    )
    web = Direct(api, *served, unusable)
    return Gate(web, Verifier(keys, store.claim_nonce, time.time, refused) if keys else None)


async def _report(
    settings: Settings, switchboard: Switchboard, store: Store, providers: Sequence[Provider]
) -> dict[str, Any]:
    """What `/readyz` says."""
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
        "warnings": switchboard.alarms.recent(),
        "offline": settings.offline,
        "profiles": [profile.name for profile in switchboard.profiles],
        "live_calls": len(switchboard),
        "version": __version__,
    }
