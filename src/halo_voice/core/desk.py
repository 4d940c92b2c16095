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


@dataclass(frozen=True, slots=True)
class Factor:
    """What a user shows besides a password: codes that an app makes of a secret.

    `sealed`: the secret, encrypted with a key that the store does not have. `step`: the newest of
    the time's steps whose code was taken. `marks`: of the recovery codes that are left.
    """

    name: str
    sealed: str
    step: int
    marks: tuple[str, ...] = ()


class Desk(Protocol):
    """Users, their second factors, and acts. Raises `StoreError`s only."""

    async def users(self) -> list[User]:
        """By name."""
        ...

    async def find_user(self, name: str) -> User | None: ...

    async def keep_user(self, user: User) -> None:
        """Add the user, or change the one of this name."""
        ...

    async def forget_user(self, name: str) -> bool:
        """With the second factor. False when there is none of this name."""
        ...

    async def find_factor(self, name: str) -> Factor | None: ...

    async def keep_factor(self, factor: Factor) -> None:
        """In place of the one that the user had."""
        ...

    async def forget_factor(self, name: str) -> bool:
        """False when the user had none."""
        ...

    async def use_step(self, name: str, step: int) -> bool:
        """Take a step's code; False if it, or a newer one, was taken already."""
        ...

    async def use_mark(self, name: str, mark: str) -> bool:
        """Take a recovery code; False if it is none, or was taken already."""
        ...

    async def note_act(self, by: str, what: str, of: str = "") -> None: ...

    async def acts(self, limit: int) -> list[Act]:
        """The newest first."""
        ...
