"""The list of what is emulated: asked of the emulation, and the same in the documentation."""

from __future__ import annotations

import re
from pathlib import Path

from halo_voice.simulator.emulated import emulated, listing

PAGE = Path(__file__).parents[3] / "docs" / "simulator.md"


def test_what_a_voice_assistant_needs_is_emulated():
    """The usual ASR, TTS and HTTP scenario finds everything, and a stream; the rest says that it is missing."""
    known = emulated()
    needed = ["VoxEngine.createASR", "VoxEngine.createTTSPlayer", "Net.httpRequestAsync"]
    needed += ["Call.say", "Call.sendMediaTo", "Player.addMarker", "ASR.stop", "setTimeout"]
    needed += ["VoxEngine.createWebSocket", "WebSocket.send", "VoxTTS.createRealtimeTTSPlayer"]
    assert all(known[name] for name in needed)
    assert not known["WebSocket.sendMediaTo"]


def test_the_documentation_lists_what_is_emulated():
    """docs/simulator.md has the list that `listing()` gives: copy it there when this fails."""
    text = PAGE.read_text("utf-8")
    block = re.search(r"<!-- emulated -->\n(.*)\n<!-- /emulated -->", text, re.DOTALL)
    assert block is not None
    assert block[1] == listing()
