"""Asks an OpenAI-compatible server for the vectors of texts."""

from __future__ import annotations

import asyncio
import json
import math
import ssl
from array import array
from collections.abc import Collection, Iterable, Mapping, Sequence
from urllib.parse import urlsplit

import msgspec
from yarl import URL

from halo_voice import __version__
from halo_voice.core.embeddings import Embeddings
from halo_voice.core.errors import ModelBroken, ModelTimeout
from halo_voice.core.profile import Profile
from halo_voice.llm.connection import request_head
from halo_voice.llm.faults import fault_of_status
from halo_voice.llm.fetch import fetch
from halo_voice.llm.pool import Pool

CONNECT_S = 1.0
LINES_MAX = 32
ANSWER_BYTES_MAX = 16 * 1024 * 1024
DIMENSIONS_MAX = 8_192


class _Vector(msgspec.Struct):
    index: int
    embedding: list[float]


class _Answer(msgspec.Struct):
    data: list[_Vector]


class EmbeddingClient:
    """The `Embedder` over `POST {url}/embeddings`. Tries once. Raises `ConfigurationError` for an
    address or a key that cannot be sent."""

    def __init__(self, spec: Embeddings, key: str) -> None:
        url = URL(f"{spec.url.rstrip('/')}/embeddings")
        headers = {
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "Content-Type": "application/json",
            "User-Agent": f"halo-voice/{__version__}",
        }
        if key:
            headers["Authorization"] = f"{spec.key_style} {key}"
        tls = ssl.create_default_context() if url.scheme == "https" else None
        self._head = request_head("POST", url, headers, "embeddings")
        self._pool = Pool(url, tls, connect_s=CONNECT_S, lines_max=LINES_MAX)

    async def embed(
        self, texts: Sequence[str], *, model: str, deadline_s: float
    ) -> list[array[float]]:
        """The vectors, or a `ModelError` without a word of the texts."""
        body = json.dumps({"model": model, "input": list(texts)}, ensure_ascii=False)
        sent = body.encode("utf-8", "replace")
        request = b"%bContent-Length: %d\r\n\r\n%b" % (self._head, len(sent), sent)
        try:
            async with asyncio.timeout(deadline_s):
                answer = await fetch(self._pool, request, bytes_max=ANSWER_BYTES_MAX)
        except TimeoutError:
            raise ModelTimeout("The server of embeddings did not answer in time.") from None
        if answer.status != 200:
            raise fault_of_status(answer.status, answer.headers, answer.body)
        if len(texts) == 1:
            return _vectors(answer.body, 1)
        return await asyncio.to_thread(_vectors, answer.body, len(texts))

    async def close(self) -> None:
        await self._pool.close()


def _vectors(body: bytes, count: int) -> list[array[float]]:
    try:
        rows = sorted(msgspec.json.decode(body, type=_Answer).data, key=lambda row: row.index)
    except msgspec.DecodeError:
        raise ModelBroken("The server's answer is not that of /embeddings.") from None
    sizes = {len(row.embedding) for row in rows}
    whole = [row.index for row in rows] == list(range(count))
    if not whole or len(sizes) != 1 or not 0 < max(sizes) <= DIMENSIONS_MAX:
        raise ModelBroken("The server's answer does not have one vector for each text.")
    vectors = [array("f", row.embedding) for row in rows]
    if not all(math.isfinite(sum(each)) for each in vectors):
        raise ModelBroken("The server's vectors hold what is no number.")
    return vectors


def embeddings_faults(
    profiles: Iterable[Profile], *, secrets: Mapping[str, str], private: Collection[str]
) -> list[str]:
    """What cannot be used of the profiles' tables. `private`: hosts that may be asked over http."""
    return [
        f"{profile.name}: embeddings.{fault}"
        for profile in profiles
        if profile.embeddings is not None
        for fault in _faults(profile.embeddings, secrets, private)
    ]


def _faults(spec: Embeddings, secrets: Mapping[str, str], private: Collection[str]) -> list[str]:
    faults = []
    try:
        parts = urlsplit(spec.url)
        host, place = parts.hostname or "", parts.netloc.lower()
        good = parts.scheme in ("http", "https") and bool(host) and parts.port != 0
        clean = not (parts.username or parts.password or parts.query or parts.fragment)
    except ValueError:
        host, place, good, clean = "", "", False, False
        parts = urlsplit("")
    if not (good and clean):
        faults.append("url: must be https://…, up to and with /v1, without a user or a query")
    elif parts.scheme == "http" and not {host, place} & {*private, "localhost", "127.0.0.1", "::1"}:
        faults.append(
            f"url: callers' words go to {host} unencrypted; take https, or list it in "
            "HALO_TOOL_PRIVATE_HOSTS"
        )
    key = secrets.get(spec.key, "") if spec.key else "-"
    if not key:
        faults.append(f"key: HALO_TOOL_SECRETS has no secret {spec.key}; add it there")
    elif not (key.isascii() and key.isprintable() and " " not in key):
        faults.append(f"key: the secret {spec.key} has spaces or characters that are not ASCII")
    return faults
