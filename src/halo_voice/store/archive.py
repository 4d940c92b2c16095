"""Calls that are over: what is made of them, what is known of a number, and how it is forgotten.

For the worker and for commands, which may wait for a disk; no live call comes here. Each method is
one short transaction, so that a call's own writes hardly ever meet it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import (
    Connection,
    Engine,
    Executable,
    Select,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from halo_voice.core.admission import BUSY, bucket_of
from halo_voice.core.dials import Dial, OptOut, Tried
from halo_voice.core.errors import StoreUnavailable
from halo_voice.core.ports import CallRecord, TurnRecord
from halo_voice.core.recording import Objects
from halo_voice.core.review import Attempt, Delivery, Review, Work
from halo_voice.core.telephones import meant_digits, number_digits
from halo_voice.core.tools import ToolRecord
from halo_voice.core.trace import Trace
from halo_voice.store.address import read_url, sqlite_path
from halo_voice.store.dials import forget_number, opt_out_of, orders_of, outdated
from halo_voice.store.faults import translated
from halo_voice.store.forgetting import empty_calls, erase_calls, worded
from halo_voice.store.memory import utc_now
from halo_voice.store.orphaned import Orphaned
from halo_voice.store.outcomes import count_review, counted_between, counts
from halo_voice.store.postgresql import postgresql_engine
from halo_voice.store.schema import (
    attempts,
    calls,
    deliveries,
    recordings,
    reviews,
    tools,
    traces,
    turns,
    workers,
)
from halo_voice.store.shelf import Shelf
from halo_voice.store.sqlite import sqlite_engine

Result = TypeVar("Result")

BUSY_MS = 10_000
FAULT_CHARS = 300
LIVE_S = 60.0
"""A worker that was heard of since is alive."""
_REVIEW = [each for each in reviews.c if each.name in Review.__dataclass_fields__]
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_UNREVIEWED = (reviews.c.call_id.is_(None), func.coalesce(calls.c.end_reason, "") != BUSY)
ERASED_AT_ONCE = 200
"""So many calls lose their rows in one transaction: nobody's turn waits for more."""


