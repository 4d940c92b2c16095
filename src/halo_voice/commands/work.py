"""`halo work`: the process that reviews calls that have ended, and tells the receiver of them."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import typer
from rich.console import Console
from rich.markup import escape

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

REVIEW_TOKENS = 800
REVIEW_S = 90.0
NICENESS = 10
RECORDING_S = 120.0  # nobody waits for it


def _stop(*faults: str) -> NoReturn:
    for fault in faults:
        err.print(f"[red]✘[/red] {escape(fault)}", soft_wrap=True)
    raise typer.Exit(2)


def work() -> None:
    """Review calls that have ended and deliver the reviews; runs beside `halo serve`."""
    from halo_voice.app import load_configuration
    from halo_voice.commands.standing import Standing
    from halo_voice.core.errors import ConfigurationError, StoreError
    from halo_voice.logs import set_up
    from halo_voice.workflows.channels import channels_of
    from halo_voice.workflows.webhook import webhook_faults

    try:
        configuration = load_configuration()
        settings = configuration.settings
        found = webhook_faults(settings.webhook_url, settings.webhook_secret.get_secret_value())
        if found:
            _stop(*(f"HALO_WEBHOOK_{ending}: {fault}" for ending, fault in found.items()))
        make = partial(
            channels_of,
            secrets={n: s.get_secret_value() for n, s in settings.delivery_secrets.items()},
            private_hosts=settings.delivery_private_hosts,
            ca_file=settings.delivery_ca_file,
        )
        set_up(settings.log, settings.log_level)
        with closing(
            Standing(settings.assistants, settings.store_url, make, every_s=settings.watch_s)
        ) as standing:
            _work(configuration, standing)
    except ConfigurationError as error:
        _stop(*error.faults)
    except StoreError as error:
        _stop(error.message)
    # What DBOS has put to sleep for hours would be waited for: it is carried on by whoever is next.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _work(configuration: Any, standing: Any) -> None:
    from halo_voice.outgoing.bucket import bucket_of
    from halo_voice.store.archive import open_archive
    from halo_voice.workflows.after import AfterCall
    from halo_voice.workflows.review import Reviewer
    from halo_voice.workflows.webhook import Receiver
    from halo_voice.workflows.worker import Worker, launched, worker_name

    settings, profile = configuration.settings, standing.profile

    def wanted(name: str) -> bool | None:
        known = profile(name)
        return None if known is None else known.after.enabled

    archive = open_archive(settings.store_url, bucket=bucket_of(*settings.bucket))
    secret = settings.webhook_secret.get_secret_value()
    receiver = Receiver(settings.webhook_url, secret) if settings.webhook_url else None
    name = worker_name()
    days = (settings.keep_words_days, settings.keep_calls_days)
    with suppress(OSError):
        os.nice(NICENESS)  # live calls come first, on this machine too
    history = _history(settings)
    reviewer = Reviewer(asking(configuration.endpoints), _now)
    after = AfterCall(archive, reviewer, profile, receiver, standing.channels, now=_now)
    worker = Worker(
        name,
        archive,
        after,
        now=_now,
        wanted=wanted,
        renew=standing.look,
        hours=settings.work_hours,
        keep=(timedelta(days=days[0]), timedelta(days=days[1])),
        recorded=_recorded(settings, archive, profile) if settings.recordings else None,
        **({} if history is None else _of_platform(settings, archive, profile, history)),
    )
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    url = settings.work_database_url or database_url(settings.store_url)
    with launched(url, name):
        ways = ["the receiver"] * bool(receiver)
        ways += sorted({name for made in standing.channels().values() for name in made})
        told = f"told to {', '.join(ways)}" if ways else "kept; no receiver is set"
        by = "a language model" if configuration.endpoints else "rules (no language model is set)"
        out.print(
            f"HALO works on ended calls: reviewed by {by}, {told}. Stop: Ctrl+C", markup=False
        )
        worker.run(stop)
    archive.leave(name)
    archive.close()


def _recorded(settings: Any, archive: Any, profile: Any) -> Any:
    """Keeps recordings in the settings' folder, or bucket."""
    from halo_voice.speech.recordings import HttpRecordingSource
    from halo_voice.speech.transcriber import transcriber_of
    from halo_voice.store.shelf import Folder
    from halo_voice.workflows.recorded import Recorded

    key = settings.transcription_key.get_secret_value()
    server = (settings.transcription_url, key, settings.transcription_model)
    return Recorded(
        archive,
        archive.shelf.bucket or Folder(Path(settings.recordings)),
        lambda: HttpRecordingSource(settings.recording_hosts, total_s=RECORDING_S),
        lambda: transcriber_of(*server, ca_file=settings.transcription_ca_file),
        profile,
    )


def _history(settings: Any) -> Any:
    """The platform's account; None where none is set. Raises `ConfigurationError`."""
    if not settings.vox_credentials:
        return None
    from halo_voice.management.history import history_of

    return history_of(settings.vox_credentials, settings.vox_api, settings.vox_application)


def _of_platform(settings: Any, archive: Any, profile: Any, history: Any) -> dict[str, Any]:
    """What completes lost calls from the history, and what looks at the account's money."""
    from halo_voice.workflows.funds import Funds
    from halo_voice.workflows.orphans import Orphans

    def recorded(name: str) -> bool:
        known = profile(name)
        return bool(settings.recordings) and known is not None and known.recording.enabled

    orphans = Orphans(archive, history.sessions, now=_now, recorded=recorded)
    return {"orphans": orphans, "funds": Funds(history.balance, settings.vox_balance_min)}


def database_url(store_url: str) -> str:
    """Where DBOS keeps its tables: beside SQLite's file, or in PostgreSQL's database, as `dbos`."""
    from halo_voice.store.address import read_url, sqlite_path

    parsed = read_url(store_url)
    if parsed.get_backend_name() == "sqlite":
        return f"sqlite:///{sqlite_path(parsed).with_suffix('.work.sqlite3')}"
    return parsed.render_as_string(hide_password=False)


def asking(endpoints: Sequence[Any]) -> Any:
    """Asks the configured models, one after the other; None where there is none."""
    from halo_voice.core.errors import ModelError, ModelUnreachable
    from halo_voice.llm.endpoint import Limits
    from halo_voice.llm.openai_client import OpenAIClient

    # Nobody waits at the telephone for it.
    limits = Limits(connect_s=5.0, first_token_s=60.0, stall_s=20.0, answer_s=REVIEW_S)

    async def ask(messages: Sequence[Any]) -> tuple[str, str]:
        fault: ModelError = ModelUnreachable()
        for endpoint in endpoints:
            client = OpenAIClient(replace(endpoint, limits=limits))
            answer = client.stream(messages, max_tokens=REVIEW_TOKENS, deadline_s=REVIEW_S)
            try:
                return "".join([piece async for piece in answer]), client.name
            except ModelError as error:
                fault = error
            finally:
                await client.close()
        raise fault

    return ask if endpoints else None


def _now() -> datetime:
    return datetime.now(UTC)
