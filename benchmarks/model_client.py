"""What one streamed answer costs in processor time: our client, iterated and pushed, alone and
guarded, between the official SDK and the least that an answer can cost.

    python benchmarks/model_client.py [--at-once 1 50 200] [--tokens 45] [--gap-ms 15] [--no-sdk]

The stand-in server runs in a process of its own, so only the client's time is counted
(`time.process_time`), the network's system calls included. Every token is a write of its own. The
loop is uvloop, as in production. `bare`: httptools fed by a protocol that keeps nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import httptools
import openai
import uvloop
from yarl import URL

from halo_voice.core.ports import Message
from halo_voice.llm.endpoint import Endpoint
from halo_voice.llm.guarded import GuardedModel
from halo_voice.llm.openai_client import OpenAIClient
from halo_voice.llm.provider import Provider

ROOT = Path(__file__).resolve().parent.parent
HISTORY = [
    Message("system", "Вы - вежливый голосовой ассистент компании HALO. " * 8),
    *(
        Message(role, f"Реплика номер {n}: когда вы работаете и сколько стоит доставка?")
        for n in range(6)
        for role in ("user", "assistant")
    ),
    Message("user", "А в субботу?"),
]

Ask = Callable[[], Awaitable[int]]


class Net:
    """The guarded chain's last model, which is never asked here."""

    name = "net"

    async def stream(self, *_: object, **__: object) -> AsyncIterator[str]:
        yield "Извините."

    async def warm_up(self) -> None: ...

    async def close(self) -> None: ...


class Bare(asyncio.Protocol):
    """Parses HTTP and counts the bytes of the body: nobody can do with less."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def ask(self, request: bytes) -> asyncio.Future[int]:
        self.bytes = 0
        self.done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.feed = httptools.HttpResponseParser(self).feed_data
        self.transport.write(request)
        return self.done

    def data_received(self, data: bytes) -> None:
        self.feed(data)

    def on_body(self, data: bytes) -> None:
        self.bytes += len(data)

    def on_message_complete(self) -> None:
        self.done.set_result(self.bytes)


def bare(url: URL, body: bytes) -> Ask:
    head = f"POST {url.path}/chat/completions HTTP/1.1\r\nHost: h\r\nContent-Length: {len(body)}"
    request = head.encode() + b"\r\n\r\n" + body
    idle: list[Bare] = []

    async def ask() -> int:
        if not idle:
            made = await asyncio.get_running_loop().create_connection(Bare, url.host, url.port)
            idle.append(made[1])
        line = idle.pop()
        found = await line.ask(request)
        idle.append(line)
        return found

    return ask


def iterated(model: OpenAIClient | GuardedModel) -> Ask:
    async def ask() -> int:
        answer = model.stream(HISTORY, max_tokens=300, deadline_s=30.0)
        return sum([len(piece) async for piece in answer])

    return ask


def pushed(model: OpenAIClient | GuardedModel) -> Ask:
    async def ask() -> int:
        pieces: list[str] = []
        await model.stream(HISTORY, max_tokens=300, deadline_s=30.0).each(pieces.append)
        return sum(map(len, pieces))

    return ask


def by_sdk(sdk: openai.AsyncOpenAI) -> Ask:
    messages = [{"role": m.role, "content": m.content} for m in HISTORY]

    async def ask() -> int:
        stream = await sdk.chat.completions.create(
            model="standin", messages=messages, max_tokens=300, stream=True
        )
        return sum([len(c.choices[0].delta.content or "") async for c in stream if c.choices])

    return ask


async def measure(ask: Ask, answers: int, at_once: int, spread_s: float) -> float:
    """Milliseconds of processor time per answer. The workers begin spread over one answer."""
    await asyncio.gather(*(ask() for _ in range(at_once)))
    begun = time.process_time()
    left = iter(range(answers))

    async def worker(number: int) -> None:
        await asyncio.sleep(spread_s * number / at_once)
        for _ in left:
            await ask()

    await asyncio.gather(*(worker(number) for number in range(at_once)))
    return (time.process_time() - begun) / answers * 1000


async def compare(url: str, arguments: argparse.Namespace) -> None:
    client = OpenAIClient(Endpoint(url=url, model="standin", key="k"))
    guarded = GuardedModel([Provider(client), Net()])
    sdk = openai.AsyncOpenAI(base_url=url, api_key="k", max_retries=0)
    asks = {
        "bare": bare(URL(url), b"x" * 3000),
        "client, pushed": pushed(client),
        "client, iterated": iterated(client),
        "guarded, pushed": pushed(guarded),
        "guarded, iterated": iterated(guarded),
    }
    if not arguments.no_sdk:
        asks["official SDK"] = by_sdk(sdk)
    if len({await ask() for name, ask in asks.items() if name != "bare"}) != 1:
        sys.exit("The clients read different answers.")
    spread_s = arguments.tokens * arguments.gap_ms / 1000
    for at_once in arguments.at_once:
        answers = max(8, 3 * at_once)
        rounds = [
            [await measure(ask, answers, at_once, spread_s) for ask in asks.values()]
            for _ in range(arguments.rounds)
        ]
        print(f"{arguments.tokens} tokens, {at_once} answers at once, ms of processor time each")
        for name, column in zip(asks, zip(*rounds, strict=True), strict=True):
            low, high = min(column), max(column)
            print(f"  {name:20}{statistics.median(column):7.2f}   ({low:.2f} to {high:.2f})")
    await guarded.close()
    await sdk.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--at-once", type=int, nargs="+", default=[1, 50, 200])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tokens", type=int, default=45)
    parser.add_argument("--gap-ms", type=float, default=15.0)
    parser.add_argument("--no-sdk", action="store_true", help="the SDK takes most of the time")
    arguments = parser.parse_args()
    logging.disable(logging.WARNING)
    command = [sys.executable, "-m", "tests.standins.model_server"]
    command += ["--tokens", str(arguments.tokens), "--gap-ms", str(arguments.gap_ms)]
    with subprocess.Popen(  # noqa: S603 - our own program
        command, cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            assert server.stdout is not None
            uvloop.run(compare(server.stdout.readline().strip(), arguments))
        finally:
            server.terminate()


if __name__ == "__main__":
    main()
