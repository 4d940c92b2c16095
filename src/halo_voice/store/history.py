"""Lists and figures of calls, on SQLite and PostgreSQL: `core.history.History` for `SqlStore`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Select,
    Subquery,
    Text,
    and_,
    bindparam,
    cast,
    column,
    func,
    literal_column,
    or_,
    select,
    table,
)

from halo_voice.core.history import OPEN, SLOW_MS, CallRow, Day, Figures, Wanted
from halo_voice.core.ports import CallRecord, TurnRecord
from halo_voice.core.telephones import sought_digits
from halo_voice.store.database import Database, Session
from halo_voice.store.digest import stems
from halo_voice.store.schema import ROLLED_UP, Moment, Words, calls, digests, rollups, turns
from halo_voice.store.tally import CALLS_OF_LATENCIES, Hour, figures_of, latencies_of, place_of

_index = table("digest_index", column("rowid", BigInteger()), column("digest_index", Text()))
_since = bindparam("since", type_=Moment())
_until = bindparam("until", type_=Moment())


class History:
    """Reads what has ended, and writes the digest of each call that does."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._dialect = database.dialect

    async def find_calls(self, wanted: Wanted, *, limit: int, after: str = "") -> list[CallRow]:
        values, given = _values(wanted, self._dialect)
        if "words" in given and not values["match"]:
            return []  # signs only: nobody said them
        if "number" in given and not sought_digits(wanted.number):
            return []  # nor is that anybody's number

        def transaction(session: Session) -> list[CallRow]:
            asked = dict(values)
            if after:
                last = session.rows(_place(), {"of_call": after})
                if not last or ("words" in given and last[0][1] is None):
                    return []
                asked |= {"last_start": last[0][0], "last_call": after, "last_id": last[0][1]}
            asked["at_most"] = max(0, limit)
            behind = {"behind" if "words" in given else "after"} if after else set()
            keys = given | behind
            rows = session.rows(_find(self._dialect, frozenset(keys)), asked)
            return [CallRow(CallRecord(*row[:-3]), *row[-3:]) for row in rows]

        return await self._database.read(transaction)

    async def open_turns(self, since: datetime, *, limit: int) -> list[TurnRecord]:
        values = {"since": since, "at_most": max(0, limit)}
        rows = await self._database.read(lambda session: session.rows(_open_turns(), values))
        return [TurnRecord(*row) for row in rows]

    async def figures(
        self, since: datetime, until: datetime, *, utc_hours: float, turns_max: int
    ) -> Figures:
        between = {"since": since, "until": until}
        away = {**between, "away": round(utc_hours * 60)}

        def transaction(session: Session) -> Figures:
            days = [Day(*row) for row in session.rows(_days(self._dialect), away)]
            hours = [
                Hour(int(row[0]), *row[1:]) for row in session.rows(_hours(self._dialect), away)
            ]
            ends = dict(session.rows(_ends(), between))
            going_on = session.rows(_open_calls(), between)
            ends[OPEN] = len(going_on)
            for day, hour in (place_of(began, utc_hours) for (began,) in going_on):
                days.append(Day(day, 1))
                hours.append(Hour(hour, 1))
            newest = session.rows(_newest_turns(), {**between, "at_most": CALLS_OF_LATENCIES})
            told = newest[:turns_max]
            latencies = latencies_of(latency for latency, _ in told)
            sources = (source for _, source in told)
            return figures_of(days, hours, ends, zip(latencies, sources, strict=True))

        return await self._database.read(transaction)


def _values(wanted: Wanted, dialect: str) -> tuple[dict[str, Any], set[str]]:
    """The parameters of a question, and which of its parts are given."""
    values: dict[str, Any] = {
        "match": _match(stems(wanted.words), dialect),
        "digits": f"%{sought_digits(wanted.number)}%",
        "since": wanted.since,
        "until": wanted.until,
        "profile": wanted.profile,
        "end_reason": wanted.end_reason,
    }
    given = {name for name in Wanted.__dataclass_fields__ if getattr(wanted, name)}
    if wanted.end_reason == OPEN:
        given = given - {"end_reason"} | {"open"}
    return values, given


def _match(words: Iterable[str], dialect: str) -> str:
    """All of the stems, each as the beginning of a word. They are letters and figures only."""
    if dialect == "sqlite":
        return " ".join(f'"{word}"*' for word in words)
    return " & ".join(f"{word}:*" for word in words)


@cache
def _find(dialect: str, given: frozenset[str]) -> Select[Any]:
    """The list; one statement for each set of given parts, so that there are few.

    Calls with certain words are in the order of their ends: so the first page of a word that
    everybody says is there without all the others.
    """
    found = select(calls.c.call_id, calls.c.started_at)
    order: tuple[ColumnElement[Any], ...] = (calls.c.started_at.desc(), calls.c.call_id)
    digested = calls.join(digests, calls.c.call_id == digests.c.call_id)
    if "words" in given and dialect == "sqlite":
        found = found.select_from(_index.join(digested, digests.c.id == _index.c.rowid))
        order = (_index.c.rowid.desc(),)
    elif given & {"words", "slow", "apologies"}:
        found = found.select_from(digested)
        order = (digests.c.id.desc(),) if "words" in given else order
        if given <= {"words", "behind"}:  # then a word that many said costs no look at their calls
            found = select(digests.c.call_id, digests.c.started_at)
    found = found.where(*(_conditions(dialect)[name] for name in sorted(given)))
    page = found.order_by(*order).limit(bindparam("at_most", type_=BigInteger())).subquery("page")
    counted = select(func.count()).where(turns.c.call_id == calls.c.call_id).scalar_subquery()
    shown = (digests.c.id.desc(),) if "words" in given else order
    return (
        select(
            *calls.c,
            func.coalesce(digests.c.turns, counted),
            func.coalesce(digests.c.apologies, 0),
            digests.c.slowest_ms,
        )
        .select_from(
            page.join(calls, calls.c.call_id == page.c.call_id).outerjoin(
                digests, digests.c.call_id == page.c.call_id
            )
        )
        .order_by(*shown)
    )


