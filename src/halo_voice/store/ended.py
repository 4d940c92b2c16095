"""What is written of a call when it ends, in the same transaction: its digest, and the figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Connection, Executable, Select, bindparam, select
from sqlalchemy.dialects import postgresql, sqlite

from halo_voice.core.history import SLOW_MS
from halo_voice.core.ports import CallRecord, TurnRecord
from halo_voice.store.database import Session
from halo_voice.store.digest import digest_of
from halo_voice.store.schema import ROLLED_UP, Words, calls, digests, rollups, turns

SLOT = timedelta(minutes=30)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DIGEST = ("call_id", "started_at", "words", "turns", "apologies", "slowest_ms")


class Connected:
    """A connection of SQLAlchemy as a `Session`, for migrations."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def rows(self, statement: Executable, values: Mapping[str, Any]) -> list[Sequence[Any]]:
        found = self.connection.execute(statement, values)
        return list(found) if found.returns_rows else []

    def put(self, statement: Executable, rows: Sequence[Mapping[str, Any]]) -> None:
        self.connection.execute(statement, rows)


def digest_call(session: Session, dialect: str, call: CallRecord) -> None:
    """Of a call that has ended, once."""
    rows = session.rows(_turns_of_call(), {"of_call": call.call_id})
    made = digest_of([TurnRecord(*row) for row in rows], call.late_texts)
    values: dict[str, Any] = {"call_id": call.call_id, "started_at": call.started_at}
    values |= {name: getattr(made, name) for name in _DIGEST[2:]}
    session.rows(_insert(dialect), values)
    session.rows(
        _add(dialect),
        {
            "slot": slot_of(call.started_at),
            "end_reason": call.end_reason,
            "calls": 1,
            "duration_ms": call.duration_ms or 0,
            "turns": made.turns,
            "apologies": made.apologies,
            "slow": int((made.slowest_ms or 0) > SLOW_MS),
            "micros": sum(call.cost.micros().values()),
        },
    )


def recount(session: Session, dialect: str, before: CallRecord, after: CallRecord) -> None:
    """The figures of a call whose end has become known otherwise than it was counted."""
    rows = session.rows(_figures(), {"of_call": before.call_id})
    for turned, apologies, slowest_ms in rows[:1]:
        for call, sign in ((before, -1), (after, 1)):
            counted = {
                "calls": 1,
                "duration_ms": call.duration_ms or 0,
                "turns": turned,
                "apologies": apologies,
                "slow": int((slowest_ms or 0) > SLOW_MS),
                "micros": sum(call.cost.micros().values()),
            }
            values: dict[str, Any] = {name: sign * count for name, count in counted.items()}
            place = {"slot": slot_of(call.started_at), "end_reason": call.end_reason}
            session.rows(_add(dialect), values | place)


def digest_all(session: Connected) -> None:
    """Of every call that ended before there were digests, the oldest first."""
    ended = select(*_columns()).where(calls.c.ended_at.is_not(None)).order_by(calls.c.started_at)
    for row in session.connection.execute(ended).yield_per(1_000):
        known = dict(zip([column.name for column in _columns()], row, strict=True))
        digest_call(session, session.connection.dialect.name, CallRecord(**known))


def slot_of(moment: datetime) -> datetime:
    """The beginning of its half hour."""
    return moment - (moment - _EPOCH) % SLOT


def _columns() -> list[Any]:
    """Those of a call that this migration finds, whatever later ones add."""
    return [column for column in calls.c if column.name in CallRecord.__dataclass_fields__]


@cache
def _turns_of_call() -> Select[Any]:
    of_call = bindparam("of_call", type_=Words())
    return select(*turns.c).where(turns.c.call_id == of_call).order_by(turns.c.turn)


@cache
def _figures() -> Select[Any]:
    of_call = bindparam("of_call", type_=Words())
    found = select(digests.c.turns, digests.c.apologies, digests.c.slowest_ms)
    return found.where(digests.c.call_id == of_call)


@cache
def _insert(dialect: str) -> Any:
    new = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}[dialect](digests)
    return new.values({name: bindparam(name) for name in _DIGEST}).on_conflict_do_nothing()


@cache
def _add(dialect: str) -> Any:
    """One call more in its slot."""
    new = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}[dialect](rollups)
    added = {n: rollups.c[n] + bindparam(n, type_=BigInteger()) for n in ROLLED_UP}
    names = ("slot", "end_reason", *ROLLED_UP)
    return new.values({name: bindparam(name) for name in names}).on_conflict_do_update(
        index_elements=[rollups.c.slot, rollups.c.end_reason], set_=added
    )
