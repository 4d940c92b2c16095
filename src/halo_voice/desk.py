"""Joins the console with the running HALO it looks at; called when its first page is wanted."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from halo_voice import __version__
from halo_voice.core.ports import LanguageModel, Store
from halo_voice.core.workshop import Workshop
from halo_voice.settings import Settings, variable
from halo_voice.store import Shared

GAPS_S_MAX = 60.0
GAPS_FRESH_S = 600.0
LINE_S_MAX = 30.0
LINE_FRESH_S = 300.0
LINE_FAILED_S = 60.0


def open_desk(
    settings: Settings,
    calls: Any,
    transfers: Any,
    audible: Callable[[str], tuple[int, int] | None],
    store: Store,
    report: Callable[[], Awaitable[dict[str, Any]]],
    spending: Any,
    web: Callable[..., Awaitable[None]],
    rehearsal: Callable[..., Awaitable[None]],
    second: Callable[..., AbstractAsyncContextManager[Any]],
    workshop: Workshop,
) -> Any:
    """The console. `second` runs another HALO with the same configuration."""
    # Here: most processes never serve a page of it.
    from halo_voice.console.opening import Limits, Look, open_console
    from halo_voice.outgoing.bucket import bucket_of
    from halo_voice.store.archive import open_archive
    from halo_voice.store.shelf import Folder, playable

    @asynccontextmanager
    async def booth(model: LanguageModel) -> AsyncIterator[Any]:
        async with second(store=Shared(store), model=model) as halo:
            yield halo.web

    bucket = bucket_of(*settings.bucket)
    objects = bucket or (Folder(Path(settings.recordings)) if settings.recordings else None)
    kept = settings.store_url != "memory:"
    return open_console(
        Look(
            store=store,
            history=store,  # type: ignore[arg-type] - every store of ours is both
            desk=store.desk,  # type: ignore[attr-defined]
            traces=store.traces,  # type: ignore[attr-defined]
            dials=store.dials,  # type: ignore[attr-defined]
            editions=store.editions,  # type: ignore[attr-defined]
            workshop=workshop,
            calls=calls,
            transfers=transfers,
            app=web,
            rehearsal=rehearsal,
            audible=audible,
            booth=booth,
            report=report,
            spending=spending,
            limits=Limits(**{name: getattr(settings, name) for name in Limits.__annotations__}),
            scenario=settings.scenario,
            secrets=settings.scenario_secrets,
            utc_hours=settings.day_utc_hours,
            mask_numbers=settings.console_mask_numbers,
            outside=settings.console == "outside",
            open_here=settings.loopback and not settings.keys,
            version=__version__,
            key=settings.console_key.get_secret_value(),
            afterwards=open_archive(settings.store_url, bucket=bucket) if kept else None,
            line=Account(settings),
            gaps=Lacking(settings) if kept else None,
            playable=lambda recording: playable(recording, objects),
            sounds=bucket,
        )
    )


class Lacking:
    """What the texts of a profile lack, looked for in another process: it reads a thousand calls
    and searches with each question, which no live call shall wait for. Kept for ten minutes."""

    def __init__(self, settings: Settings) -> None:
        given = {"store_url": settings.store_url, "assistants": str(settings.assistants)}
        self._environment = {**os.environ, **{variable(n): v for n, v in given.items()}}
        self._one = asyncio.Lock()
        self._known: dict[str, tuple[float, list[Any], datetime]] = {}

    async def __call__(self, profile: str) -> tuple[list[Any], datetime] | None:
        async with self._one:
            found = self._known.get(profile)
            if found is None or time.monotonic() - found[0] > GAPS_FRESH_S:
                told = await self._asked(profile)
                if told is None:
                    return None
                found = self._known[profile] = time.monotonic(), told, datetime.now(UTC)
        return found[1:]

    async def _asked(self, profile: str) -> list[Any] | None:
        from halo_voice.console.look import Gap

        command = ("halo_voice.commands.knowledge", "gaps", "--json", "--profile", profile)
        told = await _told(command, self._environment, GAPS_S_MAX)
        if told is None:
            return None
        return [Gap(**each | {"last_at": datetime.fromisoformat(each["last_at"])}) for each in told]


class Account:
    """The account at Voximplant, looked at by the doctor in another process. Kept for some minutes;
    for a shorter time where it could not be asked."""

    def __init__(self, settings: Settings) -> None:
        names = ("vox_credentials", "vox_application", "vox_api", "public_url", "scenario")
        given = {name: str(getattr(settings, name)) for name in names}
        given["vox_numbers"] = ",".join(settings.vox_numbers)
        self._environment = {**os.environ, **{variable(n): v for n, v in given.items()}}
        self.credentials = bool(settings.vox_credentials)
        self.known: tuple[list[Any] | None, datetime] | None = None
        self._fresh_until = 0.0
        self._asking: asyncio.Task[None] | None = None

    def ask(self) -> bool:
        if self._asking is None and self.credentials and time.monotonic() > self._fresh_until:
            self._asking = asyncio.create_task(self._ask())
        return self._asking is not None

    async def asked(self) -> None:
        if self._asking is not None:
            await asyncio.wait({self._asking})

    async def close(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.wait({self._asking})

    async def _ask(self) -> None:
        from halo_voice.console.look import LineCheck

        try:
            told = await _told(("halo_voice.doctor.account",), self._environment, LINE_S_MAX)
            checks = None if told is None else [LineCheck(**each) for each in told]
            self.known = checks, datetime.now(UTC)
            fresh_s = LINE_FRESH_S if checks is not None else LINE_FAILED_S
            self._fresh_until = time.monotonic() + fresh_s
        finally:
            self._asking = None


async def _told(module: Sequence[str], environment: Mapping[str, str], s_max: float) -> Any:
    """The JSON that a module of ours prints, in a process of its own; None where it fails, or
    takes longer."""
    try:
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", *module),
            env=environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except OSError:
        return None
    try:
        async with asyncio.timeout(s_max):
            written, _ = await child.communicate()
        return None if child.returncode else json.loads(written)
    except (TimeoutError, ValueError):
        return None
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
