"""Workers on ended calls, which are killed, and a receiver that they tell."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from halo_voice.core.ports import CallEnd, CallStart, Outcome
from halo_voice.store import open_store
from tests.contract import postgres
from tests.halo import ROOT
from tests.standins.webhook_receiver import WebhookReceiver, receiving


class Victims:
    """Workers that run one after the other on one database."""

    def __init__(self, database: str, steps: str, receiver: WebhookReceiver) -> None:
        self.database = database
        self._order = {"database": database, "steps": steps, "receiver": receiver.url}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.fire.work_victim"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout.readline() == "ready\n"

    def work(self, **how: Any) -> dict[str, float]:
        """Until nothing is left to do, or until it dies."""
        self._process.stdin.write(json.dumps(self._order | how) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def end(self, *call_ids: str) -> None:
        """These calls have just ended, one after the other."""
        asyncio.run(self._end(call_ids))

    def miss(self, call_id: str) -> None:
        """The company has called, and nobody picked up."""
        asyncio.run(self._miss(call_id))

    async def _miss(self, call_id: str) -> None:
        store = await open_store(self.database)
        made = CallStart(call_id, "+79161234567", profile="halo", direction="outgoing")
        await store.open_call(made)
        await store.end_call(CallEnd(call_id, "not_connected", 0, 0))
        await store.close()

    async def _end(self, call_ids: tuple[str, ...]) -> None:
        store = await open_store(self.database)
        for call_id in call_ids:
            await store.open_call(CallStart(call_id, "+79161234567", profile="halo"))
            await store.accept_turn(call_id, 1, "сколько стоит доставка", 0.9)
            await store.settle_turn(
                call_id,
                1,
                outcome=Outcome.ANSWERED,
                reply="Триста рублей.",
                action="listen",
                source="offline",
            )
            await store.end_call(CallEnd(call_id, "caller_hung_up", 9_000, 1))
        await store.close()

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()


@pytest.fixture
def receiver() -> Iterator[WebhookReceiver]:
    with receiving() as found:
        yield found


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def victims(request, tmp_path, receiver) -> Iterator[Victims]:
    if request.param == "sqlite":
        database = f"sqlite:///{tmp_path}/halo.sqlite3"
        found = Victims(database, f"sqlite:///{tmp_path}/work.sqlite3", receiver)
        yield found
        found.close()
        return
    with postgres.server() as server, postgres.database(server) as database:
        found = Victims(database, database, receiver)
        yield found
        found.close()
