"""What goes on now: the live calls, the state of the server, and figures of the last weeks."""

from __future__ import annotations

import asyncio
import dataclasses
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.responses import JSONResponse, Response

from halo_voice.console.pages_after import resolved
from halo_voice.console.plots import bars_of, hour_bars, percentile
from halo_voice.console.server import Role, Route, Visit, as_json
from halo_voice.console.texts import LIVE_WORDS, translator
from halo_voice.console.views import decimal, seconds
from halo_voice.console.words_of_calls import (
    BAD_ENDS,
    BAD_RESULTS,
    BAD_SOURCES,
    BREAKERS,
    ENDS,
    LINE,
    RESULTS,
    SOURCES,
    STAGES,
    WARNINGS,
)
from halo_voice.core.errors import HaloError, UnknownCall
from halo_voice.core.history import OPEN, SLOW_MS, Wanted
from halo_voice.core.ports import TurnRecord

LIVE_MAX = 50
LIVE_FOR = timedelta(minutes=15)  # a call whose end nobody reported is taken for over
TURNS_SHOWN = 6
SPANS = {"7": 7, "30": 30, "90": 90}
TURNS_OF_LATENCIES = 5_000


# ---- live calls ----------------------------------------------------------------------------------


async def live(visit: Visit) -> Response:
    words = {key: translator(visit.language)(text) for key, text in LIVE_WORDS.items()}
    return visit.page("live.html", words=as_json(words))


async def live_calls(visit: Visit) -> Response:
    """The calls of all processes that go on, with the end of each conversation."""
    since = datetime.now(UTC) - LIVE_FOR
    wanted = Wanted(end_reason=OPEN, since=since)
    rows = await visit.look.history.find_calls(wanted, limit=LIVE_MAX)
    turns_of = defaultdict(list)
    for turn in await visit.look.history.open_turns(since, limit=LIVE_MAX):
        turns_of[turn.call_id].append(turn)
    profiles = visit.look.calls.profiles
    found = []
    for row in rows:
        profile = profiles.named(row.call.profile)
        turns = turns_of[row.call.call_id]
        found.append(
            {
                "id": row.call.call_id,
                "caller": visit.console.views.caller(row.call.caller),
                "profile": row.call.profile,
                "seconds": int((datetime.now(UTC) - row.call.started_at).total_seconds()),
                "turns": len(turns),
                "staffed": profile is not None and bool(profile.operators),
                "latency": decimal(
                    seconds(_waited_ms(visit, row.call.call_id, turns)), visit.language
                ),
                "talk": [
                    {"user": turn.revised_text or turn.user_text, "reply": turn.reply}
                    for turn in turns[-TURNS_SHOWN:]
                ],
            }
        )
    return JSONResponse({"calls": found})


def _waited_ms(visit: Visit, call_id: str, turns: Sequence[TurnRecord]) -> int | None:
    """How long the newest answer was waited for: as soon as it sounds where this process has the
    call; from others, once it was heard to its end."""
    kept = [(t.turn, t.latency["audible_ms"]) for t in turns if "audible_ms" in t.latency]
    live = visit.look.audible(call_id)
    return max([*kept, *([live] if live else [])], default=(0, None))[1]


async def end(visit: Visit) -> Response:
    """A supervisor ends a call: its line is told to say goodbye."""
    call_id = visit.path("id")
    try:
        told = await visit.look.calls.hang_up(call_id)
    except UnknownCall:
        return JSONResponse({"error": "no such call"}, 404)
    except HaloError as error:
        return JSONResponse({"error": error.code}, 409)
    await visit.note("call_ended", call_id)
    return JSONResponse({"told": told})


async def connect(visit: Visit) -> Response:
    """A supervisor has a call put through to a person."""
    call_id = visit.path("id")
    try:
        told = await visit.look.transfers.put_through(call_id)
    except UnknownCall:
        return JSONResponse({"error": "no such call"}, 404)
    except HaloError as error:
        return JSONResponse({"error": error.code}, 409)
    await visit.note("call_put_through", call_id)
    return JSONResponse({"told": told})


# ---- state ---------------------------------------------------------------------------------------


