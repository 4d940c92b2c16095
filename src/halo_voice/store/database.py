"""What a store needs of its database: run a function of a session as one transaction."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from sqlalchemy import Executable

# For every engine. Statements' values and rows are the caller's words: neither an error message nor
# SQLAlchemy's own log, which prints rows at its debug level, may show them.
DISCREET = {"hide_parameters": True, "logging_name": "halo"}
logging.getLogger("sqlalchemy.engine.Engine.halo").setLevel(logging.WARNING)


class Session(Protocol):
    """An open transaction. `values` are the statement's parameters by name."""

    def rows(self, statement: Executable, values: Mapping[str, Any]) -> list[Sequence[Any]]:
        """Run it; what it returns, with the values of the columns' types."""
        ...

    def put(self, statement: Executable, rows: Sequence[Mapping[str, Any]]) -> None:
        """Run it with each of these values; it returns nothing. Some hundred at once."""
        ...


Result = TypeVar("Result")
Transaction = Callable[[Session], Result]


class Database(Protocol):
    """Runs functions of a session outside the event loop. Raises `StoreError`s only.

    A function may run twice (its first transaction was rolled back or its connection was lost), so
    it changes nothing but the database. It raises `StoreError` only before it has written.
    """

    dialect: str

    async def write(self, transaction: Transaction[Result], *, within_s: float = 0.0) -> Result:
        """Run several statements as one transaction, durable on return.

        It may be held back for `within_s` seconds, to share the disk with others.
        """
        ...

    async def write_at_once(
        self,
        transaction: Transaction[Result],
        *,
        within_s: float = 0.0,
        synced: bool = True,
        mine: bool = False,
    ) -> Result:
        """Run a function whose every statement is a whole transaction by itself: cheaper.

        Not `synced`: the disk need not have it yet on return, only the system. `mine`: the answer
        tells whether this very run has changed something. It is not run again once something was
        sent: the second run would take the first for somebody else's.
        """
        ...

    def hurry(self) -> None:
        """Run now what is held back."""
        ...

    async def note(self, transaction: Transaction[None]) -> None:
        """Run it some time soon, at `close` at the latest: not durable on return."""
        ...

    async def noted(self) -> None:
        """Return when what was noted can be read, or cannot be written now."""
        ...

    async def read(self, transaction: Transaction[Result]) -> Result:
        """Run one reading statement."""
        ...

    async def close(self) -> None: ...
