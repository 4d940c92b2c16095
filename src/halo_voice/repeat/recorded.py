"""A call as it was kept: its turns, and one timeline of what every process saw of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from halo_voice.core.ports import CallRecord, TurnRecord
from halo_voice.core.trace import Step, Trace, read_step

CHARACTER_MS = 65.0  # where no phrase of the call was heard to its end
FINAL_MS = 700  # where no turn tells
LATER_MS = 250


@dataclass(frozen=True)
class Recorded:
    """`steps` in order; their `ms` since the first trace of the call began. `tools`: whether any
    was called."""

    call: CallRecord
    turns: Sequence[TurnRecord]
    steps: Sequence[Step]
    tools: bool = False

    def refusal(self) -> str:
        """Why it cannot be repeated; "" if it can."""
        seen = {step.what for step in self.steps}
        if self.call.open:
            return "it goes on, or its end was never told"
        if self.call.direction != "incoming":
            return "nobody called: the assistant did"
        if "joined" not in seen:
            return "it has no trace of a stream"
        if "ended" not in seen:
            return "its trace is not whole"
        if "key" in seen:
            return "keys were pressed, and which ones is not kept"
        if "transfer" in seen or self.call.end_reason == "transferred":
            return "it was put through to a person"
        if self.tools:
            return "a tool was called, and is not called again"
        if self.turns and not self.turns[0].user_text:
            return "its words are not kept any more"
        return ""

    def ms_per_character(self) -> float:
        """The pace of the voice that the caller heard."""
        began: dict[tuple[int, int], int] = {}
        spoken_ms: dict[int, int] = {}
        for step in self.steps:
            if step.what == "sounding":
                began[step.turn, step.phrase] = step.ms
            elif step.what == "heard" and (step.turn, step.phrase) in began:
                since_ms = began.pop((step.turn, step.phrase))
                spoken_ms[step.turn] = spoken_ms.get(step.turn, 0) + step.ms - since_ms
        cut = {turn for turn, _ in began}
        whole = [turn for turn in self.turns if turn.turn in spoken_ms and turn.turn not in cut]
        characters = sum(len(turn.reply) for turn in whole)
        total_ms = sum(spoken_ms[turn.turn] for turn in whole)
        return total_ms / characters if total_ms and characters else CHARACTER_MS

    def final_ms(self) -> float:
        """From the caller's last sound to the recogniser's final result, as a rule."""
        delays: dict[str, list[int]] = {"final": [], "stable": []}
        taken = {turn.turn: turn.latency.get("asr_ms") for turn in self.turns}
        for step in self.steps:
            delay = taken.get(step.turn)
            if step.what == "asked" and delay is not None:
                delays.setdefault(step.value.partition(" ")[0], []).append(delay)
        if delays["final"]:
            return median(delays["final"])
        # Turns that were closed before it came tell how late it was at least.
        return max(delays["stable"], default=FINAL_MS) + LATER_MS

    def voice_ms(self) -> float | None:
        """From a phrase's text to its first sound, as a rule."""
        known = [turn.latency["voice_ms"] for turn in self.turns if "voice_ms" in turn.latency]
        return median(known) if known else None


def recorded(
    call: CallRecord,
    turns: Sequence[TurnRecord],
    traces: Sequence[Trace],
    *,
    tools: bool = False,
) -> Recorded:
    """From what the store has of a call."""
    steps = []
    for trace in traces:
        since_ms = int((trace.begun_at - traces[0].begun_at).total_seconds() * 1000)
        read = (read_step(line) for line in trace.lines)
        steps += [step._replace(ms=step.ms + since_ms) for step in read if step is not None]
    return Recorded(call, turns, sorted(steps, key=lambda step: step.ms), tools)
