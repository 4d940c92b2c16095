"""Scenario and backend of different versions: whole calls, the older one on either side (F65).

`tests/versions` has the scenario as it was uploaded once, never changed: when the shipped one gets
a new number, the one before it is put there.
"""

from __future__ import annotations

import re

import pytest

from halo_voice.core.versions import SCENARIOS, standing
from halo_voice.simulator import Faults, When
from halo_voice.simulator.invariants import breaches
from tests.halo import HOST, ROOT, SCENARIO, HttpOnly, TalkingModel, backend, call_to, client_of
from tests.standins.older_backend import OlderBackend

WORDS = ["до скольки вы работаете", "сколько стоит доставка", "где вы находитесь"]
ANSWERS = [f"Ответ: {words}." for words in WORDS]
EARLIER = sorted((ROOT / "tests" / "versions").glob("scenario-*.js"))
SINCE = {"1.0": ["invariant 4"]}  # who spoke over it was not heard then


def version_of(path) -> str:
    return re.findall(r'^const SCENARIO_VERSION = "([^"]+)";', path.read_text("utf-8"), re.M)[0]


async def talk(network_of, scenario=SCENARIO, faults=None, words=WORDS):
    """A calm call; what the store has of it, what was heard, and what is wrong with it."""
    model = TalkingModel()
    async with backend(model=model) as halo:
        network = network_of(halo.web, HOST)
        call = await call_to(halo.web)(
            list(words), network=network, scenario=scenario, faults=Faults(faults or {}),
            session_id=7, seed=3,
        )  # fmt: skip
        record, turns = await halo.store.find_call("7"), await halo.store.turns("7")
        async with client_of(halo) as client:
            ready = (await client.get("/readyz")).json()
    return call, record, turns, network, ready


def test_the_versions_that_are_known_are_kept():
    """F65: the shipped file's version is the newest that the backend knows, each earlier file has
    its own; a new number of the shipped one leaves the file before it in tests/versions."""
    assert version_of(SCENARIO) == SCENARIOS[-1], "add it to core/versions.py"
    assert [path.stem.removeprefix("scenario-") for path in EARLIER] == list(
        map(version_of, EARLIER)
    )
    assert set(map(version_of, EARLIER)) <= set(SCENARIOS)
    assert SCENARIOS[-1] in map(version_of, EARLIER) or SCENARIOS[-2] in map(version_of, EARLIER)


@pytest.mark.parametrize("way", [HttpOnly, None], ids=["http", "stream"])
@pytest.mark.parametrize("path", EARLIER, ids=lambda p: p.stem)
async def test_an_earlier_scenario_talks_to_this_backend(path, way):
    """F65: every question is answered, every turn stored, the end reported; no invariant breaks."""
    from halo_voice.simulator import AsgiNetwork

    call, record, turns, _, ready = await talk(way or AsgiNetwork, path)
    version = version_of(path)
    broken = [str(breach) for breach in breaches(call)]
    assert [each for each in broken if not each.startswith(tuple(SINCE.get(version, ["-"])))] == []
    assert call.failures == []
    assert [span.text for span in call.playbacks][1:] == ANSWERS
    assert [turn.user_text for turn in turns] == WORDS
    assert record.scenario_version == version
    assert (record.open, record.end_reason) == (False, "caller_hung_up")
    warned = [each["warning"] for each in ready["warnings"]]
    assert warned == ([] if version == SCENARIOS[-1] else ["scenario_version"])


@pytest.mark.parametrize("path", EARLIER, ids=lambda p: p.stem)
async def test_an_earlier_scenario_survives_our_failures(path):
    """F65: the backend's words in trouble are understood, too: a dead first request, then a 503."""
    call, _, turns, _, _ = await talk(HttpOnly, path, {"F28": When(at=[1]), "F29": When(at=[3])})
    assert call.failures == []
    assert call.struck.keys() == {"F28", "F29"}
    assert [turn.user_text for turn in turns][-1] == WORDS[-1]
    assert call.finish_reason == "Normal termination"


async def test_this_scenario_talks_to_an_earlier_backend():
    """F65: without a stream, notes, prices and most of the profile, with the words of before."""
    call, record, turns, network, _ = await talk(OlderBackend)
    assert network.faults == []
    assert [str(breach) for breach in breaches(call)] == []
    assert call.failures == []
    assert [span.text for span in call.playbacks][1:] == ANSWERS
    assert [turn.user_text for turn in turns] == WORDS
    assert (record.open, record.end_reason) == (False, "caller_hung_up")


@pytest.mark.parametrize("reason", ["no_input", "turn_limit"])
async def test_an_earlier_backend_takes_this_scenarios_ends(reason):
    """F65: the reasons that it knows; an end that it refused would leave the call open there."""
    words = [] if reason == "no_input" else [f"вопрос номер {n}" for n in range(14)]
    faults = {"F01": When(probability=1)} if reason == "no_input" else {}
    _, record, _, network, _ = await talk(OlderBackend, faults=faults, words=words or WORDS)
    assert network.faults == []
    assert record.end_reason == reason


@pytest.mark.parametrize(
    ("version", "stands"),
    [(SCENARIOS[-1], "current"), (SCENARIOS[0], "older"), ("9.9", "unknown"), ("", "unknown")],
)
async def test_a_scenario_that_is_not_the_shipped_one_is_told(version, stands):
    """F65: by `/readyz`, `/metrics` and the log, not by a refusal; the call goes on."""
    assert standing(version) == stands
    async with backend(model=TalkingModel()) as halo, client_of(halo) as client:
        start = {"call_id": "c-1", "scenario_version": version}
        assert (await client.post("/call/start", json=start)).status_code == 200
        warned = [each["warning"] for each in (await client.get("/readyz")).json()["warnings"]]
        counted = (await client.get("/metrics")).text
    told = stands != "current"
    assert warned == ["scenario_version"] * told
    assert f'halo_alarms_total{{alarm="scenario_version"}} {float(told)}' in counted


async def test_a_stream_of_a_later_protocol_is_refused_and_the_call_goes_on():
    """F65: who speaks another version of the stream's protocol is told so by a close, and asks by
    HTTP."""
    later = SCENARIO.read_text("utf-8").replace(
        'type: "call", version: 1', 'type: "call", version: 2'
    )
    assert later != SCENARIO.read_text("utf-8")
    from halo_voice.simulator import AsgiNetwork

    call, _, turns, _, ready = await talk(AsgiNetwork, later)
    assert [span.text for span in call.playbacks][1:] == ANSWERS
    assert [turn.user_text for turn in turns] == WORDS
    assert "request_unusable" in [each["warning"] for each in ready["warnings"]]
