"""Calls that the company makes: `core.dials.Dials` on a database."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Connection,
    Executable,
    bindparam,
    case,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from halo_voice.core.dials import (
    CLAIM_STALE,
    FINAL,
    UNTRIED,
    Campaign,
    Dial,
    OptOut,
    Standing,
    Tried,
)
from halo_voice.store.database import Database, Session
from halo_voice.store.schema import Moment, Words, campaigns, dials, opt_outs, tries

PUT_AT_ONCE = 500


def judged(dial: Dial, tried: Sequence[Tried], call_id: str, now: datetime) -> str:
    """Why the session may not try it; "" if it may, once more or again for itself. What came of
    its own attempt, it is told again."""
    last = tried[-1] if tried else None
    if last is not None and last.call_id == call_id:
        return last.outcome
    if dial.outcome or any(each.call_id == call_id or each.outcome in FINAL for each in tried):
        return "spent"
    if last is not None and not last.outcome:
        fresh = not dial.campaign or now - last.begun_at < CLAIM_STALE
        return "running" if fresh else _room(dial, tried)
    return _room(dial, tried)


def _room(dial: Dial, tried: Sequence[Tried]) -> str:
    """Who was not dialled, for the hour or for want of a line, has lost no attempt."""
    made = sum(each.outcome not in UNTRIED for each in tried)
    return "" if made < dial.attempts_max else "spent"


class SqlDials:
    """On SQLite or PostgreSQL. `now` gives the UTC time."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    def now(self) -> datetime:
        return self._now()

    async def keep_campaign(self, campaign: Campaign, dials: Sequence[Dial]) -> None:
        dialect = self._database.dialect

        def transaction(session: Session) -> None:
            session.rows(_new(dialect, campaigns), asdict(campaign))
            for start in range(0, len(dials), PUT_AT_ONCE):
                some = dials[start : start + PUT_AT_ONCE]
                session.put(_new(dialect, _dials), [_values(dial) for dial in some])

        await self._database.write(transaction)

    async def set_list(self, campaign: str, list_id: int) -> None:
        values = {"of_campaign": campaign, "new_list": list_id}
        await self._write(_set_list(), values)

    async def find_campaign(self, campaign: str) -> Campaign | None:
        rows = await self._read(_campaign(), {"of_campaign": campaign})
        return Campaign(*rows[0]) if rows else None

    async def campaigns(self, limit: int) -> list[Campaign]:
        rows = await self._read(_newest_campaigns(), {"at_most": max(0, limit)})
        return [Campaign(*row) for row in rows]

    async def keep_dial(self, dial: Dial) -> None:
        await self._write(_new(self._database.dialect, _dials), _values(dial))

    async def set_outcome(self, dial_id: str, outcome: str) -> None:
        await self._write(_set_outcome(), {"of_dial": dial_id, "new_outcome": outcome})

    async def call_off(self, campaign: str, outcome: str) -> int:
        values = {"of_campaign": campaign, "new_outcome": outcome}
        return len(await self._write(_call_off(), values))

    async def find_dial(self, dial_id: str) -> Dial | None:
        rows = await self._read(_dial(), {"of_dial": dial_id})
        return Dial(*rows[0]) if rows else None

    async def dials_of(self, campaign: str) -> list[Dial]:
        rows = await self._read(_dials_of(), {"of_campaign": campaign})
        return [Dial(*row) for row in rows]

    async def standing(self, campaigns: Sequence[str]) -> list[Standing]:
        def transaction(session: Session) -> list[Standing]:
            each = (session.rows(_standing(), {"of_campaign": name}) for name in campaigns if name)
            return sorted((Standing(*row) for rows in each for row in rows), key=_place)

        return await self._database.read(transaction)

    async def tried(self, dial_ids: Sequence[str]) -> list[Tried]:
        def transaction(session: Session) -> list[Tried]:
            rows = (session.rows(_tried(), {"of_dial": each}) for each in sorted(dial_ids))
            return [Tried(*row) for several in rows for row in several]

        return await self._database.read(transaction)

    async def claim(self, token: str, call_id: str) -> tuple[Dial, str] | None:
        now, dialect = self._now(), self._database.dialect

        def transaction(session: Session) -> tuple[Dial, str] | None:
            # Held until the end: of two sessions with one token, one is the second.
            rows = session.rows(_held(dialect), {"of_token": token}) if token else []
            if not rows:
                return None
            dial = Dial(*rows[0])
            known = session.rows(_tried(), {"of_dial": dial.dial_id})
            made = [Tried(*row) for row in known]
            why = judged(dial, made, call_id, now)
            if not why and not (made and made[-1].call_id == call_id):
                new = Tried(dial.dial_id, len(made) + 1, call_id, now)
                session.rows(_new(dialect, tries), asdict(new))
            return dial, why

        return await self._database.write(transaction)

    async def dial_of_call(self, call_id: str) -> Dial | None:
        rows = await self._read(_dial_of_call(), {"of_call": call_id})
        return Dial(*rows[0]) if rows else None

    async def settle(self, call_id: str, outcome: str) -> bool:
        values = {"of_call": call_id, "new_outcome": outcome, "new_ended": self._now()}
        return bool(await self._write(_settle(), values))

    async def opt_out(self, number: str, by: str) -> None:
        values = {"number": number, "at": self._now(), "by": by}
        await self._write(_new(self._database.dialect, opt_outs), values)

    async def opt_in(self, number: str) -> bool:
        return bool(await self._write(_opt_in(), {"of_number": number}))

    async def opted_out(self, numbers: Sequence[str]) -> set[str]:
        def transaction(session: Session) -> set[str]:
            return {n for n in numbers if session.rows(_opted_out(), {"of_number": n})}

        return await self._database.read(transaction)

    async def opt_outs(self, limit: int) -> list[OptOut]:
        return [OptOut(*row) for row in await self._read(_outs(), {"at_most": max(0, limit)})]

    async def _read(self, statement: Any, values: dict[str, Any]) -> list[Sequence[Any]]:
        return await self._database.read(lambda session: session.rows(statement, values))

    async def _write(self, statement: Any, values: dict[str, Any]) -> list[Sequence[Any]]:
        def transaction(session: Session) -> list[Sequence[Any]]:
            return session.rows(statement, values)

        return await self._database.write_at_once(transaction)


