"""What a store needs of its database: run a function of a connection as one transaction."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Protocol, TypeVar

from sqlalchemy import Connection

# For every engine. Statements' values and rows are the caller's words: neither an error message nor
# SQLAlchemy's own log, which prints rows at its debug level, may show them.
DISCREET = {"hide_parameters": True, "logging_name": "halo"}
logging.getLogger("sqlalchemy.engine.Engine.halo").setLevel(logging.WARNING)

Result = TypeVar("Result")
Transaction = Callable[[Connection], Result]


class Database(Protocol):
    """Runs functions of a connection outside the event loop. Raises `StoreError`s only.

    A function may run twice (its first transaction was rolled back or its connection was lost), so
    it changes nothing but the database. It raises `StoreError` only before it has written.
    """

    dialect: str

    async def write(self, transaction: Transaction[Result]) -> Result:
        """Run several statements as one transaction, durable on return."""
        ...

    async def write_at_once(self, transaction: Transaction[Result]) -> Result:
        """Run a function whose every statement is a whole transaction by itself: cheaper."""
        ...

    async def read(self, transaction: Transaction[Result]) -> Result:
        """Run one reading statement."""
        ...

    async def close(self) -> None: ...
