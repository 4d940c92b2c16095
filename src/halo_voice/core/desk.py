"""Who may use the console, and what they did there: the port that the store keeps it behind."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

RoleName = Literal["viewer", "editor", "admin"]
ROLES: tuple[RoleName, ...] = ("viewer", "editor", "admin")


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who signs in. `password_hash` is Argon2id's own text."""

    name: str
    role: RoleName
    password_hash: str


@dataclass(frozen=True, slots=True)
class Act:
    """Something that somebody did. `by`: a user's name; `of`: a call, a profile, a user, or "".

    `at` is UTC.
    """

    at: datetime
    by: str
    what: str
    of: str = ""


class Desk(Protocol):
    """Users and acts. Raises `StoreError`s only."""

    async def users(self) -> list[User]:
        """By name."""
        ...

    async def find_user(self, name: str) -> User | None: ...

    async def keep_user(self, user: User) -> None:
        """Add the user, or change the one of this name."""
        ...

    async def forget_user(self, name: str) -> bool:
        """False when there is none of this name."""
        ...

    async def note_act(self, by: str, what: str, of: str = "") -> None: ...

    async def acts(self, limit: int) -> list[Act]:
        """The newest first."""
        ...
