"""Figures of the running process for Prometheus. Implements `core.ports.Meter`.

Every label value is written down here or comes from the configuration, never from a call: a caller
can neither fill the memory nor find himself in a figure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.metrics_core import GaugeMetricFamily, Metric

from halo_voice.core.ports import Outcome

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4

STAGES = ("asr", "first_token", "first_phrase", "voice", "audible")
"""The keys of `TurnNote.latency` without `_ms`."""

# Fine where a caller begins to notice (0.3 to 1.5 s), from what a cache gives to what is a fault.
BUCKETS_S = (0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 5, 10)

BREAKER_STATES = ("closed", "half_open", "open")


class ModelReading(Protocol):
    """A language model as it stands now."""

    @property
    def name(self) -> str: ...
    @property
    def state(self) -> str:
        """Of its breaker: one of `BREAKER_STATES`."""
        ...

    @property
    def failures(self) -> int:
        """In a row."""
        ...

    @property
    def first_piece_ms(self) -> int | None:
        """What it usually takes; None before it has answered."""
        ...


class Metrics:
    """One registry of its own, so that two backends in one process do not mix."""

    def __init__(self) -> None:
        disable_created_metrics()  # one series more for each counter, which nothing here needs
        self._figures = CollectorRegistry()
        ProcessCollector(registry=self._figures)
        GCCollector(registry=self._figures)
        stage = self._histogram(
            "halo_turn_stage_seconds", "How long the stages of a turn take.", "stage"
        )
        turns = self._counter("halo_turns", "Settled turns.", "outcome")
        interruptions = self._counter(
            "halo_interruptions", "The caller's sound stopped the voice; real: with words.", "kind"
        )
        speculations = self._counter(
            "halo_speculations", "Answers begun before the turn's end.", "result"
        )
        # Children once: finding one by its label costs more than counting.
        self._stages = {f"{name}_ms": stage.labels(name) for name in STAGES}
        settled = [outcome for outcome in Outcome if outcome is not Outcome.PENDING]
        self._turns = {outcome: turns.labels(outcome.value) for outcome in settled}
        self._interruptions = {
            real: interruptions.labels("real" if real else "false") for real in (True, False)
        }
        self._speculations = {
            adopted: speculations.labels("adopted" if adopted else "dropped")
            for adopted in (True, False)
        }
        self._wasted = self._counter(
            "halo_wasted_characters", "Characters of models' answers that nobody was told."
        )
        self._streams = Gauge("halo_streams", "Open streams.", registry=self._figures)
        self._failovers = self._counter(
            "halo_stream_failovers", "Streams lost before their call's end."
        )

    # ------------------------------------------------------------------- what happens: Meter

    def turn_settled(self, outcome: Outcome) -> None:
        self._turns[outcome].inc()

    def latency(self, stages: Mapping[str, int]) -> None:
        for name, ms in stages.items():
            known = self._stages.get(name)
            if known is not None:
                known.observe(ms / 1000)

    def interrupted(self, *, real: bool) -> None:
        self._interruptions[real].inc()

    def speculated(self, *, adopted: bool, wasted_chars: int = 0) -> None:
        self._speculations[adopted].inc()
        if wasted_chars > 0:
            self._wasted.inc(wasted_chars)

    def stream_opened(self) -> None:
        self._streams.inc()

    def stream_closed(self, *, lost: bool) -> None:
        self._streams.dec()
        if lost:
            self._failovers.inc()

    # ------------------------------------------------------- how things stand, when it is asked

    def watch(self, name: str, meaning: str, read: Callable[[], float]) -> None:
        """A gauge that is read at each scrape; `read` neither waits nor raises."""
        Gauge(name, meaning, registry=self._figures).set_function(read)

    def watch_models(self, read: Callable[[], Iterable[ModelReading]]) -> None:
        """The language models, by their configured names."""
        self._figures.register(_Models(read))

    def text(self) -> bytes:
        """Everything in Prometheus's text format."""
        return generate_latest(self._figures)

    def _counter(self, name: str, meaning: str, *labels: str) -> Counter:
        return Counter(name, meaning, labels, registry=self._figures)

    def _histogram(self, name: str, meaning: str, *labels: str) -> Histogram:
        return Histogram(name, meaning, labels, buckets=BUCKETS_S, registry=self._figures)


class _Models:
    """Collects the models' state at each scrape."""

    def __init__(self, read: Callable[[], Iterable[ModelReading]]) -> None:
        self._read = read

    def describe(self) -> Iterable[Metric]:
        return []  # registering reads nothing

    def collect(self) -> Iterable[Metric]:
        breaker = GaugeMetricFamily(
            "halo_model_breaker",
            "1 for the state that the model's breaker is in; open: it is left out.",
            labels=["model", "state"],
        )
        failures = GaugeMetricFamily(
            "halo_model_failures_in_a_row",
            "Answers that failed one after the other.",
            labels=["model"],
        )
        usual = GaugeMetricFamily(
            "halo_model_usual_first_token_seconds",
            "What the model usually takes to its first token.",
            labels=["model"],
        )
        for model in self._read():
            for state in BREAKER_STATES:
                breaker.add_metric([model.name, state], float(model.state == state))
            failures.add_metric([model.name], model.failures)
            if model.first_piece_ms is not None:
                usual.add_metric([model.name], model.first_piece_ms / 1000)
        return [breaker, failures, usual]
