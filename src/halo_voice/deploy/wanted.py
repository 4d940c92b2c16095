"""What the account should hold, and what can be said against it before anybody is asked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import urlsplit

SCRIPT_BYTES_MAX = 128 * 1024 - 1
SCENARIO_NAME_CHARS_MAX = 29
RULE = "halo"
PATTERN = ".*"
PREVIOUS = "-previous"

_APPLICATION = re.compile(r"[a-z][a-z0-9-]{1,64}")
_NUMBER = re.compile(r"\+?[1-9][0-9]{6,14}")
_SECRET_CHARS_MAX = 8192


@dataclass(frozen=True, slots=True)
class Wanted:
    """`secrets`: those of the application. `numbers`: digits only, as the platform has them.

    `secure`: records and session logs can be fetched with a key only.
    """

    application: str
    script: str = field(repr=False)
    secrets: Mapping[str, str] = field(repr=False)
    numbers: tuple[str, ...] = ()
    secure: bool = True

    @property
    def scenario(self) -> str:
        """Names are unique in an account, so that it has the application's, as far as it fits."""
        room = SCENARIO_NAME_CHARS_MAX - len(PREVIOUS)
        return self.application[:room].rstrip("-")

    @property
    def previous(self) -> str:
        """The scenario, bound to nothing, that keeps the script before this one."""
        return self.scenario + PREVIOUS


def faults_of(wanted: Wanted) -> list[str]:
    """What is wrong whatever the account holds; no secret is in it."""
    faults = []
    if not _APPLICATION.fullmatch(wanted.application):
        faults.append(
            f"{wanted.application!r} cannot be an application's name: a small letter, then 1 to 64 "
            "of a-z 0-9 -. Choose another: --application."
        )
    size = len(wanted.script.encode("utf-8", "surrogatepass"))
    if size > SCRIPT_BYTES_MAX:
        faults.append(
            f"The scenario has {size} bytes; the platform takes {SCRIPT_BYTES_MAX}: shorten it."
        )
    if not wanted.script.strip():
        faults.append("The scenario is empty: name the right file with HALO_SCENARIO.")
    faults += [
        f"{number!r} is no telephone number: write it as +74950000000."
        for number in wanted.numbers
        if not _NUMBER.fullmatch(number)
    ]
    faults += [
        f"The secret {name} has more than {_SECRET_CHARS_MAX} characters: the platform takes less."
        for name, value in wanted.secrets.items()
        if len(value) > _SECRET_CHARS_MAX
    ]
    return faults


def digits(number: str) -> str:
    """As the platform writes it: +7 (495) 000-00-00 is 74950000000."""
    return re.sub(r"[\s()+-]", "", number)


def url_fault(url: str) -> str:
    """Why the cloud could not use this address for HALO; "" if it can."""
    if not url:
        return "is empty: set it to the address under which the cloud reaches HALO, https://…"
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return "cannot be read as an address: write https://halo.example.ru"
    if parts.scheme != "https" or not host:
        return "must begin with https:// and name a host: the cloud signs, TLS hides"
    if parts.username or parts.query or parts.fragment or parts.path.strip("/"):
        return "must be a host alone, with a port at most: the path is part of what is signed"
    if _is_address(host):
        return "must name a host, no IP address: the platform opens wss:// to names only"
    if host == "localhost" or "." not in host:
        return "names a host that the cloud cannot find: take a name of the public DNS"
    try:
        host.encode("idna")
    except UnicodeError:
        return "names no host: each part between its dots has 1 to 63 characters"
    return ""


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
