"""Whole conversations on one clock, and how long a caller waited for each answer in them.

The delays are those of the project's goal: the recogniser's `PROMPT` or `TARDY`, a model with its
first token after 500 ms and 60 tokens a second, a voice with its first byte after 150 ms.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from statistics import median

from halo_voice.simulator import (
    AsgiNetwork,
    FinishedCall,
    Recogniser,
    ScriptedCaller,
    Spread,
    Voice,
)
from halo_voice.simulator.invariants import breaches
from halo_voice.simulator.turns import story
from tests.halo import HOST, PacedModel, backend, call_to, client_of

FIRST_TOKEN_MS = 500
TOKENS_PER_S = 60
FIRST_BYTE_MS = 150
WAY = Spread(30, 0.3)
VOICE = Voice(*[Spread(FIRST_BYTE_MS, 0)] * 3)
EARLY_CHARS = 18  # of a first clause
TOKEN_CHARS = 5  # of the model's, about

QUESTIONS = {
    "Здравствуйте сколько стоит доставка по городу": "Доставка по городу, триста рублей. Завтра.",
    "А за город вы тоже возите": "Да, за город мы тоже возим, по сорок рублей за километр.",
    "До скольки вы сегодня работаете": "Сегодня мы работаем до девяти вечера, без перерыва.",
    "Можно ли вернуть люстру если она не подошла": "Вернуть можно за четырнадцать дней, с чеком.",
    "Есть ли у вас рассрочка на полгода": "Рассрочка есть, до шести месяцев, без переплаты.",
    "Где находится ваш самый большой магазин": "Самый большой магазин, в Москве. На Садовой.",
    "Сколько длится гарантия на торшеры": "Гарантия на торшеры, два года. Нужен чек.",
    "Спасибо большое это всё что я хотел узнать": "Пожалуйста, всегда рады помочь. До свидания!",
}


@dataclass
class Felt:
    """What callers felt and what it cost. Times in ms from the last sound to the first answer."""

    waits_ms: list[int] = field(default_factory=list)
    turns: int = 0
    answers: int = 0  # that the model was asked for
    finished: int = 0  # that it gave to their end
    characters: int = 0  # that it gave in all
    adopted: int = 0  # answers begun ahead that were used
    dropped: int = 0  # and that were thrown away
    wasted: int = 0  # characters of those
    faults: list[str] = field(default_factory=list)

    @property
    def p50_ms(self) -> float:
        return median(self.waits_ms)

    @property
    def p95_ms(self) -> float:
        return sorted(self.waits_ms)[int(len(self.waits_ms) * 0.95)]

    def add(self, call: FinishedCall, model: PacedModel) -> None:
        told = story(call)
        self.turns += len(told.turns)
        for question in QUESTIONS:
            asked = [t for t in told.turns if _same_question(question, t.user_text)]
            if len(asked) != 1:
                self.faults.append(f"«{question}» was asked {len(asked)} times")
        for turn in told.turns:
            first = next((p for p in told.phrases if p.turn is turn and p.span), None)
            if first is None:
                self.faults.append(f"turn {turn.number} was not answered")
                continue
            ended = [s.ended_ms for s in call.speech if s.ended_ms]
            before = max(ms for ms in ended if ms <= first.span.started_ms)
            self.waits_ms.append(first.span.started_ms - before)
        self.answers += len(model.asked)
        self.finished += model.finished
        self.characters += model.characters
        self.faults += [*call.failures, *map(str, breaches(call))]

    def count(self, metrics: str) -> None:
        """What the application says of itself at /metrics."""
        self.adopted += _counted(metrics, 'halo_speculations_total{result="adopted"}')
        self.dropped += _counted(metrics, 'halo_speculations_total{result="dropped"}')
        self.wasted += _counted(
            metrics, 'halo_wasted_characters_total{fate="unwanted",of="answer"}'
        )


async def converse(recogniser: Recogniser, seeds: range) -> Felt:
    """A polite caller asks everything, once for each seed."""
    felt = Felt()
    for seed in seeds:
        model = PacedModel(FIRST_TOKEN_MS / 1000, 1 / TOKENS_PER_S, answer=_answer)
        async with backend(model=model) as halo:
            network = AsgiNetwork(halo.web, HOST, way=WAY, latency=Spread(60, 0.3))
            call = await call_to(halo.web)(
                ScriptedCaller(list(QUESTIONS)),
                network=network,
                recogniser=recogniser,
                voice=VOICE,
                seed=seed,
                real_time=True,
            )
            async with client_of(halo) as client:
                felt.count((await client.get("/metrics")).text)
        felt.add(call, model)
    return felt


def waiting(recogniser: Recogniser) -> Recogniser:
    """The same recogniser for a loop that waits for its final result: nothing comes before it."""
    return replace(recogniser, interims=False)


def bound_ms(recogniser: Recogniser) -> float:
    """The least that these delays allow: all words known, asked, a first clause, made, heard."""
    known = recogniser.behind.median_ms if recogniser.interims and recogniser.behind else 0
    if not known:
        known = recogniser.endpoint.median_ms + recogniser.final.median_ms
    clause_ms = (EARLY_CHARS / TOKEN_CHARS - 1) * 1000 / TOKENS_PER_S
    return known + FIRST_TOKEN_MS + clause_ms + FIRST_BYTE_MS + 2 * WAY.median_ms


def _counted(metrics: str, name: str) -> int:
    value = re.search(rf"^{re.escape(name)} (\S+)$", metrics, re.MULTILINE)
    return round(float(value[1])) if value else 0


def _answer(heard: str) -> str:
    return next((a for q, a in QUESTIONS.items() if _same_question(q, heard)), "Простите, как?")


def _same_question(question: str, heard: str) -> bool:
    """Whether most words are those of the question: a recogniser may have rewritten some."""
    words, found = question.casefold().split(), set(heard.casefold().split())
    return sum(word in found for word in words) >= len(words) / 2
