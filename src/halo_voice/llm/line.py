"""One connection to a server, over which one answer after the other is read.

A line hands every piece of a body on as the network gives it: no buffer, no task and no timer stand
between the socket and whoever reads. That is most of what an answer of many small pieces costs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Protocol

import httptools

Headers = Mapping[str, str]
"""Names in lower case. Of a repeated one the first."""

_HEADERS_MAX = 200
_BODY_ENDS = frozenset({b"content-length", b"transfer-encoding"})


class Reader(Protocol):
    """Who reads one answer. Nothing here may raise.

    First `head`, then `body` for each piece, at last `end` or `lost`, of which one comes, and only
    to a reader that has not left the line.
    """

    def head(self, status: int, headers: Headers) -> None: ...

    def body(self, data: bytes) -> None: ...

    def end(self) -> None: ...

    def lost(self, error: Exception | None, *, stale: bool) -> None:
        """The answer is torn. None: the connection ended. `stale`: it had been idle, and ended
        before a byte of the answer came, so that the server has most likely never been asked."""


class Owner(Protocol):
    """Where lines come from and go back to."""

    def give_back(self, line: Line) -> None:
        """The answer is whole, and the server keeps the connection open."""

    def forget(self, line: Line) -> None:
        """The line can never be used again. May come more than once."""


class Line(asyncio.Protocol):
    """`idle_since`: the loop's time. `used`: it has been idle before. Both its owner's business.

    `self_ending`: the body says where it ends; another one ends with the connection.
    """

    __slots__ = (
        "_answered",
        "_ending",
        "_feed",
        "_headers",
        "_owner",
        "_parser",
        "_reader",
        "_transport",
        "idle_since",
        "on_body",
        "self_ending",
        "used",
    )

    def __init__(self, owner: Owner) -> None:
        self.used = False
        self.idle_since = 0.0
        self.on_body: Callable[[bytes], None] = _ignore
        self._owner = owner
        self._transport: asyncio.Transport | None = None
        self._parser: httptools.HttpResponseParser | None = None
        self._feed: Callable[[bytes], None] | None = None
        self._reader: Reader | None = None
        self._headers: dict[str, str] = {}
        self._answered = False  # a byte of the answer is here
        self.self_ending = False
        self._ending: asyncio.TimerHandle | None = None

    @property
    def usable(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    def ask(self, request: bytes, reader: Reader) -> None:
        """Send a request; `reader` is told of the answer. One at a time."""
        assert self._transport is not None
        self._reader = reader
        self._answered = self.self_ending = False
        self._headers = {}
        self.on_body = reader.body  # before the parser looks for it
        self._parser = parser = httptools.HttpResponseParser(self)
        self._feed = parser.feed_data
        self._transport.write(request)

    def leave(self, ending_s: float) -> None:
        """The reader has all it wants. If the body ends within `ending_s`, the line is kept."""
        if self._reader is None:
            return
        self._reader = None
        loop = asyncio.get_running_loop()
        self._ending = loop.call_later(ending_s, self.abort)

    def abort(self) -> None:
        """Close the connection at once. The reader is not told."""
        self._let_go()
        if self._transport is not None:
            self._transport.abort()
        self._owner.forget(self)

    def drop(self) -> None:
        """Close the connection at once. The reader is told that its answer is torn."""
        if self._transport is not None:
            self._transport.abort()

    # ------------------------------------------------------------------ the connection's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        feed = self._feed
        if feed is None:  # who speaks without being asked is not to be trusted with a question
            self.abort()
            return
        self._answered = True
        try:
            feed(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._tear(error)

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        if error is None and self._reader is not None and self._headers and not self.self_ending:
            self._finish()  # such a body ends with the connection
        else:
            self._tear(error)
        self._owner.forget(self)

    def _tear(self, error: Exception | None) -> None:
        reader, stale = self._reader, self.used and not self._answered
        self.abort()
        if reader is not None:
            reader.lost(error, stale=stale)

    def _finish(self) -> None:
        reader = self._reader
        self._let_go()
        if reader is not None:
            reader.end()

    def _let_go(self) -> None:
        if self._ending is not None:
            self._ending.cancel()
            self._ending = None
        self._reader = self._parser = self._feed = None
        self.on_body = _ignore

    # ---------------------------------------------------------------------- the parser's side

    def on_message_begin(self) -> None:
        if self._parser is None:  # more than one answer to one question
            self.abort()

    def on_header(self, name: bytes, value: bytes) -> None:
        name = name.lower()
        self.self_ending = self.self_ending or name in _BODY_ENDS
        if len(self._headers) < _HEADERS_MAX:
            self._headers.setdefault(name.decode("latin-1"), value.decode("latin-1"))

    def on_headers_complete(self) -> None:
        assert self._parser is not None
        status = self._parser.get_status_code()
        if status >= 200 and self._reader is not None:
            self._headers.setdefault("", "")  # a head without headers is a head
            self._reader.head(status, self._headers)

    def on_message_complete(self) -> None:
        parser = self._parser
        if parser is None:  # aborted on the way
            return
        if parser.get_status_code() < 200:  # «100 Continue»: the answer is still to come
            self._headers = {}
            return
        keep = parser.should_keep_alive()
        self._finish()
        if keep:
            self._owner.give_back(self)
        else:
            self.abort()


def _ignore(_: bytes) -> None:
    """What comes after everybody has left."""
