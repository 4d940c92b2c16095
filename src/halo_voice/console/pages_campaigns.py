"""Campaigns: how far each has come, what came of each of its rows. Read from the store alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from starlette.responses import Response

from halo_voice.console.server import Route, Visit
from halo_voice.console.words_of_calls import BAD_ROWS, DAYS, GOOD_ROWS, ROWS
from halo_voice.core.dials import (
    UNTRIED,
    Campaign,
    Dial,
    Standing,
    Tried,
    outcome_of,
    row_state,
)
from halo_voice.core.profile import Profile

SHOWN = 50
ROWS_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Progress:
    """A campaign in the list. `rows`: by `core.dials.ROW_STATES`; `over`: those that are not called
    any more, or not yet again."""

    campaign: Campaign
    title: str
    rows: Mapping[str, int]
    total: int
    over: int
    last_at: datetime | None


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a campaign. `attempts` that were made; `call_id`: of the last, where it is a call
    that is kept, "" elsewhere."""

    number: int
    whom: str
    attempts: int
    outcome: str
    last_at: datetime | None
    call_id: str


async def campaigns(visit: Visit) -> Response:
    """The newest, with their progress."""
    dials = visit.look.dials
    found = await dials.campaigns(SHOWN)
    standing = await dials.standing([each.campaign for each in found])
    shown = [_progress(visit, each, standing) for each in found]
    return visit.page("campaigns.html", campaigns=shown, at_most=SHOWN)


async def one(visit: Visit) -> Response:
    """A campaign: its hours, its rows by what came of them, and the rows themselves."""
    dials = visit.look.dials
    campaign = await dials.find_campaign(visit.path("id"))
    if campaign is None:
        return visit.sorry(404)
    await visit.note("campaign_viewed", campaign.campaign)
    standing = await dials.standing([campaign.campaign])
    after = visit.query("after")
    begin = int(after) if after.isdecimal() and len(after) < 10 else -1
    rows = [each for each in await dials.dials_of(campaign.campaign) if each.row > begin]
    shown = rows[:ROWS_SHOWN]
    tried = await dials.tried([each.dial_id for each in shown])
    profile = visit.look.calls.profiles.named(campaign.profile)
    return visit.page(
        "campaign.html",
        progress=_progress(visit, campaign, standing),
        ends={each.outcome: each.rows for each in sorted(standing, key=lambda each: -each.rows)},
        names=ROWS,
        good=GOOD_ROWS,
        bad=BAD_ROWS,
        hours=_hours(profile),
        days=DAYS,
        rows=[await _row(visit, each, tried) for each in shown],
        first=begin < 0,
        more=shown[-1].row if len(rows) > ROWS_SHOWN else None,
    )


def _progress(visit: Visit, campaign: Campaign, standing: Sequence[Standing]) -> Progress:
    mine = [each for each in standing if each.campaign == campaign.campaign]
    rows: dict[str, int] = {}
    for each in mine:
        state = row_state(each.outcome)
        rows[state] = rows.get(state, 0) + each.rows
    total = sum(rows.values())
    profile = visit.look.calls.profiles.named(campaign.profile)
    return Progress(
        campaign,
        campaign.profile if profile is None else profile.title,
        rows,
        total,
        total - rows.get("waiting", 0) - rows.get("running", 0),
        max((each.last_at for each in mine if each.last_at), default=None),
    )


async def _row(visit: Visit, dial: Dial, tried: Sequence[Tried]) -> Row:
    made = [each for each in tried if each.dial_id == dial.dial_id]
    last = made[-1] if made else None
    call = await visit.look.store.find_call(last.call_id) if last else None
    return Row(
        dial.row,
        dial.number,
        sum(each.outcome not in UNTRIED for each in made),
        outcome_of(dial, last),
        last.ended_at if last else None,
        call.call_id if call else "",
    )


def _hours(profile: Profile | None) -> list[tuple[int, int, str]]:
    """First day, last day (0 to 6) and hours, "" for none; days alike together."""
    if profile is None:
        return []
    week = profile.outbound.week
    cuts = [0, *(n for n in range(1, 7) if week[n] != week[n - 1]), 7]
    return [(begin, end - 1, week[begin]) for begin, end in pairwise(cuts)]


ROUTES = [
    Route("GET", "/console/campaigns", campaigns),
    Route("GET", "/console/campaigns/{id}", one),
]
