"""What every request to an address from outside has: vetted addresses, and a bounded answer."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from typing import Literal

import aiohttp

from halo_voice.outgoing.public import Address, Vetted

CHUNK_BYTES = 64 * 1024


def connector_to(
    host: str, addresses: Sequence[Address] | None, tls: ssl.SSLContext | Literal[False]
) -> aiohttp.TCPConnector:
    """Connects `host` through `addresses`, which were vetted; None: as the system resolves it."""
    return aiohttp.TCPConnector(
        resolver=None if addresses is None else Vetted(host, addresses),
        ssl=tls,
        use_dns_cache=False,
        force_close=True,
    )


async def beginning(reply: aiohttp.ClientResponse, bytes_max: int) -> tuple[bytes, bool]:
    """The body's first `bytes_max` bytes, and whether that is all of it; no more is read.

    Raises what aiohttp raises.
    """
    body = bytearray()
    async for chunk in reply.content.iter_chunked(CHUNK_BYTES):
        body += chunk
        if len(body) > bytes_max:
            return bytes(body[:bytes_max]), False
    return bytes(body), True
