"""How things stand, told to Prometheus at each scrape: what is read there, and counted nowhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from prometheus_client.metrics_core import GaugeMetricFamily, Metric

from halo_voice.core.dials import ROW_STATES
from halo_voice.core.review import RECORDING_STATES, STATES, Work

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

    @property
    def tokens_left(self) -> int | None:
        """Of those that were bought beforehand; None where nothing is told of them."""
        ...


class WorkReading(Protocol):
    """What waits to be done on calls that have ended. `known` is None before it could be read."""

    @property
    def known(self) -> Work | None: ...

    async def refresh(self) -> None:
        """Read it anew, unless that was just done. Neither raises nor takes long."""
        ...


class RowsReading(Protocol):
    """How the rows of campaigns stand: one of `ROW_STATES` -> how many. `known` is None before it
    could be read."""

    @property
    def known(self) -> Mapping[str, int] | None: ...

    async def refresh(self) -> None:
        """As `WorkReading.refresh`."""
        ...


class Models:
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
        left = GaugeMetricFamily(
            "halo_model_tokens_left",
            "What is left of the tokens that were bought for the model.",
            labels=["model"],
        )
        for model in self._read():
            for state in BREAKER_STATES:
                breaker.add_metric([model.name, state], float(model.state == state))
            failures.add_metric([model.name], model.failures)
            if model.first_piece_ms is not None:
                usual.add_metric([model.name], model.first_piece_ms / 1000)
            if model.tokens_left is not None:
                left.add_metric([model.name], model.tokens_left)
        return [breaker, failures, usual, left]


class Rows:
    """Collects how campaigns stand at each scrape."""

    def __init__(self, rows: RowsReading) -> None:
        self._rows = rows

    def describe(self) -> Iterable[Metric]:
        return []

    def collect(self) -> Iterable[Metric]:
        known = self._rows.known
        if known is None:
            return []
        rows = GaugeMetricFamily(
            "halo_campaign_rows", "Rows of the newest campaigns, as they stand.", labels=["state"]
        )
        for state in ROW_STATES:
            rows.add_metric([state], known.get(state, 0))
        return [rows]


class EndedCalls:
    """Collects the state of the work on ended calls at each scrape."""

    def __init__(self, work: WorkReading) -> None:
        self._work = work

    def describe(self) -> Iterable[Metric]:
        return []

    def collect(self) -> Iterable[Metric]:
        known = self._work.known
        if known is None:
            return []
        lag = GaugeMetricFamily(
            "halo_work_lag_seconds",
            "How long ago the call ended that waits longest for its review.",
            value=known.lag_s,
        )
        workers = GaugeMetricFamily("halo_workers", "Live `halo work`s.", value=known.workers)
        deliveries = GaugeMetricFamily(
            "halo_deliveries", "Deliveries that are kept; dead: given up.", labels=["state"]
        )
        for state in STATES:
            deliveries.add_metric([state], known.deliveries.get(state, 0))
        recordings = GaugeMetricFamily(
            "halo_recordings", "Recordings of calls that are kept.", labels=["state"]
        )
        for state in RECORDING_STATES:
            recordings.add_metric([state], known.recordings.get(state, 0))
        told = [lag, workers, deliveries, recordings]
        if known.balance is not None:
            meaning = "What the platform's account has, as `halo work` last saw it."
            told.append(GaugeMetricFamily("halo_account_balance", meaning, value=known.balance))
        return told
