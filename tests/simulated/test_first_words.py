"""Whatever the model does, the caller hears something in 3.0 s and an answer or apology in 8.0 s.

Shipped scenario, real backend and a weak model on one clock, over the stream and over HTTP. The
same weaknesses on real connections are in tests/contract/test_weak_models.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from statistics import quantiles

import pytest

from halo_voice import app
from halo_voice.core.errors import (
    ModelBroken,
    ModelBusy,
    ModelError,
    ModelRefused,
    ModelTimeout,
    ModelUnreachable,
)
from halo_voice.core.ports import Outcome, TurnRecord
from halo_voice.simulator import (
    PROMPT,
    TARDY,
    AsgiNetwork,
    FinishedCall,
    Recogniser,
    ScriptedCaller,
    run_virtually,
)
from halo_voice.simulator.interruptions import check_heard
from halo_voice.simulator.invariants import breaches
from halo_voice.simulator.turns import Phrase, letters, story
from tests.conversation import waiting
from tests.halo import HOST, HttpOnly, PacedModel, backend, call_to, in_tokens, virtually

REACTION_MS, ANSWER_MS = 3_000, 8_000  # invariant 1
RECOGNISERS = {"prompt": PROMPT, "tardy": TARDY, "no interims": waiting(PROMPT)}
QUESTIONS = ["сколько стоит доставка по городу", "а до скольки вы сегодня работаете"]
PAUSE_MS = 5_500  # of the caller: longer than a filler is alone, shorter than a re-prompt's wait
NEVER_S = 600.0
GOOD = "Доставка стоит триста рублей. Завтра привезём."
SLOW_FAILURE_S = 2.5  # the real client's patience with a first token


@dataclass(frozen=True)
class Weakness:
    """What a model does instead of answering: `tokens` of its answer, a wait, then `fault`.

    Without a fault its answer ends there, as if it were whole.
    """

    tokens: int = 0
    wait_s: float = 0.0
    fault: Callable[[], ModelError] | None = None


WEAKNESSES = {
    "opens and says nothing": Weakness(wait_s=NEVER_S),
    "opens, and is given up": Weakness(wait_s=SLOW_FAILURE_S, fault=ModelTimeout),
    "stalls after three tokens": Weakness(tokens=3, wait_s=NEVER_S),
    "stalls in its second sentence": Weakness(tokens=8, wait_s=NEVER_S),
    "dies in its first sentence": Weakness(tokens=3, fault=ModelBroken),
    "dies in its second sentence": Weakness(tokens=8, fault=ModelUnreachable),
    "refuses": Weakness(fault=lambda: ModelRefused(status=401)),
    "is busy": Weakness(wait_s=0.1, fault=ModelBusy),
    "cannot be reached": Weakness(wait_s=1.0, fault=ModelUnreachable),
    "only thinks": Weakness(wait_s=4.0),
    "is empty": Weakness(),
}


class WeakModel(PacedModel):
    """Begins `GOOD` after 300 ms, as far as its weakness lets it."""

    name = "weak"

    def __init__(self, weakness: Weakness) -> None:
        super().__init__(0.3, answer=lambda _: GOOD)
        self._weakness = weakness

    async def stream(self, messages, *, max_tokens, deadline_s):
        self.asked.append(list(messages))
        weak = self._weakness
        for piece in in_tokens(GOOD)[: weak.tokens]:
            await asyncio.sleep(self.per_token_s if self.characters else self.first_s)
            self.characters += len(piece)
            yield piece
        await asyncio.sleep(weak.wait_s)
        if weak.fault is not None:
            raise weak.fault()


@asynccontextmanager
async def with_models(monkeypatch, models: Sequence):
    """HALO over these models: the first is asked first, the second is its hedge."""
    made = iter(models)
    monkeypatch.setattr(app, "OpenAIClient", lambda _: next(made))
    given = {
        f"{prefix}_{name}": value
        for prefix in ("model", "model2")[: len(models)]
        for name, value in (("url", "http://localhost:1/v1"), ("name", "m"))
    }
    async with backend(**given) as halo:
        yield halo


@dataclass
class Wait:
    """Of one turn, in ms: to any sound of ours, to the answer; and from the caller's last sound."""

    reaction_ms: float
    answer_ms: float
    felt_ms: float


def waits(call: FinishedCall) -> list[Wait]:
    """How long the caller waited in each turn; infinite where nothing came."""
    told, found = story(call), []
    for turn in told.turns:
        sounds = [p for p in told.phrases if p.span and p.span.started_ms >= turn.accepted_ms]
        settling = [p for p in sounds if p.kind in ("answer", "apology", "goodbye")]
        ended = [s.ended_ms for s in call.speech if s.ended_ms and s.ended_ms <= turn.accepted_ms]
        first, answer = _first_ms(sounds), _first_ms(settling)
        found.append(
            Wait(first - turn.accepted_ms, answer - turn.accepted_ms, first - max(ended, default=0))
        )
    return found


