"""What was made of calls after they ended: review, deliveries, tools; and what the texts lack."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from starlette.responses import FileResponse, RedirectResponse, Response

from halo_voice.console.server import Role, Route, Visit
from halo_voice.console.texts import translator
from halo_voice.console.views import percent
from halo_voice.console.words_of_calls import (
    BAD_RESULTS,
    MARKS,
    SENT,
    TOOL_STATES,
    results_of,
)
from halo_voice.core.errors import StoreError
from halo_voice.core.ports import CallRecord
from halo_voice.core.review import Attempt, Delivery, Review
from halo_voice.core.tools import ToolRecord

GAPS_SHOWN = 50
QUESTIONS_SHOWN = 5
HEARD_MAX = 10_000
_PHONE = re.compile(r"\+\d{10,15}")


@dataclass(frozen=True, slots=True)
class Sent:
    """A delivery, and each try at it."""

    delivery: Delivery
    attempts: Sequence[Attempt]


@dataclass(frozen=True, slots=True)
class Used:
    """A tool's call as it is shown. `arguments` and `result` are what the store has, laid out."""

    tool: ToolRecord
    arguments: str
    result: str
    ms: int | None


async def made_of(visit: Visit, call: CallRecord) -> dict[str, Any]:
    """What a call's page shows of it besides what was said."""
    used = [shown(tool) for tool in await visit.look.store.tools(call.call_id)]
    known: dict[str, Any] = {"review": None, "sent": [], "used": used, "recording": None}
    if visit.look.afterwards is not None:
        known |= await asyncio.to_thread(_kept, visit, call.call_id)
    review = known["review"]
    return known | {
        "fields": _fields(visit, review.fields) if review else {},
        "marks": {name: review.marks[name] for name in MARKS if review and review.marks.get(name)},
        "mark_names": MARKS,
        "results": results_of(call),
        "bad_results": BAD_RESULTS,
        "states": SENT,
        "tool_states": TOOL_STATES,
        "reviewing": visit.look.afterwards is not None,
    }


def _kept(visit: Visit, call_id: str) -> dict[str, Any]:
    """On a thread. Raises `StoreError`."""
    after = visit.look.afterwards
    assert after is not None
    tries: dict[str, list[Attempt]] = {}
    for attempt in after.attempts(call_id):
        tries.setdefault(attempt.delivery_id, []).append(attempt)
    sent = after.deliveries(call_id=call_id)
    recording = after.shelf.find(call_id)
    return {
        "review": after.review(call_id),
        "sent": [Sent(each, tries.get(each.delivery_id, [])) for each in sent],
        "recording": recording,
        "playable": bool(visit.look.playable(recording)),
    }


def shown(tool: ToolRecord) -> Used:
    ms = None
    if tool.ended_at is not None:
        ms = round((tool.ended_at - tool.started_at).total_seconds() * 1000)
    return Used(tool, _laid_out(tool.arguments), _laid_out(tool.result), ms)


def _laid_out(text: str) -> str:
    """JSON with its parts below each other; anything else as it is."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return json.dumps(found, ensure_ascii=False, indent=1) if isinstance(found, dict) else text


def _fields(visit: Visit, fields: Mapping[str, Any]) -> dict[str, str]:
    """Values by name; telephone numbers as pages show them."""
    yes, no = map(translator(visit.language), ("да", "нет"))
    found = {}
    for name, value in fields.items():
        text = (yes if value else no) if isinstance(value, bool) else str(value)
        found[name] = visit.console.views.caller(text) if _PHONE.fullmatch(text) else text
    return found


async def summaries(visit: Visit, call_ids: Sequence[str]) -> Mapping[str, Review]:
    """The reviews of a list's calls."""
    if visit.look.afterwards is None or not call_ids:
        return {}
    return await asyncio.to_thread(visit.look.afterwards.reviews, call_ids)


async def resolved(visit: Visit, since: datetime, until: datetime) -> dict[str, Any]:
    """How many calls were resolved without an operator: of the reviewed ones that asked anything,
    those in which everything was answered and nobody waits for a person."""
    counted: Mapping[str, int] = {}
    if visit.look.afterwards is not None:
        counted = await asyncio.to_thread(
            visit.look.afterwards.outcomes, since.astimezone(UTC), until.astimezone(UTC)
        )
    asked = sum(count for outcome, count in counted.items() if outcome != "silent")
    good = counted.get("answered", 0)
    share = percent(good / asked) if asked else "—"
    return {"resolved": good, "asked": asked, "resolved_share": share, "counted": counted}


async def resend(visit: Visit) -> Response:
    """Have a dead delivery of this call sent once more by whoever works."""
    call_id, delivery_id = visit.path("id"), visit.form.get("delivery", "")
    after = visit.look.afterwards
    if after is None:
        return visit.sorry(404)
    known = await asyncio.to_thread(lambda: after.deliveries(call_id=call_id))
    if delivery_id not in {each.delivery_id for each in known}:
        return visit.sorry(404)
    if await asyncio.to_thread(after.send_again, delivery_id):
        await visit.note("delivery_resent", delivery_id)
    return RedirectResponse(f"/console/calls/{call_id}#sent", 303)


async def gaps(visit: Visit) -> Response:
    """What callers asked and the company's texts do not answer, by subject."""
    profiles = visit.look.calls.profiles
    profile = profiles.named(visit.query("profile")) or profiles.default
    found = await visit.look.gaps(profile.name) if visit.look.gaps is not None else None
    return visit.page(
        "gaps.html",
        profile=profile,
        profiles=list(profiles),
        failed=found is None,
        gaps=found[0][:GAPS_SHOWN] if found else [],
        more=max(0, len(found[0]) - GAPS_SHOWN) if found else 0,
        looked_at=found[1] if found else None,
        questions_shown=QUESTIONS_SHOWN,
    )


async def recording(visit: Visit) -> Response:
    """The sound of a call, whole or a range of it; who listens is kept, once a session."""
    call_id = visit.path("id")
    after = visit.look.afterwards
    if after is None:
        return visit.sorry(404)
    known = await asyncio.to_thread(after.shelf.find, call_id)
    file = visit.look.playable(known)
    if known is None or not file:
        return visit.sorry(404)
    await _noted(visit, call_id)
    sounds = visit.look.sounds
    if sounds is None:
        return FileResponse(file, media_type=known.content_type)
    try:
        found = await asyncio.to_thread(sounds.read, file, visit.request.headers.get("range", ""))
    except StoreError:
        return visit.sorry(503)
    if found is None:
        return visit.sorry(404)
    audio, part = found
    told = {"accept-ranges": "bytes"} | ({"content-range": part} if part else {})
    return Response(audio, 206 if part else 200, told, media_type=known.content_type)


async def _noted(visit: Visit, call_id: str) -> None:
    """Nobody listens unnoted; a player asks for many pieces, some at once."""
    heard, who = visit.console.heard, (visit.session.id, call_id)
    if who in heard:
        return
    if len(heard) >= HEARD_MAX:
        heard.clear()
    heard.add(who)
    try:
        await visit.note("recording_heard", call_id)
    except BaseException:
        heard.discard(who)
        raise


ROUTES = [
    Route("GET", "/console/calls/{id}/recording", recording),
    Route("POST", "/console/calls/{id}/resend", resend, Role.EDITOR),
    Route("GET", "/console/gaps", gaps),
]
