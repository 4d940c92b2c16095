"""What calls may cost and how many there may be: whole calls that reach each limit.

Shipped scenario, real backend and a model that takes its time, on one clock.
"""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from halo_voice.core.admission import bucket_of
from halo_voice.core.clock import Clock
from halo_voice.core.errors import ModelRefused
from halo_voice.core.money import MICROS, Cost
from halo_voice.core.ports import CallEnd, CallStart, Outcome
from halo_voice.simulator import (
    PROMPT,
    AsgiNetwork,
    Faults,
    FinishedCall,
    HttpResponse,
    RandomCaller,
    ScriptedCaller,
)
from halo_voice.store.memory import MemoryStore
from halo_voice.terminal import end_reason
from tests.halo import (
    HOST,
    HttpOnly,
    PacedModel,
    TalkingModel,
    backend,
    call_to,
    client_of,
    virtually,
)
from tests.played import judge

NUMBER = "+79161234567"
WORDS = ["до скольки вы работаете", "сколько стоит доставка", "где вы находитесь"]
LIMITS = {"number_calls": 2, "number_calls_hour": 10, "number_minutes_day": 30}
PRICES = {"price_model_in": 1.0, "price_model_out": 10.0}
BUSY_MS = 2_000
DAY_CAP = {"day_roubles": 4.5, **PRICES}  # room for one answer of `dear`, 3 roubles, and its prompt
REPLY = "Отвечаю коротко."
DEAR = " ".join(["Доставка по городу стоит триста рублей, за город дороже."] * 6)


@pytest.fixture(autouse=True)
def _one_day(monkeypatch):
    """Every model is told the day, and what it is told costs: here it is the same on every day."""
    monkeypatch.setattr(Clock, "now", lambda _: datetime(2026, 11, 27, 12, tzinfo=UTC))


def answering(_: str) -> str:
    return REPLY


def dear(_: str) -> str:
    return DEAR


class Kept(MemoryStore):
    """A store that outlives the processes that close it."""

    async def close(self) -> None: ...


async def spent_today(store) -> Cost:
    """Of all processes, as the store has it."""
    day = (datetime.now(UTC) + timedelta(hours=3)).date().isoformat()
    return await store.spend(day, "nobody", Cost())


async def ring(halo, words=WORDS, **how) -> FinishedCall:
    """One call on the clock of everybody."""
    how.setdefault("network", AsgiNetwork(halo.web, HOST))
    how.setdefault("recogniser", PROMPT)
    caller = ScriptedCaller(list(words), pause_ms=4_000) if isinstance(words, list) else words
    done = await call_to(halo.web)(caller, real_time=True, **how)
    judge(done)
    return done


def heard(call: FinishedCall) -> list[str]:
    return [span.text for span in call.playbacks]


def texts(halo):
    return halo.switchboard.profiles.default.texts


def assert_busy(halo, call: FinishedCall) -> None:
    """Told at once that all lines are busy, nothing else, and the line is closed."""
    assert heard(call) == [texts(halo).bye_busy]
    assert call.playbacks[0].started_ms - call.connected_ms <= BUSY_MS
    assert call.playbacks[0].complete
    assert end_reason(call) == "busy"


async def kept(halo, call_id: int):
    return await halo.store.find_call(str(call_id)), await halo.store.turns(str(call_id))


# ------------------------------------------------------------------------------- admission


@virtually
async def test_the_third_call_of_one_number_at_once():
    """F77: it hears that all lines are busy, asks no model and is recorded as busy; the two others
    are served, and so is another number."""
    model = PacedModel(0.4, answer=answering)
    async with backend(model=model, **LIMITS) as halo:
        first = [asyncio.create_task(ring(halo, session_id=1, seed=1))]
        first += [asyncio.create_task(ring(halo, session_id=2, seed=2))]
        await asyncio.sleep(5)
        third, other = await asyncio.gather(
            ring(halo, session_id=3),
            ring(halo, session_id=4, callerid="+79160000000"),
        )
        assert_busy(halo, third)
        for call in [*await asyncio.gather(*first), other]:
            assert heard(call).count(REPLY) == 3
        record, turns = await kept(halo, 3)
        assert (record.end_reason, turns, record.cost) == ("busy", [], Cost())
        assert len(halo.switchboard) == 0


