"""A process that stores turns and says which were acknowledged, until it is killed.

A second argument is the path of a spool to put before the store.
"""

from __future__ import annotations

import asyncio
import os
import sys
import uuid
from itertools import count
from pathlib import Path

import structlog

from halo_voice.core.ports import CallStart, Outcome, Store
from halo_voice.store import SpooledStore, open_store


def say(*words: object) -> None:
    """One line in one write: a kill cannot tear it, nor can it wait in a buffer."""
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


async def talk(store: Store) -> None:
    call_id = uuid.uuid4().hex
    await store.open_call(CallStart(call_id))
    for turn in count(1):
        await store.accept_turn(call_id, turn, f"said-{turn}", 0.5)
        say("accepted", call_id, turn)
        await store.settle_turn(
            call_id,
            turn,
            outcome=Outcome.ANSWERED,
            reply=f"reply-{turn}",
            action="listen",
            source="victim",
        )
        say("settled", call_id, turn)


async def main(url: str, spool: str = "") -> None:
    store = await open_store(url, busy_ms=100 if spool else 500)
    if spool:
        structlog.configure(logger_factory=structlog.ReturnLoggerFactory())  # not on our output
        store = SpooledStore(store, Path(spool))
        await store.start()
    async with asyncio.TaskGroup() as calls:
        for _ in range(5):
            calls.create_task(talk(store))


asyncio.run(main(*sys.argv[1:]))
