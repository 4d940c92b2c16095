"""What one streamed answer costs in processor time: our client against the official SDK.

    python benchmarks/model_client.py [--answers 300] [--tokens 45] [--at-once 10] [--gap-ms 2]

The stand-in server runs in a process of its own, so only the client's time is counted
(`time.process_time`), the network's system calls included. Every token is a write of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import openai

from halo_voice.core.ports import Message
from halo_voice.llm.endpoint import Endpoint
from halo_voice.llm.openai_client import OpenAIClient

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


async def measure(ask: Ask, answers: int, at_once: int) -> float:
    """Milliseconds of processor time per answer."""
    for _ in range(5):
        await ask()
    begun = time.process_time()
    left = iter(range(answers))

    async def worker() -> None:
        for _ in left:
            await ask()

    await asyncio.gather(*(worker() for _ in range(at_once)))
    return (time.process_time() - begun) / answers * 1000


async def compare(url: str, arguments: argparse.Namespace) -> None:
    ours = OpenAIClient(Endpoint(url=url, model="standin", key="k"))
    sdk = openai.AsyncOpenAI(base_url=url, api_key="k", max_retries=0)
    messages = [{"role": m.role, "content": m.content} for m in HISTORY]

    async def ask_ours() -> int:
        answer = ours.stream(HISTORY, max_tokens=300, deadline_s=30.0)
        return sum([len(piece) async for piece in answer])

    async def ask_sdk() -> int:
        stream = await sdk.chat.completions.create(
            model="standin", messages=messages, max_tokens=300, stream=True
        )
        return sum([len(c.choices[0].delta.content or "") async for c in stream if c.choices])

    if await ask_ours() != await ask_sdk():
        sys.exit("The two clients read different answers.")
    rounds = [
        (
            await measure(ask_ours, arguments.answers, arguments.at_once),
            await measure(ask_sdk, arguments.answers, arguments.at_once),
        )
        for _ in range(arguments.rounds)
    ]
    await ours.close()
    await sdk.close()
    our_ms, sdk_ms = (statistics.median(column) for column in zip(*rounds, strict=True))
    loop = type(asyncio.get_running_loop()).__module__.split(".")[0]
    print(
        f"{loop:8} {arguments.tokens} tokens, {arguments.at_once} at once: "
        f"ours {our_ms:.2f} ms, SDK {sdk_ms:.2f} ms, ratio {sdk_ms / our_ms:.1f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--answers", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tokens", type=int, default=45)
    parser.add_argument("--at-once", type=int, default=10)
    parser.add_argument("--gap-ms", type=float, default=2.0)
    arguments = parser.parse_args()
    command = [sys.executable, "-m", "tests.standins.model_server"]
    command += ["--tokens", str(arguments.tokens), "--gap-ms", str(arguments.gap_ms)]
    with subprocess.Popen(  # noqa: S603 - our own program
        command, cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            assert server.stdout is not None
            url = server.stdout.readline().strip()
            asyncio.run(compare(url, arguments))
            try:
                import uvloop
            except ImportError:
                return
            uvloop.run(compare(url, arguments))
        finally:
            server.terminate()


if __name__ == "__main__":
    main()
