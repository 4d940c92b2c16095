"""A voice detector: tells when speech begins and ends, and knows no words."""

from __future__ import annotations

from halo_voice.simulator.chance import Spread
from halo_voice.simulator.clock import Timer
from halo_voice.simulator.recognition import Mouth, Recognition, Speech
from halo_voice.simulator.stage import Stage

NOTICE = Spread(60, 0.3)  # from the first sound to the report


class Vad(Recognition):
    """Hears like a recogniser, but makes no text. Reported times count from the first media."""

    def __init__(self, stage: Stage, unit: str, min_silence_ms: float, pad_ms: float) -> None:
        self.unit = unit
        self._stage = stage
        self._min_silence_ms = min_silence_ms
        self._pad_ms = pad_ms
        self._media_ms: int | None = None
        self._closed = False
        self._speaking = False  # as it was reported, or soon will be
        self._pending: dict[str, Timer] = {}  # by call: what is to be reported of it

    @property
    def alive(self) -> bool:
        """Not as a recogniser: whoever speaks to it alone is not understood."""
        return False

    def media_begins(self) -> None:
        if self._media_ms is None:
            self._media_ms = self._stage.clock.now

    def begin(self, mouth: Mouth, speech: Speech) -> None:  # noqa: ARG002 - its words do not matter
        self._cancel(mouth)
        if self._speaking or self._closed:
            return  # the pause was too short to end the speech
        at = self._stage.clock.now - self._pad_ms

        def notice() -> None:
            self._speaking = True
            self._tell("Result", speechStartAt=self._seconds(at))

        delay = self._stage.chance.draw("vad", NOTICE)
        self._pending[mouth.unit] = self._stage.after(delay, notice)

    def end(self, mouth: Mouth) -> None:
        self._cancel(mouth)
        if not self._speaking:
            return  # too short to be speech
        at = self._stage.clock.now + self._pad_ms

        def close() -> None:
            self._speaking = False
            self._tell("Result", speechEndAt=self._seconds(at))

        self._pending[mouth.unit] = self._stage.after(self._min_silence_ms, close)

    def reset(self) -> None:
        """Forgets what it heard; its time begins anew."""
        self._forget()
        self._media_ms = self._stage.clock.now
        self._tell("Reset")

    def stop(self) -> None:
        self._closed = True
        self._forget()

    def _forget(self) -> None:
        for timer in self._pending.values():
            timer.cancel()
        self._pending.clear()
        self._speaking = False

    def _cancel(self, mouth: Mouth) -> None:
        timer = self._pending.pop(mouth.unit, None)
        if timer:
            timer.cancel()

    def _seconds(self, at_ms: float) -> float:
        return round(max(0.0, at_ms - (self._media_ms or 0)) / 1000, 3)

    def _tell(self, event: str, **data: float) -> None:
        what = " ".join([f"VAD {event}", *(f"{name} {value}" for name, value in data.items())])
        self._stage.report(self.unit, f"Silero.VAD.{event}", data, who="asr", what=what)
