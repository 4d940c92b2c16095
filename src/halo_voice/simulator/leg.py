"""One telephone call: a person, the one sound they hear, and where their voice is sent."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, Protocol

from halo_voice.simulator.caller import Caller
from halo_voice.simulator.chance import Spread
from halo_voice.simulator.clock import Timer
from halo_voice.simulator.playback import Playback
from halo_voice.simulator.recognition import LiveSpeech, Recognition, Speech
from halo_voice.simulator.stage import Stage
from halo_voice.simulator.trace import PlaybackSpan, SpeechSpan

CONNECT = Spread(150, 0.3)
HANG_UP = Spread(60, 0.3)
MIC = Spread(80, 0.3)  # from a sound, or its end, to MicStatusChange
CHARACTERS_PER_SECOND = 14
ECHO_CONFIDENCE = 0.7
COUGH_MS = 400
NOISE = Spread(2_000, 0.8)  # between two noises beside the caller,
NOISE_MS = 60_000  # of which the longest lasts so long, nearly half of them less than a tenth


class Switchboard(Stage, Protocol):
    """Who is told when a call begins and ends."""

    def leg_connected(self, leg: Leg) -> None:
        """The call is up."""

    def leg_ended(self, leg: Leg, *, was_up: bool, reason: str) -> None:
        """The line is dead; the scenario does not know yet."""


class Echo:
    """The assistant's own voice, coming back on the caller's line."""

    def __init__(self, leg: Leg) -> None:
        self.unit = f"{leg.unit} echo"
        self.when_over = leg.when_over


class Leg:
    """A call as the network has it; `caller.Line` is the side of it that the person sees."""

    def __init__(self, board: Switchboard, unit: str, person: Caller, *, incoming: bool) -> None:
        self.unit = unit
        self.person = person
        self.incoming = incoming
        self.state = "ringing"  # → up → down
        self.source: Playback | Leg | None = None  # the one audio stream that the person hears
        self.began_ms = board.clock.now
        self.connected_ms: int | None = None
        self.ended_ms: int | None = None
        self.tones = False
        self.mic = False
        self._noisy = False
        self.beeps = False
        self._board = board
        self._targets: list[Recognition | Leg] = []
        self._speech: Speech | None = None
        self._speech_end: Timer | None = None
        self._over: list[Callable[[], object]] = []
        self._up: list[Callable[[], object]] = []
        self._noticing = False
        self._bridge: PlaybackSpan | None = None  # while another call is heard here
        self._echo = Echo(self)
        self._echoing: Speech | None = None
        self._mic_due_ms = 0

    # ---- what the person sees: caller.Line -------------------------------------------------------

    @property
    def now(self) -> int:
        return self._board.clock.now

    @property
    def rng(self) -> random.Random:
        return self._board.chance.stream("caller")

    @property
    def real_time(self) -> bool:
        return self._board.real_time

    @property
    def up(self) -> bool:
        return self.state == "up"

    @property
    def audible(self) -> bool:
        if isinstance(self.source, Leg):
            return self.source.up
        return self.source is not None and self.source.sounding

    @property
    def speaking(self) -> bool:
        return self._speech is not None

    @property
    def listening(self) -> bool:
        return any(not isinstance(t, Recognition) or t.alive for t in self._targets)

    @property
    def heard(self) -> list[str]:
        """What the assistant has said so far, phrase by phrase, as far as it was heard."""
        ended = [s for s in self._board.playbacks if s.call == self.unit and s.ended_ms is not None]
        return [span.heard for span in ended]

    def after(self, delay_ms: float, action: Callable[[], object]) -> Timer:
        return self._board.after(delay_ms, action)

    def say(self, text: str, *, confidence: float = 0.93, duration_ms: int | None = None) -> None:
        """Begins to speak now; a second utterance replaces the first."""
        if not self.up:
            return
        self.fall_silent()
        length = duration_ms or max(300, round(len(text) * 1000 / CHARACTERS_PER_SECOND))
        self._board.write("caller", f"says «{text}»", call=self.unit, text=text)
        self._speak(Speech(text, confidence, length, SpeechSpan(text, self.now, call=self.unit)))
        self._speech_end = self.after(length, self.fall_silent)

    def speak_on(self, text: str, *, confidence: float = 0.93) -> None:
        """Speaks, as a microphone hears it: `text` has all the words so far. The first time begins
        an utterance, which goes on until `fall_silent`."""
        if not self.up:
            return
        if not isinstance(self._speech, LiveSpeech):
            self.fall_silent()
            span = SpeechSpan("", self.now, call=self.unit)
            self._board.write("caller", "begins to speak", call=self.unit)
            self._speak(LiveSpeech("", confidence, 1, span))
        assert isinstance(self._speech, LiveSpeech)
        self._speech.grows(self.now, text)

    def _speak(self, speech: Speech) -> None:
        self._speech = speech
        self._board.speech.append(speech.span)
        if not self.listening:
            self._board.write("cloud", "no recogniser hears the caller", call=self.unit)
        for target in self._targets:
            if isinstance(target, Recognition):
                target.begin(self, speech)
        self._mic_status(True)
        self.changed()

    def fall_silent(self) -> None:
        if self._speech is None:
            return
        if self._speech_end:
            self._speech_end.cancel()
            self._speech_end = None
        if isinstance(self._speech, LiveSpeech) and self._speech.text:
            text = self._speech.text
            self._board.write("caller", f"said «{text}»", call=self.unit, text=text)
        self._speech.span.ended_ms = self.now
        for target in self._targets:
            if isinstance(target, Recognition):
                target.end(self)
        self._speech = None
        self._board.write("caller", "stops speaking", call=self.unit)
        self._mic_status(False)
        self.changed()

    def press(self, tone: str) -> None:
        """A key of the telephone; reported only when the scenario handles tones."""
        if not self.up:
            return
        self._board.write("caller", f"presses {tone}", call=self.unit)
        if self.tones:
            data = {"tone": tone, "type": "rfc2833"}
            self._board.report(self.unit, "Call.ToneReceived", data, who="cloud")

    def beep(self) -> None:
        """An answering machine's signal; reported only when the scenario listens for it."""
        if not self.up:
            return
        self._board.write("caller", "beeps", call=self.unit)
        if self.beeps:
            data = {"frequencies": [440], "timeout": False}
            self._board.report(self.unit, "Call.BeepDetectionComplete", data, who="cloud")

    def hang_up(self) -> None:
        if self.state == "down":
            return
        self._board.write("caller", "hangs up", left=self.unit)
        self.end()

    # ---- what the cloud does with it -------------------------------------------------------------

    def answer(self) -> None:
        self._board.after(self._board.chance.draw("calls", CONNECT), self._connect)

    def end(self, *, reason: str = "", tell: bool = True) -> None:
        """The connection is gone. The scenario learns of it a moment later."""
        if self.state == "down":
            return
        was_up = self.up
        self.fall_silent()
        self.hear(None, why="call over")
        self.state = "down"
        self.ended_ms = self.now
        self.person.ended(self)
        for action in self._over:
            action()
        if tell:
            self._board.leg_ended(self, was_up=was_up, reason=reason)

    def when_up(self, action: Callable[[], object]) -> None:
        """Of a call that still rings."""
        self._up.append(action)

    def when_over(self, action: Callable[[], object]) -> None:
        if self.state == "down":
            action()
        else:
            self._over.append(action)

    def hear(self, source: Playback | Leg | None, *, why: str = "replaced") -> None:
        """Gives the person another sound; a call has one audio stream, so the old is dropped."""
        old = self.source
        if old is source:
            return
        self.source = None
        if isinstance(old, Playback):
            old.detach(self, why)
            if old.unit == self.unit and old.state != "over":
                old.stop(silently=True)  # inferred: a replaced `say` reports nothing more
        elif self._bridge:
            self._bridge.ended_ms, self._bridge = self.now, None
        self.source = source
        if isinstance(source, Playback):
            source.attach(self)
        elif source is not None:
            self._bridge = PlaybackSpan(0, f"({source.unit})", self.now, call=self.unit)
            self._board.playbacks.append(self._bridge)
        self.changed()

    def forget(self, playback: Playback, why: str) -> None:
        if self.source is playback:
            self.source = None
        playback.detach(self, why)

    def send_to(self, target: Recognition | Leg) -> None:
        if target in self._targets:
            return
        self._targets.append(target)
        if isinstance(target, Leg):
            target.hear(self)
        else:
            if self._speech is not None:
                target.begin(self, self._speech)
            if self._echoing is not None:
                target.begin(self._echo, self._echoing)
        self.changed()

    def stop_to(self, target: Recognition | Leg) -> None:
        if target not in self._targets:
            return
        self._targets.remove(target)
        if isinstance(target, Leg):
            if target.source is self:
                target.hear(None, why="stopped")
        else:
            target.end(self)
            target.end(self._echo)
        self.changed()

    def changed(self) -> None:
        """Something audible has changed; the person is told once, after the dust has settled."""
        if self.up and not self._noticing:
            self._noticing = True
            self._board.after(0, self._notice)

    def _notice(self) -> Any:
        self._noticing = False
        return self.person.hear(self) if self.up else None

    def _connect(self) -> None:
        if self.state != "ringing":
            return
        self.state = "up"
        self.connected_ms = self.now
        self._board.leg_connected(self)
        for action in self._up:
            action()
        if self._board.dice.has("F16"):
            self._quiet_for_now()
        self.changed()

    def voice_begins(self, text: str, duration_ms: int) -> None:
        """The assistant is heard; it may come back on the line (F12), or be coughed at (F13)."""
        board = self._board
        if text and board.dice.strikes("F12", text):
            span = SpeechSpan(text, self.now, call=self.unit)
            echo = self._echoing = Speech(text, ECHO_CONFIDENCE, duration_ms, span)
            for target in self._targets:
                if isinstance(target, Recognition):
                    target.begin(self._echo, echo)
        if board.dice.strikes("F13", text):
            self.after(board.dice.delay_ms("F13", 100, 1500), self._cough)

    def voice_ends(self) -> None:
        if self._echoing is None:
            return
        self._echoing = None
        for target in self._targets:
            if isinstance(target, Recognition):
                target.end(self._echo)

    def _cough(self) -> None:
        if not self.speaking:
            self.say("", duration_ms=COUGH_MS)

    def _quiet_for_now(self) -> None:
        self.after(self._board.chance.draw("noise", NOISE), self._noise)

    def _noise(self) -> None:
        """Something beside the caller is heard on the line; no recogniser has a word of it."""
        dice = self._board.dice
        if not self.up:
            return
        if dice.strikes("F16"):
            if not self.speaking:
                self._mic_status(True)
            self._noisy = True
            lasts_ms = round(NOISE_MS * dice.delay_ms("F16", 0.2, 1) ** 4)
            self._board.write("caller", "is not alone", noise=lasts_ms)
            self.after(lasts_ms, self._noise_ends)
        else:
            self._quiet_for_now()

    def _noise_ends(self) -> None:
        self._noisy = False
        if not self.speaking:
            self._mic_status(False)
        self._quiet_for_now()

    def _mic_status(self, active: bool) -> None:
        """Told with some delay, and never out of order."""
        if self._noisy or not (self.mic and self.up):
            return
        due = max(self._mic_due_ms, self.now + round(self._board.chance.draw("mic", MIC)))
        tell = lambda: self._board.report(  # noqa: E731
            self.unit, "Call.MicStatusChange", {"active": active}, who="cloud"
        )
        self._mic_due_ms = self._board.after(due - self.now, tell).due_ms
