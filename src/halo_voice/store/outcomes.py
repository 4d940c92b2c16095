"""How reviewed calls came out, counted by the half hour in which they began.

A count changes in the transaction that keeps or removes the review, so it is always that of the
rows. Reviews are kept and removed by workers and commands: no live call comes here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Connection,
    Select,
    bindparam,
    cast,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from halo_voice.core.review import Review
from halo_voice.store.ended import slot_of
from halo_voice.store.schema import outcomes, reviews

_READ_AT_ONCE = 10_000


def counts(direction: str, review: Review) -> bool:
    """Whether it tells how calls come out. In a call that we made and in which nobody said a word
    nothing was asked: a campaign that reaches few is no assistant that answers few."""
    return direction != "outgoing" or bool(review.marks.get("turns", 1))


def count_review(connection: Connection, began_at: datetime, outcome: str) -> None:
    """One reviewed call more."""
    values = {"slot": slot_of(began_at), "outcome": outcome}
    connection.execute(_add(connection.dialect.name), values)


def remove_reviews(connection: Connection, call_ids: Sequence[str]) -> None:
    """The reviews of these calls go, and are counted no more."""
    which = reviews.c.call_id.in_(call_ids)
    gone = delete(reviews).where(which).returning(reviews.c.began_at, reviews.c.outcome)
    # In one order, or two that erase at once would wait for each other.
    for (slot, outcome), count in sorted(_counted(connection.execute(gone).all()).items()):
        place = (outcomes.c.slot == slot) & (outcomes.c.outcome == outcome)
        connection.execute(update(outcomes).where(place).values(calls=outcomes.c.calls - count))
        connection.execute(delete(outcomes).where(place, outcomes.c.calls <= 0))


def counted_between(since: datetime, until: datetime) -> Select[Any]:
    """Outcomes, and how many calls of these half hours have each."""
    total = cast(func.sum(outcomes.c.calls), BigInteger)
    then = (outcomes.c.slot >= since) & (outcomes.c.slot < until)
    return select(outcomes.c.outcome, total).where(then).group_by(outcomes.c.outcome)


def count_all(connection: Connection) -> None:
    """Of every review that was kept before there were counts."""
    found = connection.execute(select(reviews.c.began_at, reviews.c.outcome))
    counts: Counter[tuple[datetime, str]] = Counter()
    for rows in found.yield_per(_READ_AT_ONCE).partitions():
        counts.update(_counted(rows))
    rows = [
        {"slot": slot, "outcome": outcome, "calls": count}
        for (slot, outcome), count in counts.items()
    ]
    if rows:
        connection.execute(insert(outcomes), rows)


def _counted(rows: Sequence[Any]) -> Counter[tuple[datetime, str]]:
    """By half hour and outcome. A review without a date counts nowhere: its call was gone when it
    was dated, or it is none of those that count."""
    return Counter((slot_of(began), outcome) for began, outcome in rows if began is not None)


@cache
def _add(dialect: str) -> Any:
    new = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}[dialect](outcomes)
    values = {"slot": bindparam("slot"), "outcome": bindparam("outcome"), "calls": 1}
    return new.values(values).on_conflict_do_update(
        index_elements=[outcomes.c.slot, outcomes.c.outcome],
        set_={"calls": outcomes.c.calls + 1},
    )
