"""A process that keeps a call and says what is acknowledged, in one system call each."""

from __future__ import annotations

import asyncio
import os
import sys

from halo_voice.core.ports import CallEnd, CallStart, Outcome
from halo_voice.store import open_store

TURNS = 6


async def main(url: str) -> None:
    store = await open_store(url)
    await store.open_call(CallStart("c-1"))
    _say("call 0")
    for turn in range(1, TURNS + 1):
        await store.accept_turn("c-1", turn, f"вопрос {turn}", 0.9, within_s=0.01)
        _say(f"accepted {turn}")
        await store.settle_turn(
            "c-1", turn, outcome=Outcome.ANSWERED, reply=f"ответ {turn}", action="listen",
            source="m", within_s=0.01,
        )  # fmt: skip
        _say(f"settled {turn}")
    await store.end_call(CallEnd("c-1", "caller_hung_up", 9_000, TURNS))
    _say("ended 0")
    await store.close()


def _say(what: str) -> None:
    """In one system call, in order with those that write the files."""
    os.write(1, f"ACK {what}\n".encode())


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
