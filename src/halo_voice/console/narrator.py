"""Tells the page of a browser phone what happens in its call: the trace, and what it means."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from halo_voice.simulator import FinishedCall, TraceLine
from halo_voice.simulator.steps import Steps
from halo_voice.simulator.wire import Message, messages

Tell = Callable[[dict[str, Any]], None]

RINGING, SPEAKING, LISTENING, HEARING, THINKING, OVER = (
    "ringing",
    "speaking",
    "listening",
    "hearing",
    "thinking",
    "over",
)
TURN_PATH = "/process_text"
NAMES = {
    "recognised": "asr",
    "first token": "first_token",
    "first phrase": "first_phrase",
    "answered": "first_phrase",
    "voiced": "voice",
    "the caller waited": "audible",
}
"""The steps as the store calls them, without `_ms`."""


class Narrator:
    """Takes trace lines one by one. Each event is a JSON object with `type` and mostly `ms`."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._state = ""
        self._steps = Steps()
        self._turn = 0
        self._turn_requests: set[int] = set()
        self._be(RINGING, 0)

    def see(self, line: TraceLine) -> None:
        """One event of the call."""
        self._tell({"type": "trace", "ms": line.ms, "who": line.who, "what": line.what})
        reader = getattr(self, f"_{line.who}", None)
        if reader is not None:
            reader(line)

    def close(self, call: FinishedCall) -> None:
        """What is known at the end only."""
        self._tell_steps()
        for failure in call.failures:
            self._tell({"type": "failure", "text": failure})
        self._be(OVER, call.terminated_ms)

    # ---- readers, by who the line is of ----------------------------------------------------------

    def _caller(self, line: TraceLine) -> None:
        if "text" in line.data:
            self._tell_steps()
            self._steps = Steps()
            self._tell({"type": "caller", "ms": line.ms, "text": line.data["text"]})
        elif line.what == "stops speaking":
            self._steps.stopped = line.ms
        elif line.what.startswith("presses"):
            self._tell({"type": "key", "ms": line.ms, "key": line.what.removeprefix("presses ")})

    def _cloud(self, line: TraceLine) -> None:
        if line.data.get("event") == "Call.Connected":
            self._tell({"type": "connected", "ms": line.ms})
            self._be(LISTENING, line.ms)

    def _asr(self, line: TraceLine) -> None:
        event, text = line.data.get("event"), line.data.get("text", line.data.get("transcript", ""))
        if event == "ASR.CaptureStarted":
            self._be(HEARING, line.ms)
        elif event == "ASR.InterimResult":
            self._tell({"type": "interim", "ms": line.ms, "text": text})
        elif event == "ASR.Result":
            if self._steps.stopped is None:
                self._steps.stopped = line.ms
            confidence = line.data.get("confidence")
            told = {"type": "result", "ms": line.ms, "text": text, "confidence": confidence}
            self._tell(told)
            if self._state == HEARING:
                self._be(LISTENING, line.ms)
        elif event == "ASR.Error":
            self._tell({"type": "trouble", "ms": line.ms, "what": "asr_error"})

    def _backend(self, line: TraceLine) -> None:
        if "socket" in line.data or str(line.data.get("event", "")).startswith("WebSocket."):
            self._socket(line)
        elif line.what.startswith("→"):
            if line.what.endswith(TURN_PATH):
                self._turn_requests.add(line.data["sent"])
                self._asked(line.ms, self._turn + 1)
        elif line.data.get("request") in self._turn_requests:
            self._replied(line.ms)
            if line.data.get("code") != 200:
                what = {"type": "trouble", "ms": line.ms, "what": "backend_failed"}
                self._tell({**what, "code": line.data.get("code")})

    def _socket(self, line: TraceLine) -> None:
        closed = line.data.get("event") == "WebSocket.Close" and line.data.get("code") != 1000
        if closed or line.data.get("event") == "WebSocket.Error":
            self._tell({"type": "trouble", "ms": line.ms, "what": "stream_lost"})
        for message in messages([line]):
            self._message(message)

    def _message(self, message: Message) -> None:
        if message.type == "final" and message.up:
            self._asked(message.ms, message.turn or self._turn + 1)
        elif message.type == "say":
            self._steps.streamed = True
            self._replied(message.ms)
        elif message.type == "answered":
            self._answered(message)
        elif message.type == "phrase_interrupted":
            heard = {"heard": message.text("heard"), "turn": message.turn}
            self._tell({"type": "interrupted", "ms": message.ms, **heard})
        elif message.type == "failed":
            self._tell({"type": "trouble", "ms": message.ms, "what": message.text("code")})

    def _answered(self, message: Message) -> None:
        self._replied(message.ms)
        self._steps.whole = True
        latency = message.fields.get("latency")
        if isinstance(latency, dict) and isinstance(latency.get("first_token_ms"), int):
            self._steps.first_token_ms = latency["first_token_ms"]
        outcome = message.text("outcome")
        self._tell({"type": "answered", "ms": message.ms, "turn": message.turn, "outcome": outcome})
        if self._steps.audible is not None:
            self._tell_steps()

    def _voice(self, line: TraceLine) -> None:
        number = line.data.get("playback")
        if line.what.startswith("speaks «"):
            text = line.what[len("speaks «") : -1]
            self._tell({"type": "say", "ms": line.ms, "text": text, "playback": number})
            self._be(SPEAKING, line.ms)
            self._sounds(line.ms)
        elif line.what.startswith("is cut after «"):
            heard, _, how = line.what.removeprefix("is cut after «").rpartition("» (")
            told = {"heard": heard, "how": how.rstrip(")"), "playback": number}
            self._tell({"type": "cut", "ms": line.ms, **told})
            self._be(LISTENING, line.ms)
        elif line.what == "falls silent":
            self._tell({"type": "quiet", "ms": line.ms, "playback": number})
            self._be(LISTENING, line.ms)

    def _fault(self, line: TraceLine) -> None:
        self._tell({"type": "struck", "ms": line.ms, "what": line.what})

    # ---- turns -----------------------------------------------------------------------------------

    def _asked(self, ms: int, turn: int) -> None:
        if self._steps.asked is None:  # else it is asked again, by the other way
            self._turn = max(self._turn, turn)
            self._steps.asked = ms
        self._be(THINKING, ms)

    def _replied(self, ms: int) -> None:
        if self._steps.asked is not None and self._steps.replied is None:
            self._steps.replied = ms

    def _sounds(self, ms: int) -> None:
        """A filler is heard before there is an answer: it ends no turn."""
        steps = self._steps
        if steps.asked is None or steps.replied is None or steps.audible is not None:
            return
        steps.audible = ms
        if not steps.streamed or steps.whole:
            self._tell_steps()

    def _tell_steps(self) -> None:
        if self._steps.audible is None:
            return
        lengths = {NAMES[name]: ms for name, ms in self._steps.lengths().items()}
        if lengths:
            self._tell({"type": "steps", "turn": self._turn, "lengths": lengths})
        self._steps = Steps()

    def _be(self, state: str, ms: int) -> None:
        if state != self._state:
            self._state = state
            self._tell({"type": "state", "ms": ms, "name": state})