@virtually
async def test_the_eleventh_call_of_one_number_in_an_hour():
    """F77: ten may be made, the eleventh is refused."""
    async with backend(**LIMITS) as halo:
        for number in range(10):
            done = await ring(halo, WORDS[:1], session_id=number + 1)
            assert heard(done)[0] == texts(halo).greeting
        assert_busy(halo, await ring(halo, session_id=11))


@virtually
async def test_the_thirty_first_minute_of_one_number():
    """F77: with thirty minutes used up, no new call of the number begins; the day before is
    forgotten."""
    now = datetime.now(UTC)
    clock = {"now": now}
    store = MemoryStore(now=lambda: clock["now"])
    for number, hours_ago in enumerate((30, 20, 10, 5)):
        clock["now"] = now - timedelta(hours=hours_ago)
        await store.open_call(CallStart(f"old-{number}", NUMBER, bucket=bucket_of(NUMBER)))
        minutes = 10 if number < 3 else 9.9
        await store.end_call(CallEnd(f"old-{number}", "no_input", round(minutes * 60_000), 0))
    clock["now"] = now
    async with backend(store=store, **LIMITS) as halo:
        done = await ring(halo, WORDS[:1], session_id=1)
        assert heard(done)[0] == texts(halo).greeting
        assert_busy(halo, await ring(halo, session_id=2))


@virtually
async def test_above_the_lines_a_call_hears_busy_and_the_others_notice_nothing():
    """F62, invariant 15: a hundred calls at once for sixty lines. Sixty are greeted within 2 s and
    talk as a call does that is alone, word for word; forty hear at once that all lines are busy."""

    async def one(halo, number: int) -> FinishedCall:
        return await ring(halo, WORDS[:2], session_id=number + 1, seed=7)

    async with backend(model=PacedModel(0.4, answer=answering)) as halo:
        alone = await one(halo, 0)
    async with backend(model=PacedModel(0.4, answer=answering), calls_max=60) as halo:
        done = await asyncio.gather(*(one(halo, number) for number in range(100)))
        served = [call for call in done if heard(call)[0] == texts(halo).greeting]
        refused = [call for call in done if heard(call)[0] == texts(halo).bye_busy]
        assert (len(served), len(refused)) == (60, 40)
        for call in refused:
            assert_busy(halo, call)
        for call in served:
            assert call.playbacks[0].started_ms - call.connected_ms <= 2_000
            assert heard(call) == heard(alone)
            late = [
                b.started_ms - a.started_ms
                for a, b in zip(alone.playbacks, call.playbacks, strict=True)
            ]
            assert max(map(abs, late)) <= 200
        assert len(halo.switchboard) == 0
        again = await one(halo, 100)
        assert heard(again) == heard(alone)


# ------------------------------------------------------ how the scenario learns of a refusal


class Late(AsgiNetwork):
    """The reply to `/call/start` comes so many seconds late, or never."""

    def __init__(self, web, seconds: float | None) -> None:
        super().__init__(web, HOST)
        self._seconds = seconds

    async def request(self, request):
        if not request.url.endswith("/call/start"):
            return await super().request(request)
        if self._seconds is None:
            return HttpResponse(503, b"{}")
        reply = await super().request(request)
        await asyncio.sleep(self._seconds)
        return reply


@pytest.mark.parametrize("seconds", [0.5, 2.0, 4.5])
@virtually
async def test_a_refusal_that_comes_late_is_honoured(seconds):
    """F62: before the greeting instead of it; during or after it: the greeting is said to its end,
    then the goodbye. No model is asked."""
    model = PacedModel(0.4, answer=answering)
    async with backend(model=model, number_calls=1) as halo:
        await halo.switchboard.start(CallStart("other", caller=NUMBER))
        done = await ring(halo, [], network=Late(halo.web, seconds))
        said = [texts(halo).greeting, texts(halo).bye_busy][seconds < 1 :]
        assert heard(done)[-1] == said[-1]
        assert len(heard(done)) == len(said)
        assert all(span.complete for span in done.playbacks)
        assert end_reason(done) == "busy"
        assert model.asked == []