async def state(visit: Visit) -> Response:
    """What `/readyz` knows, for people."""
    report = await visit.look.report()
    translate = translator(visit.language)
    models = [dataclasses.asdict(each) for each in report["models"]]
    rows = {
        "Версия": report["version"],
        "Хранилище": translate("работает") if report["store"] == "ok" else report["store"],
        "Ждут записи": report["spooled"],
        "Из них только в памяти": report["unsaved"],
        "Разговоров сейчас": report["live_calls"],
        "Профили": ", ".join(report["profiles"]),
    }
    return visit.page(
        "state.html",
        ready=report["ready"],
        store_ok=report["store"] == "ok",
        offline=report["offline"],
        rows=rows,
        models=models,
        breakers=BREAKERS,
        warnings=report["warnings"],
        warning_names=WARNINGS,
        limits=visit.look.limits,
        spent=visit.look.spending.today,
        share=visit.look.spending.share,
        live_calls=report["live_calls"],
        **_line(visit),
    )


def _line(visit: Visit) -> dict[str, Any]:
    """What is known of the account; somebody looks at it again where that is long ago."""
    line = visit.look.line
    there = line is not None and line.credentials
    asking = line.ask() if line is not None and there else False
    known = line.known if line is not None and there else None
    return {"has_line": there, "line": known, "line_asking": asking, "line_names": LINE}


async def line_asked(visit: Visit) -> Response:
    """Answers when the account was looked at: the page is worth another look then."""
    line = visit.look.line
    if line is not None:
        told = asyncio.create_task(line.asked())
        leaving = asyncio.create_task(visit.console.leaving.wait())
        await asyncio.wait({told, leaving}, return_when=asyncio.FIRST_COMPLETED)
        told.cancel()
        leaving.cancel()
    return JSONResponse({"asked": line is not None and line.known is not None})


# ---- figures -------------------------------------------------------------------------------------


async def figures(visit: Visit) -> Response:
    chosen = visit.query("days") if visit.query("days") in SPANS else "30"
    zone = visit.console.views.zone
    midnight = datetime.now(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    until = midnight + timedelta(days=1)
    since = until - timedelta(days=SPANS[chosen])
    known, outcomes = await asyncio.gather(  # each reads all that happened in the time
        visit.look.history.figures(
            since.astimezone(UTC),
            until.astimezone(UTC),
            utc_hours=visit.look.utc_hours,
            turns_max=TURNS_OF_LATENCIES,
        ),
        resolved(visit, since, until),
    )
    by_name = {day.day: day for day in known.days}
    names = [(since + timedelta(days=n)).strftime("%Y-%m-%d") for n in range(SPANS[chosen])]
    stages = {
        stage: (percentile(taken, 0.5), percentile(taken, 0.95), len(taken))
        for stage in STAGES
        if (taken := known.latencies.get(stage))
    }
    return visit.page(
        "figures.html",
        chosen=chosen,
        spans=list(SPANS),
        days=bars_of(names, by_name),
        hours=hour_bars(known.hours),
        hours_ms=known.hours_ms,
        ends=known.ends,
        end_names=ENDS,
        bad_ends=BAD_ENDS,
        stages=stages,
        stage_names=STAGES,
        sources=known.sources,
        source_names=SOURCES,
        bad_sources=BAD_SOURCES,
        slow_ms=SLOW_MS,
        results=RESULTS,
        bad_results=BAD_RESULTS,
        **outcomes,
        **_totals(known.days),
    )


def _totals(days: Any) -> dict[str, Any]:
    def total(name: str) -> int:
        return sum(getattr(day, name) for day in days)

    calls, turns = total("calls"), total("turns")
    return {
        "calls": calls,
        "minutes": total("duration_ms") // 60_000,
        "turns": turns,
        "apologies": total("apologies"),
        "slow": total("slow"),
        "micros": total("micros"),
        "micros_per_call": total("micros") // calls if calls else 0,
        "apology_share": total("apologies") / turns if turns else None,
    }


ROUTES = [
    Route("GET", "/console/live", live, title="Сейчас"),
    Route("GET", "/console/live/calls", live_calls),
    Route("POST", "/console/live/{id}/end", end, Role.EDITOR),
    Route("POST", "/console/live/{id}/connect", connect, Role.EDITOR),
]
FIGURES = [Route("GET", "/console/figures", figures, title="Показатели")]
STATE = [
    Route("GET", "/console/state", state, title="Состояние"),
    Route("GET", "/console/state/line", line_asked),
]
