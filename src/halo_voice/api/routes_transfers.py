"""What is asked of transfers: whom to call, and what became of it. Decides nothing."""

from __future__ import annotations

import contextlib

from fastapi import APIRouter, Request, Response

from halo_voice.api.openapi import body_of, replies_of
from halo_voice.api.replies import Address, Directed, Noted, reply
from halo_voice.api.shapes import TransferredRequest, TransferRequest, read
from halo_voice.calls.switchboard import Switchboard
from halo_voice.calls.transfers import Transfers
from halo_voice.core.errors import CallRefused

FAULTS = (400, 404, 409, 422, 503)


def transfers_router(switchboard: Switchboard, transfers: Transfers) -> APIRouter:
    """The routes of docs/http.md that a transfer needs."""
    router = APIRouter(tags=["voximplant"])

    @router.post(
        "/call/transfer",
        openapi_extra=body_of(TransferRequest) | replies_of(Directed, faults=FAULTS),
    )
    async def call_transfer(request: Request) -> Response:
        asked = await read(request, TransferRequest)
        if asked.start is not None:
            with contextlib.suppress(CallRefused):  # then nobody knows the call, and it ends
                await switchboard.start(asked.start.begun())
        found = await transfers.arrange(asked.call_id, asked.transfer, asked.turn, asked.why)
        to = None
        if (one := found.operator) is not None:
            to = Address(one.kind, one.address, found.caller_id, one.wait_ms, one.priority)
        return reply(Directed(asked.call_id, asked.transfer, to, found.brief, found.refused))

    @router.post(
        "/call/transferred",
        openapi_extra=body_of(TransferredRequest) | replies_of(Noted, faults=FAULTS),
    )
    async def call_transferred(request: Request) -> Response:
        asked = await read(request, TransferredRequest)
        await transfers.settle(asked.call_id, [asked.told()])
        return reply(Noted(asked.call_id, asked.transfer))

    return router
