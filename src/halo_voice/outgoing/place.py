"""Where recordings may lie in a bucket, by the settings; nothing is asked of it here."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

PREFIX = "s3://"
PLACE = re.compile(
    r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/([a-zA-Z0-9_-]+(?:/[a-zA-Z0-9_-]+)*))?/?"
)
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def bucket_faults(place: str, url: str, region: str, key_id: str, key: str) -> dict[str, str]:
    """What cannot be used of these settings, by the variables' endings; "" is HALO_RECORDINGS."""
    if not place.startswith(PREFIX):
        given = {"URL": url, "KEY_ID": key_id, "KEY": key}
        unused = "has no effect: HALO_RECORDINGS is no s3://bucket/prefix"
        return {ending: unused for ending, value in given.items() if value}
    faults = {}
    if not PLACE.fullmatch(place):
        faults[""] = "must be a folder, or s3://bucket/prefix of a-z, 0-9, . and -"
    try:
        parts = urlsplit(url)
        good = bool(parts.hostname) and parts.port != 0 and not parts.path.strip("/")
        clean = good and not (parts.username or parts.query or parts.fragment)
    except ValueError:
        parts, clean = urlsplit(""), False
    safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    if not clean or not safe:
        faults["URL"] = "must be the service's https://…, a host alone"
    if not re.fullmatch(r"[a-z0-9-]{1,40}", region):
        faults["REGION"] = "must be the service's name of it, like ru-central1"
    for ending, value in (("KEY_ID", key_id), ("KEY", key)):
        if not re.fullmatch(r"[\x21-\x7e]{1,200}", value):
            faults[ending] = "must be set, one word of ASCII"
    return faults
