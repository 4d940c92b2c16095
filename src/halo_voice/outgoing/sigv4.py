"""Signs a request to an S3-compatible service: AWS Signature Version 4. Pure."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

SCHEME = "AWS4-HMAC-SHA256"
SERVICE = "s3"


@dataclass(frozen=True, slots=True)
class Key:
    """Of a service account. `region`: as the service names it, like ru-central1."""

    key_id: str
    secret: str = field(repr=False)
    region: str = "us-east-1"


def signed(
    key: Key, method: str, url: str, headers: Mapping[str, str], body: bytes, now: datetime
) -> dict[str, str]:
    """All headers of the request, the signature among them. `url` has no query.

    Every header that is given is signed, and so are the host, the time and the body's digest.
    """
    parts = urlsplit(url)
    moment = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    digest = hashlib.sha256(body).hexdigest()
    whole = {**headers, "Host": parts.netloc, "X-Amz-Content-Sha256": digest, "X-Amz-Date": moment}
    lines = sorted((name.lower(), " ".join(value.split())) for name, value in whole.items())
    names = ";".join(name for name, _ in lines)
    path = quote(parts.path or "/", safe="/-_.~")
    head = "".join(f"{name}:{value}\n" for name, value in lines)
    canonical = "\n".join((method, path, "", head, names, digest))
    scope = f"{moment[:8]}/{key.region}/{SERVICE}/aws4_request"
    hashed = hashlib.sha256(canonical.encode()).hexdigest()
    told = "\n".join((SCHEME, moment, scope, hashed))
    signature = _mac(_of_the_day(key, moment[:8]), told).hex()
    value = f"{SCHEME} Credential={key.key_id}/{scope},SignedHeaders={names},Signature={signature}"
    return {**whole, "Authorization": value}


def _of_the_day(key: Key, day: str) -> bytes:
    made = f"AWS4{key.secret}".encode()
    for part in (day, key.region, SERVICE, "aws4_request"):
        made = _mac(made, part)
    return made


def _mac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()
