"""The way from the cloud to HALO, tried from here: name, certificate, proxy, signature, stream."""

from __future__ import annotations

import base64
import os
import socket
import ssl
import time
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import httpx
from websockets.utils import accept_key

from halo_voice.api.signature import SKEW_ALARM_S, sign
from halo_voice.core.counts import counted
from halo_voice.deploy.wanted import url_fault
from halo_voice.doctor.check import Check
from halo_voice.settings import Settings

WAIT_S = 5.0
CERTIFICATE_DAYS_MIN = 14
_DAY_S = 86_400

_ADDRESS = "public address"
_STREAM = "stream"


def check_road(settings: Settings) -> list[Check]:
    """Everything that stands between a scenario and this HALO, one request and one socket long."""
    url = settings.public_url.rstrip("/")
    if fault := url_fault(url):
        return [Check(_ADDRESS, "HALO_PUBLIC_URL is not right", f"it {fault}")]
    host = urlsplit(url).hostname or ""
    try:
        socket.getaddrinfo(host, None)
    except OSError:
        return [Check(_ADDRESS, f"{host} is in no DNS", "make the record, or correct the address")]
    trusted = ssl.create_default_context()
    address = _ask(settings, url, trusted)
    return [*address, *([_open(settings, url, trusted)] if _reached(address) else [])]


def _reached(checks: list[Check]) -> bool:
    return checks[0].ok


def _ask(settings: Settings, url: str, trusted: ssl.SSLContext) -> list[Check]:
    """One signed request to /healthz, its certificate, and its clock."""
    try:
        with (
            httpx.Client(verify=trusted, timeout=WAIT_S) as client,
            client.stream("GET", f"{url}/healthz", headers=_signed(settings, "/healthz")) as reply,
        ):
            tls = reply.extensions["network_stream"].get_extra_info("ssl_object")
            days = _days_left(tls.getpeercert())
            status, body, date = reply.status_code, reply.read(), reply.headers.get("date", "")
    except httpx.TimeoutException:
        cure = "open the port in the firewall, start the proxy"
        return [Check(_ADDRESS, f"{url} does not answer within {WAIT_S:.0f} s", cure)]
    except httpx.TransportError as error:
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            words = str(error).partition("CERTIFICATE_VERIFY_FAILED]")[2].partition("(_ssl")[0]
            cure = "let the proxy show a certificate of a public authority for this very name"
            return [Check(_ADDRESS, f"its certificate is refused:{words.rstrip()}", cure)]
        cure = "start the proxy, open its port, or correct HALO_PUBLIC_URL"
        return [Check(_ADDRESS, f"{url} cannot be reached ({type(error).__name__})", cure)]
    return [_judge(url, status, body), _certificate(days), *_clock(date)]


def _judge(url: str, status: int, body: bytes) -> Check:
    if status == 200 and body == b'{"status":"ok"}':
        return Check(_ADDRESS, f"{url} is HALO, and takes our signature")
    if status == 401:
        return Check(
            _ADDRESS,
            f"{url} refuses our signature",
            "set the same HALO_KEYS there and here; let the proxy leave the path and the X-Halo- "
            "headers alone; compare the clocks",
        )
    if status in (502, 503, 504):
        cure = "start HALO behind the proxy, or tell the proxy where it is"
        return Check(_ADDRESS, f"{url}: a proxy without HALO (HTTP {status})", cure)
    cure = "let the address lead to HALO, without a redirect"
    return Check(_ADDRESS, f"{url} is not HALO (HTTP {status})", cure)


def _certificate(days: float) -> Check:
    said = f"trusted, good for {counted(round(days), 'day')} more"
    renewed = days >= CERTIFICATE_DAYS_MIN
    return Check("certificate", said, "" if renewed else "see why the proxy does not renew it")


def _clock(date: str) -> list[Check]:
    """A clock that differs between here and there is told; one that does not is no line."""
    try:
        skew_s = time.time() - parsedate_to_datetime(date).timestamp()
    except ValueError:
        return []
    if abs(skew_s) <= SKEW_ALARM_S:
        return []
    cure = "set both clocks by NTP: a signature is good for 60 s"
    return [Check("clock", f"this machine and HALO differ by {abs(skew_s):.0f} s", cure)]


def _open(settings: Settings, url: str, trusted: ssl.SSLContext) -> Check:
    """The stream, opened as the scenario opens it, and left."""
    key = base64.b64encode(os.urandom(16)).decode()
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Protocol": "halo.v1",
        "Sec-WebSocket-Key": key,
        **_signed(settings, "/stream"),
    }
    try:
        with (
            httpx.Client(verify=trusted, timeout=WAIT_S) as client,
            client.stream("GET", f"{url}/stream", headers=upgrade) as reply,
        ):
            status, accepted = reply.status_code, reply.headers.get("sec-websocket-accept", "")
    except httpx.TransportError as error:
        status, accepted, said = 0, "", f"does not open ({type(error).__name__})"
    else:
        said = f"the proxy answers with HTTP {status}"
    if status == 101 and accepted == accept_key(key):
        return Check(_STREAM, "opens through the proxy")
    if status in (401, 403):
        cure = "set the same HALO_KEYS there and here; let the proxy leave the headers alone"
        return Check(_STREAM, "HALO refuses our signature", cure)
    cure = "let the proxy pass WebSockets (Upgrade); without them each turn goes over HTTP, slower"
    return Check(_STREAM, said, cure)


def _signed(settings: Settings, path: str) -> dict[str, str]:
    if not settings.keys:
        return {}
    key_id, key = next(iter(settings.keys.items()))
    return sign(
        key_id,
        key.get_secret_value(),
        timestamp=int(time.time()),
        nonce=f"doctor.{os.urandom(12).hex()}",
        method="GET",
        path=path,
        body=b"",
    )


def _days_left(certificate: dict[str, str]) -> float:
    return (ssl.cert_time_to_seconds(certificate["notAfter"]) - time.time()) / _DAY_S
