"""The tables, and how their values travel between Python and the databases.

What is here must equal what the migrations make: a test compares them. A change of a table is a
change here and a new file in `migrations/versions`.
"""

# ruff: noqa: ARG002 - SQLAlchemy passes the dialect to every conversion
from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    MetaData,
    Table,
    Text,
    TypeDecorator,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine

from halo_voice.core.ports import Outcome
from halo_voice.store.words import keepable


class Words(TypeDecorator[str]):
    """Text from outside: hostile characters never reach the driver."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else keepable(value)


class WordList(TypeDecorator[tuple[str, ...]]):
    """Several texts as one JSON array."""

    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: tuple[str, ...] | None, dialect: Dialect) -> Any:
        return [keepable(text) for text in value or ()]

    def process_result_value(self, value: Any, dialect: Dialect) -> tuple[str, ...]:
        return tuple(value or ())


class Milliseconds(TypeDecorator[dict[str, int]]):
    """Times by name, as a JSON object that the database itself can merge."""

    impl = JSON
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        kind: TypeEngine[Any] = JSONB() if dialect.name == "postgresql" else JSON()
        return dialect.type_descriptor(kind)

    def process_bind_param(self, value: Mapping[str, int] | None, dialect: Dialect) -> Any:
        return {keepable(name): ms for name, ms in (value or {}).items()}

    def process_result_value(self, value: Any, dialect: Dialect) -> dict[str, int]:
        return dict(value or {})


class Moment(TypeDecorator[datetime]):
    """A UTC time: text in SQLite (sortable, microseconds), `timestamptz` in PostgreSQL."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


class OutcomeName(TypeDecorator[Outcome]):
    """An outcome by its name, so that a new outcome needs no migration."""

    impl = Text
    cache_ok = True

    def process_result_value(self, value: str | None, dialect: Dialect) -> Outcome | None:
        return None if value is None else Outcome(value)


metadata = MetaData()

# The columns of `calls` and `turns` are in the order of CallRecord's and TurnRecord's fields.
# Without rowids a row lies in its key's own tree: one page less to write and sync per turn.
calls = Table(
    "calls",
    metadata,
    Column("call_id", Words, primary_key=True),
    Column("caller", Words, nullable=False),
    Column("called", Words, nullable=False),
    Column("profile", Words, nullable=False),
    Column("profile_version", Words, nullable=False),
    Column("scenario_version", Words, nullable=False),
    Column("direction", Words, nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("end_reason", Words),
    Column("duration_ms", BigInteger),
    Column("turns_reported", BigInteger),
    Column("late_texts", WordList, nullable=False),
    Column("recording_text", Words),
    Index("calls_by_start", "started_at"),
    sqlite_with_rowid=False,
)

turns = Table(
    "turns",
    metadata,
    Column("call_id", Words, ForeignKey("calls.call_id"), primary_key=True),
    Column("turn", BigInteger, primary_key=True, autoincrement=False),
    Column("user_text", Words, nullable=False),
    Column("confidence", Float),
    Column("accepted_at", Moment, nullable=False),
    Column("outcome", OutcomeName, nullable=False),
    Column("reply", Words, nullable=False),
    Column("action", Words, nullable=False),
    Column("source", Words, nullable=False),
    Column("settled_at", Moment),
    Column("model_ms", BigInteger),
    Column("heard", Words),
    Column("revised_text", Words, nullable=False, server_default=""),
    Column("latency", Milliseconds, nullable=False, server_default="{}"),
    sqlite_with_rowid=False,
)

nonces = Table(
    "nonces",
    metadata,
    Column("nonce", Words, primary_key=True),
    Column("expires_at", Moment, nullable=False),
    Index("nonces_by_expiry", "expires_at"),
    sqlite_with_rowid=False,
)

pings = Table(
    "pings",
    metadata,
    Column("name", Text, primary_key=True),
    Column("pinged_at", Moment, nullable=False),
    sqlite_with_rowid=False,
)
