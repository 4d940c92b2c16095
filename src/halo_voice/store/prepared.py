"""Statements in the driver's own words: built by SQLAlchemy once, run without it.

SQLAlchemy's way through an execution costs a turn more than SQLite itself. What it does there is
kept: the columns' types convert every value, in both directions.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Executable
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

Converter = Callable[[Any], Any]
_dialect = SQLiteDialect_pysqlite()


class Prepared:
    """One statement for SQLite: `text` with question marks, and the conversions of its values."""

    def __init__(self, statement: Executable) -> None:
        compiled: Any = statement.compile(dialect=_dialect)  # type: ignore[attr-defined]
        self.text: str = compiled.string
        self._given: list[tuple[str, Any, Converter | None]] = [
            (name, compiled.params[name], _inward(compiled.binds[name].type))
            for name in compiled.positiontup
        ]
        columns = getattr(statement, "exported_columns", ())
        self._returned = [_outward(column.type) for column in columns]

    def bind(self, values: Mapping[str, Any]) -> list[Any]:
        """The parameters in their order; what is not given has the statement's own value."""
        bound = []
        for name, default, convert in self._given:
            value = values.get(name, default)
            bound.append(value if convert is None else convert(value))
        return bound

    def row(self, row: Sequence[Any]) -> Sequence[Any]:
        """A row as the driver gives it, in the types of its columns."""
        return [
            value if convert is None else convert(value)
            for value, convert in zip(row, self._returned, strict=True)
        ]


class SqliteSession:
    """A connection of the driver as a `Session`; it begins and commits nothing by itself."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self._prepared: dict[int, tuple[Executable, Prepared]] = {}

    def rows(self, statement: Executable, values: Mapping[str, Any]) -> list[Sequence[Any]]:
        prepared = self._known(statement)
        rows = self.connection.execute(prepared.text, prepared.bind(values)).fetchall()
        return [prepared.row(row) for row in rows]

    def put(self, statement: Executable, rows: Sequence[Mapping[str, Any]]) -> None:
        prepared = self._known(statement)
        self.connection.executemany(prepared.text, [prepared.bind(row) for row in rows])

    def _known(self, statement: Executable) -> Prepared:
        known = self._prepared.get(id(statement))
        if known is None:
            # The statement is held with it: its id must not become another's.
            known = self._prepared[id(statement)] = (statement, Prepared(statement))
        return known[1]


def _inward(kind: Any) -> Converter | None:
    convert: Converter | None = kind.dialect_impl(_dialect).bind_processor(_dialect)
    return convert


def _outward(kind: Any) -> Converter | None:
    convert: Converter | None = kind.dialect_impl(_dialect).result_processor(_dialect, None)
    return convert
