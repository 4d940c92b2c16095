"""The figures of the running process, for whoever watches it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import APIRouter, Response


def metrics_router(told: Callable[[], Awaitable[bytes]], content_type: str) -> APIRouter:
    """`told` gives all figures in a format that `content_type` names."""
    router = APIRouter(tags=["health"])

    text_of_any = {"200": {"content": {"text/plain": {"schema": {"type": "string"}}}}}

    @router.get("/metrics", response_class=Response, openapi_extra={"responses": text_of_any})
    async def metrics() -> Response:
        return Response(await told(), headers={"content-type": content_type})

    return router
