"""What looks like a key in a text that editors read and the store keeps: refused, not shown."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator

_SHAPES = (
    r"-----BEGIN [A-Z ]*PRIVATE KEY",
    r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    r"\bgh[pousr]_[A-Za-z0-9]{36}\b|\bgithub_pat_\w{40,}",
    r"\bsk-[A-Za-z0-9_-]{20,}",
    r"\bAIza[0-9A-Za-z_-]{35}",
    r"\bAQVN[\w-]{35,}|\by[0-3]_[\w-]{50,}",
    r"\b\d{8,10}:AA[\w-]{33}\b",
    r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}",
    r"://[^/\s:@'\"{}<>$]+:[^/\s:@'\"{}<>$]{3,}@",
    r"(?i:secret|token|passw(?:or)?d|api[_-]?key|bearer)\w*[\"']?\s*[:= ]\s*[\"']?"
    r"(?=[\w+/.=-]*\d)[A-Za-z0-9+/_.=-]{16,}",
)
_SHAPED = re.compile("|".join(_SHAPES))
_HEX = re.compile(r"(?<![0-9A-Za-z])[0-9A-Fa-f]{32,}(?![0-9A-Za-z])")
_BASE64 = re.compile(r"(?<![A-Za-z0-9+/_=-])[A-Za-z0-9+/_-]{32,}={0,2}(?![A-Za-z0-9+/_=-])")
_HEX_BITS, _BASE64_BITS = 3.0, 4.5  # a character; a sentence, or the path of a page, has less


def key_lines(text: str) -> Iterator[int]:
    """The lines, from 1, in which something looks like a key."""
    for number, line in enumerate(text.splitlines(), 1):
        if _SHAPED.search(line) or _drawn(line):
            yield number


def _drawn(line: str) -> bool:
    """Whether a long string in it looks as if it had been drawn at random."""
    hexes, others = _HEX.finditer(line), _BASE64.finditer(line)
    return any(_bits(found[0]) >= _HEX_BITS for found in hexes) or any(
        _bits(found[0]) >= _BASE64_BITS for found in others
    )


def _bits(text: str) -> float:
    """Shannon's entropy, in bits a character."""
    counts = Counter(text).values()
    return -sum(n / len(text) * math.log2(n / len(text)) for n in counts)
