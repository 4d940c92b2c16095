"""What the tables `after.deliver.*` of a profile's file may hold."""

from __future__ import annotations

import re
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, ConfigDict, Field
from pydantic import field_validator as checked

from halo_voice.core.after import OUTLET_KEYS
from halo_voice.core.hosts import PORT_MAX, nameable
from halo_voice.core.review import OUTCOMES
from halo_voice.profiles.strict import Shape, fault, nearest

RECIPIENTS_MAX = 20
OUTLETS_MAX = 10
_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")
_SERVER = re.compile(r"[A-Za-z0-9.-]{1,253}:\d{1,5}")
_NO_NAME = "names no host: each part between its dots has 1 to 63 characters"
_ADDRESS = re.compile(r"[^\s@<>,;]{1,64}@[^\s@<>,;]{1,253}")


def outlet_name(name: str) -> str:
    """Checked: it is a part of each delivery's id, and `webhook` is the settings' receiver."""
    if not _NAME.fullmatch(name) or name == "webhook":
        raise fault("must be 1 to 32 of a-z, 0-9 and _, the first a letter, and not webhook")
    return name


def _outcome(outcome: str) -> str:
    if outcome not in OUTCOMES:
        choice = ", ".join(OUTCOMES)
        raise fault(f'there is no "{outcome}"{nearest(outcome, OUTCOMES)}; choose from {choice}')
    return outcome


def _server(server: str) -> str:
    if not _SERVER.fullmatch(server):
        raise fault("must be host:port: 465 for TLS at once, any other for STARTTLS")
    host, _, port = server.rpartition(":")
    if not 1 <= int(port) <= PORT_MAX:
        raise fault(f"has the port {port}; there are 1 to {PORT_MAX}")
    if not nameable(host):
        raise fault(_NO_NAME)
    return server


def _address(address: str) -> str:
    if not _ADDRESS.fullmatch(address) or not address.isprintable():
        raise fault("must be one e-mail address, like office@example.ru")
    return address


def _url(url: str) -> str:
    if not url.startswith(("https://", "http://")) or not url.isprintable() or " " in url:
        raise fault("must be an https:// address")
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise fault("must be an https:// address, with a port from 1 to 65535 at most") from None
    if "{" not in parts.netloc and not nameable(host):  # a secret may stand in its place
        raise fault(_NO_NAME)
    return url


Address = Annotated[str, AfterValidator(_address)]


class OutletShape(Shape):
    """Each kind has its own keys; a key of another kind is a fault, and so is a missing one."""

    model_config = ConfigDict(validate_default=True)

    to: str
    when: list[Annotated[str, AfterValidator(_outcome)]] = []
    server: Annotated[str, AfterValidator(_server)] | None = None
    sender: Address | None = None
    recipients: Annotated[list[Address], Field(min_length=1, max_length=RECIPIENTS_MAX)] | None = (
        None
    )
    user: str | None = None
    password: str | None = None
    url: Annotated[str, AfterValidator(_url)] | None = None
    token: str | None = None
    chat: str | None = None
    pipeline: int | None = None
    field: int | None = None

    @checked("to")
    @classmethod
    def _kind_exists(cls, to: str) -> str:
        if to not in OUTLET_KEYS:
            hint = nearest(to, OUTLET_KEYS)
            raise fault(f'there is no "{to}"{hint}; choose one of {", ".join(OUTLET_KEYS)}')
        return to

    @checked(*sorted({key for keys in OUTLET_KEYS.values() for key in keys}))
    @classmethod
    def _of_its_kind(cls, value: Any, info: Any) -> Any:
        to = info.data.get("to")
        if to is None:
            return value
        needed = OUTLET_KEYS[to].get(info.field_name)
        if value is None and needed:
            raise fault(f'is missing; to = "{to}" needs it')
        if value is not None and needed is None:
            raise fault(f'belongs to another kind than "{to}"; remove it')
        return value
