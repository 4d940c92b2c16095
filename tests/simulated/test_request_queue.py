"""The platform's queue of requests: three at a time, thirty-five in all, one more throws (F61)."""

from __future__ import annotations

import asyncio

import pytest

from halo_voice.hunt.play import one_call
from halo_voice.simulator import (
    PROMPT,
    AsgiNetwork,
    FinishedCall,
    HttpRequest,
    HttpResponse,
    NetworkError,
    run_virtually,
)
from halo_voice.simulator.network import SocketRequest
from tests.halo import HOST, SCENARIO, TalkingModel, backend, call_to
from tests.played import judge

WORDS = ["до скольки вы работаете", "сколько стоит доставка", "где вы находитесь"]
ELSEWHERE = "elsewhere.test"
AT_ONCE = 3  # what the platform sends at a time; a fourth waits
FILLING = """
VoxEngine.addEventListener(AppEvents.CallAlerting, () => {
  for (let i = 0; i < COUNT; i++) Net.httpRequest("https://elsewhere.test/log/" + i, () => 1);
});
"""
"""Another script of the same session, which logs over HTTP what it can."""


class Crowded(AsgiNetwork):
    """Who is asked elsewhere never answers, until `given_up_s` after the question."""

    def __init__(self, web, *, given_up_s: float = 80, stream: bool = True) -> None:
        super().__init__(web, HOST)
        self.asked = 0
        self._given_up_s = given_up_s
        self._stream = stream

    async def request(self, request: HttpRequest) -> HttpResponse:
        if ELSEWHERE not in request.url:
            return await super().request(request)
        self.asked += 1
        await asyncio.sleep(self._given_up_s)
        raise NetworkError(-6)

    async def connect(self, request: SocketRequest):
        if not self._stream:
            raise NetworkError(-4)
        return await super().connect(request)


async def crowded(tmp_path, count: int, **how) -> tuple[FinishedCall, Crowded, list, TalkingModel]:
    """A call whose session has so many requests of somebody else under way from the start."""
    script = tmp_path / "crowded.js"
    script.write_text(FILLING.replace("COUNT", str(count)) + SCENARIO.read_text("utf-8"), "utf-8")
    model = TalkingModel()
    async with backend(model=model) as halo:
        network = Crowded(halo.web, **how)
        call = await call_to(halo.web)(
            list(WORDS), network=network, scenario=script, recogniser=PROMPT, session_id=7, seed=5,
            real_time=True,
        )  # fmt: skip
        turns = await halo.store.turns("7")
    # The others' requests hold the session, not we; nor is their script a part of our file.
    judge(call, expected=["invariant 11", "crowded.js: the scenario has"])
    return call, network, turns, model


def test_a_turn_is_served_while_others_fill_the_queue(tmp_path):
    """F61: on the stream, which needs no place; every question is answered, in time."""
    call, network, turns, _ = run_virtually(crowded(tmp_path, 35))
    assert network.asked == 3, "all places are taken, to the call's end"
    assert [turn.user_text for turn in turns] == WORDS
    assert [s.text for s in call.playbacks if s.text.startswith("Ответ")] == [
        f"Ответ: {words}." for words in WORDS
    ]


def test_without_a_stream_a_full_queue_costs_an_apology_and_no_more(tmp_path):
    """F61: the request throws; the caller is apologised to, and answered once there is room."""
    call, _, turns, model = run_virtually(crowded(tmp_path, 35, given_up_s=1.2, stream=False))
    heard = [span.text for span in call.playbacks]
    assert turns, "there was room again"
    assert heard[-1].startswith("Ответ")
    assert len(model.asked) == len(turns)
    assert not any("uncaught" in failure.lower() for failure in call.failures)


@pytest.mark.parametrize("seeds", [range(0, 60), range(60, 120)], ids=str)
def test_no_request_of_a_call_waits_for_another(seeds):
    """F61: no more are under way than the platform sends at a time, and nothing but turns, the
    start and the reports of the end is ever asked: no turn waits in the queue. Only a backend that
    never answers (F28) holds places: a caller who goes on speaking may fill them."""
    most = 0
    paths = set()
    for seed in seeds:
        outcome = one_call(seed, backend=False)
        requests = outcome.call.requests
        paths |= {each.url.split("/", 3)[3] for each in requests}
        if "F28" in outcome.struck:
            continue
        edges = [(each.sent_ms, 1) for each in requests]
        edges += [(each.done_ms, -1) for each in requests if each.done_ms is not None]
        under_way = 0
        for _, step in sorted(edges):
            under_way += step
            most = max(most, under_way)
    assert 1 <= most <= AT_ONCE
    turns = {"call/start", "process_text", "call/end", "process_audio"}
    assert paths <= turns | {"call/transfer", "call/transferred"}  # while those wait, no turn does
