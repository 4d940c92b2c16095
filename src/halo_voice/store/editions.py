"""Editions and drafts of assistants: `core.editions.Editions` in memory, and on a database."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Text, bindparam, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from halo_voice.core.editions import EDITIONS_KEPT, Content, Draft, Edition, Origin, Paper
from halo_voice.store.database import Database, Session
from halo_voice.store.schema import Words, drafts, editions
from halo_voice.store.words import keepable


def _packed(content: Content) -> dict[str, Any]:
    papers = [[paper.name, paper.text, paper.as_read] for paper in content.papers]
    return {"profile": content.profile, "papers": papers}


def _unpacked(kept: Mapping[str, Any]) -> Content:
    return Content(kept["profile"], tuple(Paper(*paper) for paper in kept["papers"]))


def _keepable(content: Content) -> Content:
    papers = (Paper(keepable(p.name), keepable(p.text), p.as_read) for p in content.papers)
    return Content(keepable(content.profile), tuple(papers))


def _revision() -> str:
    """Of a draft; never that of an older draft again."""
    return secrets.token_hex(8)


class MemoryEditions:
    """Forgets with the process. `check` raises while the store is to fail."""

    def __init__(self, now: Callable[[], datetime], check: Callable[[], None]) -> None:
        self._now = now
        self._check = check
        self._editions: dict[str, dict[int, tuple[Edition, Content]]] = {}
        self._drafts: dict[str, Draft] = {}

    async def newest(self) -> Mapping[str, Edition]:
        self._check()
        return {name: known[max(known)][0] for name, known in self._editions.items()}

    async def editions(self, profile: str) -> list[Edition]:
        self._check()
        known = self._editions.get(profile, {})
        return [known[number][0] for number in sorted(known, reverse=True)]

    async def content(self, profile: str, number: int) -> Content | None:
        self._check()
        found = self._editions.get(profile, {}).get(number)
        return None if found is None else found[1]

    async def publish(
        self,
        profile: str,
        number: int,
        content: Content,
        *,
        by: str,
        origin: Origin,
        version: str,
        of: int = 0,
        draft: str | None = None,
    ) -> bool:
        self._check()
        known, begun = self._editions.get(profile, {}), self._drafts.get(profile)
        if number in known or (draft is not None and (begun is None or begun.revision != draft)):
            return False
        edition = Edition(profile, number, self._now(), keepable(by), origin, of, version)
        known[number] = edition, _keepable(content)
        self._editions[profile] = known
        for old in [each for each in known if each <= number - EDITIONS_KEPT]:
            del known[old]
        if draft is not None:
            del self._drafts[profile]
        return True

    async def draft(self, profile: str) -> Draft | None:
        self._check()
        return self._drafts.get(profile)

    async def keep_draft(
        self, profile: str, content: Content, *, by: str, base: int, seen: str
    ) -> Draft | None:
        self._check()
        known = self._drafts.get(profile)
        if (known.revision if known else "") != seen:
            return None
        begun = known.base if known else base
        kept = Draft(profile, _revision(), begun, self._now(), keepable(by), _keepable(content))
        self._drafts[profile] = kept
        return kept

    async def drop_draft(self, profile: str, seen: str) -> bool:
        self._check()
        known = self._drafts.get(profile)
        if known is None or known.revision != seen:
            return False
        del self._drafts[profile]
        return True


class SqlEditions:
    """On SQLite or PostgreSQL. `now` gives the UTC time."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    async def newest(self) -> Mapping[str, Edition]:
        rows = await self._read(_newest(), {})
        return {edition.profile: edition for edition in (Edition(*row) for row in rows)}

    async def editions(self, profile: str) -> list[Edition]:
        return [Edition(*row) for row in await self._read(_all(), {"of_profile": profile})]

    async def content(self, profile: str, number: int) -> Content | None:
        rows = await self._read(_content(), {"of_profile": profile, "of_number": number})
        return _unpacked(rows[0][0]) if rows else None

    async def publish(
        self,
        profile: str,
        number: int,
        content: Content,
        *,
        by: str,
        origin: Origin,
        version: str,
        of: int = 0,
        draft: str | None = None,
    ) -> bool:
        values = {
            "profile": profile,
            "number": number,
            "at": self._now(),
            "by": by,
            "origin": origin,
            "of": of,
            "version": version,
            "content": _packed(content),
        }
        seen = {"of_profile": profile, "of_revision": draft}
        oldest = {"of_profile": profile, "of_number": number - EDITIONS_KEPT}

        def transaction(session: Session) -> bool:
            if draft is not None and not session.rows(_draft_seen(), seen):
                return False
            if not session.rows(_publish(self._database.dialect), values):
                return False
            if draft is not None:
                session.rows(_drop(), seen)
            session.rows(_forget(), oldest)
            return True

        return await self._database.write(transaction)

    async def draft(self, profile: str) -> Draft | None:
        rows = await self._read(_draft(), {"of_profile": profile})
        return _draft_of(rows[0]) if rows else None

    async def keep_draft(
        self, profile: str, content: Content, *, by: str, base: int, seen: str
    ) -> Draft | None:
        changed = {
            "revision": _revision(),
            "at": self._now(),
            "by": by,
            "content": _packed(content),
        }
        if seen:
            statement = _change()
            values = changed | {"of_profile": profile, "of_revision": seen}
        else:
            statement = _begin(self._database.dialect)
            values = changed | {"profile": profile, "base": base}
        rows = await self._write(statement, values)
        return _draft_of(rows[0]) if rows else None

    async def drop_draft(self, profile: str, seen: str) -> bool:
        return bool(await self._write(_drop(), {"of_profile": profile, "of_revision": seen}))

    async def _read(self, statement: Any, values: dict[str, Any]) -> list[Sequence[Any]]:
        return await self._database.read(lambda session: session.rows(statement, values))

    async def _write(self, statement: Any, values: dict[str, Any]) -> list[Sequence[Any]]:
        def transaction(session: Session) -> list[Sequence[Any]]:
            return session.rows(statement, values)

        return await self._database.write_at_once(transaction)


