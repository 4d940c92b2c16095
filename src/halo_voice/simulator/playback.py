"""One phrase or file on its way to the caller's ear: made, started, paused, cut, finished."""

from __future__ import annotations

from typing import Any, Protocol

from halo_voice.simulator.clock import Timer
from halo_voice.simulator.stage import Stage
from halo_voice.simulator.trace import PlaybackSpan, part_of
from halo_voice.simulator.voice import TEXT_CHARACTERS_MAX

# The same things have other names on a call (`say`) and on a player.
CALL_EVENTS = {
    "ready": "Call.PlaybackReady",
    "started": "Call.PlaybackStarted",
    "finished": "Call.PlaybackFinished",
}
PLAYER_EVENTS = {
    "created": "Player.Created",
    "ready": "Player.PlaybackReady",
    "started": "Player.Started",
    "finished": "Player.PlaybackFinished",
    "marker": "Player.PlaybackMarkerReached",
    "chunks": "Player.AudioChunksPlaybackFinished",
    "stopped": "Player.Stopped",
    "error": "Player.Error",
}
TONE_MS = 5_000  # once through a script
TONE_READY_MS = 40


class Ear(Protocol):
    """Where a playback is heard: a telephone call."""

    unit: str
    up: bool

    def changed(self) -> None:
        """Something audible has changed."""

    def voice_begins(self, text: str, duration_ms: int) -> None:
        """The assistant's voice is heard: these words are still to come, in this time."""

    def voice_ends(self) -> None:
        """And now no more."""

    def forget(self, playback: Playback, why: str) -> None:
        """This playback will not be heard any more."""


