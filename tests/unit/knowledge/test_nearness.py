"""What a server of vectors costs a turn, in virtual time: nothing, as a rule, and once a little."""

from __future__ import annotations

import asyncio
from array import array

from halo_voice.core.embeddings import Embeddings
from halo_voice.core.errors import ModelTimeout, ModelUnreachable
from halo_voice.core.profile import Document
from halo_voice.knowledge import CompanyTexts
from halo_voice.knowledge.nearness import ASK_S, REST_S, Nearness
from tests.halo import virtually

SPEC = Embeddings("http://127.0.0.1/v1", "m", wait_ms=150)


class Paced:
    """An `Embedder` that takes `takes_s` for an answer, or fails."""

    def __init__(self) -> None:
        self.takes_s = 0.05
        self.down = False
        self.asked: list[str] = []

    async def embed(self, texts, *, model, deadline_s):
        self.asked += texts
        if self.down:
            raise ModelUnreachable
        await asyncio.sleep(min(self.takes_s, deadline_s))
        if self.takes_s > deadline_s:
            raise ModelTimeout
        return [array("f", (1.0, 0.0)) for _ in texts]

    async def close(self) -> None: ...


async def filled() -> tuple[Paced, Nearness]:
    paced = Paced()
    texts = CompanyTexts([Document("a.md", "## Доставка\n\nПривезём завтра.")])
    nearness = Nearness(texts, SPEC, paced, None)
    await nearness.fill()
    return paced, nearness


async def waited(nearness: Nearness, question: str) -> float:
    """How long an answer waits for the vector of its question, in seconds."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    await nearness.ready(question)
    return round(loop.time() - began, 3)


@virtually
async def test_what_was_asked_while_the_caller_spoke_costs_nothing():
    """Its words stood still 0.4 s before the answer is begun: the vector is there."""
    _, nearness = await filled()
    nearness.begin("когда привезёте")
    await asyncio.sleep(0.4)
    assert await waited(nearness, "когда привезёте") == 0
    assert [each.title for each in nearness.near("когда привезёте", 3)] == ["Доставка"]


@virtually
async def test_a_slow_server_costs_one_wait_and_no_more():
    """Then it is asked without being waited for, until it is quick again."""
    paced, nearness = await filled()
    assert await waited(nearness, "первый") == 0.05
    paced.takes_s = 1.0
    assert await waited(nearness, "второй") == 0.15
    assert nearness.near("второй", 3) == []
    assert [await waited(nearness, each) for each in ("третий", "четвёртый")] == [0, 0]
    await asyncio.sleep(1.1)  # late, but it came: the next one to ask the same finds it
    assert [each.title for each in nearness.near("второй", 3)] == ["Доставка"]
    paced.takes_s = 0.05
    assert await waited(nearness, "пятый") == 0
    await asyncio.sleep(0.1)
    assert await waited(nearness, "шестой") == 0.05
    await nearness.close()


@virtually
async def test_a_server_that_is_down_is_left_alone():
    """No question reaches it in its rest, which grows with each failure, up to a minute."""
    paced, nearness = await filled()
    paced.down = True
    paced.asked.clear()
    assert [await waited(nearness, f"вопрос {n}") for n in range(5)] == [0, 0, 0, 0, 0]
    assert paced.asked == ["вопрос 0"]
    await asyncio.sleep(REST_S[0])
    await waited(nearness, "снова")
    await asyncio.sleep(REST_S[0])
    await waited(nearness, "и снова")
    assert paced.asked == ["вопрос 0", "снова"]
    await asyncio.sleep(REST_S[1])
    paced.down = False
    await waited(nearness, "опять")
    await asyncio.sleep(0.1)
    assert await waited(nearness, "после") == 0.05


@virtually
async def test_a_question_has_a_deadline_of_its_own():
    """What is not answered in two seconds is given up, and may be asked again after the rest."""
    paced, nearness = await filled()
    paced.takes_s = 60.0
    await waited(nearness, "долго")
    await asyncio.sleep(ASK_S)
    paced.takes_s = 0.01
    await asyncio.sleep(REST_S[0])
    await nearness.begin("долго")
    assert nearness.near("долго", 3)
