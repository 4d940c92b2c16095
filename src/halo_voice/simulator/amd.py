"""The detector of answering machines: hears who has picked up, and judges once."""

from __future__ import annotations

from halo_voice.simulator.chance import Spread
from halo_voice.simulator.leg import Leg
from halo_voice.simulator.stage import Stage

JUDGE = Spread(1_900, 0.3)  # from the pick-up to a verdict
COMPLETE = "AMD.Events.DetectionComplete"
FAILED = "AMD.Events.DetectionError"


class Amd:
    """Given to one call before it is dialled. A person is who is none of the machines of
    `machine.py`; `verdict` of a `Pickup` has it err, or fail."""

    def __init__(self, stage: Stage, unit: str, timeout_ms: float) -> None:
        self._stage = stage
        self._unit = unit
        self._timeout_ms = timeout_ms
        self._judged = False

    def watch(self, leg: Leg, verdict: str = "") -> None:
        """Begins when the call is up, and ends with it."""
        leg.when_up(lambda: self._begin(leg, verdict))
        leg.when_over(lambda: self._judge(leg, "CALL_ENDED") if leg.connected_ms else None)

    def _begin(self, leg: Leg, verdict: str) -> None:
        wanted = verdict or ("VOICEMAIL" if getattr(leg.person, "machine", False) else "HUMAN")
        after = self._stage.chance.draw("amd", JUDGE)
        if wanted == "TIMEOUT" or after > self._timeout_ms:
            wanted, after = "TIMEOUT", round(self._timeout_ms)
        self._stage.after(after, lambda: self._judge(leg, wanted))

    def _judge(self, leg: Leg, verdict: str) -> None:
        if self._judged:
            return
        self._judged = True
        what = f"AMD {verdict}"
        if verdict == "ERROR":
            data = {"callId": leg.unit, "message": "no model"}
            self._stage.report(self._unit, FAILED, data, who="cloud", what=what)
            return
        data = {"callId": leg.unit, "resultClass": verdict, "resultSubtype": "NONE"}
        more = {"confidence": 80 if verdict in ("VOICEMAIL", "HUMAN") else 0}
        self._stage.report(
            self._unit, COMPLETE, {**data, **more}, who="cloud", what=what, verdict=verdict
        )
