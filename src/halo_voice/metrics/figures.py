"""Figures of the running process for Prometheus. Implements `core.ports.Meter`.

Every label value is written down here or comes from the configuration, never from a call: a caller
can neither fill the memory nor find himself in a figure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sized
from typing import get_args

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

from halo_voice.core.admission import Why
from halo_voice.core.alarms import ALARMS
from halo_voice.core.dials import OUTCOMES
from halo_voice.core.guard import REASONS
from halo_voice.core.money import MICROS, PARTS, Cost, Tokens
from halo_voice.core.operators import Handed, Kind
from halo_voice.core.operators import Outcome as Ended
from halo_voice.core.ports import Attempted, Fate, Outcome
from halo_voice.core.tools import ToolState
from halo_voice.metrics.readings import (
    EndedCalls,
    ModelReading,
    Models,
    Rows,
    RowsReading,
    WorkReading,
)

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4

STAGES = ("asr", "first_token", "first_phrase", "voice", "audible")
"""The keys of `TurnNote.latency` without `_ms`."""

# Fine where a caller begins to notice (0.3 to 1.5 s), from what a cache gives to what is a fault.
BUCKETS_S = (0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 5, 10)

# A telephone that is picked up, and a queue that is waited in.
ANSWER_BUCKETS_S = (2, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600)


class Metrics:
    """One registry of its own, so that two backends in one process do not mix."""

    def __init__(self) -> None:
        self._readings: list[WorkReading | RowsReading] = []
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
        attempts = self._counter(
            "halo_model_attempts", "Questions to models, by their end.", "fate"
        )
        wasted = self._counter(
            "halo_wasted_characters",
            "Characters of models' answers that nobody was told, and of their prompts.",
            "of",
            "fate",
        )
        self._attempts = {fate: attempts.labels(fate.value) for fate in Fate}
        self._wasted = {
            fate: (wasted.labels("answer", fate.value), wasted.labels("prompt", fate.value))
            for fate in Fate
            if fate is not Fate.USED
        }
        self._keys = self._counter("halo_keys", "Keys that callers pressed.")
        self._reprompts = self._counter(
            "halo_reprompts", "Silent callers, or ones not understood, who were asked again."
        )
        withheld = self._counter(
            "halo_replies_withheld", "Models' answers that were not given out.", "reason"
        )
        self._withheld = {reason: withheld.labels(reason) for reason in REASONS}
        tools = self._histogram("halo_tool_seconds", "How long tools ran, by their end.", "end")
        self._tools = {state: tools.labels(state.value) for state in ToolState}
        self._let_go = self._counter("halo_tools_let_go", "Tools too slow for their turn.")
        cost = self._counter("halo_cost_roubles", "Roubles spent.", "part")
        self._cost = {part: cost.labels(part) for part in PARTS}
        tokens = self._counter(
            "halo_tokens", "Tokens to and from models, as they count or as estimated.", "way"
        )
        self._tokens_in, self._tokens_out = tokens.labels("in"), tokens.labels("out")
        refused = self._counter("halo_refused_calls", "Calls not let in, by the limit.", "limit")
        self._refused = {why: refused.labels(why) for why in get_args(Why)}
        self._streams = Gauge("halo_streams", "Open streams.", registry=self._figures)
        self._failovers = self._counter(
            "halo_stream_failovers", "Streams lost before their call's end."
        )
        alarms = self._counter("halo_alarms", "What somebody has to look at.", "alarm")
        self._alarms = {name: alarms.labels(name) for name in ALARMS}
        transfers = self._counter("halo_transfers", "Transfers, by their end.", "kind", "outcome")
        kinds = (*get_args(Kind), "none")
        self._transfers = {
            (kind, end): transfers.labels(kind, end) for kind in kinds for end in get_args(Ended)
        }
        answered = Histogram(
            "halo_transfer_answer_seconds",
            "From the wish for a person until one has answered.",
            ["kind"],
            buckets=ANSWER_BUCKETS_S,
            registry=self._figures,
        )
        self._answered = {kind: answered.labels(kind) for kind in get_args(Kind)}
        dialled = self._counter("halo_dialled", "Attempts to call people, by their end.", "outcome")
        self._dialled = {outcome: dialled.labels(outcome) for outcome in OUTCOMES}
        self._blocks = self._counter(
            "halo_loop_blocks", "The event loop stood still for more than 0.1 s."
        )
        self._blocked = self._counter("halo_loop_blocked_seconds", "How long it did, in all.")

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

    def speculated(self, *, adopted: bool) -> None:
        self._speculations[adopted].inc()

    def attempted(self, attempt: Attempted) -> None:
        self._attempts[attempt.fate].inc()
        if attempt.fate is not Fate.USED:
            answer, prompt = self._wasted[attempt.fate]
            answer.inc(attempt.wasted_chars)
            prompt.inc(attempt.wasted_prompt_chars)

    def key_pressed(self) -> None:
        self._keys.inc()

    def reprompted(self) -> None:
        self._reprompts.inc()

    def withheld(self, reason: str) -> None:
        self._withheld[reason].inc()

    def tool_ended(self, tool: str, state: ToolState, seconds: float) -> None:  # noqa: ARG002
        self._tools[state].observe(seconds)

    def tool_let_go(self, tool: str) -> None:  # noqa: ARG002 - a name may be a server's
        self._let_go.inc()

    def tokens(self, tokens: Tokens) -> None:
        self._tokens_in.inc(tokens.tokens_in)
        self._tokens_out.inc(tokens.tokens_out)

    def paid(self, cost: Cost) -> None:
        for part, amount in cost.micros().items():
            if amount > 0:
                self._cost[part].inc(amount / MICROS)

    def refused(self, why: Why) -> None:
        self._refused[why].inc()

    def stream_opened(self) -> None:
        self._streams.inc()

    def stream_closed(self, *, lost: bool) -> None:
        self._streams.dec()
        if lost:
            self._failovers.inc()

    def transferred(self, handed: Handed) -> None:
        """A transfer has ended."""
        self._transfers[handed.kind, handed.outcome].inc()
        if handed.answered_s is not None and handed.kind in self._answered:
            self._answered[handed.kind].observe(handed.answered_s)

    def dialled(self, outcome: str) -> None:
        """An attempt to call somebody has ended: one of `core.dials.OUTCOMES`."""
        self._dialled[outcome].inc()

    def alarmed(self, alarm: str) -> None:
        """One of `core.alarms.ALARMS`."""
        self._alarms[alarm].inc()

    def loop_blocked(self, seconds: float) -> None:
        """The event loop stood still for so long."""
        self._blocks.inc()
        self._blocked.inc(seconds)

    # ------------------------------------------------------- how things stand, when it is asked

    def watch(self, name: str, meaning: str, read: Callable[[], float]) -> None:
        """A gauge that is read at each scrape; `read` neither waits nor raises."""
        Gauge(name, meaning, registry=self._figures).set_function(read)

    def watch_models(self, read: Callable[[], Iterable[ModelReading]]) -> None:
        """The language models, by their configured names."""
        self._figures.register(Models(read))

    def watch_parts(self, live: Sized, store: object) -> None:
        """The calls in progress, and the store with what waits for it."""
        self.watch("halo_live_calls", "Calls in progress.", lambda: len(live))
        up = "1 unless the store is known to take no writes."
        self.watch("halo_store_up", up, lambda: not getattr(store, "away", False))
        waiting = "Writes that wait in the spool for the store."
        self.watch("halo_spooled_writes", waiting, lambda: getattr(store, "spooled", 0))
        unsaved = "Those of them that are in memory only."
        self.watch("halo_unsaved_writes", unsaved, lambda: getattr(store, "unsaved", 0))

    def watch_work(self, work: WorkReading) -> None:
        """The work on ended calls, as the store has it."""
        self._readings.append(work)
        self._figures.register(EndedCalls(work))

    def watch_rows(self, rows: RowsReading) -> None:
        """The rows of campaigns, as the store has them."""
        self._readings.append(rows)
        self._figures.register(Rows(rows))

    async def told(self) -> bytes:
        """As `text`, with what has to be read from the store first."""
        for each in self._readings:
            await each.refresh()
        return self.text()

    def text(self) -> bytes:
        """Everything in Prometheus's text format."""
        return generate_latest(self._figures)

    def _counter(self, name: str, meaning: str, *labels: str) -> Counter:
        return Counter(name, meaning, labels, registry=self._figures)

    def _histogram(self, name: str, meaning: str, *labels: str) -> Histogram:
        return Histogram(name, meaning, labels, buckets=BUCKETS_S, registry=self._figures)
