"""The voice detector (Silero), as the scenario takes it in: it is made while the call goes on."""

from __future__ import annotations

from tests.scenario.table import Table

DETECTOR = """
const Silero = { VADEvents: { Result: "Result", Error: "Error" } };
const vad = { addEventListener: nothing };
const line = { released: false, state: START_STATE, call: { sendMediaTo: nothing } };
"""


def test_a_detector_that_is_made_while_somebody_speaks_begins_anew():
    """Invariant 2: the line's own ear is not listened to from then on, and would not tell the end
    of what it has heard begin."""
    table = Table()
    table.run(DETECTOR)
    assert table.evaluate("attach(line, vad)") is None
    speaking = "attach({ ...line, state: { ...START_STATE, voiced: true } }, vad)"
    assert table.evaluate(speaking) == {"type": "voiceStopped"}