@virtually
async def test_a_refusal_comes_with_the_stream_where_the_start_was_lost():
    """F62: the stream's `ready` has it, and the stream is not opened again."""
    model = PacedModel(0.4, answer=answering)
    async with backend(model=model, number_calls=1) as halo:
        await halo.switchboard.start(CallStart("other", caller=NUMBER))
        done = await ring(halo, WORDS, network=Late(halo.web, None))
        assert heard(done)[-1] == texts(halo).bye_busy
        assert len(heard(done)) == 2  # the built-in greeting was heard
        assert end_reason(done) == "busy"
        assert sum("createWebSocket" in line.what for line in done.trace) == 1
        assert model.asked == []


@virtually
async def test_a_refusal_comes_with_a_turn_where_nothing_else_gets_through():
    """F62: the reply to the first turn says it, and to hang up."""

    class Lost(HttpOnly):
        async def request(self, request):
            if request.url.endswith("/call/start"):
                return HttpResponse(503, b"{}")
            return await super().request(request)

    model = PacedModel(0.4, answer=answering)
    async with backend(model=model, number_calls=1) as halo:
        await halo.switchboard.start(CallStart("other", caller=NUMBER))
        done = await ring(halo, WORDS, network=Lost(halo.web, HOST), session_id=5)
        assert heard(done)[1:] == [texts(halo).bye_busy]
        record, _ = await kept(halo, 5)
        assert record.end_reason == "busy"
        assert model.asked == []


# ----------------------------------------------------------------------------------- money


@virtually
async def test_the_day_s_money_ends_in_the_middle_of_a_call():
    """F77, invariant 17: the next turn is answered by the offline assistant, without an apology or
    a wait; an alarm is logged, and no model is asked again that day, by any call."""
    model = PacedModel(0.4, answer=dear)
    with capture_logs() as logs:
        async with backend(model=model, **DAY_CAP) as halo:
            first = await ring(halo, session_id=1)
            second = await ring(halo, WORDS[:1], session_id=2)
            _, turns = await kept(halo, 1)
            _, later = await kept(halo, 2)
    assert [turn.source for turn in turns] == ["paced", "offline", "offline"]
    assert {turn.outcome for turn in [*turns, *later]} == {Outcome.ANSWERED}
    assert [turn.source for turn in later] == ["offline"]
    assert all(turn.model_micros == 0 for turn in [*turns[1:], *later])
    assert all(asked[-1].content in WORDS[0] for asked in model.asked)  # begun ahead, too
    assert texts(halo).apology not in heard(first) + heard(second)
    alarms = [log["event"] for log in logs if log.get("alarm")]
    assert alarms == ["day_budget_spent"]
    assert NUMBER.lstrip("+7") not in str(logs)


@virtually
async def test_the_money_of_a_call_ends_in_its_middle():
    """F16, F77, invariant 17: a television that talks on costs no more than the call may; another
    call is answered by the model."""
    model = PacedModel(0.4, answer=answering)
    cap = 4.5
    async with backend(model=model, call_roubles=cap, **PRICES) as halo:
        talk = [f"{words} {number}" for number in range(5) for words in WORDS][:11]
        await ring(halo, talk, session_id=1)
        await ring(halo, WORDS[:1], session_id=2)
        record, turns = await kept(halo, 1)
        _, other = await kept(halo, 2)
    sources = [turn.source for turn in turns]
    assert len(turns) == 11
    assert sources[0] == "paced"
    assert sources[-1] == "offline"
    assert sources == sorted(sources, reverse=True)
    assert {turn.outcome for turn in turns} == {Outcome.ANSWERED}
    assert 0 < record.model_micros <= cap * MICROS
    assert [turn.source for turn in other] == ["paced"]


