"""How long a stranger waits for a refusal, and what it costs us: `python benchmarks/gate.py`.

Every forgery of the tests, on every route, over one real connection, beside a good turn whose model
needs no time; then the same without a connection, in processor time, which other work on the
machine does not change. Invariant 16 wants the 99th percentile of the refusals below 10 ms.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
import time
from pathlib import Path
from typing import Any

import structlog

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.halo import TalkingModel
from tests.strangers import KEYS, Asked, ask, routes, signed, spoilt
from tests.streams import Served, served

BODY = b'{"user_text":"a"}'


class Line:
    """One connection, kept open."""

    def __init__(self, halo: Served) -> None:
        self._port = halo.port

    async def __aenter__(self) -> Line:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()

    async def timed(self, request: bytes) -> tuple[int, float]:
        """The status of the answer, and the milliseconds until it was whole."""
        began = time.perf_counter()
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = next(
            int(line.split(b":")[1])
            for line in head.lower().splitlines()
            if line.startswith(b"content-length")
        )
        if not request.startswith(b"HEAD"):
            await self._reader.readexactly(length)
        return int(head.split()[1]), (time.perf_counter() - began) * 1000


def bytes_of(asked: Asked) -> bytes:
    lines = [f"{asked.method} {asked.target} HTTP/1.1", "Host: localhost"]
    lines += [f"{name}: {value}" for name, value in asked.headers]
    if asked.body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(asked.body)}"]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + asked.body


async def worked_ms(app: Any, asked: Asked) -> float:
    """Milliseconds of this thread's processor time for one refusal."""
    began = time.thread_time_ns()
    assert (await ask(app, asked)).status == 401
    return (time.thread_time_ns() - began) / 1e6


def told(name: str, times: list[float]) -> None:
    times.sort()
    p50, p99, p999 = (times[int((len(times) - 1) * share)] for share in (0.5, 0.99, 0.999))
    print(f"{name:26} {len(times):6}  p50 {p50:5.2f}  p99 {p99:5.2f}  p99.9 {p999:5.2f} ms")


async def main(rounds: int, store_url: str) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    refusals: list[float] = []
    answers: list[float] = []
    async with served(TalkingModel(), keys=KEYS, store_url=store_url) as halo, Line(halo) as line:
        processor = time.process_time()
        for _ in range(rounds):
            for method, path in sorted(routes(halo.halo)):
                if (method, path) == ("GET", "/stream"):
                    continue
                body = BODY if method == "POST" else b""
                for how, forged in spoilt(Asked(method, path, body)):
                    # A server of HTTP takes blanks off a header, and a health check needs no key.
                    if "blank" in how or path in ("/healthz", "/readyz", "/metrics"):
                        continue
                    status, ms = await line.timed(bytes_of(forged))
                    assert status == 401, (method, path, how, status)
                    refusals.append(ms)
        cost_ms = (time.process_time() - processor) * 1000 / len(refusals)
        work = [
            await worked_ms(halo.halo.web, forged)
            for _ in range(rounds)
            for method, path in sorted(routes(halo.halo))
            for _, forged in spoilt(Asked(method, path, BODY if method == "POST" else b""))
        ]
        for _ in range(rounds * 40):
            status, ms = await line.timed(bytes_of(signed(Asked("POST", "/process_text", BODY))))
            assert status == 200
            answers.append(ms)
    told("refused (401)", refusals)
    told("served (200), beside it", answers)
    told("refused, processor time", work)
    print(f"processor time of a refusal over the connection, both ends: {cost_ms:.2f} ms")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20, help="how often everything is tried")
    parser.add_argument("--store", default="memory:", help="HALO_STORE_URL")
    given = parser.parse_args()
    asyncio.run(main(given.rounds, given.store))
