"""Is the process alive, and can it do its work."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from fastapi import APIRouter, Response

Report = Callable[[], Awaitable[dict[str, Any]]]


def health_router(report: Report) -> APIRouter:
    """`report` gives the state of each part and `ready`."""
    router = APIRouter(tags=["health"])

    @router.get("/healthz")
    async def healthz() -> Response:
        return Response(b'{"status":"ok"}', media_type="application/json")

    @router.get("/readyz")
    async def readyz() -> Response:
        state = await report()
        status = 200 if state["ready"] else 503
        return Response(msgspec.json.encode(state), status, media_type="application/json")

    return router
