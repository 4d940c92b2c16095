"""Faults that somebody at the browser phone may switch on, to see how the assistant takes them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any

from halo_voice.core.errors import ModelTimeout
from halo_voice.core.ports import Message
from halo_voice.simulator import AsgiNetwork, HttpRequest, HttpResponse, NetworkError, SocketRequest
from halo_voice.simulator.sockets import AsgiSocket

SILENT_MODEL = "model_silent"
DOWN = "backend_down"
IN_CALL: Mapping[str, float] = {
    "F03": 0.5,
    "F05": 0.5,
    "F12": 1.0,
    "F13": 0.7,
    "F28": 0.5,
    "cut": 0.1,
}
"""Faults of the simulator by name, each with how often it strikes (0..1)."""

FIRST_TOKEN_S = 2.5  # as a real model's client has it by default


class SilentModel:
    """A language model that takes a question and says nothing, until its client gives it up.

    A `core.ports.LanguageModel`.
    """

    name = "silent"

    async def stream(
        self,
        messages: Sequence[Message],  # noqa: ARG002 - it does not matter what is asked
        *,
        max_tokens: int,  # noqa: ARG002
        deadline_s: float,
    ) -> AsyncIterator[str]:
        await asyncio.sleep(min(FIRST_TOKEN_S, deadline_s))
        raise ModelTimeout
        yield ""

    async def warm_up(self) -> None: ...

    async def close(self) -> None: ...


class FaultyNetwork(AsgiNetwork):
    """The app in this process, which may be `down`: nothing is reached, streams are cut."""

    def __init__(self, app: Callable[..., Any], host: str, *, down: bool = False) -> None:
        super().__init__(app, host, latency=None, raises=False, way=None)
        self._down = down
        self._sockets: list[AsgiSocket] = []

    @property
    def down(self) -> bool:
        return self._down

    @down.setter
    def down(self, down: bool) -> None:
        self._down = down
        if down:
            sockets, self._sockets = self._sockets, []
            for socket in sockets:
                socket.sever()

    async def request(self, request: HttpRequest) -> HttpResponse:
        if self._down:
            raise NetworkError(-4)
        return await super().request(request)

    async def connect(self, request: SocketRequest) -> AsgiSocket:
        if self._down:
            raise NetworkError(-4)
        socket = await super().connect(request)
        self._sockets.append(socket)
        return socket
