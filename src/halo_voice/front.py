"""What every connection meets first: the console's pages, or the gate and all that is behind it.

The console is made when somebody asks for its first page: who never does pays nothing for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Literal, Protocol

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

PREFIX = "/console"


class Pages(Protocol):
    """The console as the front sees it."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None: ...

    def let_go(self) -> None:
        """End every open event stream."""

    async def close(self) -> None: ...


class Front:
    """ASGI: `/` and all below `/console` are the pages', everything else is the gate's."""

    def __init__(self, gate: App, make: Callable[[], Pages] | Literal[False]) -> None:
        """`make` may take long; it runs on a thread, once. False: there are no pages."""
        self._gate = gate
        self._make = make
        self._making: asyncio.Task[Pages] | None = None
        self._stopping = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self._make or scope["type"] != "http" or not of_pages(scope["path"]):
            return await self._gate(scope, receive, send)
        if self._making is None:
            self._making = asyncio.create_task(asyncio.to_thread(self._make))
        # Shielded: somebody who goes away does not take the console along.
        pages = await asyncio.shield(self._making)
        if self._stopping:
            pages.let_go()
        await pages(scope, receive, send)

    def before(self, gate: App) -> Front:
        """The same pages before another gate."""
        self._gate = gate
        return self

    def let_go(self) -> None:
        """The process is about to stop: nobody holds a connection open any more."""
        self._stopping = True
        pages = self._made()
        if pages is not None:
            pages.let_go()

    async def close(self) -> None:
        self.let_go()
        pages = self._made()
        if pages is not None:
            await pages.close()

    def _made(self) -> Pages | None:
        made = self._making
        fine = made is not None and made.done() and not made.cancelled() and not made.exception()
        return made.result() if made is not None and fine else None


def of_pages(path: str) -> bool:
    """Whether this path is a page's."""
    return path == "/" or path == PREFIX or path.startswith(f"{PREFIX}/")
