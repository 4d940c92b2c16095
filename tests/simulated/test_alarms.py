"""Alarms: what fails in calls is counted, told in the log, and warned of where one looks."""

from __future__ import annotations

import json
import time

import pytest
from structlog.testing import capture_logs

from halo_voice.api.signature import sign
from halo_voice.core.alarms import ALARMS, RECENT_S, Alarms
from halo_voice.core.versions import SCENARIOS
from halo_voice.simulator import Faults, When
from tests.halo import HOST, SCENARIO, SECRETS, HttpOnly, TalkingModel, backend, call_to, client_of

WORDS = ["до скольки вы работаете", "сколько стоит доставка", "где вы находитесь"]
ALWAYS = When(probability=1)
START = {"call_id": "c-1", "scenario_version": SCENARIOS[-1]}
KEY, OTHER = "k" * 32, "o" * 32
SIGNED = {**SECRETS, "HALO_KEY_ID": "k1", "HALO_KEY": KEY}


async def warned(halo) -> tuple[dict[str, int], dict[str, float]]:
    """What `/readyz` warns of, how often, and what `/metrics` has counted."""
    async with client_of(halo) as client:
        state = (await client.get("/readyz")).json()
        lines = (await client.get("/metrics")).text.splitlines()
    counted = {
        line.split('"')[1]: float(line.split()[-1])
        for line in lines
        if line.startswith("halo_alarms_total{") and not line.endswith(" 0.0")
    }
    assert state["ready"], "an alarm makes nothing unready"
    return {each["warning"]: each["times"] for each in state["warnings"]}, counted


async def fails(secrets=None, scenario=SCENARIO, **how):
    """A call; what was heard in it, what was warned of and counted after it, and the log."""
    faults = {name: how.pop(name) for name in list(how) if name[0] == "F"}
    async with backend(model=TalkingModel(), **how) as halo:
        with capture_logs() as logs:
            call = await call_to(halo.web)(
                list(WORDS), network=HttpOnly(halo.web, HOST), faults=Faults(faults),
                scenario=scenario, secrets=secrets or SECRETS, seed=7,
                epoch_ms=int(time.time() * 1000),
            )  # fmt: skip
        warnings, counted = await warned(halo)
    heard = [span.text for span in call.playbacks]
    return heard, warnings, counted, [line["event"] for line in logs if line.get("alarm")]


async def test_a_calm_call_alarms_nobody():
    """F26, F30: nor does a request that is signed as it should be."""
    assert (await fails())[1:] == ({}, {}, [])
    body = json.dumps(START).encode()
    about = {"nonce": "c-1.1", "method": "POST", "path": "/call/start", "body": body}
    async with backend(model=TalkingModel(), keys={"k1": KEY}) as halo, client_of(halo) as client:
        head = sign("k1", KEY, timestamp=int(time.time()), **about)
        assert (await client.post("/call/start", content=body, headers=head)).status_code == 200
        assert await warned(halo) == ({}, {})


async def test_a_scenario_that_was_left_behind_is_an_alarm():
    """F65: a line of the log, and a warning, with each call that begins with it."""
    async with backend(model=TalkingModel()) as halo, client_of(halo) as client:
        with capture_logs() as logs:
            for call_id, version in (("c-1", "1.0"), ("c-2", SCENARIOS[-1])):
                begun = {"call_id": call_id, "scenario_version": version}
                await client.post("/call/start", json=begun)
        assert await warned(halo) == ({"scenario_version": 1}, {"scenario_version": 1})
    alarms = [(line["event"], line["call_id"]) for line in logs if line.get("alarm")]
    assert alarms == [("scenario_version", "c-1")]


async def test_a_voice_that_is_down_is_an_alarm():
    """F26: the call ends for it."""
    _, warnings, counted, told = await fails(F20=ALWAYS)
    assert (warnings, counted, told) == ({"voice_down": 1}, {"voice_down": 1}, ["call_failed"])


async def test_a_voice_that_recordings_stood_in_for_is_an_alarm():
    """F26: a call that went on with recordings tells so in its report; once, however often sent."""
    end = {"call_id": "c-1", "reason": "caller_hung_up", "faults": ["voice_down", "voice_down"]}
    async with backend(model=TalkingModel()) as halo, client_of(halo) as client:
        await client.post("/call/start", json=START)
        for _ in range(2):
            assert (await client.post("/call/end", json=end)).status_code == 200
        assert await warned(halo) == ({"voice_down": 1}, {"voice_down": 1})


@pytest.mark.parametrize(
    ("fault", "alarm"), [("F11", "recogniser_down"), ("F27", "backend_down")]
)  # fmt: skip
async def test_other_parts_that_are_down_are_alarms(fault, alarm):
    """F26, F30: a recogniser as well, and a backend that a call found gone."""
    faults = {fault: When(probability=1, where="process_text" if fault == "F27" else "")}
    _, warnings, _, told = await fails(**faults)
    assert (warnings, told) == ({alarm: 1}, ["call_failed"])


async def test_a_scenario_with_a_wrong_key_is_an_alarm_at_once():
    """F30: every request gets 401: the caller hears apologies and a goodbye, we hear of it."""
    heard, warnings, counted, _ = await fails({**SIGNED, "HALO_KEY": OTHER}, keys={"k1": KEY})
    assert len(heard) == 4, "greeting, two apologies, goodbye"
    assert not any(each.startswith("Ответ") for each in heard)
    assert list(warnings) == ["request_refused"]
    assert warnings == counted
    assert warnings["request_refused"] >= 5  # the start, three turns, the report


async def test_a_stranger_alarms_nobody():
    """F30: who names no key of ours is one line of the log."""
    secrets = {**SIGNED, "HALO_KEY_ID": "made-up"}
    _, warnings, counted, told = await fails(secrets, keys={"k1": KEY})
    assert (warnings, counted, told) == ({}, {}, [])


async def test_a_scenario_that_sends_what_cannot_be_read_is_an_alarm():
    """F30: 422: an apology without a second attempt, and the alarm says what to do."""
    wrong = SCENARIO.read_text("utf-8").replace(
        "deadline_ms: deadlineOf(action),\n    ...", 'deadline_ms: "soon",\n    ...'
    )
    assert wrong != SCENARIO.read_text("utf-8")
    heard, warnings, _, told = await fails(scenario=wrong)
    assert len(heard) == 4
    assert warnings == {"request_unusable": 3, "backend_down": 1}
    assert told == ["request_unusable"] * 3 + ["call_failed"]


def test_an_alarm_is_warned_of_for_a_quarter_of_an_hour():
    """F26, F30: by a clock that never jumps; it counts on if it comes back."""
    now = [0.0]
    counted: list[str] = []
    alarms = Alarms(counted.append, lambda: now[0])
    for name in ALARMS:
        alarms.raised(name)
    now[0] = RECENT_S - 1
    alarms.raised("money")
    assert len(alarms.recent()) == len(ALARMS)
    now[0] = RECENT_S + 1
    assert alarms.recent() == [
        {"warning": "money", "times": 2, "ago_s": 2, "meaning": ALARMS["money"]}
    ]
    assert counted == [*ALARMS, "money"]
