"""Whole calls in real time over real connections that break: between scenario and backend.

Every call has a bad network of its own and the same backend; all of them talk at once.
"""

from __future__ import annotations

import asyncio

from halo_voice.core.ports import Outcome
from halo_voice.simulator import PROMPT, AiohttpNetwork, ScriptedCaller
from halo_voice.simulator.invariants import breaches
from tests.fire.stalls import Stalls
from tests.halo import PacedModel, call_to
from tests.standins.fault_proxy import Blow, End, FaultProxy, Pace
from tests.streams import Served, served

WORDS = ["сколько стоит доставка", "а где вы находитесь"]
ANSWER = "Мы на Лесной улице. Вход со двора. Что ещё?"
PROFILE, OPENED, ACCEPTED = b'"profile"', b"101 Switching", b'"accepted"'
FIRST, SECOND, LAST, ANSWERED = (
    *(b'"phrase":%d' % number for number in (1, 2, 3)),
    b'"answered"',
)
NETWORKS = {
    "slow": (Pace(latency_s=0.15, jitter_s=0.12),),
    "narrow": (Pace(bytes_a_s=6000),),
    "start cut": (Blow(End.RESET, PROFILE, 700),),
    "start garbled": (Blow(End.GARBAGE, PROFILE, 30),),
    "start silent": (Blow(End.HALF_OPEN, PROFILE, 30),),
    "handshake reset": (Blow(End.RESET, OPENED, 20),),
    "handshake garbled": (Blow(End.GARBAGE, OPENED, 20),),
    "closed before it is accepted": (Blow(End.CLOSE, ACCEPTED),),
    "reset before the first phrase": (Blow(End.RESET, FIRST, 5),),
    "closed slowly between phrases": (Blow(End.SLOW_CLOSE, SECOND, 7),),
    "reset again and again": (Blow(End.RESET, SECOND), Blow(End.RESET, LAST, 3)),
    "silent before it is accepted": (Blow(End.HALF_OPEN, ACCEPTED),),
    "silent between phrases": (Blow(End.HALF_OPEN, SECOND),),
    "silent before answered": (Blow(End.HALF_OPEN, ANSWERED),),
    "garbled phrase": (Blow(End.GARBAGE, SECOND, 30),),
    "slow and reset": (
        Pace(latency_s=0.1, jitter_s=0.08),
        Blow(End.RESET, ACCEPTED, 60),
        Blow(End.CLOSE, OPENED, 1),
    ),
}
"""Each is a pace, or blows at what comes down: the profile, the stream's opening, messages."""


async def talk(halo: Served, name: str, seed: int):
    """One call through a network of its own, and what the store has of it."""
    number = 10**9 + seed
    blows = [each for each in NETWORKS[name] if isinstance(each, Blow)]
    pace = next((each for each in NETWORKS[name] if isinstance(each, Pace)), None)
    async with FaultProxy(halo.port, *blows, pace=pace, seed=seed) as proxy:
        async with AiohttpNetwork() as network:
            call = await call_to(None)(
                ScriptedCaller(WORDS, pause_ms=300),
                network=network,
                secrets={"HALO_URL": f"http://127.0.0.1:{proxy.port}"},
                recogniser=PROMPT,
                seed=seed,
                session_id=number,
                real_time=True,
            )
        left = proxy.blows
    record = await halo.halo.store.find_call(str(number))
    return call, left, record, await halo.halo.store.turns(str(number))


async def test_calls_survive_a_bad_network():
    """F28, F43, F47, F48, invariants 1–8 and 18: the caller is answered or asked for patience, the
    call goes on, and each of its turns is one row."""
    stalls = Stalls()
    async with served(PacedModel(0.4, answer=lambda _: ANSWER)) as halo:
        with stalls.watched():
            done = await asyncio.gather(*(talk(halo, n, seed) for seed, n in enumerate(NETWORKS)))
    for name, (call, left, record, turns) in zip(NETWORKS, done, strict=True):
        found = [*call.failures, *map(str, breaches(call, stalls.limits()))]
        assert (name, found) == (name, [])
        assert left == [], name  # every blow has fallen
        assert call.finish_reason == "Normal termination"
        assert record is not None, name
        assert not record.open, name
        assert [turn.turn for turn in turns] == list(range(1, len(turns) + 1)), name
        assert {turn.outcome for turn in turns} <= {Outcome.ANSWERED, Outcome.SUPERSEDED}, name
        assert turns[-1].outcome is Outcome.ANSWERED, name
