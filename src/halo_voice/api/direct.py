"""What every call asks for, answered without the framework between: it costs more than the answer.

The framework keeps the same routes for its description, and for whatever is asked for wrongly.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute

from halo_voice.api.gate import App, Receive, Scope, Send, error_reply
from halo_voice.core.errors import BadRequest, HaloError, UnusableText

Endpoint = Callable[[Request], Awaitable[Response]]

_log = structlog.get_logger(__name__)


class Direct:
    """ASGI: the routes of `router`, each a function from request to response, and one `stream`;
    everything else is the app's. `unusable` is told of what was let in and cannot be read."""

    def __init__(
        self,
        app: App,
        router: APIRouter,
        stream: App,
        unusable: Callable[[], None] = lambda: None,
    ) -> None:
        self._app = app
        self._stream = stream
        self._unusable = unusable
        self._endpoints: dict[tuple[str, str], Endpoint] = {
            (method, route.path): route.endpoint
            for route in router.routes
            if isinstance(route, APIRoute)
            for method in route.methods
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":  # the gate lets in no other path
            return await self._stream(scope, receive, send)
        endpoint = None
        if scope["type"] == "http":
            endpoint = self._endpoints.get((scope["method"], scope["path"]))
        if endpoint is None:
            return await self._app(scope, receive, send)
        try:
            response = await endpoint(Request(scope, receive))
        except HaloError as error:
            if isinstance(error, BadRequest | UnusableText):
                _log.error("request_unusable", path=scope["path"], code=error.code, alarm=True)
                self._unusable()
            status, body = error_reply(error)
            response = Response(body, status, media_type="application/json")
        await response(scope, receive, send)