def _conditions(dialect: str) -> dict[str, ColumnElement[bool]]:
    match = bindparam("match", type_=Text())
    last_start = bindparam("last_start", type_=Moment())
    last_call = bindparam("last_call", type_=Words())
    last_id = bindparam("last_id", type_=BigInteger())
    digits = bindparam("digits", type_=Text())
    words = {
        "sqlite": _index.c.digest_index.op("MATCH")(match),
        "postgresql": digests.c.words.op("@@")(
            func.to_tsquery(literal_column("'simple'::regconfig"), match)
        ),
    }
    return {
        "words": words[dialect],
        "number": or_(calls.c.caller.like(digits), calls.c.called.like(digits)),
        "since": calls.c.started_at >= _since,
        "until": calls.c.started_at < _until,
        "profile": calls.c.profile == bindparam("profile", type_=Words()),
        "end_reason": calls.c.end_reason == bindparam("end_reason", type_=Words()),
        "open": calls.c.ended_at.is_(None),
        "slow": digests.c.slowest_ms > SLOW_MS,
        "apologies": digests.c.apologies > 0,
        "behind": {"sqlite": _index.c.rowid, "postgresql": digests.c.id}[dialect] < last_id,
        "after": or_(
            calls.c.started_at < last_start,
            and_(calls.c.started_at == last_start, calls.c.call_id > last_call),
        ),
    }


def _halves() -> Subquery:
    """Half hours with their sums, whatever the reasons of the ends."""
    sums = [func.sum(rollups.c[name]).label(name) for name in ROLLED_UP]
    found = select(rollups.c.slot, *sums).group_by(rollups.c.slot)
    return found.where(rollups.c.slot >= _since, rollups.c.slot < _until).subquery("halves")


@cache
def _days(dialect: str) -> Select[Any]:
    """Each day of the asker's time zone with its sums."""
    halves = _halves()
    day = _local(dialect, halves.c.slot, {"sqlite": "%Y-%m-%d", "postgresql": "YYYY-MM-DD"})
    sums = [cast(func.sum(halves.c[name]), BigInteger) for name in ROLLED_UP]
    return select(day.label("local"), *sums).group_by("local")


@cache
def _hours(dialect: str) -> Select[Any]:
    """Each hour of that day: how many calls, and how long they were."""
    halves = _halves()
    hour = _local(dialect, halves.c.slot, {"sqlite": "%H", "postgresql": "HH24"})
    sums = [cast(func.sum(halves.c[name]), BigInteger) for name in ("calls", "duration_ms")]
    return select(hour.label("local"), *sums).group_by("local")


def _local(dialect: str, slot: ColumnElement[Any], form: Mapping[str, str]) -> ColumnElement[str]:
    """A moment as a clock shows it that is `away` minutes ahead of UTC."""
    away, written = bindparam("away", type_=Integer()), literal_column(f"'{form[dialect]}'")
    if dialect == "sqlite":
        minutes = func.printf(literal_column("'%+d minutes'"), away)
        return func.strftime(written, slot, minutes, type_=Text())
    utc = func.timezone(literal_column("'UTC'"), slot)
    return func.to_char(utc + func.make_interval(0, 0, 0, 0, 0, away), written, type_=Text())


@cache
def _ends() -> Select[Any]:
    total = cast(func.sum(rollups.c.calls), BigInteger)
    found = select(rollups.c.end_reason, total).group_by(rollups.c.end_reason)
    return found.where(rollups.c.slot >= _since, rollups.c.slot < _until)


@cache
def _open_calls() -> Select[Any]:
    return select(calls.c.started_at).where(
        calls.c.ended_at.is_(None), calls.c.started_at >= _since, calls.c.started_at < _until
    )


@cache
def _open_turns() -> Select[Any]:
    going_on = (
        select(calls.c.call_id)
        .where(calls.c.ended_at.is_(None), calls.c.started_at >= _since)
        .order_by(calls.c.started_at.desc(), calls.c.call_id)
        .limit(bindparam("at_most", type_=BigInteger()))
        .subquery("going_on")
    )
    found = select(*turns.c).select_from(
        going_on.join(turns, turns.c.call_id == going_on.c.call_id)
    )
    return found.order_by(turns.c.call_id, turns.c.turn)


@cache
def _newest_turns() -> Select[Any]:
    """Latency and source of the turns of the newest calls."""
    newest = (
        select(calls.c.call_id, calls.c.started_at)
        .where(calls.c.started_at >= _since, calls.c.started_at < _until)
        .order_by(calls.c.started_at.desc(), calls.c.call_id)
        .limit(bindparam("at_most", type_=BigInteger()))
        .subquery("newest")
    )
    return (
        select(cast(turns.c.latency, Text()), turns.c.source)
        .select_from(newest.join(turns, turns.c.call_id == newest.c.call_id))
        .order_by(newest.c.started_at.desc(), newest.c.call_id, turns.c.turn)
    )


@cache
def _place() -> Select[Any]:
    """Where a call is in each order."""
    return (
        select(calls.c.started_at, digests.c.id)
        .select_from(calls.outerjoin(digests, digests.c.call_id == calls.c.call_id))
        .where(calls.c.call_id == bindparam("of_call", type_=Words()))
    )
