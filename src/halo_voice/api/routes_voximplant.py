"""What the scenario asks: the start and the end of a call, a turn, a recording after the call."""

from __future__ import annotations

from typing import Any

import msgspec
from fastapi import APIRouter, Request, Response

from halo_voice.api.openapi import body_of, query_of
from halo_voice.api.shapes import AudioRequest, EndRequest, StartRequest, TurnRequest, read
from halo_voice.calls.recordings import Recordings
from halo_voice.calls.switchboard import Switchboard
from halo_voice.calls.turn import Heard
from halo_voice.core.patience import patience_ms
from halo_voice.core.ports import CallEnd


def reply(content: dict[str, Any]) -> Response:
    return Response(msgspec.json.encode(content), media_type="application/json")


def voximplant_router(switchboard: Switchboard, recordings: Recordings) -> APIRouter:
    """The routes of docs/http.md. Nothing is decided here: shapes in, shapes out."""
    router = APIRouter(tags=["voximplant"])
    told = {
        profile.name: msgspec.Raw(msgspec.json.encode(profile.for_scenario()))
        for profile in switchboard.profiles
    }

    @router.post("/call/start", openapi_extra=body_of(StartRequest))
    async def call_start(request: Request) -> Response:
        start = await read(request, StartRequest)
        profile = await switchboard.start(start.begun())
        return reply({"call_id": start.call_id, "profile": told[profile.name]})

    @router.get("/process_text", openapi_extra=query_of(TurnRequest))
    @router.post("/process_text", openapi_extra=body_of(TurnRequest, form=True))
    async def process_text(request: Request) -> Response:
        asked = await read(request, TurnRequest)
        deadline_s = asked.deadline_ms / 1000
        if asked.call_id is None or asked.turn is None:
            said = await switchboard.answer(asked.user_text, deadline_s)
            return reply({"user_text": asked.user_text, "ai_text": said})
        if asked.start is not None:
            await switchboard.start(asked.start.begun())
        heard = Heard(asked.turn, asked.user_text, asked.confidence, deadline_s)
        notes = [note.of(asked.call_id) for note in asked.notes]
        turn = await switchboard.take(asked.call_id, heard, notes)
        return reply(
            {
                "user_text": turn.user_text,
                "ai_text": turn.reply,
                "turn": turn.turn,
                "action": turn.action,
                "outcome": turn.outcome,
                "patience_ms": patience_ms(turn.reply),
            }
        )

    @router.post("/process_audio", openapi_extra=body_of(AudioRequest))
    async def process_audio(request: Request) -> Response:
        asked = await read(request, AudioRequest)
        text = await recordings.transcribe(asked.call_id, asked.url)
        content = {"call_id": asked.call_id, "user_text": text}
        if asked.answer:
            content["ai_text"] = await switchboard.answer(text, recordings.answer_s) if text else ""
        return reply(content)

    @router.post("/call/end", openapi_extra=body_of(EndRequest))
    async def call_end(request: Request) -> Response:
        asked = await read(request, EndRequest)
        if asked.start is not None:
            await switchboard.start(asked.start.begun())
        end = CallEnd(
            asked.call_id, asked.reason, asked.duration_ms, asked.turns, tuple(asked.late)
        )
        notes = [note.of(asked.call_id) for note in asked.notes]
        return reply({"call_id": asked.call_id, "stored": await switchboard.end(end, notes)})

    return router
