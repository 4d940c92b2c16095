"""What is removed of calls, and what is emptied: statements for a whole call, or only its words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    Connection,
    Executable,
    Select,
    Text,
    cast,
    delete,
    exists,
    insert,
    or_,
    select,
    true,
    update,
)

from halo_voice.store.dials import emptying, forget_calls
from halo_voice.store.outcomes import remove_reviews
from halo_voice.store.schema import (
    attempts,
    calls,
    deliveries,
    digests,
    recordings,
    reviews,
    tools,
    traces,
    turns,
)

PROMISED = "promised"
"""The one mark of a review that is words."""

_promising = cast(reviews.c.marks, Text).contains(f'"{PROMISED}"')


def erase_calls(connection: Connection, call_ids: Sequence[str]) -> None:
    """The calls go, and all that was made of them."""
    sent = select(deliveries.c.delivery_id).where(deliveries.c.call_id.in_(call_ids))
    connection.execute(delete(attempts).where(attempts.c.delivery_id.in_(sent)))
    for table in (deliveries, tools, traces, digests, turns, calls):
        connection.execute(delete(table).where(table.c.call_id.in_(call_ids)))
    forget_calls(connection, call_ids)
    remove_reviews(connection, call_ids)  # the last: no other erasure waits long for its counts


def worded() -> list[Select[Any]]:
    """Calls of which words are kept, or their sound: each kind by itself, for one table is looked
    through fast. All that is found here `empty_calls` empties, but recordings: the shelf forgets.
    """
    kept = (
        (turns, or_(turns.c.user_text != "", turns.c.reply != "")),
        (tools, or_(tools.c.arguments != "", tools.c.result != "")),
        (reviews, or_(reviews.c.summary != "", _promising)),
        (recordings, true()),
    )
    late = or_(cast(calls.c.late_texts, Text) != "[]", calls.c.recording_text.is_not(None))
    return [
        select(calls.c.call_id).where(late),
        *(
            select(calls.c.call_id).where(exists().where(table.c.call_id == calls.c.call_id, which))
            for table, which in kept
        ),
    ]


def empty_calls(connection: Connection, call_ids: Sequence[str]) -> None:
    """The calls stay, the words go."""
    columns = [each for each in digests.c if each.name not in ("id", "words")]
    found = connection.execute(select(*columns).where(digests.c.call_id.in_(call_ids))).all()
    changes: list[Executable] = [
        # Written anew: the index of words follows what is put in and what is taken out.
        delete(digests).where(digests.c.call_id.in_(call_ids)),
        delete(traces).where(traces.c.call_id.in_(call_ids)),
        *(insert(digests).values(row._asdict() | {"words": ""}) for row in found),
        update(tools).where(tools.c.call_id.in_(call_ids)).values(arguments="", result=""),
        update(turns)
        .where(turns.c.call_id.in_(call_ids))
        .values(user_text="", reply="", heard=None, revised_text=""),
        update(calls)
        .where(calls.c.call_id.in_(call_ids))
        .values(late_texts=(), recording_text=None),
        update(reviews)
        .where(reviews.c.call_id.in_(call_ids))
        .values(summary="", topics=(), fields={}),
        emptying(call_ids),
    ]
    for statement in changes:
        connection.execute(statement)
    _unpromise(connection, call_ids)


def _unpromise(connection: Connection, call_ids: Sequence[str]) -> None:
    """Of a review's marks all stay but the one that is words."""
    marked = select(reviews.c.call_id, reviews.c.marks).where(reviews.c.call_id.in_(call_ids))
    for call_id, marks in connection.execute(marked.where(_promising)).all():
        kept = {name: mark for name, mark in marks.items() if name != PROMISED}
        connection.execute(update(reviews).where(reviews.c.call_id == call_id).values(marks=kept))
