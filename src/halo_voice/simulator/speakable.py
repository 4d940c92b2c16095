"""What was spoken, and what was replied twice: whether it may be."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from halo_voice.simulator.case import Breach, Case
from halo_voice.simulator.turns import TURN

CHARACTERS_MAX = 400
BARRED = {"Cc", "Cf", "Cs", "Co", "Cn"}  # control, format, half, private and unassigned characters
MARKUP = re.compile(
    r"[<>]|&\w+;|```|\*\*|__|^#+ |\]\(|\bhttps?:|\bwww\.", re.IGNORECASE | re.MULTILINE
)


def safe_to_speak(case: Case) -> Iterator[Breach]:
    """13. What is spoken has 1 to 400 characters, and none that is no word."""
    for phrase in case.story.phrases:
        fault = "" if phrase.is_file else unspeakable(phrase.text)
        if fault:
            yield Breach(13, phrase.ordered_ms, f"«{phrase.text[:80]}» {fault}")


def unspeakable(text: str) -> str:
    """What keeps a text from being safe to speak; "" if nothing does."""
    if not text.strip():
        return "is empty"
    if len(text) > CHARACTERS_MAX:
        return f"has {len(text)} characters"
    barred = next((c for c in text if unicodedata.category(c) in BARRED), None)
    if barred is not None:
        return f"has the character U+{ord(barred):04X}"
    found = MARKUP.search(text)
    return f"has markup or an address: {found[0]!r}" if found else ""


NOT_NOW = 503


def same_again(case: Case) -> Iterator[Breach]:
    """14. A turn that is delivered twice has one answer, byte for byte; «not now» is none."""
    for line in case.call.having("again"):
        if line.data["url"].endswith(TURN) and NOT_NOW not in line.data["codes"]:
            yield Breach(14, line.ms, f"{line.data['first']!r}, then {line.data['again']!r}")
