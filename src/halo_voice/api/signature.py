"""Who may ask: requests signed by the scenario with a shared secret, and their verification.

The signed message is `v1`, key id, timestamp, nonce, METHOD, path with query and body, joined by
LF; the MAC is HMAC-SHA256 over the raw bytes. The key id, timestamp and nonce hold no LF, so that
two different requests never have the same message.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field

import structlog

from halo_voice.core.errors import Unauthorised

WINDOW_S = 60.0
NONCE_KEPT_S = 180.0
SKEW_ALARM_S = 10.0
SECRET_BYTES_MIN = 32

_log = structlog.get_logger("halo.signature")
_KEY_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_NONCE = re.compile(r"[A-Za-z0-9._:-]{1,128}")
# The platform documents neither the case of its hex output nor promises it to stay: both are taken.
_SIGNATURE = re.compile(r"v1=([0-9A-Fa-f]{64})")


def sign(
    key_id: str, secret: str, *, timestamp: int, nonce: str, method: str, path: str, body: bytes
) -> dict[str, str]:
    """The headers of a signed request. `timestamp` in unix seconds, `path` with its query."""
    mac = _mac(secret, key_id, str(timestamp), nonce, method, path, body)
    return {
        "X-Halo-Key": key_id,
        "X-Halo-Timestamp": str(timestamp),
        "X-Halo-Nonce": nonce,
        "X-Halo-Signature": f"v1={mac.hex()}",
    }


def check_key(key_id: str, secret: str) -> list[str]:
    """The faults of a key, in words for the configuration; none of them shows the secret."""
    faults = []
    if not _KEY_ID.fullmatch(key_id):
        faults.append("the key id must be 1 to 64 characters of A-Z a-z 0-9 . _ -")
    size = len(secret.encode("utf-8", "surrogatepass"))
    if size < SECRET_BYTES_MIN:
        faults.append(
            f"the secret of key {key_id[:64]!r} has {size} bytes, at least {SECRET_BYTES_MIN} are"
            " needed: take `openssl rand -hex 32`"
        )
    if not (secret.isascii() and secret.isprintable()):
        faults.append(
            f"the secret of key {key_id[:64]!r} must be printable ASCII: the platform's reading of"
            " other characters is not documented"
        )
    return faults


@dataclass(frozen=True, slots=True)
class _Signature:
    key_id: str
    timestamp: str
    nonce: str
    mac: bytes


@dataclass(frozen=True, slots=True)
class Verifier:
    """Verifies signed requests.

    `keys` maps key ids to secrets; two are live while one is rotated. `claim_nonce(nonce, ttl_s)`
    says whether the nonce is new, and is asked last: a forged request writes nothing. `now` is in
    unix seconds. `alarm` is told when what names one of our keys is refused.
    """

    keys: Mapping[str, str] = field(repr=False)
    claim_nonce: Callable[[str, float], Awaitable[bool]]
    now: Callable[[], float]
    alarm: Callable[[], None] = lambda: None

    async def verify(
        self,
        method: str,
        path_with_query: str,
        headers: Iterable[tuple[str, str]],
        body: bytes,
    ) -> None:
        """Return if the request is ours, else raise `Unauthorised`, the same for every reason.

        `path_with_query`, `headers` and `body` are as received, before any decoding; a header that
        came twice is there twice. Errors of `claim_nonce` pass through: no nonce, no entry.
        """
        signature = _read(headers)
        # A line feed in method or path would let one message be read as two requests.
        if signature is None or "\n" in method + path_with_query:
            raise _refused("unsigned")
        secret = self.keys.get(signature.key_id)
        if secret is None:
            raise _refused("unknown_key")
        genuine = hmac.compare_digest(
            signature.mac,
            _mac(
                secret,
                signature.key_id,
                signature.timestamp,
                signature.nonce,
                method,
                path_with_query,
                body,
            ),
        )
        skew_s = self.now() - int(signature.timestamp)
        # Written so that a clock that is not a number is stale as well.
        if not abs(skew_s) <= WINDOW_S:
            if genuine:
                self.alarm()
            raise _refused("stale", skew_s=skew_s, alarm=genuine)
        if not genuine:
            self.alarm()  # a scenario with another secret under the same name
            raise _refused("wrong_mac")
        if abs(skew_s) > SKEW_ALARM_S:
            _log.error("clock_skew", alarm=True, skew_s=round(skew_s, 1))
            self.alarm()
        if not await self.claim_nonce(f"{signature.key_id}:{signature.nonce}", NONCE_KEPT_S):
            raise _refused("replayed")


def _read(headers: Iterable[tuple[str, str]]) -> _Signature | None:
    """The signature's parts, or None when one is missing, doubled or malformed."""
    found: dict[str, str] = {}
    for name, value in headers:
        name = name.lower()
        if name.startswith("x-halo-"):
            if name in found:
                return None
            found[name] = value
    key_id = found.get("x-halo-key", "")
    timestamp = found.get("x-halo-timestamp", "")
    nonce = found.get("x-halo-nonce", "")
    mac = _SIGNATURE.fullmatch(found.get("x-halo-signature", ""))
    if not (
        mac
        and _KEY_ID.fullmatch(key_id)
        and _TIMESTAMP.fullmatch(timestamp)
        and _NONCE.fullmatch(nonce)
    ):
        return None
    return _Signature(key_id, timestamp, nonce, bytes.fromhex(mac[1]))


def _mac(
    secret: str, key_id: str, timestamp: str, nonce: str, method: str, path: str, body: bytes
) -> bytes:
    head = "\n".join(("v1", key_id, timestamp, nonce, method, path, ""))
    message = head.encode("utf-8", "surrogateescape") + body
    return hmac.digest(secret.encode(), message, hashlib.sha256)


def _refused(reason: str, *, skew_s: float | None = None, alarm: bool = False) -> Unauthorised:
    """Log the reason once, for us alone: the caller of the API learns nothing from the answer.

    `alarm`: it was signed with our key, so a clock is wrong. A stranger alarms nobody.
    """
    if skew_s is None:
        _log.warning("request_refused", reason=reason)
    elif alarm:
        _log.error("request_refused", reason=reason, alarm=True, skew_s=round(skew_s, 1))
    else:
        _log.warning("request_refused", reason=reason, skew_s=round(skew_s, 1))
    return Unauthorised()
