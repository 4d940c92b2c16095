"""A call under examination: its story, the limits, and what a broken invariant looks like."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

from halo_voice.simulator.place import FinishedCall
from halo_voice.simulator.turns import Phrase, Story, Turn

LATE_MS = 3_000  # the fault "late" holds an event back for so long at most
END_MS = 6_000  # F24 holds back the end of a phrase for so long at most
PHRASE_MS = 10_000  # few phrases last longer
LIVE_END = "Player.AudioChunksPlaybackFinished"
LIVE_TOLD = ("Player.Started", "Player.Error", LIVE_END)


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits that the invariants name; times in ms."""

    reaction_ms: int = 3_000
    answer_ms: int = 8_000
    silence_ms: int = 8_000
    turns: int = 12
    attempts: int = 2  # requests for one turn
    asks: int = 1  # over the stream; when that is lost it is asked over HTTP
    call_ms: int = 615_000
    talk_ms: int = 600_000  # of a call, until goodbye is said
    reprompts: int = 2
    apologies: int = 2
    end_ms: int = 20_000
    voice_ms: int = 3_000  # how long a voice that never sounds is waited for
    grace_ms: int = 1_500  # and how long the end of one that does
    hush_ms: int = 300  # from confirmed speech to silence


@dataclass(frozen=True, slots=True)
class Breach:
    """One broken invariant, where in the call, and how."""

    invariant: int
    ms: int
    text: str

    def __str__(self) -> str:
        return f"invariant {self.invariant} at {self.ms} ms: {self.text}"


@dataclass(frozen=True)
class Case:
    """A call under examination."""

    call: FinishedCall
    story: Story
    limits: Limits
    calm_ms: int | None = None  # from then on no fault struck; None: not known

    @property
    def end_ms(self) -> int:
        """When the line went dead."""
        ended = self.call.disconnected_ms
        return self.call.terminated_ms if ended is None else ended

    @cached_property
    def _late(self) -> list[tuple[int, int]]:
        """From when until when an event was held back, for each that was told late. A clock that
        was set (F58) is worth as much, for as long as a phrase may last that was sounding then:
        nobody can know how long ago the last event was."""
        late = ((line.ms, line.data["late"]) for line in self.call.having("late"))
        held = [(ms - delay, ms) for ms, delay in late if delay]
        return held + self.after_clock_set

    @cached_property
    def after_clock_set(self) -> list[tuple[int, int]]:
        """From when until when nobody can know how long ago a phrase ended: the machine's clock was
        set (F58)."""
        faults = ((line.ms, line.data["fault"]) for line in self.call.having("fault"))
        return [(ms, ms + PHRASE_MS) for ms, fault in faults if fault == "F58"]

    def late_ms(self, begin: float, end: float) -> int:
        """What is told so much late can be acted on no earlier: for so long events of this
        stretch were held back, together, LATE_MS at most."""
        held = sum(until - since for since, until in self._late if since <= end and begin <= until)
        return min(LATE_MS, held)

    @cached_property
    def unsure_ms(self) -> list[int]:
        """When a start, a failure or an end of a realtime player was told late, and from an end
        that is (F24) until it may be told: it does not say of which phrase, so nobody can know."""
        events, late = self.call.having("event"), self.call.having("late")
        ends = [e for e in events if e.data["event"] == LIVE_END]
        live = {e.data["unit"] for e in ends}
        told = [e.ms for e in late if e.data["event"] in LIVE_TOLD and e.data.get("unit") in live]
        for strike in self.call.having("fault"):
            if strike.data["fault"] == "F24" and (unit := strike.data.get("unit")) in live:
                near = (e.ms for e in ends if e.data["unit"] == unit)
                told += [strike.ms, *(ms for ms in near if 0 <= ms - strike.ms <= END_MS)]
        return told

    def silent_ms(self, begin: float, end: float) -> float:
        """The longest time between two moments in which the caller says nothing and presses no
        key: who goes on waits for no answer."""
        longest, since = 0.0, begin
        said = [
            (speech.started_ms, self.end_ms if speech.ended_ms is None else speech.ended_ms)
            for speech in self.call.speech
            if speech.text and speech.call == "call:1"
        ]
        pressed = [(line.ms, line.ms) for line in self.call.having("tone")]
        for started, until in sorted((*said, *pressed)):
            if since < until and started < end:
                longest = max(longest, started - since)
                since = until
        return max(longest, end - since)

    @property
    def wanted_over(self) -> bool:
        """The caller hung up, or the backend wanted the call to end; otherwise the scenario did."""
        left = any(line.data["left"] == "call:1" for line in self.call.having("left"))
        return left or self.dismissed_ms < math.inf

    @cached_property
    def dismissed_ms(self) -> float:
        """When the backend wanted the call to end, after what was being said then."""
        told = (each.ms for each in self.call.messages if each.type == "hangup" and not each.up)
        return min(told, default=math.inf)

    def window(self, turn: Turn) -> tuple[int, int]:
        """From a turn's acceptance to that of the next one, or to the end of the call."""
        later = [t.accepted_ms for t in self.story.turns if t.accepted_ms > turn.accepted_ms]
        return turn.accepted_ms, min([*later, self.end_ms])

    def within(self, turn: Turn) -> list[Phrase]:
        begin, end = self.window(turn)
        return [p for p in self.story.phrases if begin <= p.ordered_ms < end]