def _first_ms(phrases: list[Phrase]) -> float:
    return min((p.span.started_ms for p in phrases if p.span), default=float("inf"))


async def ask(halo, recogniser: Recogniser, *, http: bool, seed: int):
    """Both questions, the second when nothing was heard for a while: a filler is no answer.

    The call, and its turns as they are stored.
    """
    network = (HttpOnly if http else AsgiNetwork)(halo.web, HOST)
    call = await call_to(halo.web)(
        ScriptedCaller(list(QUESTIONS), pause_ms=PAUSE_MS),
        network=network,
        recogniser=recogniser,
        seed=seed,
        session_id=10**9 + seed,
        real_time=True,
    )
    return call, await halo.store.turns(str(10**9 + seed))


def faults_of(call: FinishedCall, turns: list[TurnRecord]) -> list[str]:
    """Everything that is wrong with a call in which nothing but the model was weak."""
    found = [*call.failures, *map(str, breaches(call))]
    for number, wait in enumerate(waits(call), 1):
        if wait.reaction_ms > REACTION_MS or wait.answer_ms > ANSWER_MS:
            found.append(f"turn {number}: {wait}")
    if [letters(turn.user_text) for turn in turns] != [letters(each) for each in QUESTIONS]:
        found.append(f"turns {[turn.user_text for turn in turns]}")
    for turn in turns:
        if turn.outcome not in (Outcome.ANSWERED, Outcome.APOLOGISED):
            found.append(f"turn {turn.turn} is {turn.outcome}")
        spoken = letters(" ".join(p.heard for p in phrases_of(call, turn.turn)))
        if spoken != letters(turn.reply):
            found.append(f"turn {turn.turn}: «{spoken}» was said, «{turn.reply}» is stored")
    return found


def misheard(call: FinishedCall, turns: list[TurnRecord]) -> list[str]:
    """What is stored as heard, and was not; to the word (invariant 9)."""
    kept = [{"turn": t.turn, "reply": t.reply, "heard": t.heard} for t in turns]
    return list(map(str, check_heard(call, kept, words=0)))


def phrases_of(call: FinishedCall, number: int) -> list[Phrase]:
    return [p for p in story(call).phrases if p.turn and p.turn.number == number and p.spans]


@pytest.mark.parametrize("second", ["alone", "a good second", "a second as weak"])
@pytest.mark.parametrize("http", [False, True], ids=["stream", "http"])
@pytest.mark.parametrize("name", WEAKNESSES)
@virtually
async def test_the_caller_is_never_left_without_words(monkeypatch, name, http, second):
    """F33, F34, F35, F36, F38 and invariant 1: in time by every ear; what was said is stored."""
    faults = []
    for seed, (ears, recogniser) in enumerate(RECOGNISERS.items()):
        models: list = [WeakModel(WEAKNESSES[name])]
        if second != "alone":
            models.append(PacedModel(0.4, answer=lambda _: GOOD))
        if second == "a second as weak":
            models[1] = WeakModel(WEAKNESSES[name])
        async with with_models(monkeypatch, models) as halo:
            call, turns = await ask(halo, recogniser, http=http, seed=seed)
        found = faults_of(call, turns) + misheard(call, turns)
        faults += [f"{ears}: {fault}" for fault in found]
        if second == "a good second" and not WEAKNESSES[name].tokens:
            assert {turn.reply for turn in turns} == {GOOD}
    assert faults == []


@virtually
async def test_what_was_heard_over_http_is_stored_so():
    """Invariant 9: every answer was heard to its end, and the notes say so."""
    async with backend(model=PacedModel(answer=lambda _: GOOD)) as halo:
        call, turns = await ask(halo, PROMPT, http=True, seed=1)
    assert misheard(call, turns) == []


def figures() -> None:
    """`python -m tests.simulated.test_first_words`: how long callers waited, in ms."""
    patch = pytest.MonkeyPatch()
    for name, weakness in WEAKNESSES.items():
        for http in (False, True):
            found: list[Wait] = []

            async def run(weakness=weakness, http=http, found=found) -> None:
                for seed in range(6):
                    for recogniser in RECOGNISERS.values():
                        async with with_models(patch, [WeakModel(weakness)]) as halo:
                            call, _ = await ask(halo, recogniser, http=http, seed=seed)
                        found += waits(call)

            run_virtually(run())
            told = [
                _distribution([getattr(wait, field) for wait in found])
                for field in ("reaction_ms", "answer_ms", "felt_ms")
            ]
            print(f"{name:32} {'http' if http else 'stream':7}", *told, sep="  ")


def _distribution(values: list[float]) -> str:
    cuts = quantiles(values, n=20)
    return f"{cuts[9]:6.0f} {cuts[18]:6.0f} {max(values):6.0f}"


if __name__ == "__main__":
    figures()