def _draft_of(row: Sequence[Any]) -> Draft:
    *facts, content = row
    return Draft(*facts, _unpacked(content))


_of_profile = bindparam("of_profile", type_=Words())
_of_number = bindparam("of_number", type_=BigInteger())
_of_revision = bindparam("of_revision", type_=Text())
_ABOUT = [column for column in editions.c if column.name != "content"]
_INSERT: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
_IS_SEEN = (drafts.c.profile == _of_profile) & (drafts.c.revision == _of_revision)


@cache
def _newest() -> Any:
    last = select(editions.c.profile, func.max(editions.c.number).label("number"))
    last = last.group_by(editions.c.profile).subquery()
    both = (editions.c.profile == last.c.profile) & (editions.c.number == last.c.number)
    return select(*_ABOUT).select_from(editions.join(last, both))


@cache
def _all() -> Any:
    of_profile = select(*_ABOUT).where(editions.c.profile == _of_profile)
    return of_profile.order_by(editions.c.number.desc())


@cache
def _content() -> Any:
    one = (editions.c.profile == _of_profile) & (editions.c.number == _of_number)
    return select(editions.c.content).where(one)


@cache
def _publish(dialect: str) -> Any:
    new = _INSERT[dialect](editions)
    new = new.values({column.name: bindparam(column.name) for column in editions.c})
    return new.on_conflict_do_nothing().returning(editions.c.number)


@cache
def _forget() -> Any:
    old = (editions.c.profile == _of_profile) & (editions.c.number <= _of_number)
    return delete(editions).where(old).returning(editions.c.number)


@cache
def _draft() -> Any:
    return select(*drafts.c).where(drafts.c.profile == _of_profile)


@cache
def _draft_seen() -> Any:
    return select(drafts.c.revision).where(_IS_SEEN)


@cache
def _begin(dialect: str) -> Any:
    new = _INSERT[dialect](drafts)
    new = new.values({column.name: bindparam(column.name) for column in drafts.c})
    return new.on_conflict_do_nothing().returning(*drafts.c)


@cache
def _change() -> Any:
    names = ("revision", "at", "by", "content")
    new = {name: bindparam(name, type_=drafts.c[name].type) for name in names}
    return update(drafts).where(_IS_SEEN).values(new).returning(*drafts.c)


@cache
def _drop() -> Any:
    return delete(drafts).where(_IS_SEEN).returning(drafts.c.revision)
