"""A player that is fed while it plays: text is written, flushed into phrases, heard one by one."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from halo_voice.simulator.chance import Spread
from halo_voice.simulator.clock import Timer
from halo_voice.simulator.playback import Ear, Playback
from halo_voice.simulator.stage import Stage

CLEARED = Spread(120, 0.4)  # the dropped phrase reports its end so much later


@dataclass(slots=True)
class Flushed:
    """A phrase whose audio is ordered. `first_byte_ms`: how long it took, None: not there yet."""

    number: int
    text: str
    asked_ms: int
    first_byte_ms: int | None = None


class LivePlayer(Playback):
    """A realtime player. It says a phrase from its first byte on, when somebody hears it."""

    def __init__(self, stage: Stage, unit: str) -> None:
        super().__init__(stage, unit, "")
        self.state = "idle"  # ⇄ playing, or stuck → over
        self._written = ""
        self._queue: deque[Flushed] = deque()
        self._making: list[Timer] = []
        self._ready_ms = 0
        self._first_byte_ms = 0

    @property
    def written(self) -> str:
        """What was sent since the last flush."""
        return self._written

    def write(self, text: str) -> None:
        self._written += text

    def flush(self) -> None:
        """Orders the audio of all that was written; phrases keep their order."""
        text, self._written = self._written, ""
        stage = self._stage
        if not text.strip():
            stage.write("voice", "an empty flush is ignored", unit=self.unit)
            return
        phrase = Flushed(stage.next_playback(), text, stage.clock.now)
        before = self.number, self.text
        self.number, self.text = phrase.number, text  # what a fault is told to have struck
        problem = "Synthesis failed" if "  \n" in text else self._problem()
        self.number, self.text = before
        delay = stage.voice.first_byte.draw(stage.chance.stream("voice"))
        self._ready_ms = max(self._ready_ms, stage.clock.now + round(delay))
        wait = self._ready_ms - stage.clock.now
        if problem:
            self._making.append(stage.after(wait, lambda: self._tell("error", error=problem)))
            return
        self._queue.append(phrase)
        self._making.append(stage.after(wait, lambda: self._sounds(phrase)))

    def clear(self) -> None:
        """Drops what is written, being made, and playing. The end of what played is told late."""
        playing = self.state == "playing"
        self._drop("cleared")
        if playing:
            delay = self._stage.chance.draw("voice", CLEARED)
            self._stage.after(delay, self._tell_end)

    # ---- as of any playback ----------------------------------------------------------------------

    def attach(self, ear: Ear) -> None:
        if ear not in self._ears:
            self._ears.append(ear)
        if self.sounding:
            self._open(ear)
        else:
            self._next()

    def resume(self) -> None:
        if not self.paused:
            return
        self.paused = False
        if self.state == "playing":
            self._run()
        else:
            self._next()

    def stop(self, *, silently: bool = False) -> None:
        self._drop("stopped")
        super().stop(silently=silently)

    # ---- its phrases -----------------------------------------------------------------------------

    def _sounds(self, phrase: Flushed) -> None:
        phrase.first_byte_ms = self._stage.clock.now - phrase.asked_ms
        self._next()

    def _next(self) -> None:
        if self.state != "idle" or self.paused or not self._ears or not self._queue:
            return
        first_byte_ms = self._queue[0].first_byte_ms
        if first_byte_ms is None:
            return
        phrase = self._queue.popleft()
        self.number, self.text = phrase.number, phrase.text
        self.duration_ms = self._stage.voice.duration_ms(phrase.text)
        self._first_byte_ms, self._position_ms = first_byte_ms, 0
        self._start()

    def _start(self) -> None:
        super()._start()
        if self.state == "over":  # F20: this phrase blocks those behind it until it is dropped
            self.state = "stuck"

    def _finish(self) -> None:
        self._position_ms = self.duration_ms
        for ear in self._ears:
            self._close(ear)
        self._cancel()
        self.state = "idle"
        dice = self._stage.dice
        if not dice.strikes("F19", self.text):
            if dice.strikes("F24", self.text, unit=self.unit):
                self._stage.after(dice.delay_ms("F24", 300, 6000), self._tell_end)
            else:
                self._tell_end()
        self._next()

    def _tell_end(self) -> None:
        self._tell("chunks", timeToFirstByte=self._first_byte_ms, final=True)

    def _drop(self, why: str) -> None:
        if self.state == "playing":
            for ear in self._ears:
                self._close(ear, cut_by=why)
            self._position_ms = self.position_ms
            self.state = "idle"
        elif self.state == "stuck":
            self.state = "idle"
            for phrase in self._queue:
                what = f"«{phrase.text}» is dropped behind one that never started"
                self._stage.write("voice", what, behind=phrase.number)
        self._cancel()
        for timer in self._making:
            timer.cancel()
        self._making.clear()
        self._queue.clear()
        self._written = ""
        self._ready_ms = self._stage.clock.now
