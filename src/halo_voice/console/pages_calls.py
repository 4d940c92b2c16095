"""All calls: the list with its filters, a call's page, the file for spreadsheets, the replay."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from starlette.responses import RedirectResponse, Response, StreamingResponse

from halo_voice.console.pages_after import made_of, summaries
from halo_voice.console.pages_phone import until
from halo_voice.console.server import Role, Route, Visit
from halo_voice.console.texts import translator
from halo_voice.console.traced import traced
from halo_voice.console.views import MICROS
from halo_voice.console.waterfall import Bar, bars, longest
from halo_voice.console.words_of_calls import (
    BAD_ENDS,
    BAD_RESULTS,
    ENDS,
    OUTCOMES,
    PARTS,
    SOURCES,
    STAGES,
    results_of,
)
from halo_voice.core.heard import told
from halo_voice.core.history import SLOW_MS, CallRow, Wanted
from halo_voice.core.ports import CallRecord, Outcome, TurnRecord
from halo_voice.core.review import Review
from halo_voice.core.table_file import BOM, lines

PAGE = 50
EXPORT_MAX = 2_000
CUT = "Это не все звонки: остальные даст выгрузка по более ранним дням. Здесь самых новых:"
WORDS_MAX = 200
NAMES = ("q", "number", "from", "to", "profile", "end", "slow", "sorry")
HEAD = (
    "Звонок",
    "Начало",
    "Длительность, с",
    "Номер",
    "Профиль",
    "Итог",
    "Реплик",
    "Извинений",
    "Самый долгий ответ, с",
    "Стоимость, ₽",
    "Чем кончился для абонента",
    "Суть",
    "Разговор",
    "Кто звонил",
)


def wanted_of(visit: Visit) -> Wanted:
    """The filters as they stand in the page's address."""
    to = visit.console.views.begin_of(visit.query("to"))
    return Wanted(
        words=visit.query("q")[:WORDS_MAX].strip(),
        number=visit.query("number")[:30].strip(),
        since=visit.console.views.begin_of(visit.query("from")),
        until=to + timedelta(days=1) if to else None,
        profile=visit.query("profile")[:100],
        end_reason=visit.query("end") if visit.query("end") in ENDS else "",
        slow=visit.query("slow") == "1",
        apologies=visit.query("sorry") == "1",
    )


async def page(visit: Visit) -> Response:
    wanted = wanted_of(visit)
    after = visit.query("after")[:100]
    rows = await visit.look.history.find_calls(wanted, limit=PAGE + 1, after=after)
    shown_filters = {name: visit.query(name) for name in NAMES}
    given = {name: value for name, value in shown_filters.items() if value}
    more = urlencode({**given, "after": rows[PAGE - 1].call.call_id}) if len(rows) > PAGE else ""
    reviews = await summaries(visit, [row.call.call_id for row in rows[:PAGE]])
    return visit.page(
        "calls.html",
        rows=rows[:PAGE],
        reviews=reviews,
        results_of=results_of,
        bad_results=BAD_RESULTS,
        given=shown_filters,
        narrowed=bool(given),
        query=urlencode(given),
        more=more,
        first=not after,
        profiles=list(visit.look.calls.profiles),
        ends=ENDS,
        bad_ends=BAD_ENDS,
        slow_ms=SLOW_MS,
    )


@dataclass(frozen=True, slots=True)
class Shown:
    """A turn on a call's page."""

    turn: TurnRecord
    heard: str
    cut: str
    bars: list[Bar]
    revised: str


def shown(turns: list[TurnRecord]) -> list[Shown]:
    """The turns as bubbles: what was heard of each reply, what was not, and its waterfall."""
    width_ms = longest([turn.latency for turn in turns])
    found = []
    for turn in turns:
        whole = told(replace(turn, heard=None)).assistant
        heard = told(turn).assistant
        cut = whole[len(heard) :] if whole.startswith(heard) else ""
        revised = turn.revised_text if turn.revised_text != turn.user_text else ""
        found.append(Shown(turn, heard, cut, bars(turn.latency, width_ms), revised))
    return found


async def one(visit: Visit) -> Response:
    call = await visit.look.store.find_call(visit.path("id"))
    if call is None:
        return visit.sorry(404)
    turns = await visit.look.store.turns(call.call_id)
    await visit.note("call_viewed", call.call_id)
    made = await made_of(visit, call)
    trace = traced(call, await visit.look.traces.of(call.call_id))
    return visit.page("call.html", **facts(call, turns), **made, trace=trace, slow_ms=SLOW_MS)


