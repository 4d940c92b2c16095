"""What of a setting that is told as a whole must not be shown. Pure."""

from __future__ import annotations

import json
import re
from urllib.parse import unquote


def header_values(written: str) -> list[str]:
    """Of a JSON object, each value and what follows its scheme («Bearer …»); all of it where it is
    none: it is at fault then, and told so without being shown."""
    try:
        headers = json.loads(written or "{}")
    except (ValueError, RecursionError):
        return [written]
    if not isinstance(headers, dict):
        return [written]
    values = [value for value in headers.values() if isinstance(value, str)]
    return values + [word for value in values for _, _, word in [value.rpartition(" ")]]


def passwords(url: str) -> list[str]:
    """As written in the address and as it is meant; whatever may be one in a mistyped address."""
    _, separator, rest = url.partition("://")
    _, colon, written = rest.rpartition("@")[0].partition(":")
    found = [written] if separator and colon else []
    found += re.findall(r"(?i)[?&][\w-]*(?:password|passwd|pwd|secret|token)=([^&#]*)", url)
    return [each for one in found for each in (one, unquote(one))]


def headers_of(written: str) -> dict[str, str] | None:
    """The headers of a JSON object; None where it is none, or not of strings."""
    try:
        headers = json.loads(written or "{}")
    except (ValueError, RecursionError):
        return None
    good = isinstance(headers, dict) and all(isinstance(value, str) for value in headers.values())
    return headers if good else None
