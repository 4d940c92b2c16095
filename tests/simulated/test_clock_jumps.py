"""A clock jumps in a call, the backend's or the platform's: an hour ahead, an hour back (F58)."""

from __future__ import annotations

import datetime as clock
import time
from datetime import timedelta

import pytest

from halo_voice.api.signature import sign
from halo_voice.calls.admission import Admission
from halo_voice.calls.budget import Budget
from halo_voice.calls.reconciler import Reconciler
from halo_voice.core.ports import Outcome
from halo_voice.simulator import When
from halo_voice.simulator.faults import Faults
from halo_voice.simulator.invariants import breaches
from halo_voice.store.memory import MemoryStore
from tests.halo import TalkingModel, backend, call_to, client_of
from tests.simulated.test_settings_of_a_call import with_profile

KEY = "k" * 32
JUMPS = {"ahead": [3600, 3600, 3600], "back": [-3600] * 3, "to and fro": [3600, -3600, 0]}


class Wall:
    """A wall clock that somebody sets. `monotonic` is not its business."""

    def __init__(self) -> None:
        self.off_s = 0.0

    def time(self) -> float:
        return REAL_TIME() + self.off_s

    def now(self) -> clock.datetime:
        return clock.datetime.now(clock.UTC) + timedelta(seconds=self.off_s)


REAL_TIME = time.time


@pytest.fixture
def wall(monkeypatch):
    """Everything of the app that reads the wall clock reads this one."""
    wall = Wall()
    monkeypatch.setattr("halo_voice.app.time.time", wall.time)
    for part in (Budget, Admission, Reconciler):
        monkeypatch.setitem(part.__init__.__kwdefaults__, "now", wall.now)
    return wall


@pytest.mark.parametrize("jumps", JUMPS.values(), ids=JUMPS)
async def test_a_call_goes_on_while_the_clock_jumps(wall, jumps):
    """F58: every turn is answered by the model in its time, none is late, doubled or out of order;
    the day's money is counted once."""
    model = TalkingModel()
    store = MemoryStore(now=wall.now)
    values = {"number_calls": 2, "number_calls_hour": 10, "day_roubles": 100.0}
    async with backend(model=model, store=store, **values) as halo, client_of(halo) as client:
        await client.post("/call/start", json={"call_id": "c-1", "caller": "+79161234567"})
        for turn, off_s in enumerate(jumps, 1):
            wall.off_s = off_s
            body = {"call_id": "c-1", "turn": turn, "user_text": f"вопрос {turn}"}
            reply = (await client.post("/process_text", json=body)).json()
            assert reply["ai_text"].startswith("Ответ: вопрос")
            again = (await client.post("/process_text", json=body)).json()
            assert again == reply
        turns = await store.turns("c-1")
        assert len(model.asked) == len(jumps)
        assert [turn.outcome for turn in turns] == [Outcome.ANSWERED] * len(jumps)
        assert all(0 <= turn.model_ms < 5_000 for turn in turns)
        assert all(0 <= ms < 5_000 for turn in turns for ms in turn.latency.values())
        end = {"call_id": "c-1", "reason": "caller_hung_up", "duration_ms": 9_000, "turns": 3}
        assert (await client.post("/call/end", json=end)).json()["stored"]
        # Another call of the number is let in: an hour that never was holds no calls.
        start = {"call_id": "c-2", "caller": "+79161234567"}
        assert "refused" not in (await client.post("/call/start", json=start)).json()


@pytest.mark.parametrize("off_s", [3600, -3600, 61, -62])
async def test_a_clock_that_is_wrong_refuses_and_alarms(wall, off_s):
    """F58: signatures fail closed; when the clock is right again, so are they."""
    body = b'{"call_id": "c-1"}'
    about = {"method": "POST", "path": "/call/start", "body": body}
    async with backend(model=TalkingModel(), keys={"k1": KEY}) as halo, client_of(halo) as client:

        async def asked(nonce: str) -> int:
            head = sign("k1", KEY, timestamp=int(REAL_TIME()), nonce=nonce, **about)
            return (await client.post("/call/start", content=body, headers=head)).status_code

        wall.off_s = off_s
        assert await asked("c-1.1") == 401
        warned = [w["warning"] for w in (await client.get("/readyz")).json()["warnings"]]
        wall.off_s = 0
        assert await asked("c-1.2") == 200
    assert warned == ["request_refused"]


@pytest.mark.parametrize("step", ["timer", "ASR.", "Player."])
@pytest.mark.parametrize("seed", range(1, 5))
async def test_the_clock_of_the_platform_keeps_nobody_waiting(step, seed):
    """F58: set to and fro by up to an hour at every step of one kind, with a backend that never
    answers: the caller hears filler and apology in time."""
    faults = {"F58": When(probability=1, where=step), "F28": When(probability=1, where="/process_")}
    async with backend(model=TalkingModel()) as halo:
        # A caller who may break in would speak again after the filler.
        place, network = call_to(halo.web), with_profile(halo, barge_in={"mode": "off"})
        words = ["где вы", "до скольки вы работаете", "сколько стоит доставка"]
        call = await place(words, network=network, faults=Faults(faults), seed=seed)
        [profile] = [p for p in halo.switchboard.profiles if p.default]
    assert call.struck["F58"] > 5
    assert call.failures == []
    assert breaches(call) == []
    texts = profile.texts
    twice = [texts.filler, texts.apology] * 2
    assert [span.text for span in call.playbacks] == [texts.greeting, *twice, texts.filler]