def facts(call: CallRecord, turns: list[TurnRecord]) -> dict[str, Any]:
    """What a call's page shows."""
    return {
        "call": call,
        "turns": shown(turns),
        "width_ms": longest([turn.latency for turn in turns]),
        "ends": ENDS,
        "bad_ends": BAD_ENDS,
        "outcomes": OUTCOMES,
        "sources": SOURCES,
        "stages": STAGES,
        "parts": PARTS,
        "costs": {part: micros for part, micros in call.cost.micros().items() if micros},
        "total": sum(call.cost.micros().values()),
        "sorry": Outcome.APOLOGISED,
        "pending": Outcome.PENDING,
    }


async def export(visit: Visit) -> Response:
    """The calls of the list, with what was said, as a file."""
    await visit.note("calls_exported")
    stream = until(_file(visit, wanted_of(visit)), visit.console.leaving, beat="")
    head = {"content-disposition": 'attachment; filename="halo-calls.csv"'}
    return StreamingResponse(stream, media_type="text/csv; charset=utf-8", headers=head)


async def _file(visit: Visit, wanted: Wanted) -> AsyncIterator[str]:
    translate = translator(visit.language)
    yield BOM + lines([[translate(title) for title in HEAD]])
    after, left = "", EXPORT_MAX
    while left > 0:
        rows = await visit.look.history.find_calls(wanted, limit=min(PAGE, left), after=after)
        if not rows:
            return
        reviews = await summaries(visit, [row.call.call_id for row in rows])
        for row in rows:
            turns = await visit.look.store.turns(row.call.call_id)
            review = reviews.get(row.call.call_id)
            yield lines([_cells(visit, row, turns, review, translate)])
        after, left = rows[-1].call.call_id, left - len(rows)
    if await visit.look.history.find_calls(wanted, limit=1, after=after):
        # Or whoever adds it up takes it for all of the time that was asked for.
        yield lines([[f"{translate(CUT)} {EXPORT_MAX}"]])


def _cells(
    visit: Visit, row: CallRow, turns: list[TurnRecord], review: Review | None, translate: Any
) -> list[object]:
    call, views = row.call, visit.console.views
    slowest = "" if row.slowest_ms is None else views.seconds(row.slowest_ms)
    talk = []
    for each in shown(turns):
        talk.append(f"{translate('Абонент')}: {each.revised or each.turn.user_text}")
        talk.append(f"{translate('Ассистент')}: {each.heard}")
    return [
        call.call_id,
        views.moment(call.started_at),
        "" if call.duration_ms is None else call.duration_ms // 1000,
        views.caller(call.caller),
        call.profile,
        translate(ENDS.get(call.end_reason or "open", "")) or call.end_reason,
        row.turns,
        row.apologies,
        slowest,
        f"{sum(call.cost.micros().values()) / MICROS:.2f}".replace(".", ","),
        translate(results_of(call).get(review.outcome, review.outcome)) if review else "",
        review.summary if review else "",
        "\n".join(talk),
        translate("мы звонили" if call.direction == "outgoing" else "нам звонили"),
    ]


async def replay(visit: Visit) -> Response:
    """The same caller's words once more, against the present version; the two side by side."""
    call = await visit.look.store.find_call(visit.path("id"))
    if call is None:
        return visit.sorry(404)
    turns = await visit.look.store.turns(call.call_id)
    said = [turn.revised_text or turn.user_text for turn in turns]
    if not said:
        return RedirectResponse(f"/console/calls/{call.call_id}", 303)
    again = await visit.console.phones.replay(said, called=call.called)
    await visit.note("call_replayed", call.call_id)
    return RedirectResponse(f"/console/calls/{call.call_id}/beside/{again}", 303)


async def beside(visit: Visit) -> Response:
    """Two calls turn by turn."""
    both: list[Mapping[str, Any]] = []
    for name in ("id", "other"):
        call = await visit.look.store.find_call(visit.path(name))
        if call is None:
            return visit.sorry(404)
        both.append(facts(call, await visit.look.store.turns(call.call_id)))
    before, after = both
    count = max(len(before["turns"]), len(after["turns"]))
    pairs = [
        [each["turns"][n] if n < len(each["turns"]) else None for each in both]
        for n in range(count)
    ]
    return visit.page("beside.html", before=before, after=after, pairs=pairs)


ROUTES = [
    Route("GET", "/console/calls", page, title="Звонки"),
    Route("GET", "/console/calls.csv", export, Role.EDITOR, fresh=True),
    Route("GET", "/console/calls/{id}", one),
    Route("POST", "/console/calls/{id}/replay", replay, Role.EDITOR),
    Route("GET", "/console/calls/{id}/beside/{other}", beside),
]
