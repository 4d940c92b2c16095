"""What one turn on the stream costs the backend beside its model client: CPU in milliseconds.

    python benchmarks/stream_turn.py [URL ...]

The real app and a stream in this process, without a socket; a model whose 44 tokens are there at
once. Without a URL: SQLite in a new folder below the working folder, and `memory:`. One turn is an
interim, the question, its phrases and what is reported of them. CPU is that of the process with all
its threads, in the kernel too.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import structlog

from halo_voice.app import configure, running
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
    """One stream without a socket."""

    def __init__(self, web: Any, call_id: str) -> None:
        self._to_app: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._from_app: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._seq = 0
        head = {"query_string": b"", "headers": [], "client": None, "subprotocols": ["halo.v1"]}
        scope = {"type": "websocket", "path": "/stream", **head}
        self._to_app.put_nowait({"type": "websocket.connect"})
        self._serving = asyncio.create_task(web(scope, self._to_app.get, self._from_app.put))
        self.send("call", version=1, call_id=call_id, start={"call_id": call_id})

    def send(self, kind: str, **fields: Any) -> None:
        self._seq += 1
        text = json.dumps({"type": kind, "seq": self._seq, **fields})
        self._to_app.put_nowait({"type": "websocket.receive", "text": text})

    async def hear(self, kind: str) -> int:
        """Phrases that came before the message of this kind."""
        phrases = 0
        while True:
            message = json.loads((await self._from_app.get()).get("text") or "{}")
            phrases += message.get("type") == "say"
            if message.get("type") == kind:
                return phrases

    async def turn(self, number: int) -> None:
        self.send("interim", turn=number, text="во сколько вы", quiet=False)
        self.send("final", turn=number, text="во сколько вы закрываетесь", asr_ms=300)
        for phrase in range(1, await self.hear("answered") + 1):
            self.send("phrase_started", turn=number, phrase=phrase, voice_ms=200, audible_ms=900)
            self.send("phrase_finished", turn=number, phrase=phrase)

    async def end(self) -> None:
        self.send("ended", reason="caller_hung_up")
        await self._serving


async def measure(url: str) -> tuple[float, float]:
    """Milliseconds of CPU and of wall for one turn, one call after the other."""
    root = Path(__file__).parents[1]
    values = {"assistants": root / "assistants", "store_url": url}
    async with running(configure(Settings(_env_file=None, **values)), model=Model()) as halo:  # type: ignore[arg-type]
        await play(halo.web, "warm-up", 10)
        cpu, wall = time.process_time(), time.perf_counter()
        for number in range(CALLS):
            await play(halo.web, f"c-{number}", TURNS)
        turns = CALLS * TURNS
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        return cpu / turns * 1000, wall / turns * 1000


async def play(web: Any, call_id: str, turns: int) -> None:
    line = Line(web, call_id)
    await line.hear("ready")
    for number in range(1, turns + 1):
        await line.turn(number)
    await line.end()


def main() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        for url in sys.argv[1:] or [f"sqlite:///{folder}/halo.sqlite3", "memory:"]:
            cpu_ms, wall_ms = asyncio.run(measure(url))
            print(f"{url.partition(':')[0]:10} CPU {cpu_ms:.2f} ms, wall {wall_ms:.2f} ms a turn")


if __name__ == "__main__":
    main()
