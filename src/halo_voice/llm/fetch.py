"""Small answers read as a whole: a token, the list of models."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from halo_voice.core.errors import ModelBroken
from halo_voice.llm.faults import fault_of_connection
from halo_voice.llm.line import Headers
from halo_voice.llm.pool import Pool


@dataclass(frozen=True, slots=True)
class Fetched:
    """A whole answer; `headers` by their names in lower case."""

    status: int
    headers: Headers
    body: bytes


class _Stale(Exception):
    """The server had closed the idle line before it could have read the request."""


async def fetch(pool: Pool, request: bytes, *, bytes_max: int) -> Fetched:
    """The answer to one request. Raises `ModelError`; waits as long as its caller lets it."""
    try:
        return await _fetch(pool, request, bytes_max, new=False)
    except _Stale:
        return await _fetch(pool, request, bytes_max, new=True)


async def _fetch(pool: Pool, request: bytes, bytes_max: int, *, new: bool) -> Fetched:
    try:
        line = await pool.line(new=new)
    except (OSError, ValueError) as error:
        raise fault_of_connection(error) from None
    reader = _Whole(bytes_max)
    line.ask(request, reader)
    try:
        return await reader.done
    finally:
        if not reader.ended:
            line.abort()


class _Whole:
    """A `line.Reader` that keeps everything, up to a limit."""

    def __init__(self, bytes_max: int) -> None:
        self.done: asyncio.Future[Fetched] = asyncio.get_running_loop().create_future()
        self.ended = False
        self._bytes_max = bytes_max
        self._status = 0
        self._headers: Headers = {}
        self._body = bytearray()

    def head(self, status: int, headers: Headers) -> None:
        self._status, self._headers = status, headers

    def body(self, data: bytes) -> None:
        self._body += data
        if len(self._body) > self._bytes_max:
            self._fail(ModelBroken("The server's answer is larger than the limit."))

    def end(self) -> None:
        self.ended = True
        if not self.done.done():
            self.done.set_result(Fetched(self._status, self._headers, bytes(self._body)))

    def lost(self, error: Exception | None, *, stale: bool) -> None:
        self.ended = True
        self._fail(_Stale() if stale else fault_of_connection(error))

    def _fail(self, error: Exception) -> None:
        if not self.done.done():
            self.done.set_exception(error)
