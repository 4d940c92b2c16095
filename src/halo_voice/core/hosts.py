"""Names of hosts, as DNS can have them."""

from __future__ import annotations

PORT_MAX = 65_535


def nameable(host: str) -> bool:
    """Whether its labels are 1 to 63 characters long: no library looks up any other."""
    try:
        return bool(host) and len(host.encode("idna")) <= 253
    except UnicodeError:
        return False
