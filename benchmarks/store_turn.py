"""What one turn costs in the store: accepted, settled, noted; in milliseconds of wall and CPU.

    python benchmarks/store_turn.py [URL ...]

Without a URL: SQLite in a new folder below the working folder (a memory disk would hide the cost of
the sync), and `memory:`, which shows what of the figures is the benchmark itself. For PostgreSQL
name a database that may be filled with calls. CPU is that of this process with its threads, in the
kernel too; the server's is not in it. Wall is from the caller's words to the acknowledged reply.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path

from halo_voice.core.ports import CallStart, Outcome, Store, TurnNote
from halo_voice.store import SpooledStore, open_store, redact_url

USER_TEXT = "Здравствуйте, подскажите, пожалуйста, во сколько вы сегодня закрываетесь?"
REPLY = "Сегодня мы работаем до восьми вечера. Подсказать, как к нам доехать?"
LATENCY = {"asr_ms": 610, "first_token_ms": 240, "first_phrase_ms": 310, "voice_ms": 180}
PACE = 70  # turns a second: 1,000 calls with one turn in 14 s each
PACED_S = 6
STREAM_S = (0.04, 0.1)  # as `calls.call` has it: accepting, settling
Load = Callable[[Store], Awaitable[tuple[list[float], int]]]


async def one_turn(
    store: Store, call_id: str, turn: int, within_s: tuple[float, float] = (0, 0)
) -> float:
    """The turn's milliseconds; the note of the one before it comes with it, as in life.

    `within_s`: how long accepting and settling may wait for others.
    """
    began = time.perf_counter()
    accept_s, settle_s = within_s
    await store.accept_turn(call_id, turn, USER_TEXT, 0.9, within_s=accept_s)
    await store.settle_turn(
        call_id,
        turn,
        outcome=Outcome.ANSWERED,
        reply=REPLY,
        action="listen",
        source="model",
        within_s=settle_s,
    )
    took = time.perf_counter() - began
    await store.note_turn(TurnNote(call_id, turn, latency=LATENCY))
    return took * 1000


async def opened(store: Store) -> str:
    call_id = uuid.uuid4().hex
    await store.open_call(CallStart(call_id, caller="+70000000000", called="+70000000001"))
    return call_id


def paced(within_s: tuple[float, float]) -> Load:
    """PACE turns a second, evenly, each of another of 100 calls."""

    async def run(store: Store) -> tuple[list[float], int]:
        return await _paced(store, within_s)

    return run


async def _paced(store: Store, within_s: tuple[float, float]) -> tuple[list[float], int]:
    calls = await asyncio.gather(*(opened(store) for _ in range(100)))
    tasks: list[asyncio.Task[float]] = []
    began = time.perf_counter()
    for number in range(PACE * PACED_S):
        await asyncio.sleep(began + number / PACE - time.perf_counter())
        turn = one_turn(store, calls[number % len(calls)], number // len(calls) + 1, within_s)
        tasks.append(asyncio.create_task(turn))
    return [await task for task in tasks], len(calls)


def at_once(calls: int, turns: int) -> Load:
    """So many calls flat out, each with its turns one after the other."""

    async def one_call(store: Store) -> list[float]:
        call_id = await opened(store)
        return [await one_turn(store, call_id, turn) for turn in range(1, turns + 1)]

    async def run(store: Store) -> tuple[list[float], int]:
        taken = await asyncio.gather(*(one_call(store) for _ in range(calls)))
        return [ms for of_call in taken for ms in of_call], calls

    return run


async def measure(name: str, store: Store, load: Load) -> str:
    began, cpu = time.perf_counter(), time.process_time()
    wall_ms, _ = await load(store)
    elapsed, used = time.perf_counter() - began, time.process_time() - cpu
    p50 = statistics.median(wall_ms)
    p99 = statistics.quantiles(wall_ms, n=100)[98]
    done = len(wall_ms)
    return f"{name:>12} {p50:9.2f} {p99:9.2f} {used / done * 1000:12.3f} {done / elapsed:9.0f}"


LOADS = {
    f"{PACE}/s, stream": paced(STREAM_S),
    f"{PACE}/s, HTTP": paced((STREAM_S[0], 0.0)),
    "1 call": at_once(1, 400),
    "50 calls": at_once(50, 40),
    "1000 calls": at_once(1000, 3),
}


async def main(urls: list[str]) -> None:
    """Measure every URL under every load, behind the spool as in the running process."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        for number, url in enumerate(urls or [f"sqlite:///{folder}/halo.sqlite3", "memory:"]):
            store = SpooledStore(await open_store(url), Path(folder, f"{number}.jsonl"))
            await store.start()
            await at_once(1, 50)(store)  # statements compiled, connections made
            print("SQLite, full sync" if folder in url else redact_url(url))
            print("        load    p50 ms    p99 ms  CPU ms/turn   turns/s")
            for name, load in LOADS.items():
                print(await measure(name, store, load))
            await store.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
