"""Is the process alive, and can it do its work."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from fastapi import APIRouter, Response

from halo_voice.api.openapi import replies_of
from halo_voice.api.replies import Alive, Readiness

Report = Callable[[], Awaitable[dict[str, Any]]]


def health_router(report: Report) -> APIRouter:
    """`report` gives the state of each part and `ready`."""
    router = APIRouter(tags=["health"])

    @router.get("/healthz", openapi_extra=replies_of(Alive))
    async def healthz() -> Response:
        return Response(b'{"status":"ok"}', media_type="application/json")

    states = replies_of(Readiness)
    states["responses"]["503"] = states["responses"]["200"]

    @router.get("/readyz", openapi_extra=states)
    async def readyz() -> Response:
        state = await report()
        status = 200 if state["ready"] else 503
        return Response(msgspec.json.encode(state), status, media_type="application/json")

    return router
