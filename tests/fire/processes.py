"""The tests' end of the zygote: HALOs in processes of their own that die where a test says."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from halo_voice.api.signature import sign
from tests.halo import ROOT
from tests.streams import KEY, Scenario

GONE = (aiohttp.ClientError, WebSocketException, OSError, TimeoutError)
"""How a dead process shows at the other end."""

PATIENCE_S = 20.0

_nonces = count(1)


def signature(method: str, path: str, body: bytes = b"") -> dict[str, str]:
    """The headers of a request that a scenario signs."""
    nonce = f"fire.{time.monotonic_ns()}.{next(_nonces)}"
    now = int(time.time())
    return sign("k1", KEY, timestamp=now, nonce=nonce, method=method, path=path, body=body)


class Process:
    """A HALO in a process of its own, which may be dead by now."""

    def __init__(self, zygote: Zygote, pid: int, port: int) -> None:
        self._zygote = zygote
        self.pid = pid
        self.port = port

    def arm(self) -> None:
        """From now on its steps count."""
        os.kill(self.pid, signal.SIGUSR1)  # nobody else has the number while it is not waited for

    async def post(self, path: str, **body: Any) -> tuple[int, dict[str, Any]]:
        """A signed request: status and answer. Raises one of `GONE`."""
        data = json.dumps(body).encode()
        headers = signature("POST", path, data)
        url = f"http://127.0.0.1:{self.port}{path}"
        async with self._zygote.http.post(url, data=data, headers=headers) as response:
            return response.status, await response.json(content_type=None)

    @asynccontextmanager
    async def stream(self) -> AsyncIterator[Scenario]:
        """A signed stream, before its first message. Raises one of `GONE`."""
        address = f"ws://127.0.0.1:{self.port}/stream"
        headers = signature("GET", "/stream")
        async with (
            asyncio.timeout(PATIENCE_S),
            connect(
                address,
                proxy=None,
                ping_interval=None,
                subprotocols=["halo.v1"],
                additional_headers=headers,
                close_timeout=1,
            ) as connection,
        ):
            yield Scenario(connection)

    async def kill(self) -> int:
        """Its exit status: as a killed one's, unless it was over already."""
        os.kill(self.pid, signal.SIGKILL)
        return await self._zygote.ended(self.pid)

    async def stop(self) -> int:
        """End it as an operator would; the steps that it took while armed."""
        os.kill(self.pid, signal.SIGTERM)
        steps = (await self._zygote.line())["steps"]
        assert await self._zygote.ended(self.pid) == 0
        return int(steps)


class Zygote:
    """The program `zygote.py`; one process of it at a time."""

    def __init__(self, program: asyncio.subprocess.Process, http: aiohttp.ClientSession) -> None:
        self._program = program
        self.http = http

    async def start(self, folder: Path, point: int | None = None, **values: Any) -> Process:
        """A HALO whose store is in `folder` unless `values` say otherwise. Armed, it dies at
        `point`; its model logs to `asked.jsonl`."""
        given = {"store_url": f"sqlite:///{folder}/halo.sqlite3", "keys": {"k1": KEY}, **values}
        self._order(start=given, log=str(folder / "asked.jsonl"), point=point)
        ready = await self.line()
        return Process(self, ready["pid"], ready["port"])

    async def ended(self, pid: int) -> int:
        self._order(wait=pid)
        return int((await self.line())["ended"])

    async def line(self) -> dict[str, Any]:
        assert self._program.stdout is not None
        async with asyncio.timeout(PATIENCE_S):
            line = await self._program.stdout.readline()
        assert line, "the zygote is gone"
        return json.loads(line)  # type: ignore[no-any-return]

    def _order(self, **order: Any) -> None:
        assert self._program.stdin is not None
        self._program.stdin.write(json.dumps(order).encode() + b"\n")


@asynccontextmanager
async def zygote() -> AsyncIterator[Zygote]:
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.fire.zygote"),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        # A connection that a killed process had is not to be used again.
        connector = aiohttp.TCPConnector(force_close=True)
        timeout = aiohttp.ClientTimeout(total=PATIENCE_S)
        async with aiohttp.ClientSession(connector=connector, timeout=timeout) as http:
            yield Zygote(program, http)
    finally:
        assert program.stdin is not None
        program.stdin.close()
        await program.wait()
