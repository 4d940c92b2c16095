"""Users of the console, their second factors, what they did: `core.desk.Desk`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Text, bindparam, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from halo_voice.core.desk import Act, Factor, User
from halo_voice.store.database import Database, Session
from halo_voice.store.schema import Words, acts, factor_marks, factors, users
from halo_voice.store.words import keepable

ACTS_IN_MEMORY = 10_000


class MemoryDesk:
    """Forgets with the process. `check` raises while the store is to fail."""

    def __init__(self, now: Callable[[], datetime], check: Callable[[], None]) -> None:
        self._now = now
        self._check = check
        self._users: dict[str, User] = {}
        self._factors: dict[str, Factor] = {}
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
        self._factors.pop(keepable(name), None)
        return self._users.pop(keepable(name), None) is not None

    async def find_factor(self, name: str) -> Factor | None:
        self._check()
        return self._factors.get(keepable(name))

    async def keep_factor(self, factor: Factor) -> None:
        self._check()
        name = keepable(factor.name)
        self._factors[name] = replace(factor, name=name, marks=tuple(sorted(factor.marks)))

    async def forget_factor(self, name: str) -> bool:
        self._check()
        return self._factors.pop(keepable(name), None) is not None

    async def use_step(self, name: str, step: int) -> bool:
        self._check()
        known = self._factors.get(keepable(name))
        if known is None or known.step >= step:
            return False
        self._factors[known.name] = replace(known, step=step)
        return True

    async def use_mark(self, name: str, mark: str) -> bool:
        self._check()
        known = self._factors.get(keepable(name))
        if known is None or mark not in known.marks:
            return False
        left = tuple(each for each in known.marks if each != mark)
        self._factors[known.name] = replace(known, marks=left)
        return True

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
        statements = (_forget(factor_marks), _forget(factors), _forget(users))
        return bool(await self._write_all([(each, {"of_name": name}) for each in statements]))

    async def find_factor(self, name: str) -> Factor | None:
        def transaction(session: Session) -> Factor | None:
            rows = session.rows(_factor(), {"of_name": name})
            marks = session.rows(_marks(), {"of_name": name})
            return Factor(*rows[0], tuple(row[0] for row in marks)) if rows else None

        return await self._database.read(transaction)

    async def keep_factor(self, factor: Factor) -> None:
        named = {"of_name": factor.name}
        values = {"name": factor.name, "sealed": factor.sealed, "step": factor.step}
        marks = [{"name": factor.name, "mark": mark} for mark in factor.marks]
        new, new_mark = (_insert(self._database.dialect, name) for name in ("factors", "marks"))
        forgotten = [(_forget(table), named) for table in (factor_marks, factors)]
        await self._write_all([*forgotten, (new, values), *((new_mark, each) for each in marks)])

    async def forget_factor(self, name: str) -> bool:
        statements = (_forget(factor_marks), _forget(factors))
        return bool(await self._write_all([(each, {"of_name": name}) for each in statements]))

    async def use_step(self, name: str, step: int) -> bool:
        values = {"of_name": name, "new_step": step}
        return bool(await self._write(_use_step(), values, mine=True))

    async def use_mark(self, name: str, mark: str) -> bool:
        values = {"of_name": name, "of_mark": mark}
        return bool(await self._write(_use_mark(), values, mine=True))

    async def note_act(self, by: str, what: str, of: str = "") -> None:
        values = {"at": self._now(), "by": by, "what": what, "of": of}
        await self._write(_note(self._database.dialect), values)

    async def acts(self, limit: int) -> list[Act]:
        return [Act(*row) for row in await self._read(_acts(), {"at_most": max(0, limit)})]

    async def _read(self, statement: Any, values: dict[str, Any]) -> list[Sequence[Any]]:
        return await self._database.read(lambda session: session.rows(statement, values))

    async def _write(
        self, statement: Any, values: dict[str, Any], *, mine: bool = False
    ) -> list[Sequence[Any]]:
        def transaction(session: Session) -> list[Sequence[Any]]:
            return session.rows(statement, values)

        return await self._database.write_at_once(transaction, mine=mine)

    async def _write_all(self, statements: list[tuple[Any, dict[str, Any]]]) -> list[Sequence[Any]]:
        """In one transaction; what the last of them returns."""

        def transaction(session: Session) -> list[Sequence[Any]]:
            return [session.rows(statement, values) for statement, values in statements][-1]

        return await self._database.write(transaction)


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
def _forget(table: Any) -> Any:
    return delete(table).where(table.c.name == _of_name).returning(table.c.name)


@cache
def _factor() -> Any:
    return select(*factors.c).where(factors.c.name == _of_name)


@cache
def _marks() -> Any:
    found = select(factor_marks.c.mark).where(factor_marks.c.name == _of_name)
    return found.order_by(factor_marks.c.mark)


@cache
def _insert(dialect: str, name: str) -> Any:
    table = {"factors": factors, "marks": factor_marks}[name]
    return _INSERT[dialect](table).values({each.name: bindparam(each.name) for each in table.c})


@cache
def _use_step() -> Any:
    new = bindparam("new_step", type_=BigInteger())
    change = update(factors).where(factors.c.name == _of_name, factors.c.step < new)
    return change.values(step=new).returning(factors.c.name)


@cache
def _use_mark() -> Any:
    of_mark = bindparam("of_mark", type_=Text())
    which = (factor_marks.c.name == _of_name) & (factor_marks.c.mark == of_mark)
    return delete(factor_marks).where(which).returning(factor_marks.c.name)


@cache
def _note(dialect: str) -> Any:
    names = ("at", "by", "what", "of")
    return _INSERT[dialect](acts).values({name: bindparam(name) for name in names})


@cache
def _acts() -> Any:
    newest = select(acts.c.at, acts.c.by, acts.c.what, acts.c.of).order_by(acts.c.id.desc())
    return newest.limit(bindparam("at_most", type_=BigInteger()))
