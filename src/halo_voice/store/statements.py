"""Every statement, built once per dialect; values come as named parameters.

The statements carry the promises: a turn is inserted only if its number is free, an outcome is set
only while it is pending, a call is closed only while it is open. So they hold between processes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Float,
    Select,
    Text,
    Update,
    bindparam,
    case,
    delete,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import ReturningInsert, ReturningUpdate

from halo_voice.core.admission import BUSY
from halo_voice.core.ports import Outcome
from halo_voice.core.tools import BEFORE, ENDED, ToolState
from halo_voice.store.schema import (
    Milliseconds,
    Moment,
    Words,
    calls,
    nonces,
    pings,
    spending,
    tools,
    turns,
)

# `bindparam` names may not equal the names of the columns that an UPDATE sets.
_of_call = bindparam("of_call", type_=Words())
_of_turn = bindparam("of_turn", type_=BigInteger())
_of_key = bindparam("of_key", type_=Words())
_now = bindparam("now", type_=Moment())
OF_MODELS = ("tokens_in", "tokens_out", "model_micros")
OF_CALLS = (*OF_MODELS, "asr_micros", "tts_micros", "line_micros")
_SETTLED = (
    *("outcome", "reply", "action", "source", "settled_at", "model_ms"),
    *("reply_cut", "attempts", "wasted_chars", "wasted_prompt_chars", *OF_MODELS),
)
_ACCEPTED = (
    *("call_id", "turn", "user_text", "confidence", "accepted_at"),
    *("outcome", "reply", "action", "source", "settled_at", "text_cut"),
)


def _move_tool(state: ToolState, before: Sequence[ToolState]) -> ReturningUpdate[Any]:
    """Bring a row into this state from one before it. What ends it sets the time and the result."""
    ended = {"ended_at": _now, "result": bindparam("new_result", type_=Words())}
    return (
        update(tools)
        .where(
            tools.c.call_id == _of_call,
            tools.c.turn == _of_turn,
            tools.c.key == _of_key,
            or_(*(tools.c.state == each.value for each in before)),
        )
        .values(state=state.value, **(ended if state in ENDED else {}))
        .returning(*tools.c)
    )


class Statements:
    """The statements of one dialect: `sqlite` or `postgresql`."""

    def __init__(self, dialect: str) -> None:
        insert: Callable[..., Any] = {
            "sqlite": sqlite.insert,
            "postgresql": postgresql.insert,
        }[dialect]
        self.open_call: ReturningInsert[Any] = (
            insert(calls).on_conflict_do_nothing().returning(*calls.c)
        )
        self.accept_turn = _accept_turn(insert)
        self.claim_nonce = _claim_nonce(insert)
        self.note_turn = _note_turn(dialect)
        self.ping = _ping(insert)
        self.spend = _spend(insert)
        self.begin_tool: ReturningInsert[Any] = (
            insert(tools).on_conflict_do_nothing().returning(*tools.c)
        )

    find_call: Select[Any] = select(*calls.c).where(calls.c.call_id == _of_call)
    find_turn: Select[Any] = select(*turns.c).where(
        turns.c.call_id == _of_call, turns.c.turn == _of_turn
    )
    turns_of_call: Select[Any] = (
        select(*turns.c).where(turns.c.call_id == _of_call).order_by(turns.c.turn)
    )
    recent_calls: Select[Any] = (
        select(*calls.c)
        .order_by(calls.c.started_at.desc(), calls.c.call_id)
        .limit(bindparam("at_most", type_=BigInteger()))
    )
    calls_of: Select[Any] = (
        select(*calls.c)
        .where(
            calls.c.bucket == bindparam("of_bucket", type_=Words()),
            calls.c.started_at >= bindparam("since", type_=Moment()),
            func.coalesce(calls.c.end_reason, "") != BUSY,
        )
        .order_by(calls.c.started_at.desc(), calls.c.call_id)
        .limit(500)
    )
    open_calls: Select[Any] = (
        select(*calls.c)
        .where(
            calls.c.ended_at.is_(None),
            calls.c.started_at >= bindparam("since", type_=Moment()),
            calls.c.started_at < bindparam("before", type_=Moment()),
        )
        .order_by(calls.c.started_at, calls.c.call_id)
        .limit(bindparam("at_most", type_=BigInteger()))
    )
    find_tool: Select[Any] = select(*tools.c).where(
        tools.c.call_id == _of_call, tools.c.turn == _of_turn, tools.c.key == _of_key
    )
    tools_of_call: Select[Any] = (
        select(*tools.c)
        .where(tools.c.call_id == _of_call)
        .order_by(tools.c.turn, tools.c.started_at, tools.c.key)
    )
    spent: Select[Any] = select(
        *(func.sum(spending.c[name]).label(name) for name in OF_CALLS)
    ).where(spending.c.day == bindparam("of_day", type_=Text()))
    settle_turn: ReturningUpdate[Any] = (
        update(turns)
        .where(
            turns.c.call_id == _of_call,
            turns.c.turn == _of_turn,
            turns.c.outcome == Outcome.PENDING.value,
        )
        .values({name: bindparam(name) for name in _SETTLED})
        .returning(*turns.c)
    )
    end_call: ReturningUpdate[Any] = (
        update(calls)
        .where(calls.c.call_id == _of_call, calls.c.ended_at.is_(None))
        .values(
            {
                name: bindparam(name)
                for name in (
                    "ended_at",
                    "end_reason",
                    "duration_ms",
                    "turns_reported",
                    "late_texts",
                    *OF_CALLS,
                )
            }
        )
        .returning(*calls.c)
    )
    abandon_turns = (
        update(turns)
        .where(turns.c.call_id == _of_call, turns.c.outcome == Outcome.PENDING.value)
        .values(outcome=Outcome.CALLER_GONE.value, settled_at=_now)
    )
    keep_recording_text: ReturningUpdate[Any] = (
        update(calls)
        .where(calls.c.call_id == _of_call)
        .values(recording_text=bindparam("recording_text"))
        .returning(calls.c.call_id)
    )
    move_tool: Mapping[ToolState, ReturningUpdate[Any]] = {
        state: _move_tool(state, before) for state, before in BEFORE.items()
    }
    # Bounded, and stepping aside for other processes that purge: a claim never waits for it.
    purge_nonces = delete(nonces).where(
        nonces.c.nonce.in_(
            select(nonces.c.nonce)
            .where(nonces.c.expires_at <= _now)
            .limit(1000)
            .with_for_update(skip_locked=True)
        )
    )


def _accept_turn(insert: Callable[..., Any]) -> ReturningInsert[Any]:
    """Insert the turn of a known call, pending or, if the call is closed already, `caller_gone`.

    The call's row is locked against its end (PostgreSQL; SQLite has one writer anyway), so that no
    pending turn slips in behind `abandon_turns`.
    """
    outcome = case(
        (calls.c.ended_at.is_(None), Outcome.PENDING.value), else_=Outcome.CALLER_GONE.value
    )
    settled_at = case((calls.c.ended_at.is_not(None), _now))
    row = (
        select(
            calls.c.call_id,
            _of_turn,
            bindparam("user_text", type_=Words()),
            bindparam("confidence", type_=Float()),
            _now,
            outcome,
            bindparam("reply", "", type_=Text()),
            bindparam("action", "listen", type_=Text()),
            bindparam("source", "", type_=Text()),
            settled_at,
            bindparam("text_cut", type_=Boolean()),
        )
        .where(calls.c.call_id == _of_call)
        .with_for_update(read=True)
    )
    return insert(turns).from_select(_ACCEPTED, row).on_conflict_do_nothing().returning(*turns.c)


def _note_turn(dialect: str) -> Update:
    """Set what is given and merge the latency's keys, in one step: notes may cross each other."""
    heard = bindparam("also_heard", type_=Words())
    revised = bindparam("also_revised", type_=Words())
    latency = bindparam("also_latency", type_=Milliseconds())
    merged: ColumnElement[Any] = {
        "sqlite": func.json_patch(turns.c.latency, latency),
        "postgresql": turns.c.latency.op("||")(latency),
    }[dialect]
    return (
        update(turns)
        .where(turns.c.call_id == _of_call, turns.c.turn == _of_turn)
        .values(
            heard=func.coalesce(heard, turns.c.heard),
            revised_text=func.coalesce(func.nullif(revised, ""), turns.c.revised_text),
            latency=merged,
        )
    )


def _claim_nonce(insert: Callable[..., Any]) -> ReturningInsert[Any]:
    """Take the nonce if it is new or expired: a row comes back only to the one who took it."""
    new = insert(nonces)
    return new.on_conflict_do_update(
        index_elements=[nonces.c.nonce],
        set_={"expires_at": new.excluded.expires_at},
        where=nonces.c.expires_at <= _now,
    ).returning(nonces.c.nonce)


def _ping(insert: Callable[..., Any]) -> ReturningInsert[Any]:
    """A write that is really committed: a full disk shows at the commit and nowhere before."""
    new = insert(pings)
    return new.on_conflict_do_update(
        index_elements=[pings.c.name], set_={"pinged_at": new.excluded.pinged_at}
    ).returning(pings.c.name)


def _spend(insert: Callable[..., Any]) -> Any:
    """Set a writer's figures: done twice, they are the same."""
    new = insert(spending)
    return new.on_conflict_do_update(
        index_elements=[spending.c.day, spending.c.writer],
        set_={name: new.excluded[name] for name in OF_CALLS},
    )