@virtually
async def test_a_restart_keeps_the_day_s_sum():
    """F43, F77, invariant 17: what was spent before the restart is spent."""
    store, model = Kept(), PacedModel(0.4, answer=dear)
    sources = []
    for number in (1, 2):
        async with backend(model=model, store=store, **DAY_CAP) as halo:
            await ring(halo, WORDS[:1], session_id=number)
            _, turns = await kept(halo, number)
            sources += [turn.source for turn in turns]
    assert sources == ["paced", "offline"]
    [first] = await store.turns("1")
    assert await spent_today(store) == first.cost
    assert first.model_micros > 0


@virtually
async def test_a_call_costs_its_parts():
    """Model, recogniser, voice and line: in the call's row, in the reply to its report, and in the
    turns as far as the model goes."""
    model = PacedModel(0.4, answer=answering)
    prices = {**PRICES, "price_asr_minute": 0.6, "price_tts": 0.9, "price_line_minute": 1.5}
    async with backend(model=model, **prices) as halo:
        done = await ring(halo, session_id=1)
        record, turns = await kept(halo, 1)
        figures = (await halo_metrics(halo)).splitlines()
    minutes = record.duration_ms / 60_000
    characters = len(texts(halo).greeting) + sum(len(turn.reply) for turn in turns)
    roubles = record.cost.roubles()
    assert roubles["asr"] == pytest.approx(minutes * 0.6, abs=1e-6)
    assert roubles["line"] == pytest.approx(minutes * 1.5, abs=1e-6)
    assert roubles["tts"] == pytest.approx(characters / 1000 * 0.9, abs=1e-6)
    assert sum((turn.cost for turn in turns), Cost()).model_micros == record.model_micros > 0
    told = next(r.text for r in reversed(done.requests) if r.url.endswith("/call/end"))
    assert f'"total":{roubles["total"]}' in told
    assert f'halo_cost_roubles_total{{part="line"}} {roubles["line"]}' in figures
    assert f'halo_tokens_total{{way="out"}} {float(record.tokens_out)}' in figures


async def halo_metrics(halo) -> str:
    async with client_of(halo) as client:
        return (await client.get("/metrics")).text


@virtually
async def test_a_key_that_is_refused_is_an_alarm_and_no_silence():
    """F64: expired, or nothing left on it: the offline assistant answers at once, an alarm is
    logged with the first call, and the model is left alone for a while; it costs nothing."""

    class Refused(TalkingModel):
        name = "paid-up"

    model = Refused()
    model.fault = ModelRefused("", 402)
    with capture_logs() as logs:
        async with backend(model=model, **PRICES) as halo:
            done = await ring(halo, session_id=1)
            record, turns = await kept(halo, 1)
    assert [turn.source for turn in turns] == ["offline"] * 3
    assert texts(halo).apology not in heard(done)
    assert len(model.asked) == 1
    assert [log["event"] for log in logs if log.get("alarm")] == ["model_left_out"]
    assert record.model_micros == 0


@pytest.mark.parametrize("first", range(0, 40, 10))
async def test_no_call_and_no_day_costs_more_than_it_may(first):
    """Invariant 17: under random callers and faults no call passes its cap and no day its own, and
    what stands in the calls is what the day has."""
    call_cap, day_cap = 1.5 * MICROS, 6.0 * MICROS
    model = PacedModel(0.0, 0.0, answer=answering)
    caps = {"call_roubles": 1.5, "day_roubles": 6.0, "model_max_tokens": 50}
    store = Kept()
    async with backend(model=model, store=store, **caps, **PRICES) as halo:
        place = call_to(halo.web)
        for seed in range(first, first + 10):
            rng = random.Random(seed)
            await place(
                RandomCaller(rng), faults=Faults.drawn(rng), seed=seed, session_id=10**9 + seed
            )
        calls = await halo.store.recent_calls(100)
        for call in calls:
            of_turns = sum((t.cost for t in await halo.store.turns(call.call_id)), Cost())
            assert of_turns.model_micros <= call_cap
            assert call.model_micros <= call_cap
            assert call.open or of_turns.model_micros <= call.model_micros
    assert model.asked
    whole = (await spent_today(store)).model_micros
    assert sum(call.model_micros for call in calls) <= whole <= day_cap
    assert whole == sum(call.model_micros for call in calls) or any(call.open for call in calls)
