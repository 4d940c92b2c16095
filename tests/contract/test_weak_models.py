"""The stream over a model that fails on a real connection: every turn is answered, in phrases.

The real client, a stand-in of the model's server, a real WebSocket. How soon the caller hears it is
tried in virtual time: tests/simulated/test_first_words.py.
"""

from __future__ import annotations

import asyncio
import re
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import pytest

from halo_voice.core.ports import Outcome, TurnRecord
from tests.standins.model_server import ModelServer, Reply, Step, chunk, event, plain, spoken
from tests.streams import served

QUESTION = "Сколько стоит доставка?"
SECOND = "Доставка бесплатная."
OFFLINE = "триста девяносто"  # of the sample company's texts
DEADLINE_MS = 1_500
THINKING = event(chunk(None, reasoning_content="Посчитаем. "))
FATES = re.compile(r'halo_model_attempts_total\{fate="(\w+)"\} (\S+)')
WASTED = re.compile(r'halo_wasted_characters_total\{fate="(\w+)",of="(\w+)"\} (\S+)')
END = [event(chunk(finish="stop")), event("[DONE]")]


def pieces(*texts: str) -> list[bytes]:
    return [event(chunk("", role="assistant")), *(event(chunk(text)) for text in texts)]


MUTE = {
    "opens and says nothing": Reply([event(chunk("", role="assistant")), Step.HANG]),
    "does not even answer": Reply([Step.HANG]),
    "breaks off without a word": Reply([*pieces(), Step.CUT]),
    "refuses": plain({"error": {"message": "no such key"}}, status=401),
    "is busy": plain({}, status=429, headers={"Retry-After": "30"}),
    "only thinks": Reply([THINKING] * 20 + END),
    "thinks without end": Reply([THINKING] * 20 + [Step.HANG]),
    "is empty": Reply(END),
    "is blank": spoken([" ", "\n", " "]),
    "answers in English": spoken(["The delivery ", "is free. ", "Would you like", " to order?"]),
}
HANGING = [reply for reply in MUTE.values() if Step.HANG in reply.steps]
TORN = {
    "stalls after three tokens": Reply([*pieces("За", "мор", "ские "), Step.HANG]),
    "dies in its first sentence": Reply([*pieces("За", "мор", "ские "), Step.CUT]),
}
BEGUN = {
    "stalls in its second sentence": Reply([*pieces("Мы открыты. ", "Приез"), Step.HANG]),
    "dies in its second sentence": Reply([*pieces("Мы открыты. ", "Приез"), Step.CUT]),
}


@asynccontextmanager
async def halo_over(*replies: Reply):
    """HALO on a port of its own, a model for each reply, and limits that a test can wait for."""
    async with AsyncExitStack() as stack:
        values = {}
        for prefix, reply in zip(("model", "model2"), replies, strict=False):
            server = await stack.enter_async_context(ModelServer(reply))
            values |= {f"{prefix}_url": server.url, f"{prefix}_name": "m"}
        limits = {"model_first_token_s": 0.4, "model_stall_s": 0.25, "model_hedge_ms": 100}
        yield await stack.enter_async_context(served(**values, **limits))


@dataclass
class Answer:
    """The phrases as they came, the store's row, and what `/metrics` says became of the asking."""

    said: list[str]
    row: TurnRecord
    fates: dict[str, int]
    wasted: dict[tuple[str, str], int]  # by fate, and of what


async def answer(*replies: Reply) -> Answer:
    """Asks one turn on the stream."""
    async with halo_over(*replies) as halo, halo.stream() as scenario, asyncio.timeout(5):
        await scenario.ask(1, QUESTION, deadline_ms=DEADLINE_MS)
        done = await scenario.hear("answered", "failed")
        said = scenario.said(1)
        [row] = await halo.halo.store.turns("c-1")
        async with halo.http() as http:
            figures = (await http.get("/metrics")).text
    assert done["type"] == "answered"
    assert scenario.kinds(1) == ["accepted", *["say"] * len(said), "answered"]
    assert (done["phrases"], done["text"]) == (len(said), " ".join(said))
    assert (row.outcome, row.reply) == (Outcome.ANSWERED, done["text"])
    fates = {f: round(float(n)) for f, n in FATES.findall(figures) if float(n)}
    wasted = {(f, of): round(float(n)) for f, of, n in WASTED.findall(figures) if float(n)}
    # The row says what the figures say.
    assert row.attempts == sum(fates.values())
    for of, stored in (("answer", row.wasted_chars), ("prompt", row.wasted_prompt_chars)):
        assert stored == sum(n for (_, what), n in wasted.items() if what == of)
    return Answer(said, row, fates, wasted)


