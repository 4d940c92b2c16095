"""A stand-in for a language model's server: exact delays, exact records, next to no cost.

OpenAI's chat completions as server-sent events over HTTP/1.1 with keep-alive. Every answer is the
same; its chunks are made once. One timer serves all streams. It writes down when each request came
and each token went, on the clock that all processes of a machine share, and how late it was itself.
"""

from __future__ import annotations

import asyncio
import gc
import heapq
import json
import resource
import signal
import sys
import time
from array import array
from pathlib import Path

import httptools
import msgspec

from halo_voice.bench.answer import ScriptedAnswer
from halo_voice.bench.mark import last_mark

_HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n"
)
_OTHER = b"HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


GRAIN_S = 0.001
"""Timers of the loop tick in ms: a shorter wait would be a loop that spins."""


class Asked(msgspec.Struct, gc=False, array_like=True):
    """One request: the turn's mark, when it was read, when each token went (monotonic, s)."""

    mark: int
    received: float
    written: list[float]


class Records(msgspec.Struct):
    asked: list[Asked]
    late_ms: list[float]
    cpu_ms_a_turn: float


class Script:
    """The answer as bytes on the wire: the head with the first event, tokens, the end."""

    def __init__(self, tokens: int, *, first_token_s: float, token_s: float) -> None:
        self.answer = ScriptedAnswer(tokens)
        self.first_token_s = first_token_s
        self.token_s = token_s
        self.opening = _HEAD + _event({"role": "assistant", "content": ""})
        self.chunks = [_event({"content": token}) for token in self.answer.tokens]
        self.ending = _event({}, finish="stop") + _chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n"


def _event(delta: dict[str, str], finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    event = {
        "id": "chatcmpl-bench",
        "object": "chat.completion.chunk",
        "created": 1_750_000_000,
        "model": "bench",
        "system_fingerprint": "fp_bench",
        "choices": [choice],
    }
    return _chunk(b"data: " + json.dumps(event, ensure_ascii=False).encode() + b"\n\n")


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


class Wheel:
    """All streams on one timer. `due` is kept exactly: lateness does not add up."""

    def __init__(self, loop: asyncio.AbstractEventLoop, script: Script) -> None:
        self.loop = loop
        self.script = script
        self.asked: list[Asked] = []
        self.late_s = array("d")
        self._waiting: list[tuple[float, int, Connection]] = []
        self._number = 0
        self._timer: asyncio.TimerHandle | None = None
        self._timer_due = 0.0

    def add(self, due: float, connection: Connection) -> None:
        self._number += 1
        heapq.heappush(self._waiting, (due, self._number, connection))
        if self._timer is None or due < self._timer_due:
            self._arm()

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._waiting:
            self._timer_due = self._waiting[0][0]
            wait = max(GRAIN_S, self._timer_due - time.monotonic())
            self._timer = self.loop.call_later(wait, self._tick)

    def _tick(self) -> None:
        self._timer = None
        waiting = self._waiting
        now = time.monotonic()
        while waiting and waiting[0][0] <= now + GRAIN_S / 2:
            due, _, connection = heapq.heappop(waiting)
            if connection.token(due):
                self._number += 1
                heapq.heappush(waiting, (due + self.script.token_s, self._number, connection))
            now = time.monotonic()
        self._arm()


class Connection(asyncio.Protocol):
    """One connection of the backend; one answer at a time."""

    def __init__(self, wheel: Wheel) -> None:
        self._wheel = wheel
        self._parser = httptools.HttpRequestParser(self)
        self._body: list[bytes] = []
        self._asked: Asked | None = None
        self._came = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def connection_lost(self, _: Exception | None) -> None:
        self._asked = None

    def data_received(self, data: bytes) -> None:
        self._came = time.monotonic()
        self._parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        body = b"".join(self._body)
        self._body.clear()
        if self._parser.get_method() != b"POST":
            self._transport.write(_OTHER)
            return
        self._asked = Asked(last_mark(body), self._came, [])  # the newest words stand last
        self._wheel.asked.append(self._asked)
        self._transport.write(self._wheel.script.opening)
        self._wheel.add(self._came + self._wheel.script.first_token_s, self)

    def token(self, due: float) -> bool:
        """Write the next token; whether there is one more."""
        asked, script = self._asked, self._wheel.script
        if asked is None or self._transport.is_closing():
            return False
        now = time.monotonic()
        last = len(asked.written) + 1 == len(script.chunks)
        chunk = script.chunks[len(asked.written)]
        asked.written.append(now)
        self._transport.write(chunk + script.ending if last else chunk)
        self._wheel.late_s.append(max(0.0, now - due))
        return not last


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def serve(script: Script) -> Records:
    """Serve until SIGTERM. The first line on stdout says the port."""
    loop = asyncio.get_running_loop()
    wheel = Wheel(loop, script)
    server = await loop.create_server(lambda: Connection(wheel), "127.0.0.1", 0)
    told = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, told.set)
    began = _cpu_s()
    print(server.sockets[0].getsockname()[1], flush=True)
    await told.wait()
    cpu_ms = (_cpu_s() - began) * 1000 / max(1, len(wheel.asked))
    late_ms = [late * 1000 for late in wheel.late_s]
    server.close()
    return Records(wheel.asked, late_ms, cpu_ms)


def main() -> None:
    tokens, first_token_ms, token_ms, records = sys.argv[1:]
    script = Script(
        int(tokens), first_token_s=float(first_token_ms) / 1000, token_s=float(token_ms) / 1000
    )
    gc.disable()  # it makes no cycles, and its pauses would be somebody else's latency
    try:
        import uvloop
    except ImportError:
        seen = asyncio.run(serve(script))
    else:
        seen = uvloop.run(serve(script))
    Path(records).write_bytes(msgspec.msgpack.encode(seen))


if __name__ == "__main__":
    main()
