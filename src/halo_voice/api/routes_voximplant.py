"""What is asked of calls: the start and the end of a call, a turn, a recording after the call."""

from __future__ import annotations

import contextlib

import msgspec
from fastapi import APIRouter, Request, Response

from halo_voice.api.openapi import body_of, query_of, replies_of
from halo_voice.api.replies import (
    Answer,
    Dialled,
    Ended,
    HungUp,
    Started,
    Transcribed,
    TurnAnswer,
    reply,
)
from halo_voice.api.routes_transfers import transfers_router
from halo_voice.api.shapes import (
    AudioRequest,
    EndRequest,
    HangupRequest,
    StartRequest,
    TurnRequest,
    read,
)
from halo_voice.calls.dialler import Dialler, Ordered
from halo_voice.calls.diaries import Diaries
from halo_voice.calls.recordings import Recordings
from halo_voice.calls.switchboard import Switchboard
from halo_voice.calls.transfers import Transfers
from halo_voice.calls.turn import Heard
from halo_voice.core.admission import BUSY
from halo_voice.core.errors import CallClosed, CallRefused
from halo_voice.core.patience import patience_ms
from halo_voice.core.ports import CallEnd
from halo_voice.core.profile import Profile

_VERSIONS_MAX = 64


class Told:
    """Profiles as the scenario wants them, each version written once."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str, str], msgspec.Raw] = {}

    def of(self, profile: Profile) -> msgspec.Raw:
        key = (profile.name, profile.version, profile.texts.greeting)  # it may be calling
        if key not in self._known:
            if len(self._known) >= _VERSIONS_MAX:
                self._known.clear()
            self._known[key] = msgspec.Raw(msgspec.json.encode(profile.for_scenario()))
        return self._known[key]


def voximplant_router(
    switchboard: Switchboard,
    recordings: Recordings,
    transfers: Transfers,
    dialler: Dialler,
    diaries: Diaries,
) -> APIRouter:
    """The routes of docs/http.md. Nothing is decided here: shapes in, shapes out."""
    router = APIRouter(tags=["voximplant"])
    told = Told()

    @router.post(
        "/call/start",
        openapi_extra=body_of(StartRequest) | replies_of(Started, faults=(400, 409, 422, 503)),
    )
    async def call_start(request: Request) -> Response:
        start = await read(request, StartRequest)
        started = await _started(start, switchboard, dialler, told)
        diaries.begin(start.call_id, admitted=not (started.refused or started.barred))
        return reply(started)

    answers = replies_of(TurnAnswer, Answer, faults=(400, 404, 409, 422, 503))

    @router.get("/process_text", openapi_extra=query_of(TurnRequest) | answers)
    @router.post("/process_text", openapi_extra=body_of(TurnRequest, form=True) | answers)
    async def process_text(request: Request) -> Response:
        asked = await read(request, TurnRequest)
        deadline_s = asked.deadline_ms / 1000
        if asked.call_id is None or asked.turn is None:
            answer = await switchboard.answer(asked.user_text, deadline_s)
            return reply(Answer(asked.user_text, answer))
        said = (await _begun(switchboard, asked.start))[1] if asked.start else ""
        if said:
            return reply(_turned_away(asked, said))
        heard = Heard(asked.turn, asked.user_text, asked.confidence, deadline_s, cut=asked.cut)
        notes = [note.of(asked.call_id) for note in asked.notes]
        begun_s = diaries.clock()
        turn = await switchboard.take(asked.call_id, heard, notes)
        diary = diaries.of(asked.call_id)
        diary.add("asked", turn.turn, value="http", at_s=begun_s)
        diary.add("answered", turn.turn, value=f"{turn.outcome} {turn.source}")
        return reply(
            TurnAnswer(
                user_text=turn.user_text,
                ai_text=turn.reply,
                turn=turn.turn,
                action=turn.action,
                outcome=turn.outcome,
                patience_ms=patience_ms(turn.reply),
            )
        )

    @router.post(
        "/process_audio",
        openapi_extra=body_of(AudioRequest)
        | replies_of(Transcribed, faults=(400, 403, 404, 409, 422, 502, 503)),
    )
    async def process_audio(request: Request) -> Response:
        asked = await read(request, AudioRequest)
        text = await recordings.transcribe(asked.call_id, asked.url, at_once=asked.answer)
        if not asked.answer:
            return reply(Transcribed(asked.call_id, text))
        said = await switchboard.answer(text, recordings.answer_s) if text else ""
        return reply(Transcribed(asked.call_id, text, said))

    @router.post(
        "/call/hangup",
        openapi_extra=body_of(HangupRequest) | replies_of(HungUp, faults=(400, 404, 409, 422, 503)),
    )
    async def call_hangup(request: Request) -> Response:
        asked = await read(request, HangupRequest)
        return reply(HungUp(asked.call_id, await switchboard.hang_up(asked.call_id)))

    @router.post(
        "/call/end",
        openapi_extra=body_of(EndRequest) | replies_of(Ended, faults=(400, 404, 409, 422, 503)),
    )
    async def call_end(request: Request) -> Response:
        asked = await read(request, EndRequest)
        await _reopen(asked, switchboard, dialler)
        end = CallEnd(
            asked.call_id,
            asked.reason,
            asked.duration_ms,
            asked.turns,
            tuple(asked.late),
            faults=tuple(asked.faults),
        )
        notes = [note.of(asked.call_id) for note in asked.notes]
        await transfers.settle_last(asked.call_id, asked.ended_transfers(), asked.duration_ms)
        stored, cost = await switchboard.end(end, notes)
        diaries.end(asked.call_id, " ".join((asked.reason, *asked.faults)) if stored else "")
        tokens = {"in": cost.tokens_in, "out": cost.tokens_out}
        return reply(Ended(asked.call_id, stored, tokens, cost.roubles()))

    router.include_router(transfers_router(switchboard, transfers))
    return router


async def _started(
    start: StartRequest, switchboard: Switchboard, dialler: Dialler, told: Told
) -> Started:
    if start.dial:
        return _ordered(start, await dialler.order(start.begun(), start.dial), told)
    profile, said = await _begun(switchboard, start)
    return Started(start.call_id, told.of(profile), BUSY if said else "")


async def _reopen(asked: EndRequest, switchboard: Switchboard, dialler: Dialler) -> None:
    """A call that ends, and may never have been known to begin; or is known to have ended."""
    start = asked.start
    with contextlib.suppress(CallClosed):
        if start is not None and start.dial:
            await dialler.missed(start.begun(), start.dial)
        elif start is not None:
            await switchboard.start(start.begun(), admit=False)
    if asked.dialled:
        await dialler.settle(asked.call_id, asked.dialled)


def _ordered(start: StartRequest, ordered: Ordered, told: Told) -> Started:
    dial, profile = ordered.dial, ordered.profile
    whom = None
    if dial is not None:
        ring_ms, outbound = profile.limits.ring_ms, profile.outbound
        shown = (dial.number, dial.caller_id, ring_ms, outbound.detect_ms, outbound.message)
        whom = Dialled(*shown)
    again = {"retry_at": ordered.retry_at, "attempts_left": ordered.attempts_left}
    return Started(start.call_id, told.of(profile), dial=whom, barred=ordered.barred, **again)


async def _begun(switchboard: Switchboard, start: StartRequest) -> tuple[Profile, str]:
    """The profile of a call that begins; what it is to hear if it may not begin, else ""."""
    try:
        return await switchboard.start(start.begun()), ""
    except CallRefused as refused:
        return switchboard.profiles.of_number(start.called), refused.said


def _turned_away(asked: TurnRequest, said: str) -> TurnAnswer:
    """The reply to a turn of a call that may not begin, and had not been told so yet."""
    return TurnAnswer(
        user_text=asked.user_text,
        ai_text=said,
        turn=asked.turn or 1,
        action="hangup",
        outcome="answered",
        patience_ms=0,
        refused=BUSY,
    )
