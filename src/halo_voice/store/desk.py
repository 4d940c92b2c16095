"""Users of the console and what they did: `core.desk.Desk` in memory, and on a database."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, bindparam, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from halo_voice.core.desk import Act, User
from halo_voice.store.database import Database, Session
from halo_voice.store.schema import Words, acts, users
from halo_voice.store.words import keepable

ACTS_IN_MEMORY = 10_000


class MemoryDesk:
    """Forgets with the process. `check` raises while the store is to fail."""

    def __init__(self, now: Callable[[], datetime], check: Callable[[], None]) -> None:
        self._now = now
        self._check = check
        self._users: dict[str, User] = {}
        self._acts: list[Act] = []

    async def users(self) -> list[User]:
        self._check()
        return [user for _, user in sorted(self._users.items())]

    async def find_user(self, name: str) -> User | None:
        self._check()
        return self._users.get(keepable(name))

    async def keep_user(self, user: User) -> None:
        self._check()
        name = keepable(user.name)
        self._users[name] = User(name, user.role, keepable(user.password_hash))

    async def forget_user(self, name: str) -> bool:
        self._check()
        return self._users.pop(keepable(name), None) is not None

    async def note_act(self, by: str, what: str, of: str = "") -> None:
        self._check()
        self._acts.append(Act(self._now(), keepable(by), keepable(what), keepable(of)))
        del self._acts[:-ACTS_IN_MEMORY]

    async def acts(self, limit: int) -> list[Act]:
        self._check()
        return self._acts[::-1][: max(0, limit)]


class SqlDesk:
    """On SQLite or PostgreSQL. `now` gives the UTC time."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    async def users(self) -> list[User]:
        return [User(*row) for row in await self._read(_users(), {})]

    async def find_user(self, name: str) -> User | None:
        rows = await self._read(_user(), {"of_name": name})
        return User(*rows[0]) if rows else None

    async def keep_user(self, user: User) -> None:
        values = {"name": user.name, "role": user.role, "password_hash": user.password_hash}
        await self._write(_keep(self._database.dialect), values)

    async def forget_user(self, name: str) -> bool:
        return bool(await self._write(_forget(), {"of_name": name}))

    async def note_act(self, by: str, what: str, of: str = "") -> None:
        values = {"at": self._now(), "by": by, "what": what, "of": of}
        await self._write(_note(self._database.dialect), values)

    async def acts(self, limit: int) -> list[Act]:
        return [Act(*row) for row in await self._read(_acts(), {"at_most": max(0, limit)})]

    async def _read(self, statement: Any, values: dict[str, Any]) -> list[Sequence[Any]]:
        return await self._database.read(lambda session: session.rows(statement, values))

    async def _write(self, statement: Any, values: dict[str, Any]) -> list[Sequence[Any]]:
        def transaction(session: Session) -> list[Sequence[Any]]:
            return session.rows(statement, values)

        return await self._database.write_at_once(transaction)


_of_name = bindparam("of_name", type_=Words())
_INSERT: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


@cache
def _users() -> Any:
    return select(*users.c).order_by(users.c.name)


@cache
def _user() -> Any:
    return select(*users.c).where(users.c.name == _of_name)


@cache
def _keep(dialect: str) -> Any:
    new = _INSERT[dialect](users)
    new = new.values({column.name: bindparam(column.name) for column in users.c})
    changed = {name: new.excluded[name] for name in ("role", "password_hash")}
    return new.on_conflict_do_update(index_elements=[users.c.name], set_=changed)


@cache
def _forget() -> Any:
    return delete(users).where(users.c.name == _of_name).returning(users.c.name)


@cache
def _note(dialect: str) -> Any:
    names = ("at", "by", "what", "of")
    return _INSERT[dialect](acts).values({name: bindparam(name) for name in names})


@cache
def _acts() -> Any:
    newest = select(acts.c.at, acts.c.by, acts.c.what, acts.c.of).order_by(acts.c.id.desc())
    return newest.limit(bindparam("at_most", type_=BigInteger()))
