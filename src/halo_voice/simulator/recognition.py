"""One live ASR object: hears the calls that are sent to it and reports what it made of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from halo_voice.simulator.chance import Spread
from halo_voice.simulator.clock import Timer
from halo_voice.simulator.recogniser import CHUNK_MS, Recogniser, rewritten
from halo_voice.simulator.stage import Stage
from halo_voice.simulator.trace import SpeechSpan, part_of

START = Spread(120, 0.3)
STOP = Spread(90, 0.3)
NOISE = 0.5  # how often a sound without words gives no result at all, not even an empty one


class Mouth(Protocol):
    """Where speech comes from: a telephone call."""

    unit: str

    def when_over(self, action: Callable[[], object]) -> None:
        """Does something when the call has ended."""


@dataclass(slots=True)
class Speech:
    """What a person is saying. Confidence 0..1: how clearly."""

    text: str
    confidence: float
    duration_ms: int
    span: SpeechSpan

    def between(self, began_ms: float, now_ms: float) -> str:
        """The words that were said from one moment of the session to another."""
        total, started_ms = max(1, self.duration_ms), self.span.started_ms
        until = part_of(self.text, (now_ms - started_ms) / total)
        missed = part_of(self.text, (began_ms - started_ms) / total)
        return until[len(missed) :].strip()


@dataclass(slots=True)
class LiveSpeech(Speech):
    """Speech whose words become known while it goes on, as a person at a microphone has it."""

    said: list[tuple[int, str]] = field(default_factory=list)  # from when on, and all words by then

    def grows(self, now_ms: int, text: str) -> None:
        """All the words so far; they may differ from what was understood before."""
        self.text = self.span.text = text
        self.said.append((now_ms, text))

    def between(self, began_ms: float, now_ms: float) -> str:
        before = [text for ms, text in self.said if ms < began_ms]
        known = [text for ms, text in self.said if ms <= now_ms]
        missed = len(before[-1].split()) if before else 0
        return " ".join(known[-1].split()[missed:]) if known else ""


@dataclass(slots=True)
class Capture:
    """A stretch of one utterance that this recogniser heard."""

    speech: Speech
    began_ms: int
    noticed: Timer | None = None
    interim: Timer | None = None
    chunk: Timer | None = None
    told: str = ""  # the last interim text
    broken: bool = False  # a fault took it: nothing more will come

    def cancel(self) -> None:
        for timer in (self.noticed, self.interim, self.chunk):
            if timer:
                timer.cancel()


class Recognition:
    """Reports Started at once, then for each utterance CaptureStarted … Result, until stopped."""

    def __init__(self, stage: Stage, unit: str, vendor: Recogniser, interim: bool) -> None:
        self.unit = unit
        self.vendor = vendor
        self._stage = stage
        self._interim = interim and vendor.interims
        self._captures: dict[str, Capture] = {}  # by call
        self._since_ms = stage.clock.now
        self._dead = False
        stage.after(self._draw(START), lambda: self._tell("ASR.Started"))

    @property
    def alive(self) -> bool:
        return not self._dead

    # ---- what it hears ---------------------------------------------------------------------------

    def begin(self, mouth: Mouth, speech: Speech) -> None:
        """Somebody has begun to speak, or their voice has just been sent here."""
        if self._dead or mouth.unit in self._captures:
            return
        dice = self._stage.dice
        speech.span.heard_by.append(self.unit)
        capture = self._captures[mouth.unit] = Capture(speech, self._stage.clock.now)
        if dice.strikes("F01", speech.text):
            capture.broken = True
            return
        if dice.strikes("F11", speech.text):
            capture.broken = True
            fail = lambda: self._tell("ASR.Error", error="Internal error of the recogniser")  # noqa: E731
            self._stage.after(self._draw(self.vendor.capture), fail)
            return
        capture.noticed = self._stage.after(
            self._draw(self.vendor.capture), lambda: self._notice(mouth, capture)
        )
        capture.chunk = self._stage.after(CHUNK_MS, lambda: self._chunk(mouth))

    def end(self, mouth: Mouth) -> None:
        """The speech is over, or is not sent here any more: make a result of what there was."""
        capture = self._captures.pop(mouth.unit, None)
        if capture is None:
            return
        capture.cancel()
        if capture.broken or self._dead:
            return
        heard = self._heard(capture)
        if not heard and capture.speech.text:
            return  # too short to be speech
        if capture.noticed:
            self._tell("ASR.CaptureStarted")
        if self._interim and self.vendor.behind is not None:
            self._tell_last_words(capture, heard)
        if self._stage.dice.strikes("F02", capture.speech.text):
            return
        self._stage.after(
            self._draw(self.vendor.endpoint), lambda: self._captured(mouth, capture.speech, heard)
        )

    def stop(self) -> None:
        """Reports Stopped soon; results that are due before still come (the docs are silent)."""
        seconds = (self._stage.clock.now - self._since_ms) / 1000
        for capture in self._captures.values():
            capture.cancel()
        self._captures.clear()
        self._stage.after(self._draw(STOP), lambda: self._stopped(seconds))

    # ---- what it reports -------------------------------------------------------------------------

    def _notice(self, mouth: Mouth, capture: Capture) -> None:
        capture.noticed = None
        self._tell("ASR.CaptureStarted")
        if self._interim:
            self._schedule_interim(mouth, capture)

    def _schedule_interim(self, mouth: Mouth, capture: Capture) -> None:
        behind = self.vendor.behind

        def report() -> None:
            self._tell_words(capture, self._heard(capture, self._draw(behind) if behind else 0))
            self._schedule_interim(mouth, capture)

        capture.interim = self._stage.after(self._draw(self.vendor.interim_every), report)

    def _tell_words(self, capture: Capture, words: str) -> None:
        grown = len(words) > len(capture.told) if self.vendor.behind else words != capture.told
        if grown:
            capture.told = words
            self._tell("ASR.InterimResult", text=words)

    def _tell_last_words(self, capture: Capture, words: str) -> None:
        """Interim results that lag behind go on after the voice has stopped."""
        assert self.vendor.behind is not None
        delay = self._draw(self.vendor.behind)
        self._stage.after(delay, lambda: self._tell_words(capture, words))

    def _chunk(self, mouth: Mouth) -> None:
        """A minute of speech: report it and go on with the rest."""
        capture = self._captures.get(mouth.unit)
        if capture is None:
            return
        self.end(mouth)
        self.begin(mouth, capture.speech)

    def _captured(self, mouth: Mouth, speech: Speech, heard: str) -> None:
        dice = self._stage.dice
        self._tell("ASR.SpeechCaptured")
        if dice.strikes("F03", speech.text):
            return
        if not speech.text and self._stage.chance.stream("noise").random() < NOISE:
            return
        rng = self._stage.chance.stream("rewrites")
        payload = self._payload(speech, rewritten(heard, self.vendor.rewrites, rng))
        # For whoever judges the call; the scenario is not told.
        of = {"of": speech.span.started_ms, "heard": heard, "echo": mouth.unit != speech.span.call}
        deliver = lambda: self._tell("ASR.Result", of, **payload)  # noqa: E731
        if dice.strikes("F04", speech.text):
            late = dice.delay_ms("F04", 10, 400)
            mouth.when_over(lambda: self._stage.after(late, deliver))
            return
        delay = self._draw(self.vendor.final)
        self._stage.after(delay, deliver)
        if dice.strikes("F05", speech.text):
            self._stage.after(delay + dice.delay_ms("F05", 20, 1500), deliver)

    def _payload(self, speech: Speech, heard: str) -> dict[str, Any]:
        dice, scale = self._stage.dice, self.vendor.scale
        if dice.strikes("F09", speech.text):
            scale = 1 if scale == 100 else 100
        confidence: dict[str, Any] = {"confidence": round(speech.confidence * scale, 4)}
        if dice.strikes("F10", speech.text):
            confidence = dice.choice("F10", [{"confidence": 0}, {}])
        if dice.strikes("F07", speech.text):
            heard = dice.choice("F07", ["", "   "])
        name = "transcript" if dice.strikes("F08", speech.text) else "text"
        return {name: heard, **confidence}

    def _stopped(self, seconds: float) -> None:
        self._tell("ASR.Stopped", cost=f"{seconds * 0.0001:.4f}", duration=round(seconds, 2))
        self._dead = True

    def _tell(self, event: str, more: dict[str, Any] | None = None, /, **data: Any) -> None:
        """`more` is for the trace alone."""
        if self._dead:
            return
        text = data.get("text", data.get("transcript"))
        what = event.removeprefix("ASR.") + (f" «{text}»" if text is not None else "")
        self._stage.report(self.unit, event, data, who="asr", what=what, **(more or {}))

    def _heard(self, capture: Capture, behind_ms: float = 0) -> str:
        return capture.speech.between(capture.began_ms, self._stage.clock.now - behind_ms)

    def _draw(self, spread: Spread) -> float:
        return self._stage.chance.draw("asr", spread)
