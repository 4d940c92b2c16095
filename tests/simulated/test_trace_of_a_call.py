"""A whole call's trace: what the backend saw of it, kept at its end and shown on its page."""

from __future__ import annotations

import re
from html import unescape

import httpx
import pytest

from halo_voice.core.trace import read_step
from halo_voice.simulator import AsgiNetwork, ScriptedCaller
from tests.halo import HOST, HttpOnly, backend, call_to, virtually

WORDS = ["Сколько стоит доставка?", "Где вы находитесь?", "Спасибо, до свидания!"]


async def traced(halo, network) -> tuple[str, list]:
    place = call_to(halo.web)
    done = await place(ScriptedCaller(WORDS), network=network(halo.web, HOST), real_time=True)
    assert done.failures == []
    ((call_id, _),) = [(call.call_id, call) for call in await halo.store.recent_calls(9)]
    (trace,) = await halo.store.traces.of(call_id)
    return call_id, [read_step(line) for line in trace.lines]


@pytest.mark.parametrize("network", [AsgiNetwork, HttpOnly], ids=["stream", "http"])
def test_a_call_leaves_its_trace_and_no_word_in_it(network):
    """Each turn asked and answered in its order, on either way; its end, once; times that grow."""

    @virtually
    async def check() -> None:
        async with backend() as halo:
            _, steps = await traced(halo, network)
            whats = [step.what for step in steps]
            assert (whats[0], whats[-1]) == ("started", "ended")
            assert (whats.count("started"), whats.count("ended")) == (1, 1)
            for what in ("asked", "answered"):
                assert [step.turn for step in steps if step.what == what] == [1, 2, 3]
            for one in (1, 2, 3):
                of = [step for step in steps if step.turn == one]
                asked = next(step for step in of if step.what == "asked")
                answered = next(step for step in of if step.what == "answered")
                assert asked.ms <= answered.ms
                assert answered.value.startswith("answered ")
            assert not re.search("[а-яА-Я]", " ".join(step.value for step in steps))
            if network is AsgiNetwork:
                known = {"joined", "hearing", "given", "sounding", "heard"}
                assert known <= set(whats)
                assert [step.ms for step in steps] == sorted(step.ms for step in steps)
                assert steps[-1].ms > 10_000

    check()


def test_the_calls_page_shows_it():
    """Each step with its second, in Russian and in English; an open call has none yet."""

    @virtually
    async def check() -> None:
        async with backend() as halo:
            call_id, steps = await traced(halo, AsgiNetwork)
            transport = httpx.ASGITransport(halo.front)
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as one:
                page = unescape((await one.get(f"/console/calls/{call_id}")).text)
                assert page.count('<span class="who">') == len(steps)
                assert "фраза звучит · реплика 2, фраза 1" in page
                assert "звонок окончен · ассистент попрощался" in page
                one.cookies.set("halo_lang", "en")
                page = unescape((await one.get(f"/console/calls/{call_id}")).text)
                assert "phrase sounds · turn 2, phrase 1" in page
                assert "call ended · the assistant said goodbye" in page

    check()