def _place(standing: Standing) -> tuple[str, str]:
    return standing.campaign, standing.outcome


def _values(dial: Dial) -> dict[str, Any]:
    return {**asdict(dial), "data": dict(dial.data)}


def forget_calls(connection: Connection, call_ids: Sequence[str]) -> None:
    """Removes what led to these calls: whom the company called, how often, and what it knew of
    them. Who wants no calls stays on the list."""
    led = select(tries.c.dial_id).where(tries.c.call_id.in_(call_ids)).distinct()
    these = connection.execute(led).scalars().all()
    connection.execute(delete(dials).where(dials.c.dial_id.in_(these)))
    connection.execute(delete(tries).where(tries.c.dial_id.in_(these)))


def forget_number(connection: Connection, number: str) -> int:
    """The same for a number, called or not."""
    these = select(dials.c.dial_id).where(dials.c.number == number)
    connection.execute(delete(tries).where(tries.c.dial_id.in_(these)))
    return int(connection.execute(delete(dials).where(dials.c.number == number)).rowcount)


def orders_of(connection: Connection, number: str) -> list[tuple[Dial, list[Tried]]]:
    """What the company wanted to call it for, with the attempts, oldest first."""
    of_number = select(*dials.c).where(dials.c.number == number)
    found = connection.execute(of_number.order_by(dials.c.made_at, dials.c.row)).all()
    made = [connection.execute(_tried(), {"of_dial": row.dial_id}).all() for row in found]
    return [
        (Dial(*row), [Tried(*each) for each in attempts])
        for row, attempts in zip(found, made, strict=True)
    ]


def opt_out_of(connection: Connection, number: str) -> OptOut | None:
    row = connection.execute(select(*opt_outs.c).where(opt_outs.c.number == number)).first()
    return None if row is None else OptOut(*row)


def emptying(call_ids: Sequence[str]) -> Executable:
    """Removes what was known of those whom these calls were made to."""
    these = select(tries.c.dial_id).where(tries.c.call_id.in_(call_ids))
    return update(dials).where(dials.c.dial_id.in_(these)).values(data={})


def outdated(texts_before: datetime | None, calls_before: datetime | None) -> list[Executable]:
    """The same for those that are as old, whether or not they led to a call."""
    done: list[Executable] = []
    if calls_before is not None:
        old = select(dials.c.dial_id).where(dials.c.made_at < calls_before)
        done += [
            # Older versions left attempts whose order was gone.
            delete(tries).where(or_(tries.c.dial_id.in_(old), tries.c.begun_at < calls_before)),
            delete(dials).where(dials.c.made_at < calls_before),
            delete(campaigns).where(campaigns.c.made_at < calls_before),
        ]
    if texts_before is not None:
        done.append(update(dials).where(dials.c.made_at < texts_before).values(data={}))
    return done


