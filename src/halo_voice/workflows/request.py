"""One guarded HTTP request: the host is vetted, nothing is followed, the answer is bounded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import aiohttp

from halo_voice.core.errors import ConfigurationError
from halo_voice.core.hosts import nameable
from halo_voice.outgoing.http import beginning, connector_to
from halo_voice.outgoing.public import vetted
from halo_voice.outgoing.tls import tls_context

TIMEOUT_S = 15.0
ANSWER_BYTES_MAX = 64 * 1024
REST_S_MAX = 3_600


@dataclass(frozen=True, slots=True)
class Asked:
    """A request. Its address may hold a secret: it is never told to anybody."""

    url: str
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answered:
    """`rest_s`: for so long the other side wants to be left alone."""

    status: int
    body: bytes
    rest_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Door:
    """Where requests go out. Not `private`: only to public addresses, over https."""

    private: bool = False
    ca_file: str | None = None

    async def ask(self, asked: Asked, *, read: bool = True) -> Answered:
        """GET without a body, else POST. Not `read`: the status is all that matters, whatever
        becomes of the answer behind it.

        Raises `aiohttp.ClientError`, `OSError`, `TimeoutError`.
        """
        parts = urlsplit(asked.url)
        host = parts.hostname or ""
        tls = tls_context(self.ca_file) if parts.scheme == "https" else False
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
        async with (
            aiohttp.ClientSession(
                connector=connector_to(host, None if self.private else await vetted(host), tls),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
                timeout=timeout,
                headers={"user-agent": "halo-voice", "accept-encoding": "identity"},
            ) as session,
            session.request(
                "GET" if asked.body is None else "POST",
                asked.url,
                data=asked.body,
                headers=asked.headers,
                allow_redirects=False,
            ) as reply,
        ):
            body = (await beginning(reply, ANSWER_BYTES_MAX))[0] if read else b""
            return Answered(reply.status, body, rest_s(reply.headers.get("retry-after", "")))


def rest_s(retry_after: str) -> float:
    """Seconds of the header, an hour at most; a date there is left to our own waits."""
    seconds = int(retry_after) if retry_after.isdecimal() and len(retry_after) < 10 else 0
    return float(min(seconds, REST_S_MAX))


def door_to(url: str, private_hosts: frozenset[str], ca_file: str | None) -> Door:
    """The way to this address. Raises `ConfigurationError`; its words do not show the address."""
    try:
        parts = urlsplit(url)
        host, user, _ = parts.hostname or "", parts.username, parts.port
    except ValueError:
        host = user = ""
    if host and not nameable(host):
        raise ConfigurationError(
            ["url names no host: each part between its dots has 1 to 63 characters"]
        )
    if not host or user:
        raise ConfigurationError(["url must be https://host/…, without a user in it"])
    private = bool({host, parts.netloc.lower()} & private_hosts)
    if parts.scheme != "https" and not (private and parts.scheme == "http"):
        raise ConfigurationError(
            ["url must begin with https://, or its host stand in HALO_DELIVERY_PRIVATE_HOSTS"]
        )
    tls_context(ca_file)
    return Door(private, ca_file)
