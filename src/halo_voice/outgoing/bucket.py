"""Recordings in a bucket of an S3-compatible service: put, read, removed, each request signed."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime

import httpx

from halo_voice.core.errors import ConfigurationError, StoreUnavailable
from halo_voice.outgoing.place import PLACE, PREFIX
from halo_voice.outgoing.sigv4 import Key, signed
from halo_voice.outgoing.tls import tls_context

REQUEST_S = 60.0
CONNECT_S = 5.0
BYTES_MAX = 256 * 1024 * 1024
ATTEMPTS = 3
PAUSE_S = 0.5

_NAME = re.compile(r"[0-9a-f]{40}\.audio")
_RANGE = re.compile(r"bytes=(?:\d+-\d*|-\d+)")


class Bucket:
    """The port `Objects`. Blocks; raises `StoreUnavailable` only, without address or key.

    `place`: `s3://bucket/prefix`. `url`: of the service; the bucket stands in the path.
    """

    def __init__(
        self,
        place: str,
        url: str,
        key: Key,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        found = PLACE.fullmatch(place)
        if found is None:
            raise ConfigurationError([f"{place} is no s3://bucket/prefix"])
        self._below = f"{PREFIX}{found[1]}/" + (f"{found[2]}/" if found[2] else "")
        self._url = url.rstrip("/")
        self._key = key
        self._now = now
        self._pause = pause
        self._tls = tls_context(None)

    def put(self, name: str, audio: bytes, content_type: str) -> str:
        """Keep it, whole. Where it lies, as the row has it."""
        file = self._below + name
        self._ask("PUT", file, {"Content-Type": content_type}, audio)
        return file

    def holds(self, file: str) -> bool:
        """Whether such a file lies here, by its name."""
        return file.startswith(self._below) and bool(_NAME.fullmatch(file[len(self._below) :]))

    def read(self, file: str, part: str = "") -> tuple[bytes, str] | None:
        """The sound, or its `part` as a header `Range` asks for it, and then which part that is.
        None: it is not there."""
        asked = {"Range": part} if _RANGE.fullmatch(part) else {}
        answer = self._ask("GET", file, asked, b"", missing=(404, 416))
        if answer is None:
            return None
        return answer.content, answer.headers.get("content-range", "")

    def delete(self, file: str) -> None:
        """What is not there any more is deleted."""
        self._ask("DELETE", file, {}, b"", missing=(404,))

    def _ask(
        self,
        method: str,
        file: str,
        headers: dict[str, str],
        body: bytes,
        missing: tuple[int, ...] = (),
    ) -> httpx.Response | None:
        if not self.holds(file):
            raise StoreUnavailable("A recording does not lie in the bucket of HALO_RECORDINGS.")
        url = f"{self._url}/{file.removeprefix(PREFIX)}"
        fault = ""
        for attempt in range(ATTEMPTS):
            if attempt:
                self._pause(PAUSE_S * 2**attempt)
            try:
                given = signed(self._key, method, url, headers, body, self._now())
                answer = self._exchange(method, url, given, body)
            except httpx.HTTPError as error:
                fault = type(error).__name__
                continue
            if answer.status_code in missing:
                return None
            if answer.is_success:
                return answer
            fault = f"HTTP {answer.status_code}{_code(answer)}"
            if answer.status_code < 500 and answer.status_code != 429:
                break
        raise StoreUnavailable(f"The bucket of recordings does not take {method}: {fault}.")

    def _exchange(
        self, method: str, url: str, headers: dict[str, str], body: bytes
    ) -> httpx.Response:
        """On a connection of its own: recordings are few, and nobody has to close it."""
        limits = httpx.Timeout(REQUEST_S, connect=CONNECT_S)
        # A redirect would carry the signature elsewhere: none is followed.
        with (
            httpx.Client(
                verify=self._tls, follow_redirects=False, timeout=limits, trust_env=False
            ) as client,
            client.stream(method, url, headers=headers, content=body or None) as answer,
        ):
            read = bytearray()
            for piece in answer.iter_raw():
                read += piece
                if len(read) > BYTES_MAX:
                    raise httpx.DecodingError("too large")
            return httpx.Response(answer.status_code, headers=answer.headers, content=bytes(read))


def _code(answer: httpx.Response) -> str:
    """The service's own code of a refusal; its other words are left out."""
    found = re.search(rb"<Code>([A-Za-z]{1,64})</Code>", answer.content[:4_096])
    return f" ({found[1].decode()})" if found else ""


def bucket_of(place: str, url: str, region: str, key_id: str, key: str) -> Bucket | None:
    """The bucket that the settings name; None where they name a folder, or nothing."""
    return Bucket(place, url, Key(key_id, key, region)) if place.startswith(PREFIX) else None
