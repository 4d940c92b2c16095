"""Signing in: Argon2id, a delay after failures, equal time for every name."""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from halo_voice.core.desk import Desk, User

FAILURES_FREE = 5
FAILURES_S = 15 * 60
DELAY_S_MAX = 15 * 60
KEYS_MAX = 10_000
PASSWORD_CHARS = (12, 200)
NAME = re.compile(r"[\w.@-]{1,64}")

_hasher = PasswordHasher()


def hashed(password: str) -> str:
    """Argon2id with the library's parameters (64 MiB, 3 passes)."""
    return _hasher.hash(password)


def name_fault(name: str) -> str:
    """What is wrong with a user's name; "" if nothing."""
    fine = NAME.fullmatch(name) is not None
    return "" if fine else "a name has 1 to 64 letters, figures, or . @ _ -"


def password_fault(password: str) -> str:
    """What is wrong with a new password; "" if nothing."""
    low, high = PASSWORD_CHARS
    fine = low <= len(password) <= high
    return "" if fine else f"a password has {low} to {high} characters"


@dataclass
class Failures:
    """Who failed how often lately (`remembered_s`), and how long to wait. `now` in seconds."""

    now: Callable[[], float] = time.monotonic
    remembered_s: float = FAILURES_S
    _known: dict[str, list[float]] = field(default_factory=dict)

    def wait_s(self, *keys: str) -> float:
        """How long none of these may try."""
        return max(0.0, *(self._wait_s(key) for key in keys))

    def add(self, *keys: str) -> None:
        now = self.now()
        for key in keys:
            self._known[key] = [*self._lately(key), now]
        if len(self._known) > KEYS_MAX:
            kept = sorted(self._known, key=lambda key: self._known[key][-1])[KEYS_MAX // 2 :]
            self._known = {key: self._known[key] for key in kept}

    def forget(self, key: str) -> None:
        self._known.pop(key, None)

    def _wait_s(self, key: str) -> float:
        lately = self._lately(key)
        if len(lately) < FAILURES_FREE:
            return 0.0
        delay = min(DELAY_S_MAX, 2.0 ** (len(lately) - FAILURES_FREE + 1))
        return max(0.0, lately[-1] + delay - self.now())

    def _lately(self, key: str) -> list[float]:
        oldest = self.now() - self.remembered_s
        return [at for at in self._known.get(key, ()) if at > oldest][-64:]


class SignIn:
    """Checks names and passwords."""

    def __init__(self, desk: Desk, failures: Failures | None = None) -> None:
        self._desk = desk
        self._failures = failures or Failures()
        # Compared with where there is no such user: the time does not tell which names there are.
        self._nobody = hashed(secrets.token_hex())
        self._one_at_a_time = asyncio.Lock()  # each takes 64 MiB while it lasts

    async def check(self, name: str, password: str, address: str) -> tuple[User | None, float]:
        """The user, or None and for how many seconds no other try is looked at.

        A try within the delay is not looked at, whether it is right or not.
        """
        keys = (f"name {name[:64]}", f"address {address}")
        async with self._one_at_a_time:
            wait_s = self._failures.wait_s(*keys)
            if wait_s > 0:
                return None, wait_s
            user = await self._desk.find_user(name[:64])
            known = user.password_hash if user else self._nobody
            fits = await asyncio.to_thread(_fits, known, password[: PASSWORD_CHARS[1]])
            if user is None or not fits:
                self._failures.add(*keys)
                return None, self._failures.wait_s(*keys)
            self._failures.forget(keys[0])
            return user, 0.0


def _fits(known: str, password: str) -> bool:
    try:
        return _hasher.verify(known, password)
    except (VerificationError, InvalidHashError):
        return False
