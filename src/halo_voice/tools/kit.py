"""What one profile's model may call, built from the profile: everything checked, nothing opened."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from halo_voice.core.clock import Clock
from halo_voice.core.errors import ConfigurationError
from halo_voice.core.profile import Profile
from halo_voice.core.tools import Platform, Tool
from halo_voice.tools.box import Box, Reader
from halo_voice.tools.builtin import builtin_tools
from halo_voice.tools.http import HttpTool
from halo_voice.tools.load import functions_of
from halo_voice.tools.mcp import McpServer
from halo_voice.tools.sms import Sent

RETIRE_S = 7_200.0


@dataclass(frozen=True, slots=True)
class Kit:
    """The tools of one profile. `servers` are to be started; `tables` describe them."""

    tools: tuple[Tool, ...]
    servers: tuple[McpServer, ...]
    clock: Clock
    tables: tuple[Mapping[str, Any], ...] = ()


def kits_of(
    profiles: Iterable[Profile],
    *,
    secrets: Mapping[str, str],
    private: Collection[str],
    platform: Platform | None = None,
    sent: Sent | None = None,
) -> dict[str, Kit]:
    """A kit for each profile that has tools, by its name. Without `platform` and `sent` no message
    is offered. Raises `ConfigurationError` with all faults of all."""
    kits: dict[str, Kit] = {}
    faults: list[str] = []
    for profile in profiles:
        if not profile.tools:
            continue
        clock = Clock(profile.hours)
        tools: list[Tool] = [*builtin_tools(profile, clock, platform, sent)]
        servers: list[McpServer] = []
        for path in profile.tools.python:
            with _told(faults, profile.name, "python"):
                tools += functions_of(Path(path))
        for table in profile.tools.http:
            with _told(faults, profile.name, table["name"]):
                tools.append(HttpTool(table, secrets=secrets, private=private))
        for table in profile.tools.mcp:
            with _told(faults, profile.name, table["name"]):
                servers.append(McpServer(table, secrets=secrets, private=private))
        names = [each.spec.name for each in tools]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            faults.append(f"{profile.name}: tools: two are named {', '.join(twice)}")
        if "send_sms" in profile.tools.builtin and profile.tools.sms is None:
            faults.append(f"{profile.name}: tools.builtin: send_sms needs the table [tools.sms]")
        kits[profile.name] = Kit(tuple(tools), tuple(servers), clock, profile.tools.mcp)
    if faults:
        raise ConfigurationError(faults)
    return kits


class Toolboxes:
    """The boxes of all profiles, made anew when the profiles change. `make` may take long, and runs
    on a thread. `retire_s`: so much longer, in seconds, live calls keep the servers of before."""

    def __init__(
        self,
        make: Callable[[Iterable[Profile]], Mapping[str, Kit]],
        readers: Mapping[str, Reader],
        data: Path,
        *,
        retire_s: float = RETIRE_S,
    ) -> None:
        self._make = make
        self._readers = readers
        self._data = data
        self._retire_s = retire_s
        self._running: dict[str, McpServer] = {}  # by profile and table
        self._retiring: dict[asyncio.Task[None], McpServer] = {}

    async def of(self, profiles: Iterable[Profile]) -> dict[str, Box]:
        """A box of each kit, by the profile's name; its servers run. One whose table is as it was
        goes on. Raises `ConfigurationError`; then everything is as it was."""
        kits = await asyncio.to_thread(self._make, tuple(profiles))
        before, self._running = self._running, {}
        boxes, new = {}, []
        for name, kit in kits.items():
            servers = []
            for server, table in zip(kit.servers, kit.tables, strict=True):
                place = f"{name} {json.dumps(table, sort_keys=True, default=str)}"
                kept = before.pop(place, None)
                new += [server] if kept is None else []
                self._running[place] = kept or server
                servers.append(self._running[place])
            boxes[name] = Box(kit.tools, kit.clock, self._readers, servers, data=self._data)
        for server in before.values():
            task = asyncio.create_task(self._retire(server))
            self._retiring[task] = server
            task.add_done_callback(lambda done: self._retiring.pop(done, None))
        await asyncio.gather(*(server.start() for server in new))
        return boxes

    async def _retire(self, server: McpServer) -> None:
        await asyncio.sleep(self._retire_s)
        await server.close()

    async def close(self) -> None:
        retiring, self._retiring = self._retiring, {}
        for task in retiring:
            task.cancel()
        await asyncio.gather(*retiring, return_exceptions=True)
        servers = [*retiring.values(), *self._running.values()]
        await asyncio.gather(*(server.close() for server in servers))


class _told:
    """Collects the faults of one tool under its name."""

    def __init__(self, faults: list[str], profile: str, name: str) -> None:
        self._faults = faults
        self._place = f"{profile}: tools.{name}"

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, _: object) -> bool:
        if isinstance(error, ConfigurationError):
            self._faults += [f"{self._place}: {fault}" for fault in error.faults]
            return True
        return False