class Playback:
    """Runs on its own once it has begun, whether somebody hears it or not; `pause` holds it.

    Position and markers are milliseconds from its beginning.
    """

    def __init__(self, stage: Stage, unit: str, text: str, *, is_file: bool = False) -> None:
        self.unit = unit
        self.text = text
        self.number = stage.next_playback()
        self.duration_ms = stage.voice.file_ms if is_file else stage.voice.duration_ms(text)
        self.state = "making"  # → ready → playing → over
        self.paused = False
        self.loop = False
        self._is_file = is_file
        self._stage = stage
        self._events = PLAYER_EVENTS if unit.startswith("player:") else CALL_EVENTS
        self._ears: list[Ear] = []
        self._spans: dict[str, PlaybackSpan] = {}
        self._markers: list[int] = []
        self._timers: list[Timer] = []
        self._position_ms = 0
        self._resumed_ms = 0
        self._tell("created")

    def make(self, *, progressive: bool = False) -> None:
        """Orders the audio; it is ready after the vendor's delay."""
        stage = self._stage
        delay = stage.voice.delay_ms(stage.chance.stream("voice"), progressive=progressive)
        problem = self._problem()
        if problem:
            self._timers = [stage.after(delay, lambda: self._fail(problem))]
        else:
            self._timers = [stage.after(delay, self._ready)]

    @property
    def sounding(self) -> bool:
        return self.state == "playing" and not self.paused

    # ---- who hears it ----------------------------------------------------------------------------

    def attach(self, ear: Ear) -> None:
        if ear not in self._ears:
            self._ears.append(ear)
        if self.state == "ready" and not self.paused:
            self._start()
        elif self.sounding:
            self._open(ear)

    def detach(self, ear: Ear, why: str) -> None:
        if ear in self._ears:
            self._ears.remove(ear)
            self._close(ear, cut_by=why)

    # ---- orders of the scenario ------------------------------------------------------------------

    def pause(self) -> None:
        if self.paused:
            return
        if self.state == "playing":
            self._position_ms = self.position_ms
            self._cancel()
            for ear in self._ears:
                self._close(ear, cut_by="paused")
        self.paused = True

    def resume(self) -> None:
        if not self.paused:
            return
        self.paused = False
        if self.state == "playing":
            self._run()
        elif self.state == "ready" and self._ears:
            self._start()

    def stop(self, *, silently: bool = False) -> None:
        """Ends it now. A player reports Stopped; a call's playback reports nothing."""
        for ear in list(self._ears):
            ear.forget(self, "stopped")
        self._cancel()
        self.state = "over"
        if not silently:
            self._tell("stopped")

    def add_marker(self, offset_ms: int) -> None:
        self._markers.append(offset_ms)
        if self.sounding:
            self._schedule_marker(offset_ms)

    @property
    def position_ms(self) -> int:
        if not self.sounding:
            return self._position_ms
        return self._position_ms + self._stage.clock.now - self._resumed_ms

    # ---- its life --------------------------------------------------------------------------------

    def _problem(self) -> str | None:
        if not self._is_file and len(self.text) > TEXT_CHARACTERS_MAX:
            return f"The text is over {TEXT_CHARACTERS_MAX} characters"
        if self._stage.dice.strikes("F21", self.text, playback=self.number):
            return "Synthesis failed"
        return None

    def _ready(self) -> None:
        self.state = "ready"
        self._tell("ready")
        if self._ears and not self.paused:
            self._start()

    def _start(self) -> None:
        if self._stage.dice.strikes("F20", self.text, playback=self.number):
            self.state = "over"
            return
        self.state = "playing"
        duration = self._stage.voice.reported(self.duration_ms)
        self._tell("started", duration=duration)
        self._run()

    def _run(self) -> None:
        self._resumed_ms = self._stage.clock.now
        left = self.duration_ms - self._position_ms
        self._timers = [self._stage.after(left, self._finish)]
        for offset in self._markers:
            self._schedule_marker(offset)
        for ear in self._ears:
            self._open(ear)

    def _schedule_marker(self, offset_ms: int) -> None:
        """A negative offset counts from the end."""
        due = offset_ms if offset_ms >= 0 else max(0, self.duration_ms + offset_ms)
        if due >= self.position_ms:
            reach = lambda: self._tell("marker", offset=offset_ms)  # noqa: E731
            self._timers.append(self._stage.after(due - self.position_ms, reach))

    def _finish(self) -> None:
        if self.loop:
            self._position_ms = 0
            self._run()
            return
        self._position_ms = self.duration_ms
        self._end()
        dice = self._stage.dice
        if dice.strikes("F19", self.text):
            return
        late = dice.delay_ms("F24", 300, 6000) if dice.strikes("F24", self.text) else 0
        if late:
            self._stage.after(late, lambda: self._tell("finished"))
        else:
            self._tell("finished")

    def _fail(self, problem: str) -> None:
        self._end()
        if "error" in self._events:
            self._tell("error", error=problem)
        self._tell("finished", error=problem)

    def _end(self) -> None:
        for ear in list(self._ears):
            self._close(ear)
        self.state = "over"
        for ear in list(self._ears):
            ear.forget(self, "")
        self._cancel()

    def _cancel(self) -> None:
        for timer in self._timers:
            timer.cancel()
        self._timers = []

    # ---- the caller's ear ------------------------------------------------------------------------

    def _open(self, ear: Ear) -> None:
        if ear.unit in self._spans or not ear.up:
            return
        span = PlaybackSpan(self.number, self.text, self._stage.clock.now, call=ear.unit)
        self._spans[ear.unit] = span
        self._stage.playbacks.append(span)
        self._stage.write(
            "voice", f"speaks «{self.text}»", playback=self.number, call=ear.unit, audible=True
        )
        if not self._is_file:
            said = part_of(self.text, self._position_ms / max(1, self.duration_ms))
            left = self.text[len(said) :].strip()
            ear.voice_begins(left, self.duration_ms - self.position_ms)
        ear.changed()

    def _close(self, ear: Ear, *, cut_by: str = "") -> None:
        span = self._spans.pop(ear.unit, None)
        if span is None:
            return
        span.ended_ms = self._stage.clock.now
        span.complete = not cut_by
        span.cut_by = cut_by
        share = self.position_ms / max(1, self.duration_ms) if cut_by else 1
        span.heard = part_of(self.text, share)
        what = f"is cut after «{span.heard}» ({cut_by})" if cut_by else "falls silent"
        self._stage.write("voice", what, playback=self.number, call=ear.unit, audible=False)
        ear.voice_ends()
        ear.changed()

    def _tell(self, name: str, **data: Any) -> None:
        event = self._events.get(name)
        if event is None:
            return
        problem = f" ({data['error']})" if "error" in data else ""
        what = f"{event}{problem}"
        self._stage.report(self.unit, event, data, who="voice", what=what, playback=self.number)


class Tone(Playback):
    """A telephone's tone: the platform makes it itself, so that no vendor can fail in it."""

    def __init__(self, stage: Stage, unit: str, script: str) -> None:
        super().__init__(stage, unit, script, is_file=True)
        self.duration_ms = TONE_MS

    def make(self, *, progressive: bool = False) -> None:
        del progressive
        self._timers = [self._stage.after(TONE_READY_MS, self._ready)]

    def _start(self) -> None:
        self.state = "playing"
        self._tell("started", duration=self._stage.voice.reported(self.duration_ms))
        self._run()
