"""Which addresses a recording may be fetched from, by their text.

The text is matched against one strict grammar instead of being parsed: whatever two parsers could
read differently (user info, ports, backslashes, mixed case, escapes in the host, IP addresses in
any notation) does not fit the grammar.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from halo_voice.core.errors import RecordingRefused

# Voximplant's recording hosts, each seen in public `RecordStarted`/`record_url` examples: gw-ru-02
# in logs of 2020 to 2026, gw-us-01 in 2026, gw-de-01 in 2025, the bare one for secured records in
# 2023. The platform's documentation names none and promises no fixed list: an account on other
# hosts sets its own.
RECORDING_HOSTS = (
    "storage.voximplant.com",
    "storage-gw-de-01.voximplant.com",
    "storage-gw-ru-02.voximplant.com",
    "storage-gw-us-01.voximplant.com",
)

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
# The last label is letters (or punycode): no IP address, however it is written, is a host.
_HOST = re.compile(rf"(?:{_LABEL}\.)+(?:[a-z]{{2,63}}|xn--[a-z0-9-]{{1,59}})")
_PATH_CHAR = r"[A-Za-z0-9._~!$&'()*+,;=:@/-]"
_ESCAPE = r"%(?!7[Ff])[2-9A-Fa-f][0-9A-Fa-f]"  # no escaped control characters
_URL = re.compile(
    r"https://(?P<host>[a-z0-9.-]{1,253})"
    rf"(?P<target>/(?:{_PATH_CHAR}|{_ESCAPE})*(?:\?(?:{_PATH_CHAR}|\?|{_ESCAPE})*)?)"
)
_URL_CHARS_MAX = 2048


def host_and_target(url: str, hosts: Collection[str]) -> tuple[str, str]:
    """The host and the path with query of `url`, if it is https on one of `hosts`, exactly.

    Raises `RecordingRefused`. Looks nothing up.
    """
    found = _URL.fullmatch(url) if len(url) <= _URL_CHARS_MAX else None
    if found is None or found["host"] not in hosts:
        raise RecordingRefused()
    return found["host"], found["target"]


def host_fault(host: str) -> str:
    """Why `host` cannot be on the list of recording hosts, or "" if it can."""
    if len(host) <= 253 and _HOST.fullmatch(host):
        return ""
    return f"{host[:80]!r} is not a lower-case host name such as storage.example.com"
