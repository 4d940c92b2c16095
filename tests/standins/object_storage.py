"""A stand-in for an S3-compatible service: HTTP on loopback, every signature worked out anew.

It shares no code with what it checks: the canonical request is made of the bytes that came.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import threading
import urllib.parse
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

SKEW = timedelta(minutes=15)
_SIGNED = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/s3/aws4_request,\s*"
    r"SignedHeaders=([a-z0-9;-]+),\s*Signature=([0-9a-f]{64})"
)


@dataclass
class ObjectStorage:
    """`objects`: by their paths, the bytes and their type. `refused`: why requests were.

    `fail`: so many next requests are answered with this status.
    """

    key_id: str = "YCAJE-stand-in"
    key: str = "a-static-key-of-a-stand-in"
    region: str = "ru-central1"
    objects: dict[str, tuple[bytes, str]] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    fail: list[int] = field(default_factory=list)

    def __enter__(self) -> Self:
        handler = type("Handler", (_Handler,), {"storage": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def fault(self, method: str, target: str, headers: dict[str, str], body: bytes) -> str:
        """Why the request is not to be served; "" if it is."""
        found = _SIGNED.fullmatch(headers.get("authorization", ""))
        if found is None:
            return "AccessDenied"
        key_id, day, region, names, signature = found.groups()
        moment = headers.get("x-amz-date", "")
        if key_id != self.key_id or region != self.region:
            return "InvalidAccessKeyId"
        sent = datetime.strptime(moment, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        if abs(datetime.now(UTC) - sent) > SKEW or not moment.startswith(day):
            return "RequestTimeTooSkewed"
        digest = hashlib.sha256(body).hexdigest()
        if headers.get("x-amz-content-sha256") != digest:
            return "XAmzContentSHA256Mismatch"
        must = {"host", "x-amz-date", "x-amz-content-sha256"}
        must |= {name for name in headers if name in ("content-type", "range")}
        if not must <= set(names.split(";")):
            return "AccessDenied"
        path, _, query = target.partition("?")
        text = f"{method}\n{path}\n{query}\n"
        for name in names.split(";"):
            text += f"{name}:{' '.join(headers[name].split())}\n"
        text += f"\n{names}\n{digest}"
        scope = f"{day}/{region}/s3/aws4_request"
        hashed = hashlib.sha256(text.encode()).hexdigest()
        to_sign = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{hashed}"
        derived = ("AWS4" + self.key).encode()
        for part in scope.split("/"):
            derived = hmac.digest(derived, part.encode(), "sha256")
        right = hmac.digest(derived, to_sign.encode(), "sha256").hex()
        return "" if hmac.compare_digest(right, signature) else "SignatureDoesNotMatch"


class _Handler(BaseHTTPRequestHandler):
    storage: ObjectStorage
    protocol_version = "HTTP/1.1"

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        storage = self.storage
        storage.asked.append((self.command, self.path))
        if storage.fail:
            return self._reply(storage.fail.pop(0), b"<Error><Code>SlowDown</Code></Error>")
        fault = storage.fault(self.command, self.path, headers, body)
        if fault:
            storage.refused.append(fault)
            return self._reply(403, f"<Error><Code>{fault}</Code></Error>".encode())
        path = urllib.parse.unquote(self.path)
        if self.command == "PUT":
            storage.objects[path] = body, headers.get("content-type", "")
            return self._reply(200)
        if self.command == "DELETE":
            storage.objects.pop(path, None)
            return self._reply(204)
        if path not in storage.objects:
            return self._reply(404, b"<Error><Code>NoSuchKey</Code></Error>")
        sound, kind = storage.objects[path]
        part = re.fullmatch(r"bytes=(\d+)-(\d*)", headers.get("range", ""))
        if part is None:
            return self._reply(200, sound, {"Content-Type": kind})
        first = int(part[1])
        last = min(int(part[2] or len(sound)), len(sound) - 1)
        told = f"bytes {first}-{last}/{len(sound)}"
        return self._reply(206, sound[first : last + 1], {"Content-Range": told})

    do_GET = do_PUT = do_DELETE = _serve

    def _reply(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        self.send_response_only(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None: ...