_dials = dials  # the name of an argument of the port
_of_campaign = bindparam("of_campaign", type_=Words())
_of_dial = bindparam("of_dial", type_=Words())
_of_call = bindparam("of_call", type_=Words())
_of_number = bindparam("of_number", type_=Words())
_new_outcome = bindparam("new_outcome", type_=Words())
_at_most = bindparam("at_most", type_=BigInteger())
_INSERT: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


@cache
def _new(dialect: str, table: Any) -> Any:
    """A row; one that is there already stays as it is."""
    new = _INSERT[dialect](table)
    new = new.values({column.name: bindparam(column.name) for column in table.c})
    return new.on_conflict_do_nothing()


@cache
def _set_list() -> Any:
    changed = update(campaigns).where(campaigns.c.campaign == _of_campaign)
    return changed.values(list_id=bindparam("new_list", type_=BigInteger()))


@cache
def _campaign() -> Any:
    return select(*campaigns.c).where(campaigns.c.campaign == _of_campaign)


@cache
def _newest_campaigns() -> Any:
    ordered = select(*campaigns.c).order_by(campaigns.c.made_at.desc(), campaigns.c.campaign)
    return ordered.limit(_at_most)


@cache
def _set_outcome() -> Any:
    return update(dials).where(dials.c.dial_id == _of_dial).values(outcome=_new_outcome)


@cache
def _call_off() -> Any:
    final = or_(*(tries.c.outcome == each for each in sorted(FINAL)))
    over = exists().where((tries.c.dial_id == dials.c.dial_id) & final)
    open_ = (dials.c.campaign == _of_campaign) & (func.length(dials.c.outcome) == 0) & ~over
    return update(dials).where(open_).values(outcome=_new_outcome).returning(dials.c.dial_id)


@cache
def _dial() -> Any:
    return select(*dials.c).where(dials.c.dial_id == _of_dial)


@cache
def _dials_of() -> Any:
    return select(*dials.c).where(dials.c.campaign == _of_campaign).order_by(dials.c.row)


@cache
def _standing() -> Any:
    """`outcome_of` in SQL."""
    newer = tries.alias()
    last = dials.outerjoin(
        tries,
        (tries.c.dial_id == dials.c.dial_id)
        & ~exists().where((newer.c.dial_id == tries.c.dial_id) & (newer.c.number > tries.c.number)),
    )
    outcome = case(
        (func.length(tries.c.outcome) > 0, tries.c.outcome),
        (func.length(dials.c.outcome) > 0, dials.c.outcome),
        (tries.c.dial_id.is_not(None), literal("running", Words())),
        else_=literal("waiting", Words()),
    )
    counted = select(dials.c.campaign, outcome, func.count(), func.max(tries.c.ended_at))
    of_one = counted.select_from(last).where(dials.c.campaign == _of_campaign)
    return of_one.group_by(dials.c.campaign, outcome)


@cache
def _held(dialect: str) -> Any:
    one = dials.c.token == bindparam("of_token", type_=Words())
    if dialect == "postgresql":
        return select(*dials.c).where(one).with_for_update()
    # SQLite locks with the first write: one that changes nothing.
    return update(dials).where(one).values(token=dials.c.token).returning(*dials.c)


@cache
def _tried() -> Any:
    return select(*tries.c).where(tries.c.dial_id == _of_dial).order_by(tries.c.number)


@cache
def _dial_of_call() -> Any:
    both = dials.join(tries, tries.c.dial_id == dials.c.dial_id)
    return select(*dials.c).select_from(both).where(tries.c.call_id == _of_call).limit(1)


@cache
def _settle() -> Any:
    one = (tries.c.call_id == _of_call) & (func.length(tries.c.outcome) == 0)
    ended = bindparam("new_ended", type_=Moment())
    return update(tries).where(one).values(outcome=_new_outcome, ended_at=ended).returning(
        tries.c.dial_id
    )  # fmt: skip


@cache
def _opt_in() -> Any:
    return delete(opt_outs).where(opt_outs.c.number == _of_number).returning(opt_outs.c.number)


@cache
def _opted_out() -> Any:
    return select(opt_outs.c.number).where(opt_outs.c.number == _of_number)


@cache
def _outs() -> Any:
    ordered = select(*opt_outs.c).order_by(opt_outs.c.at.desc(), opt_outs.c.number)
    return ordered.limit(_at_most)
