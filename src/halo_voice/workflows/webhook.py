"""One event to the company's receiver: signed as Standard Webhooks wants it, answered or not.

https://www.standardwebhooks.com: the id is the same for every attempt, so a receiver that has seen
it does nothing twice; the signature covers id, time and body.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import aiohttp

from halo_voice.workflows.channel import Attempt, Told, judged
from halo_voice.workflows.event import body
from halo_voice.workflows.request import Asked, Door

SECRET_PREFIX = "whsec_"  # noqa: S105 - says what follows, and is none
SECRET_BYTES_MIN = 24
_SECRET_FORM = "must be whsec_ and at least 24 random bytes in base64"  # noqa: S105 - words
_LOOPBACK = frozenset(("127.0.0.1", "localhost", "::1"))


def webhook_faults(url: str, secret: str) -> dict[str, str]:
    """What is wrong with a receiver, by the ending of its variable; nothing where there is none."""
    if not url and not secret:
        return {}
    faults = {}
    try:
        parts = urlsplit(url)
        plain = parts.scheme == "http" and parts.hostname in _LOOPBACK
        good = bool(parts.hostname) and (parts.scheme == "https" or plain) and not parts.username
    except ValueError:
        good = False
    if not good:
        faults["URL"] = "must be https://host/path (http:// only on this machine)"
    try:
        if len(_key(secret)) < SECRET_BYTES_MIN:
            raise ValueError
    except ValueError:
        faults["SECRET"] = _SECRET_FORM
    return faults


def _key(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)


def signed(secret: str, delivery_id: str, moment_s: int, event: bytes) -> Mapping[str, str]:
    """The headers of a request."""
    content = f"{delivery_id}.{moment_s}.".encode() + event
    digest = hmac.new(_key(secret), content, hashlib.sha256).digest()
    return {
        "webhook-id": delivery_id,
        "webhook-timestamp": str(moment_s),
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
        "content-type": "application/json",
    }


@dataclass(frozen=True, slots=True)
class Receiver:
    """The channel `webhook`. Its address is the settings', so it may be one of this network.
    `clock` gives seconds since 1970."""

    url: str
    secret: str
    clock: Callable[[], float] = time.time

    async def send(self, delivery_id: str, told: Told) -> Attempt:
        event = body(told.call, told.turns, told.review)
        headers = signed(self.secret, delivery_id, int(self.clock()), event)
        asked = Asked(self.url, event, headers)
        try:
            answered = await Door(private=True).ask(asked, read=False)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return Attempt(False, fault=type(error).__name__)
        return judged(answered.status, answered.rest_s)
