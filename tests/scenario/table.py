"""The scenario's pure part, `decide`, run alone: no platform, no clock."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import quickjs

SCENARIO = Path(__file__).parents[2] / "scenario" / "voximplant_scenario_ASR.js"
NO_PLATFORM = """
const nothing = () => undefined;
const require = nothing;
const Modules = {}, AppEvents = {}, Logger = { write: nothing };
const VoxEngine = { addEventListener: nothing };
"""


class Table:
    """`decide` with a state that is carried on from event to event. Times in ms."""

    def __init__(self, **settings: Any) -> None:
        self._js = quickjs.Context()
        self._js.eval(NO_PLATFORM + SCENARIO.read_text(encoding="utf-8"))
        self._js.eval("var state = START_STATE;")
        settings = {"barge_in__mode": "off", **settings}
        for path, value in settings.items():
            section, _, name = path.partition("__")
            patch = json.dumps({name: value})
            self._js.eval(
                f"state = {{...state, profile: {{...state.profile, {section}: "
                f"{{...state.profile.{section}, ...{patch}}}}}}};"
            )
        self.now = 1000

    @property
    def state(self) -> dict[str, Any]:
        return json.loads(self._js.eval("JSON.stringify(state)"))

    @property
    def name(self) -> str:
        return self.state["name"]

    def see(self, kind: str, after_ms: int = 0, **fields: Any) -> list[dict[str, Any]]:
        """Let an event happen; the actions that follow."""
        self.now += after_ms
        event = json.dumps({"type": kind, "at": self.now, **fields})
        return json.loads(
            self._js.eval(
                f"(() => {{ const [s, a] = decide(state, {event}); state = s; "
                "return JSON.stringify(a); })()"
            )
        )

    def evaluate(self, code: str) -> Any:
        return json.loads(self._js.eval(f"JSON.stringify({code})"))

    def run(self, code: str) -> None:
        """Beside the scenario, in its own global scope."""
        self._js.eval(code)

    # Ways to get somewhere -----------------------------------------------------------------

    def speak_out(self, duration: int = 2000) -> list[dict[str, Any]]:
        """The phrase that is being said starts and ends as it should."""
        phrase = self.state["voice"]["phrase"]
        self.see("phraseStarted", 200, phrase=phrase, duration=duration)
        return self.see("phraseEnded", duration, phrase=phrase, failed=False)

    def greeted(self) -> Table:
        self.see("alerted")
        self.see("profiled", 100, confirmed=True)
        self.see("connected", 100)
        self.speak_out()
        return self

    def say(self, text: str, confidence: float = 0.9) -> list[dict[str, Any]]:
        """The caller says something and it is recognised."""
        self.see("speechStarted", 500)
        self.see("speechCaptured", 1500)
        return self.see("heard", 300, text=text, confidence=confidence)

    def asked(self, text: str = "Сколько стоит доставка?") -> Table:
        self.greeted()
        self.say(text)
        return self


def done(actions: list[dict[str, Any]]) -> list[str]:
    """The actions' names."""
    return [action["do"] for action in actions]


def spoken(actions: list[dict[str, Any]]) -> str | None:
    """What is said, if anything."""
    return next((action["text"] for action in actions if action["do"] == "say"), None)


def waits(actions: list[dict[str, Any]]) -> int | None:
    """The deadline that is set, in ms."""
    return next((action["ms"] for action in reversed(actions) if action["do"] == "wait"), None)


def any_event(rng: random.Random, state: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Some event that may happen in a call, whether it fits the state or not."""
    phrase = state["voice"]["phrase"] if state["voice"] else state["phrase"]
    turn = max(0, state["turn"] - rng.choice([0, 0, 0, 1]))
    events = [
        ("connected", {}),
        ("profiled", {"confirmed": rng.random() < 0.8}),
        ("phraseStarted", {"phrase": phrase, "duration": rng.randint(300, 9000)}),
        ("phraseEnded", {"phrase": phrase, "failed": rng.random() < 0.2}),
        ("phraseEnded", {"phrase": phrase - 1, "failed": False}),
        ("speechStarted", {}),
        ("interim", {}),
        ("speechCaptured", {}),
        ("voiceStarted", {}),
        ("voiceStopped", {}),
        ("heard", {"text": rng.choice(["", "да", "где вы?"]), "confidence": rng.random()}),
        ("replied", {"turn": turn, "text": "Да.", "action": rng.choice(["listen", "hangup"])}),
        ("failed", {"turn": turn, "retry": rng.random() < 0.5, "retryMs": 100, "unknown": False}),
        ("asrFailed", {}),
        ("expired", {}),
        ("timeUp", {}),
        ("disconnected", {}),
        ("recordingStarted", {"url": "https://r/1"}),
        ("recorded", {"url": "https://r/2"}),
        ("reported", {"ok": rng.random() < 0.7}),
        ("filed", {}),
        ("broke", {}),
    ]
    weights = [1, 1, 6, 6, 1, 4, 2, 4, 2, 2, 6, 6, 3, 1, 4, 0.2, 0.4, 0.5, 0.5, 2, 1, 0.3]
    return rng.choices(events, weights)[0]
