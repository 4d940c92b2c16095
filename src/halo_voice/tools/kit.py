"""What one profile's model may call, built from the profile: everything checked, nothing opened."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from halo_voice.core.errors import ConfigurationError
from halo_voice.core.profile import Profile
from halo_voice.core.tools import Platform, Tool
from halo_voice.tools.box import Box, Reader
from halo_voice.tools.builtin import builtin_tools
from halo_voice.tools.clock import Clock
from halo_voice.tools.http import HttpTool
from halo_voice.tools.load import functions_of
from halo_voice.tools.mcp import McpServer


@dataclass(frozen=True, slots=True)
class Kit:
    """The tools of one profile. `servers` are to be started."""

    tools: tuple[Tool, ...]
    servers: tuple[McpServer, ...]
    clock: Clock


def kits_of(
    profiles: Iterable[Profile],
    *,
    secrets: Mapping[str, str],
    private: Collection[str],
    platform: Platform | None = None,
) -> dict[str, Kit]:
    """A kit for each profile that has tools, by its name. Raises `ConfigurationError` with all
    faults of all."""
    kits: dict[str, Kit] = {}
    faults: list[str] = []
    for profile in profiles:
        if not profile.tools:
            continue
        clock = Clock(profile.hours)
        tools: list[Tool] = [*builtin_tools(profile, clock, platform)]
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
        kits[profile.name] = Kit(tuple(tools), tuple(servers), clock)
    if faults:
        raise ConfigurationError(faults)
    return kits


async def opened(
    kits: Mapping[str, Kit], readers: Mapping[str, Reader], data: Path, parts: AsyncExitStack
) -> dict[str, Box]:
    """A box of each kit, by the profile's name; the servers are started, and end with `parts`."""
    servers = [server for kit in kits.values() for server in kit.servers]
    for server in servers:
        parts.push_async_callback(server.close)
    await asyncio.gather(*(server.start() for server in servers))
    return {
        name: Box(kit.tools, kit.clock, readers, kit.servers, data=data)
        for name, kit in kits.items()
    }


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
