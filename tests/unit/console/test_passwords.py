"""F83: passwords cannot be guessed: the right one within the delay is not looked at either."""

from __future__ import annotations

import pytest

from halo_voice.console.sign_in import (
    DELAY_S_MAX,
    FAILURES_FREE,
    FAILURES_S,
    KEYS_MAX,
    Failures,
    SignIn,
    hashed,
    name_fault,
    password_fault,
)
from halo_voice.core.desk import User
from halo_voice.store.memory import MemoryStore

PASSWORD = "правильный пароль"
HASH = hashed(PASSWORD)


class Clock:
    time = 0.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def sign_in(clock: Clock) -> SignIn:
    desk = MemoryStore().desk
    await desk.keep_user(User("anna", "editor", HASH))
    return SignIn(desk, Failures(now=clock))


async def test_the_right_password_signs_in(sign_in):
    """And no other; the hash is Argon2id's, and tells nothing of the password."""
    user, wait_s = await sign_in.check("anna", PASSWORD, "a")
    assert (user.name, user.role, wait_s) == ("anna", "editor", 0)
    for name, password in (("anna", PASSWORD + " "), ("anna", ""), ("Anna", PASSWORD), ("", "")):
        assert await sign_in.check(name, password, "a") == (None, 0)
    assert HASH.startswith("$argon2id$")
    assert hashed(PASSWORD) != HASH


async def test_after_five_failures_nobody_is_looked_at_for_a_while(sign_in, clock):
    """F83: not even the right password; the delay doubles; then it is over."""
    waits = []
    for _ in range(FAILURES_FREE + 2):
        _, wait_s = await sign_in.check("anna", "falsch", "a")
        waits.append(wait_s)
        if wait_s:
            assert await sign_in.check("anna", PASSWORD, "b") == (None, wait_s)
        clock.time += wait_s
    assert waits[-3:] == [2.0, 4.0, 8.0]
    user, _ = await sign_in.check("anna", PASSWORD, "b")
    assert user is not None


async def test_an_address_that_tries_many_names_waits_too(sign_in):
    """F83: it is the address that fails, whatever the names are."""
    for number in range(FAILURES_FREE):
        await sign_in.check(f"name{number}", "falsch", "a")
    assert await sign_in.check("anna", PASSWORD, "a") == (None, pytest.approx(2.0))
    user, _ = await sign_in.check("anna", PASSWORD, "elsewhere")
    assert user is not None


def test_failures_are_forgotten_and_bounded(clock):
    """A quarter of an hour later they count no more; a flood of names fills no memory."""
    failures = Failures(now=clock)
    for _ in range(60):
        failures.add("a")
    assert failures.wait_s("a") == DELAY_S_MAX
    clock.time += FAILURES_S + 1
    assert failures.wait_s("a") == 0
    for number in range(KEYS_MAX + 10):
        failures.add(str(number))
    assert len(failures._known) <= KEYS_MAX


@pytest.mark.parametrize("name", ["", "a b", "a/b", "<b>", "x" * 65, "a\n"])
def test_names_that_are_none(name):
    """A name fits on a page and into a log."""
    assert name_fault(name)


def test_names_and_passwords_that_will_do():
    """Letters of any script; a password is long."""
    assert name_fault("Анна.Петрова@halo-1") == ""
    assert password_fault("x" * 11)
    assert password_fault("x" * 12) == ""
