"""The figures: what each event counts as, and that no caller gets into them."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from prometheus_client.parser import text_string_to_metric_families

from halo_voice.calls.campaigns import Campaigns
from halo_voice.core.dials import OUTCOMES, Campaign
from halo_voice.core.errors import StoreBusy
from halo_voice.core.guard import REASONS
from halo_voice.core.money import Cost, Tokens
from halo_voice.core.operators import Handed
from halo_voice.core.ports import Attempted, Fate, Outcome
from halo_voice.core.review import Work
from halo_voice.metrics import Metrics
from halo_voice.store.memory import MemoryStore


@dataclass
class Reading:
    name: str
    state: str
    failures: int
    first_piece_ms: int | None
    tokens_left: int | None = None


def figures(metrics: Metrics) -> dict[str, float]:
    """Each series as `name{label="value"}`, read as Prometheus reads it."""
    found = {}
    for family in text_string_to_metric_families(metrics.text().decode()):
        for sample in family.samples:
            labels = ",".join(f"{key}={value}" for key, value in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return found


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


def test_the_stages_of_a_turn_are_seconds_in_buckets(metrics: Metrics) -> None:
    """Milliseconds in, seconds out; what has no name here is left out."""
    metrics.latency({"asr_ms": 600, "audible_ms": 1400, "made_up_ms": 5})
    metrics.latency({"asr_ms": 200})
    seen = figures(metrics)
    assert seen["halo_turn_stage_seconds_count{stage=asr}"] == 2
    assert seen["halo_turn_stage_seconds_sum{stage=asr}"] == pytest.approx(0.8)
    assert seen["halo_turn_stage_seconds_bucket{le=0.2,stage=asr}"] == 1
    assert seen["halo_turn_stage_seconds_bucket{le=1.25,stage=audible}"] == 0
    assert seen["halo_turn_stage_seconds_bucket{le=1.5,stage=audible}"] == 1
    assert not [name for name in seen if "made_up" in name]


SETTLED = [outcome for outcome in Outcome if outcome is not Outcome.PENDING]


@pytest.mark.parametrize("outcome", SETTLED)
def test_turns_are_counted_by_outcome(metrics: Metrics, outcome: Outcome) -> None:
    """One settled turn is one of its outcome and none of another."""
    metrics.turn_settled(outcome)
    counted = {o: figures(metrics)[f"halo_turns_total{{outcome={o}}}"] for o in SETTLED}
    assert counted == {o: float(o is outcome) for o in SETTLED}


def test_interruptions_and_answers_begun_ahead_are_counted(metrics: Metrics) -> None:
    """A cough is no interruption with words."""
    metrics.interrupted(real=True)
    metrics.interrupted(real=False)
    metrics.interrupted(real=False)
    metrics.speculated(adopted=True)
    metrics.speculated(adopted=False)
    metrics.speculated(adopted=False)
    seen = figures(metrics)
    assert seen["halo_interruptions_total{kind=real}"] == 1
    assert seen["halo_interruptions_total{kind=false}"] == 2
    assert seen["halo_speculations_total{result=adopted}"] == 1
    assert seen["halo_speculations_total{result=dropped}"] == 2


def test_attempts_are_counted_by_their_end(metrics: Metrics) -> None:
    """F34: what was in vain adds up, of answers and of prompts, and by reason."""
    metrics.attempted(Attempted("a", Fate.USED))
    metrics.attempted(Attempted("a", Fate.UNWANTED, 40, 900))
    metrics.attempted(Attempted("b", Fate.UNWANTED, 2, 100))
    metrics.attempted(Attempted("b", Fate.OUTRUN, 0, 700))
    seen = figures(metrics)
    counted = {f: seen[f"halo_model_attempts_total{{fate={f}}}"] for f in Fate}
    assert {f: n for f, n in counted.items() if n} == {
        Fate.USED: 1,
        Fate.UNWANTED: 2,
        Fate.OUTRUN: 1,
    }
    assert seen["halo_wasted_characters_total{fate=unwanted,of=answer}"] == 42
    assert seen["halo_wasted_characters_total{fate=unwanted,of=prompt}"] == 1000
    assert seen["halo_wasted_characters_total{fate=outrun,of=prompt}"] == 700
    assert "halo_wasted_characters_total{fate=used,of=prompt}" not in seen


def test_keys_and_reprompts_are_counted(metrics: Metrics) -> None:
    """How often, never which."""
    metrics.key_pressed()
    metrics.reprompted()
    metrics.reprompted()
    seen = figures(metrics)
    assert (seen["halo_keys_total"], seen["halo_reprompts_total"]) == (1, 2)


@pytest.mark.parametrize("reason", REASONS)
def test_answers_that_were_withheld_are_counted_by_reason(metrics: Metrics, reason: str) -> None:
    """Each reason of the guard is a series from the start."""
    before = figures(metrics)[f"halo_replies_withheld_total{{reason={reason}}}"]
    metrics.withheld(reason)
    assert (before, figures(metrics)[f"halo_replies_withheld_total{{reason={reason}}}"]) == (0, 1)


def test_money_and_tokens_add_up_and_refusals_are_counted_by_limit(metrics: Metrics) -> None:
    """Roubles by part, tokens by way; every series is there before the first call."""
    before = set(figures(metrics))
    metrics.paid(Cost(9, 9, 1_500_000, 0, 250_000, 20_000))
    metrics.paid(Cost(model_micros=500_000))
    metrics.tokens(Tokens("m", 120, 30))
    metrics.tokens(Tokens("other", 1, 2))
    metrics.refused("lines")
    seen = figures(metrics)
    parts = {
        p: seen[f"halo_cost_roubles_total{{part={p}}}"] for p in ("model", "asr", "tts", "line")
    }
    assert parts == {"model": 2.0, "asr": 0, "tts": 0.25, "line": 0.02}
    assert seen["halo_tokens_total{way=in}"] == 121
    assert seen["halo_tokens_total{way=out}"] == 32
    assert seen["halo_refused_calls_total{limit=lines}"] == 1
    assert seen["halo_refused_calls_total{limit=number_hour}"] == 0
    assert set(seen) == before


def test_streams_come_and_go(metrics: Metrics) -> None:
    """Open ones are a gauge; only lost ones are failovers."""
    for _ in range(3):
        metrics.stream_opened()
    metrics.stream_closed(lost=False)
    metrics.stream_closed(lost=True)
    seen = figures(metrics)
    assert (seen["halo_streams"], seen["halo_stream_failovers_total"]) == (1, 1)


def test_gauges_are_read_when_they_are_asked_for(metrics: Metrics) -> None:
    """Not at the moment when they are made."""
    calls: list[str] = []
    metrics.watch("halo_live_calls", "Calls.", lambda: len(calls))
    assert figures(metrics)["halo_live_calls"] == 0
    calls.append("c-1")
    assert figures(metrics)["halo_live_calls"] == 1


def test_models_show_their_breaker_and_their_pace(metrics: Metrics) -> None:
    """One series for each state, so that a graph can add them; no pace before it is known."""
    models = [Reading("fast", "closed", 0, 240), Reading("far", "open", 3, None)]
    metrics.watch_models(lambda: models)
    seen = figures(metrics)
    assert seen["halo_model_breaker{model=fast,state=closed}"] == 1
    assert seen["halo_model_breaker{model=far,state=open}"] == 1
    assert seen["halo_model_breaker{model=far,state=closed}"] == 0
    assert seen["halo_model_failures_in_a_row{model=far}"] == 3
    assert seen["halo_model_usual_first_token_seconds{model=fast}"] == 0.24
    assert "halo_model_usual_first_token_seconds{model=far}" not in seen
    models[1].state = "half_open"
    assert figures(metrics)["halo_model_breaker{model=far,state=half_open}"] == 1


def test_nothing_that_happens_makes_a_series(metrics: Metrics) -> None:
    """Whatever is counted, the number of series stays: no call can fill the memory."""
    before = set(figures(metrics))
    for number in range(100):
        metrics.latency({f"caller-{number}": number, "asr_ms": number})
        metrics.attempted(Attempted(f"model-{number}", Fate.TORN, number))
        metrics.turn_settled(Outcome.ANSWERED)
    assert set(figures(metrics)) == before


def test_two_backends_in_one_process_do_not_mix() -> None:
    """Each has its own registry."""
    one, two = Metrics(), Metrics()
    one.stream_opened()
    assert (figures(one)["halo_streams"], figures(two)["halo_streams"]) == (1, 0)


def test_the_process_itself_is_measured(metrics: Metrics) -> None:
    """CPU, memory and the collector, under the names that every dashboard knows."""
    seen = figures(metrics)
    assert seen["process_cpu_seconds_total"] > 0
    assert "process_resident_memory_bytes" in seen
    assert "python_gc_collections_total{generation=0}" in seen


class Worked:
    """The work on ended calls, read when it is asked for."""

    known: Work | None = None

    def __init__(self, found: Work | None) -> None:
        self._found = found

    async def refresh(self) -> None:
        self.known = self._found


async def test_the_work_on_ended_calls_is_read_when_somebody_asks(metrics: Metrics) -> None:
    """Lag, workers, deliveries and recordings by state, each state always; nothing while the store
    does not tell."""
    metrics.watch_work(Worked(Work(12.5, 2, {"dead": 3, "made_up": 1}, {"kept": 4})))
    assert "halo_work_lag_seconds" not in figures(metrics)

    await metrics.told()

    seen = figures(metrics)
    assert (seen["halo_work_lag_seconds"], seen["halo_workers"]) == (12.5, 2)
    assert seen["halo_deliveries{state=dead}"] == 3
    assert seen["halo_deliveries{state=waiting}"] == 0
    assert seen["halo_recordings{state=kept}"] == 4
    assert not [name for name in seen if "made_up" in name]


def test_transfers_are_counted_by_kind_and_end(metrics: Metrics) -> None:
    """Each pair is a series from the beginning; who was waited for in vain makes no time."""
    metrics.transferred(Handed("queue", "talked", 42.0))
    metrics.transferred(Handed("queue", "queue_full"))
    metrics.transferred(Handed("none", "closed"))
    seen = figures(metrics)
    assert seen["halo_transfers_total{kind=queue,outcome=talked}"] == 1
    assert seen["halo_transfers_total{kind=none,outcome=closed}"] == 1
    assert seen["halo_transfers_total{kind=sip,outcome=busy}"] == 0
    assert seen["halo_transfer_answer_seconds_count{kind=queue}"] == 1
    assert seen["halo_transfer_answer_seconds_bucket{kind=queue,le=45.0}"] == 1


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_each_end_of_a_call_out_has_its_count(metrics: Metrics, outcome: str) -> None:
    """One attempt is one of its outcome and none of another."""
    metrics.dialled(outcome)
    counted = {o: figures(metrics)[f"halo_dialled_total{{outcome={o}}}"] for o in OUTCOMES}
    assert counted == {o: float(o == outcome) for o in OUTCOMES}


async def test_the_rows_of_campaigns_are_read_when_somebody_asks(metrics: Metrics) -> None:
    """Each state always; nothing while the store does not tell."""
    store = MemoryStore()
    metrics.watch_rows(rows := Campaigns(store.dials))
    assert "halo_campaign_rows{state=waiting}" not in figures(metrics)
    await metrics.told()
    assert figures(metrics)["halo_campaign_rows{state=waiting}"] == 0
    away = Campaigns(FailingDials())
    await away.refresh()
    assert away.known is None
    await rows.close()
    await away.close()


class FailingDials:
    """Of a store that is away."""

    async def campaigns(self, limit: int) -> list[Campaign]:
        raise StoreBusy
