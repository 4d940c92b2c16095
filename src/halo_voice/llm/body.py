"""Reading the body of an HTTP answer that is not a stream, up to a limit."""

from __future__ import annotations

import aiohttp


async def read_body(response: aiohttp.ClientResponse, limit_bytes: int) -> bytes:
    """The body, cut at the limit. Raises what aiohttp raises."""
    read = bytearray()
    while len(read) < limit_bytes and (piece := await response.content.readany()):
        read += piece
    return bytes(read[:limit_bytes])
