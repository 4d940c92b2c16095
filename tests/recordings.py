"""Calls as the store has them: made up, and made by the simulator."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

from halo_voice.app import running
from halo_voice.core.ports import (
    CallEnd,
    CallRecord,
    CallStart,
    Outcome,
    TurnNote,
    TurnRecord,
)
from halo_voice.core.trace import Step, Trace, read_step
from halo_voice.hunt.model import MoodyModel
from halo_voice.in_process import HOST, configuration, quiet
from halo_voice.repeat.recorded import Recorded, recorded
from halo_voice.simulator import AsgiNetwork, place_call, run_virtually
from halo_voice.simulator.people import Person
from halo_voice.simulator.recogniser import VENDORS
from halo_voice.store import open_store
from halo_voice.store.memory import MemoryStore

ROOT = Path(__file__).parents[1]
SCENARIO = ROOT / "scenario" / "voximplant_scenario_ASR.js"
SETTLE_S = 10.0
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def a_call() -> CallRecord:
    """An ordinary one, whose caller hung up after a minute."""
    return CallRecord(
        "c-1",
        "+79161234567",
        "+74950000000",
        "halo",
        "v1",
        "1.4",
        "incoming",
        started_at=NOON,
        ended_at=NOON + timedelta(minutes=1),
        end_reason="caller_hung_up",
        duration_ms=60_000,
    )


def a_turn(number: int, said: str, reply: str = "Мы работаем до девяти.") -> TurnRecord:
    """A turn that was answered and heard."""
    return TurnRecord(
        "c-1", number, said, 0.9, NOON, outcome=Outcome.ANSWERED, reply=reply, source="model"
    )


def steps(lines: str) -> list[Step]:
    """From kept lines, with `;` between."""
    found = (read_step(line.strip()) for line in lines.split(";"))
    return [step for step in found if step is not None]


async def keep(kept: Recorded, url: str) -> None:
    """Writes a call into the store of that address."""
    store, call = await open_store(url), kept.call
    await store.open_call(CallStart(call.call_id, call.caller, call.called))
    for turn in kept.turns:
        where = call.call_id, turn.turn
        await store.accept_turn(*where, turn.user_text, turn.confidence)
        told = {"reply": turn.reply, "action": turn.action, "source": turn.source}
        await store.settle_turn(*where, outcome=turn.outcome, **told)
        await store.note_turn(TurnNote(*where, turn.heard, turn.revised_text, turn.latency))
    await store.end_call(CallEnd(call.call_id, call.end_reason, call.duration_ms, len(kept.turns)))
    lines = [step.line() for step in kept.steps]
    await store.traces.keep(call.call_id, Trace(call.started_at, lines))
    await store.close()


def simulated_call(seed: int) -> Recorded:
    """A drawn caller with a drawn line, vendor and model; as the store has it afterwards."""
    with quiet():
        return run_virtually(_simulated(seed))


async def _simulated(seed: int) -> Recorded:
    rng, store = random.Random(f"{seed}/recorded"), MemoryStore()
    person = Person(rng, calm_ms=round(rng.uniform(8_000, 60_000)))
    async with running(
        configuration(ROOT / "assistants"), store=store, model=MoodyModel(rng)
    ) as halo:
        await place_call(
            SCENARIO,
            caller=person,
            network=AsgiNetwork(halo.web, HOST),
            secrets={"HALO_URL": f"https://{HOST}"},
            seed=seed,
            session_id=10**9 + seed,
            recogniser=rng.choice(list(VENDORS.values())),
            real_time=True,
            again=True,
        )
        await asyncio.sleep(SETTLE_S)
        call_id = str(10**9 + seed)
        call = await store.find_call(call_id)
        assert call is not None
        return recorded(call, await store.turns(call_id), await store.traces.of(call_id))