class Archive:
    """Raises `StoreError`s only and may be used on any thread. `now` gives the UTC time."""

    def __init__(
        self,
        reading: Engine,
        writing: Engine,
        *,
        now: Callable[[], datetime] = utc_now,
        bucket: Objects | None = None,
    ) -> None:
        self._reading = reading
        self._writing = writing
        self._now = now
        inserts = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
        self._insert = inserts[writing.dialect.name]
        self.shelf = Shelf(self._rows, self._write, now, bucket)
        self.orphaned = Orphaned(self._rows, self._write)

    # ------------------------------------------------------------------------------ reading

    def call(self, call_id: str) -> CallRecord | None:
        rows = self._rows(select(*calls.c).where(calls.c.call_id == call_id))
        return CallRecord(*rows[0]) if rows else None

    def turns(self, call_id: str) -> list[TurnRecord]:
        query = select(*turns.c).where(turns.c.call_id == call_id).order_by(turns.c.turn)
        return [TurnRecord(*row) for row in self._rows(query)]

    def review(self, call_id: str) -> Review | None:
        rows = self._rows(select(*_REVIEW).where(reviews.c.call_id == call_id))
        return Review(*rows[0]) if rows else None

    def reviews(self, call_ids: Sequence[str]) -> dict[str, Review]:
        """Those that there are, by their calls."""
        query = select(*_REVIEW).where(reviews.c.call_id.in_(call_ids))
        return {row[0]: Review(*row) for row in self._rows(query)}

    def outcomes(self, since: datetime, until: datetime) -> dict[str, int]:
        """How many reviewed calls of the half hours that began then have each outcome."""
        return {row[0]: row[1] for row in self._rows(counted_between(since, until))}

    def tools(self, call_id: str) -> list[ToolRecord]:
        """The tools that were called in a call, in order."""
        query = select(*tools.c).where(tools.c.call_id == call_id)
        return [ToolRecord(*row) for row in self._rows(query.order_by(tools.c.started_at))]

    def traces(self, call_id: str) -> list[Trace]:
        """What each process saw of a call, the oldest first."""
        query = select(traces.c.begun_at, traces.c.lines).where(traces.c.call_id == call_id)
        return [Trace(*row) for row in self._rows(query.order_by(traces.c.begun_at))]

    def recent(self, limit: int) -> list[CallRecord]:
        """The newest calls first."""
        query = select(*calls.c).order_by(calls.c.started_at.desc(), calls.c.call_id).limit(limit)
        return [CallRecord(*row) for row in self._rows(query)]

    def of_number(self, number: str) -> list[CallRecord]:
        """All calls from or to the number, however it is written, oldest first."""
        digits = meant_digits(number)
        if not digits:
            return []
        # Calls that were stored before they had a bucket, and outgoing ones, are looked through.
        known = self._rows(
            select(calls.c.caller, calls.c.called)
            .where(or_(calls.c.bucket == "", calls.c.direction == "outgoing"))
            .distinct()
        )
        written = {each for row in known for each in row if number_digits(each) == digits}
        query = (
            select(*calls.c)
            .where(
                or_(
                    calls.c.bucket == bucket_of(f"+{digits}"),
                    calls.c.caller.in_(written),
                    (calls.c.direction == "outgoing") & calls.c.called.in_(written),
                )
            )
            .order_by(calls.c.started_at, calls.c.call_id)
        )
        return [CallRecord(*row) for row in self._rows(query)]

    def orders(self, number: str) -> list[tuple[Dial, list[Tried]]]:
        """What the company wanted to call it for, with the attempts, oldest first."""
        return self._run(self._reading, partial(orders_of, number=meant_digits(number)))

    def opt_out(self, number: str) -> OptOut | None:
        """None: it may be called."""
        return self._run(self._reading, partial(opt_out_of, number=meant_digits(number)))

    def deliveries(self, *, call_id: str = "", state: str = "", limit: int = 100) -> list[Delivery]:
        """The oldest first."""
        query = select(*deliveries.c).order_by(deliveries.c.made_at, deliveries.c.delivery_id)
        if call_id:
            query = query.where(deliveries.c.call_id == call_id)
        if state:
            query = query.where(deliveries.c.state == state)
        return [Delivery(*row) for row in self._rows(query.limit(limit))]

    def delivery(self, delivery_id: str) -> Delivery | None:
        rows = self._rows(select(*deliveries.c).where(deliveries.c.delivery_id == delivery_id))
        return Delivery(*rows[0]) if rows else None

    def attempts(self, call_id: str) -> list[Attempt]:
        """All tries at the deliveries of a call, each delivery's in order."""
        of_call = select(deliveries.c.delivery_id).where(deliveries.c.call_id == call_id)
        query = select(*attempts.c).where(attempts.c.delivery_id.in_(of_call))
        ordered = query.order_by(attempts.c.delivery_id, attempts.c.number)
        return [Attempt(*row) for row in self._rows(ordered)]

    def unreviewed(self, since: datetime, limit: int) -> list[str]:
        """Calls that have ended since then and have no review, in the order of their ends."""
        query = (
            select(calls.c.call_id)
            .outerjoin(reviews, reviews.c.call_id == calls.c.call_id)
            .where(calls.c.ended_at >= since, *_UNREVIEWED)
            .order_by(calls.c.ended_at, calls.c.call_id)
            .limit(limit)
        )
        return [row[0] for row in self._rows(query)]

    def left(self, since: datetime, before: datetime) -> dict[str, int]:
        """How many calls that ended then have no review, by their profiles."""
        query = (
            select(calls.c.profile, func.count())
            .outerjoin(reviews, reviews.c.call_id == calls.c.call_id)
            .where(calls.c.ended_at >= since, calls.c.ended_at < before, *_UNREVIEWED)
        )
        return {row[0]: row[1] for row in self._rows(query.group_by(calls.c.profile))}

    def work(self, since: datetime, profiles: Sequence[str]) -> Work:
        """How the work on calls stands that ended since then, of these profiles."""
        waiting = (
            select(func.min(calls.c.ended_at))
            .outerjoin(reviews, reviews.c.call_id == calls.c.call_id)
            .where(calls.c.ended_at >= since, *_UNREVIEWED, calls.c.profile.in_(profiles))
        )
        live = workers.c.seen_at >= self._now() - timedelta(seconds=LIVE_S)
        oldest = self._rows(waiting)[0][0]
        count, balance = self._rows(
            select(func.count(), func.min(workers.c.balance)).select_from(workers).where(live)
        )[0]
        sent, kept = (
            self._rows(select(table.c.state, func.count()).group_by(table.c.state))
            for table in (deliveries, recordings)
        )
        return Work(
            max(0.0, (self._now() - oldest).total_seconds()) if oldest else 0.0,
            count,
            {row[0]: row[1] for row in sent},
            {row[0]: row[1] for row in kept},
            balance,
        )

    # ------------------------------------------------------------------------------ writing

    def keep_review(self, review: Review) -> Review:
        """Keep it, unless there is one: the first is kept, and returned to everybody."""
        values = {name: getattr(review, name) for name in Review.__dataclass_fields__}
        known = select(calls.c.started_at, calls.c.direction)
        known = known.where(calls.c.call_id == review.call_id)
        # An erasure waits for this one, and takes its review along.
        known = known.with_for_update(read=True, key_share=True)

        def keep(connection: Connection) -> Sequence[Any]:
            call = connection.execute(known).first()
            if call is not None:  # it may have been erased before
                began = call[0] if counts(call[1], review) else None
                new = self._insert(reviews).values(**values, began_at=began)
                new = new.on_conflict_do_nothing().returning(reviews.c.call_id)
                if connection.execute(new).first() is not None and began is not None:
                    count_review(connection, began, review.outcome)
            query = select(*_REVIEW).where(reviews.c.call_id == review.call_id)
            return connection.execute(query).all()

        rows = self._write(keep)
        return Review(*rows[0]) if rows else review

    def keep_delivery(self, delivery: Delivery) -> None:
        """Note that it has to be delivered; known ones stay as they are."""
        values = {name: getattr(delivery, name) for name in Delivery.__dataclass_fields__}
        self._do(self._insert(deliveries).values(values).on_conflict_do_nothing())

    def note_attempt(self, delivery_id: str, *, state: str, status: int | None, fault: str) -> None:
        now, fault = self._now(), fault[:FAULT_CHARS]
        which = deliveries.c.delivery_id == delivery_id
        change = update(deliveries).where(which)
        number = deliveries.c.attempts + 1
        values: list[Any] = [deliveries.c.delivery_id, deliveries.c.attempts]
        values += [bindparam("at", now, type_=attempts.c.at.type)]
        values += [bindparam("status", status, type_=attempts.c.status.type)]
        values += [bindparam("fault", fault, type_=attempts.c.fault.type)]
        self._do(
            change.values(
                state=state, attempts=number, last_at=now, last_status=status, last_fault=fault
            ),
            insert(attempts).from_select(list(attempts.c), select(*values).where(which)),
        )

    def send_again(self, delivery_id: str = "") -> int:
        """Have a dead delivery, or all of them, sent anew. How many they are."""
        which = deliveries.c.state == "dead"
        if delivery_id:
            which &= deliveries.c.delivery_id == delivery_id
        again = {"state": "again", "rounds": deliveries.c.rounds + 1}
        change = update(deliveries).where(which).values(again)
        return self._write(lambda connection: connection.execute(change).rowcount)

    def taken_again(self, delivery_id: str) -> None:
        """Somebody sends it anew."""
        which = (deliveries.c.delivery_id == delivery_id) & (deliveries.c.state == "again")
        self._do(update(deliveries).where(which).values(state="waiting"))

    # ------------------------------------------------------------------------------ forgetting

    def erase(self, call_ids: Sequence[str]) -> None:
        """Remove the calls and all that was made of them."""
        for start in range(0, len(call_ids), ERASED_AT_ONCE):
            some = call_ids[start : start + ERASED_AT_ONCE]
            self.shelf.forget(some)
            self._write(partial(erase_calls, call_ids=some))

    def forget_number(self, number: str) -> int:
        """Remove what the company wanted to call it for. How many such orders there were."""
        return int(self._write(partial(forget_number, number=meant_digits(number))))

    def expire(self, *, texts_before: datetime | None, calls_before: datetime | None) -> int:
        """Empty the words of calls that ended before the one time, remove those that ended before
        the other. How many calls have changed."""
        changed = 0
        while calls_before is not None:
            if not (old := self._ended_before(calls_before, select(calls.c.call_id))):
                break
            self.erase(old)
            changed += len(old)
        self._do(*outdated(texts_before, calls_before))
        for query in worded() if texts_before is not None else ():
            while old := self._ended_before(texts_before, query):
                self.shelf.forget(old)
                self._write(partial(empty_calls, call_ids=old))
                changed += len(old)
        return changed

    def _ended_before(self, moment: datetime, query: Select[Any]) -> list[str]:
        found = query.where(calls.c.ended_at < moment).limit(ERASED_AT_ONCE)
        return [row[0] for row in self._rows(found)]

    # ------------------------------------------------------------------------------ workers

    def beat(self, name: str, balance: float | None = None) -> None:
        """This worker is alive. `balance`: what the platform's account has; None: not known."""
        new = self._insert(workers).values(name=name, seen_at=self._now(), balance=balance)
        seen = {"seen_at": new.excluded.seen_at, "balance": new.excluded.balance}
        self._do(new.on_conflict_do_update(index_elements=[workers.c.name], set_=seen))

    def leave(self, name: str) -> None:
        """This worker ends: what it had begun may be taken over at once."""
        self._do(update(workers).where(workers.c.name == name).values(seen_at=_LONG_AGO))

    def gone(self, silent_s: float) -> list[str]:
        """Workers that were not heard of for so long."""
        since = self._now() - timedelta(seconds=silent_s)
        return [
            row[0] for row in self._rows(select(workers.c.name).where(workers.c.seen_at < since))
        ]

    def dismiss(self, name: str) -> None:
        """What this worker had begun is somebody else's now."""
        self._do(delete(workers).where(workers.c.name == name))

    def close(self) -> None:
        self._reading.dispose()
        self._writing.dispose()

    def _rows(self, query: Select[Any]) -> Sequence[Any]:
        return self._run(self._reading, lambda connection: connection.execute(query).all())

    def _do(self, *statements: Executable) -> None:
        def work(connection: Connection) -> None:
            for statement in statements:
                connection.execute(statement)

        self._write(work)

    def _write(self, work: Callable[[Connection], Result]) -> Result:
        return self._run(self._writing, work)

    @staticmethod
    def _run(engine: Engine, work: Callable[[Connection], Result]) -> Result:
        try:
            with engine.begin() as connection:
                return work(connection)
        except Exception as error:  # every fault becomes a StoreError here, at the edge
            fault = translated(error)
        raise fault


def open_archive(
    url: str, *, now: Callable[[], datetime] = utc_now, bucket: Objects | None = None
) -> Archive:
    """The archive of the store at `url`, which was opened, and so migrated, before. `bucket`: where
    recordings lie, if not in a folder.

    Raises `StoreUnavailable`.
    """
    if url == "memory:":
        raise StoreUnavailable("A store that forgets keeps no calls: set HALO_STORE_URL to a file.")
    parsed = read_url(url)
    if parsed.get_backend_name() != "sqlite":
        engine = postgresql_engine(parsed, busy_ms=BUSY_MS)
        return Archive(engine, engine, now=now, bucket=bucket)
    path = sqlite_path(parsed)
    # What may write takes the lock at once: a reader that wants to write later could not wait.
    reading, writing = (
        sqlite_engine(path, mode="rw", begin=begin, busy_ms=BUSY_MS)
        for begin in ("BEGIN", "BEGIN IMMEDIATE")
    )
    return Archive(reading, writing, now=now, bucket=bucket)
