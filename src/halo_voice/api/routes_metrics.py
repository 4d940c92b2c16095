"""The figures of the running process, for whoever watches it."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter, Response


def metrics_router(text: Callable[[], bytes], content_type: str) -> APIRouter:
    """`text` gives all figures in a format that `content_type` names."""
    router = APIRouter(tags=["health"])

    @router.get("/metrics")
    async def metrics() -> Response:
        return Response(text(), headers={"content-type": content_type})

    return router
