"""How values of the tables travel between Python and the databases."""

# ruff: noqa: ARG002 - SQLAlchemy passes the dialect to every conversion
from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, DateTime, Dialect, Text, TypeDecorator
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine

from halo_voice.core.ports import Outcome
from halo_voice.core.tools import ToolState
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


class Facts(TypeDecorator[dict[str, Any]]):
    """Values by name, as a JSON object; its texts come from outside."""

    impl = JSON
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        kind: TypeEngine[Any] = JSONB() if dialect.name == "postgresql" else JSON()
        return dialect.type_descriptor(kind)

    def process_bind_param(self, value: Mapping[str, Any] | None, dialect: Dialect) -> Any:
        return _kept(dict(value or {}))

    def process_result_value(self, value: Any, dialect: Dialect) -> dict[str, Any]:
        return dict(value or {})


def _kept(value: Any) -> Any:
    """The same without hostile characters."""
    if isinstance(value, str):
        return keepable(value)
    if isinstance(value, Mapping):
        return {keepable(str(name)): _kept(each) for name, each in value.items()}
    return [_kept(each) for each in value] if isinstance(value, list | tuple) else value


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


class StateName(TypeDecorator[ToolState]):
    """A tool call's state by its name."""

    impl = Text
    cache_ok = True

    def process_result_value(self, value: str | None, dialect: Dialect) -> ToolState | None:
        return None if value is None else ToolState(value)