@pytest.mark.parametrize("name", MUTE)
async def test_a_model_without_a_word_is_stood_in_for(name):
    """F33, F34, F38: by the second model where there is one, else by the company's texts; what was
    asked in vain is counted, by reason."""
    fate = "silent" if MUTE[name] in HANGING else "failed"
    heard = await answer(MUTE[name])
    assert OFFLINE in " ".join(heard.said)
    assert (heard.row.source, heard.row.reply_cut) == ("offline", False)
    assert heard.fates == {fate: 1}
    assert heard.wasted[fate, "prompt"] > len(QUESTION)
    heard = await answer(MUTE[name], spoken([SECOND]))
    if name in ("is blank", "answers in English"):  # a first piece came: the race is won
        assert OFFLINE in " ".join(heard.said)
        return
    assert heard.said == [SECOND]
    assert heard.fates == {"outrun" if fate == "silent" else fate: 1, "used": 1}


@pytest.mark.parametrize("second", [[], [spoken([SECOND])]], ids=["alone", "with a second"])
@pytest.mark.parametrize("name", TORN)
async def test_a_torn_first_sentence_is_never_spoken(name, second):
    """F34, F35, F36: nothing was given out yet, so the company's texts answer, and all of it was
    in vain."""
    heard = await answer(TORN[name], *second)
    assert OFFLINE in " ".join(heard.said)
    assert "Замор" not in " ".join(heard.said)
    assert (heard.fates, heard.row.reply_cut) == ({"torn": 1}, False)
    assert heard.wasted["torn", "answer"] == len("Заморские ")


@pytest.mark.parametrize("second", [[], [spoken([SECOND])]], ids=["alone", "with a second"])
@pytest.mark.parametrize("name", BEGUN)
async def test_what_was_begun_ends_with_an_offer_to_go_on(name, second):
    """F35, F36: the whole sentences, not the torn one, and no second model carries on; the reply is
    stored as cut."""
    heard = await answer(BEGUN[name], *second)
    assert heard.said == ["Мы открыты.", "Продолжить?"]
    assert (heard.row.source, heard.row.reply_cut) == ("compatible", True)
    assert heard.fates == {"torn": 1}


@pytest.mark.parametrize("reason", ["blacklist", "content_filter"])
async def test_what_a_filter_says_instead_is_a_whole_answer(reason):
    """F35: GigaChat says a sentence of its own; to go on is offered only where one was torn."""
    instead = ["Что-то в вашем вопросе меня смущает. ", "Может, поговорим ", "на другую тему?"]
    heard = await answer(spoken(instead, finish=reason))
    assert " ".join(heard.said) == "".join(instead)
    assert (heard.row.source, heard.row.reply_cut) == ("compatible", False)
    assert (heard.fates, heard.wasted) == ({"used": 1}, {})
    heard = await answer(spoken(["Мы открыты. ", "Приез"], finish=reason))
    assert (heard.said, heard.row.reply_cut) == (["Мы открыты.", "Продолжить?"], True)
    heard = await answer(spoken(["Торшеры и люстры у нас есть, ", "а вот "], finish=reason))
    assert heard.row.reply_cut


async def test_two_models_without_a_word_are_stood_in_for():
    """F33, F34: two attempts, then the net."""
    heard = await answer(MUTE["opens and says nothing"], MUTE["refuses"])
    assert OFFLINE in " ".join(heard.said)
    assert heard.row.source == "offline"
    assert heard.fates == {"silent": 1, "failed": 1}


async def test_a_whole_answer_is_neither_cut_nor_in_vain():
    """F34, F35: what went well is counted as used, and wastes nothing."""
    heard = await answer(spoken([SECOND]))
    assert (heard.said, heard.row.reply_cut) == ([SECOND], False)
    assert (heard.fates, heard.wasted) == ({"used": 1}, {})
