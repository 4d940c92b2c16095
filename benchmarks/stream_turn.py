"""What one turn on the stream costs the backend beside its model client: CPU in milliseconds.

    python benchmarks/stream_turn.py [URL ...]

The real app behind the real server, with a model whose 44 tokens are there at once; the scenario's
end is another process. Without a URL: SQLite in a new folder below the working folder, and
`memory:`. One turn is three interims, the question, its phrases and what is reported of them. CPU
is that of the server's process with all its threads, in the kernel too.
"""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import structlog
import uvicorn
import uvloop
from websockets.sync.client import ClientConnection, connect

from halo_voice.app import SERVING, configure, running
from halo_voice.settings import Settings

CALLS, TURNS = 100, 10
REPLY = (
    "Мы работаем каждый день с девяти утра до восьми вечера, в выходные на час меньше. "
    "Приехать можно на метро, остановка прямо у входа. Подсказать, как к нам пройти от метро?"
)


class Model:
    """44 tokens, without a wait."""

    name = "model"

    async def stream(self, *_: Any, **__: Any) -> AsyncIterator[str]:
        size = -(-len(REPLY) // 44)
        for start in range(0, len(REPLY), size):
            yield REPLY[start : start + size]

    async def warm_up(self) -> None: ...

    async def close(self) -> None: ...


class Line:
    """One stream, the scenario's end."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._seq = 0

    def send(self, kind: str, **fields: Any) -> None:
        self._seq += 1
        self._connection.send(json.dumps({"type": kind, "seq": self._seq, **fields}))

    def hear(self, kind: str) -> int:
        """Phrases that came before the message of this kind."""
        phrases = 0
        while True:
            message = json.loads(self._connection.recv())
            phrases += message["type"] == "say"
            if message["type"] == kind:
                return phrases

    def turn(self, number: int) -> None:
        for words in ("во", "во сколько", "во сколько вы"):
            self.send("interim", turn=number, text=words, quiet=False)
        self.send("final", turn=number, text="во сколько вы закрываетесь", asr_ms=300)
        for phrase in range(1, self.hear("answered") + 1):
            self.send("phrase_started", turn=number, phrase=phrase, voice_ms=200, audible_ms=900)
            self.send("phrase_finished", turn=number, phrase=phrase)


def play(port: int, prefix: str, calls: int) -> None:
    """So many calls, one after the other."""
    for number in range(calls):
        call_id = f"{prefix}-{number}"
        with connect(f"ws://127.0.0.1:{port}/stream", proxy=None) as connection:
            line = Line(connection)
            start = {"call_id": call_id, "caller": f"+7916{number:07}"}  # a number has its limits
            line.send("call", version=1, call_id=call_id, start=start)
            line.hear("ready")
            for turn in range(1, TURNS + 1):
                line.turn(turn)
            line.send("ended", reason="caller_hung_up")


async def measure(url: str) -> tuple[float, float]:
    """Milliseconds of CPU and of wall for one turn, one call after the other."""
    root = Path(__file__).parents[1]
    values = {"assistants": root / "assistants", "store_url": url}
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    async with running(configure(Settings(_env_file=None, **values)), model=Model()) as halo:  # type: ignore[arg-type]
        server = uvicorn.Server(uvicorn.Config(halo.web, **SERVING))
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        with ProcessPoolExecutor(1, get_context("spawn")) as callers:
            away = partial(asyncio.get_running_loop().run_in_executor, callers, play, port)
            await away("warm-up", 2)
            cpu, wall = time.process_time(), time.perf_counter()
            await away("c", CALLS)
            cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        server.should_exit = True
        await serving
    turns = CALLS * TURNS
    return cpu / turns * 1000, wall / turns * 1000


def main() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        for url in sys.argv[1:] or [f"sqlite:///{folder}/halo.sqlite3", "memory:"]:
            cpu_ms, wall_ms = uvloop.run(measure(url))
            print(f"{url.partition(':')[0]:10} CPU {cpu_ms:.2f} ms, wall {wall_ms:.2f} ms a turn")


if __name__ == "__main__":
    main()
