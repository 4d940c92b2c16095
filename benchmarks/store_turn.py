"""What one turn costs in the store: accept_turn and settle_turn, in milliseconds of wall and CPU.

    python benchmarks/store_turn.py [URL ...]

Without a URL: SQLite in a new folder below the working folder (a memory disk would hide the cost of
the sync). For PostgreSQL name a database that may be filled with calls. CPU is that of this process
with its threads; the server's is not in it.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
import uuid
from pathlib import Path

from halo_voice.core.ports import CallStart, Outcome, Store
from halo_voice.store import open_store, redact_url

USER_TEXT = "Здравствуйте, подскажите, пожалуйста, во сколько вы сегодня закрываетесь?"
REPLY = "Сегодня мы работаем до восьми вечера. Подсказать, как к нам доехать?"


async def one_call(store: Store, turns: int, wall_ms: list[float]) -> None:
    """One call: its turns follow each other, as in life."""
    call_id = uuid.uuid4().hex
    await store.open_call(CallStart(call_id, caller="+70000000000", called="+70000000001"))
    for turn in range(1, turns + 1):
        began = time.perf_counter()
        await store.accept_turn(call_id, turn, USER_TEXT, 0.9)
        await store.settle_turn(
            call_id, turn, outcome=Outcome.ANSWERED, reply=REPLY, action="listen", source="model"
        )
        wall_ms.append((time.perf_counter() - began) * 1000)


async def measure(store: Store, calls: int, turns: int) -> str:
    """`calls` calls at the same time, `turns` turns each."""
    wall_ms: list[float] = []
    began, cpu = time.perf_counter(), time.process_time()
    async with asyncio.TaskGroup() as group:
        for _ in range(calls):
            group.create_task(one_call(store, turns, wall_ms))
    elapsed, used = time.perf_counter() - began, time.process_time() - cpu
    done = calls * turns
    p50 = statistics.median(wall_ms)
    p99 = statistics.quantiles(wall_ms, n=100)[98]
    return f"{calls:6d} {p50:10.2f} {p99:10.2f} {used / done * 1000:10.3f} {done / elapsed:10.0f}"


async def main(urls: list[str]) -> None:
    """Measure every URL at 1, 50 and 1,000 calls at a time."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        for url in urls or [f"sqlite:///{folder}/halo.sqlite3"]:
            store = await open_store(url)
            await measure(store, 1, 50)  # statements compiled, connections made
            print(redact_url(url) if urls else "SQLite, full sync")
            print(" calls   p50 ms     p99 ms  CPU ms/turn    turns/s")
            for calls, turns in ((1, 400), (50, 40), (1000, 3)):
                print(await measure(store, calls, turns))
            await store.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
