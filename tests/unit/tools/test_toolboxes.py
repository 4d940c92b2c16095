"""Boxes that are made anew: which servers of tools go on, which begin, and which end when."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from halo_voice.core.clock import Clock
from halo_voice.core.errors import ConfigurationError
from halo_voice.core.profile import Hours
from halo_voice.speech.values import READERS
from halo_voice.tools.kit import Kit, Toolboxes
from tests.halo import virtually


class Server:
    """A server of tools that notes what is done to it."""

    version = 1
    tools: Sequence = ()

    def __init__(self, log: list[str], name: str) -> None:
        self.log, self.name = log, name

    async def start(self) -> None:
        self.log.append(f"start {self.name}")

    async def close(self) -> None:
        self.log.append(f"close {self.name}")


class Workbench:
    """Makes kits of the tables that are declared now; a server is new each time."""

    def __init__(self, tmp_path, *tables: str) -> None:
        self.tables = list(tables)
        self.log: list[str] = []
        self.fault = False
        self.boxes = Toolboxes(self.make, READERS, tmp_path, retire_s=100.0)

    def make(self, _profiles):
        if self.fault:
            raise ConfigurationError(["shop: tools.python: tools.py: SyntaxError"])
        servers = tuple(Server(self.log, name) for name in self.tables)
        tables = tuple({"name": name, "command": ["x"]} for name in self.tables)
        return {"shop": Kit((), servers, Clock(Hours()), tables)}  # type: ignore[arg-type]


@virtually
async def _renewed(bench: Workbench) -> None:
    first = await bench.boxes.of(())
    again = await bench.boxes.of(())
    assert bench.log == ["start a", "start b"]
    assert first["shop"] is not again["shop"]

    bench.tables = ["b", "c"]
    await bench.boxes.of(())
    assert bench.log == ["start a", "start b", "start c"]
    await asyncio.sleep(99)
    assert "close a" not in bench.log  # a call that began with it may still need it
    await asyncio.sleep(2)
    assert bench.log[3:] == ["close a"]

    bench.fault = True
    with pytest.raises(ConfigurationError):
        await bench.boxes.of(())
    assert bench.log[4:] == []

    bench.fault, bench.tables = False, ["c"]
    await bench.boxes.of(())
    await bench.boxes.close()
    assert sorted(bench.log[4:]) == ["close b", "close c"]


def test_a_server_whose_table_is_as_it_was_goes_on(tmp_path):
    """One that is gone ends later, for calls that began with it, or with the process; a fault of
    the new ones leaves all as they were."""
    _renewed(Workbench(tmp_path, "a", "b"))
