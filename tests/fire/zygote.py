"""A program that forks a HALO for each order, so that one costs tens of milliseconds; each can be
told to kill itself, as `kill -9` would, at any step of its work.

A step is where something of HALO's is awaited or goes on: a coroutine of it is entered or left, or
goes to sleep or wakes; on the store's threads, where a statement or a sync begins or ends. They are
counted by the interpreter's profiler, so nothing in HALO knows of it.

Orders are lines of JSON on stdin: `{"start": {settings}, "log": path}` and `{"wait": pid}`. A
HALO answers with its pid and port; SIGUSR1 arms it at the point of the order, SIGTERM stops it as
an operator would, and it says how many steps it took while armed.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import socket
import sys
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import nullcontext
from itertools import count
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import psycopg  # noqa: F401 (imported once, for all)
import sqlalchemy.dialects.postgresql  # noqa: F401
import structlog
import uvicorn

import halo_voice
from halo_voice.app import SERVING, configure, running
from halo_voice.core.ports import Message
from tests.halo import settings

OURS = str(Path(halo_voice.__file__).parent)
AWAITS = 0x80 | 0x200  # the code of a coroutine, of an asynchronous generator
ON_THREADS = {"execute", "rollback", "fsync", "write", "run"}


def say(**what: Any) -> None:
    """One line in one write: a kill cannot tear it."""
    os.write(1, json.dumps(what).encode() + b"\n")


class Steps:
    """Counts the steps of this process once it is armed, and ends it at one of them."""

    def __init__(self, point: int | None) -> None:
        self.taken = 0
        self._point = point
        self._armed = False
        self._count = count(1)  # threads share it
        self._known: dict[CodeType, bool] = {}

    def arm(self, *_: object) -> None:
        self._armed = True
        sys.setprofile(self.on_loop)

    def disarm(self) -> None:
        self._armed = False
        sys.setprofile(None)

    def _step(self) -> None:
        self.taken = next(self._count)
        if self.taken == self._point:
            os.kill(os.getpid(), signal.SIGKILL)

    def on_loop(self, frame: FrameType, event: str, argument: object) -> None:
        if event in ("call", "return") and self._awaits(frame.f_code):
            self._step()

    def on_thread(self, frame: FrameType, event: str, argument: Any) -> None:
        if not self._armed:
            return
        if event in ("c_call", "c_return"):
            if argument.__name__ in ON_THREADS:
                self._step()
        elif frame.f_code.co_filename.startswith(OURS):
            self._step()

    def _awaits(self, code: CodeType) -> bool:
        known = self._known.get(code)
        if known is None:
            known = bool(code.co_flags & AWAITS) and code.co_filename.startswith(OURS)
            self._known[code] = known
        return known


class LoggingModel:
    """Answers in three sentences that tell which process spoke; logs each question with its history
    to a file, at once."""

    name = "logging"

    def __init__(self, log: Path) -> None:
        self._log = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._spelt = str(os.getpid()).translate(str.maketrans("0123456789", "абвгдежзик"))

    async def stream(
        self, messages: Sequence[Message], *, max_tokens: int, deadline_s: float
    ) -> AsyncIterator[str]:
        asked = [
            [message.role, message.content] for message in messages if message.role != "system"
        ]
        line = json.dumps({"pid": os.getpid(), "asked": asked}, ensure_ascii=False)
        os.write(self._log, line.encode() + b"\n")
        for piece in ("Говорит ", f"процесс {self._spelt}. ", "Слушаю ", "вас. ", "Что ещё?"):
            await asyncio.sleep(0)
            yield piece

    async def warm_up(self) -> None: ...

    async def close(self) -> None:
        os.close(self._log)


async def serve(order: dict[str, Any], steps: Steps) -> None:
    """HALO behind a real server, until SIGTERM."""
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    model = LoggingModel(Path(order["log"]))
    async with running(configure(settings(**order["start"])), model=model) as halo:
        listener = socket.create_server(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(halo.web, timeout_graceful_shutdown=1, **SERVING))
        server.capture_signals = nullcontext  # type: ignore[method-assign, assignment]
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started:  # noqa: ASYNC110 (uvicorn tells by this flag)
            await asyncio.sleep(0.001)
        say(pid=os.getpid(), port=listener.getsockname()[1])
        await stopped.wait()
        steps.disarm()
        server.should_exit = True
        await serving
    say(pid=os.getpid(), steps=steps.taken)


def child(order: dict[str, Any]) -> None:
    os.close(0)
    steps = Steps(order.get("point"))
    signal.signal(signal.SIGUSR1, steps.arm)
    threading.setprofile(steps.on_thread)
    asyncio.run(serve(order, steps))


def main() -> None:
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())  # not on our output
    gc.freeze()
    children: set[int] = set()
    while line := sys.stdin.readline():
        order = json.loads(line)
        if "wait" in order:
            _, status = os.waitpid(order["wait"], 0)
            children.discard(order["wait"])
            say(ended=os.waitstatus_to_exitcode(status))
        elif (pid := os.fork()) == 0:
            try:
                child(order)
            except BaseException:
                sys.excepthook(*sys.exc_info())
                os._exit(1)
            os._exit(0)
        else:
            children.add(pid)
    for pid in children:  # of a test that failed
        os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
