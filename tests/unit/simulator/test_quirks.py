"""What the stand-in for the backend does seldom: drawn apart, and real where it is drawn."""

from __future__ import annotations

import asyncio
import json
import random

import pytest

from halo_voice.hunt.draw import DISMISSED, NEWER_FROM, drawn
from halo_voice.simulator import HttpRequest, ScriptedCaller, place_call, run_virtually
from halo_voice.simulator.keypad import ENDINGS, Keypad
from halo_voice.simulator.quirks import QUIRKY, Quirks
from halo_voice.simulator.standin import BUSY, StandIn
from halo_voice.simulator.wire import messages
from tests.halo import HOST, SCENARIO, SECRETS

WORDS = ["до скольки вы работаете", "сколько стоит доставка"]
STREAM = {"stream": True, "texts": {}}
START = {"call_id": "c", "scenario_version": "1"}


async def asked(home: StandIn, path: str, body: dict) -> tuple[int, dict]:
    request = HttpRequest(f"https://{HOST}{path}", "POST", body=json.dumps(body).encode())
    reply = await home.request(request)
    return reply.status, json.loads(reply.body)


async def told(quirks: Quirks, turns: int = 6) -> list[tuple[str, float]]:
    """Each answer, and when it was whole, in seconds from its question."""
    home = StandIn(random.Random(3), STREAM, quirks=quirks, chance=random.Random(4))
    await asked(home, "/call/start", START)
    answers = []
    for turn in range(1, turns + 1):
        began = asyncio.get_running_loop().time()
        body = {"call_id": "c", "turn": turn, "user_text": f"вопрос {turn}", "deadline_ms": 60_000}
        reply = (await asked(home, "/process_text", body))[1]
        answers.append((reply["ai_text"], asyncio.get_running_loop().time() - began))
    return answers


def test_quirks_are_seldom_and_each_is_drawn():
    """Each by itself; most stand-ins have none, and a backend never has."""
    seeds = range(600)
    quirks = [drawn(seed, backend=False).quirks for seed in seeds]
    for name in Quirks.__slots__:
        count = sum(name in each.names for each in quirks)
        assert 0.4 * QUIRKY < count / len(seeds) < 2 * QUIRKY, name
    assert sum(not each.names for each in quirks) > 0.6 * len(seeds)
    assert sum(drawn(seed, backend=False).person.stays for seed in seeds) > 5
    assert sum("unrecorded" in drawn(seed, backend=False).faults.on for seed in seeds) > 100
    of_backend = [drawn(seed, backend=True) for seed in range(100)]
    assert not any(each.quirks.names or each.person.stays for each in of_backend)


def test_without_quirks_a_stand_in_says_what_it_always_said():
    """The chance that quirks draw from is their own."""
    plain = run_virtually(told(Quirks()))
    assert run_virtually(told(Quirks(patient=True))) == plain
    paused = run_virtually(told(Quirks(pauses=True)))
    assert [text for text, _ in paused] == [text for text, _ in plain]
    assert sum(s for _, s in paused) > sum(s for _, s in plain) + 3


def test_one_that_rambles_or_marks_up_says_what_nobody_can_speak():
    """Over a phrase's length, over the platform's; markup, control characters."""
    long = [text for text, _ in run_virtually(told(Quirks(rambles=True), 12))]
    assert max(map(len, long)) > 1_500
    marked = " ".join(text for text, _ in run_virtually(told(Quirks(marks_up=True), 12)))
    assert any(sign in marked for sign in ("<", "*", "#", "&", "\u202e"))


def test_one_that_refuses_lets_no_call_begin():
    """Whatever comes first, and whatever comes after it; the end is stored already."""

    async def refused() -> None:
        home = StandIn(random.Random(3), STREAM, quirks=Quirks(refuses=True))
        _, start = await asked(home, "/call/start", START)
        assert start["refused"] == "busy"
        assert start["profile"]["texts"]["bye_busy"] == BUSY
        turn = {"call_id": "c", "turn": 1, "user_text": "алло", "start": START}
        status, reply = await asked(home, "/process_text", turn)
        assert (status, reply["ai_text"], reply["action"]) == (200, BUSY, "hangup")
        end = {"call_id": "c", "reason": "busy"}
        assert (await asked(home, "/call/end", end))[1]["stored"] is False

    run_virtually(refused())


@pytest.mark.parametrize("stream", [True, False])
def test_a_refused_caller_hears_so(stream):
    """The shipped scenario, on the stream and without: nobody is asked, the line is closed."""

    async def call():
        profile = STREAM | {"stream": stream}
        home = StandIn(random.Random(3), profile, quirks=Quirks(refuses=True))
        return await place_call(
            SCENARIO, caller=ScriptedCaller(WORDS), network=home, secrets=SECRETS, real_time=True
        )

    done = run_virtually(call())
    assert done.playbacks[-1].text == BUSY
    assert not [m for m in messages(done.trace) if m.type == "final"]
    assert done.failures == []


def test_a_call_is_dismissed_seldom_and_by_the_stand_in_alone():
    """From a seed on: smaller ones, and calls with a backend, go as they always went."""
    seeds = range(NEWER_FROM, NEWER_FROM + 600)
    count = sum(drawn(seed, backend=False).dismissed_ms is not None for seed in seeds)
    assert 0.4 * DISMISSED < count / len(seeds) < 2 * DISMISSED
    assert not any(drawn(seed, backend=True).dismissed_ms for seed in seeds)
    assert not any(drawn(seed, backend=False).dismissed_ms for seed in range(600))


@pytest.mark.parametrize("at_ms", [1_500, 8_000])
def test_a_dismissed_call_ends_by_itself(at_ms):
    """Amid the greeting and amid a turn: what is being said is said, then we hang up."""

    async def call():
        home = StandIn(random.Random(3), STREAM, dismissed_ms=at_ms)
        return await place_call(
            SCENARIO, caller=ScriptedCaller(WORDS), network=home, secrets=SECRETS, real_time=True
        )

    done = run_virtually(call())
    [told] = [m for m in messages(done.trace) if m.type == "hangup"]
    assert told.ms <= done.disconnected_ms <= told.ms + 6_000
    ended = [json.loads(r.body) for r in done.requests if r.url.endswith("/call/end")]
    assert [each["reason"] for each in ended] == ["assistant_hung_up"]


def test_who_is_clumsy_types_any_key_behind_the_number():
    """The same digits at the same moments as who is not; then none, one or two more keys."""
    endings = set()
    for seed in range(200):
        plain, clumsy = (Keypad.drawn(random.Random(seed), 60_000, clumsy=c) for c in (False, True))
        digits = [key for _, key in plain.keys if key.isdigit()]
        typed = [key for _, key in clumsy.keys]
        assert typed[: len(digits)] == digits
        assert plain.says_ms == clumsy.says_ms
        endings.add("".join(typed[len(digits) :]))
    assert endings == set(ENDINGS)
