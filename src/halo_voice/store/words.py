"""Text that every database can keep."""

from __future__ import annotations

import math
import re

# PostgreSQL refuses NUL; neither database can encode half of a surrogate pair.
_UNKEEPABLE = re.compile("[\x00\ud800-\udfff]")


def keepable(text: str) -> str:
    """The text with every NUL and lone surrogate replaced by U+FFFD."""
    return _UNKEEPABLE.sub("\ufffd", text)


def finite(number: float | None) -> float | None:
    """The number, or None for NaN and infinities, which the databases keep differently."""
    return number if number is not None and math.isfinite(number) else None
