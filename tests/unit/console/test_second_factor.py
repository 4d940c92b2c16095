"""The second factor: codes of the time, each once; recovery codes; a secret that is sealed."""

from __future__ import annotations

import base64
from urllib.parse import parse_qs, urlsplit

import pytest

from halo_voice.console.second_factor import (
    REMEMBERED_S,
    STEP_S,
    Sealed,
    SecondFactor,
    address,
    code_at,
    key_fault,
    mark_of,
    new_factor,
    recovery_codes,
    seal,
    step_of,
    typed,
    unseal,
)
from halo_voice.console.sign_in import FAILURES_FREE, Failures
from halo_voice.store.memory import MemoryStore

KEY = "k" * 32
SECRET = b"12345678901234567890"  # of RFC 6238, appendix B
NOW = 1_790_000_000.0


class Clock:
    time = NOW

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def codes() -> list[str]:
    return recovery_codes()


@pytest.fixture
async def desk(codes):
    desk = MemoryStore().desk
    await desk.keep_factor(new_factor(KEY, "anna", SECRET, 0, codes))
    return desk


@pytest.fixture
def second(desk, clock) -> SecondFactor:
    failures = Failures(now=clock, remembered_s=REMEMBERED_S)
    return SecondFactor(desk, KEY, now=clock, failures=failures)


def code(at_s: float) -> str:
    return code_at(SECRET, int(at_s) // STEP_S)


@pytest.mark.parametrize(
    ("at_s", "eight"),
    [
        (59, "94287082"),
        (1_111_111_109, "07081804"),
        (1_111_111_111, "14050471"),
        (1_234_567_890, "89005924"),
        (2_000_000_000, "69279037"),
        (20_000_000_000, "65353130"),
    ],
)
def test_the_codes_are_those_of_the_rfc(at_s, eight):
    """RFC 6238, appendix B; ours are the last six digits of its eight."""
    assert code(at_s) == eight[-6:]


def test_a_clock_may_be_off_by_a_step():
    """By one either way, and no more."""
    step = int(NOW) // STEP_S
    found = {n: step_of(SECRET, code_at(SECRET, step + n), NOW) for n in range(-3, 4)}
    assert found == {-3: None, -2: None, -1: step - 1, 0: step, 1: step + 1, 2: None, 3: None}
    assert step_of(SECRET, "я" * 6, NOW) is None


async def test_a_code_is_taken_once(second, clock):
    """F83: seen over a shoulder it is worth nothing; nor is one from before it."""
    assert await second.check("anna", code(NOW)) == (True, 0)
    assert await second.check("anna", code(NOW)) == (False, 0)
    assert await second.check("anna", code(NOW - STEP_S)) == (False, 0)
    clock.time += STEP_S
    spaced = code(clock.time)
    assert await second.check("anna", f" {spaced[:3]} {spaced[3:]} ") == (True, 0)


async def test_a_recovery_code_opens_once_however_it_is_typed(second, codes):
    """Small letters, no hyphen; each of the ten is another one."""
    assert len(set(codes)) == 10
    assert (await second.check("anna", codes[0].lower().replace("-", " ")))[0]
    assert not (await second.check("anna", codes[0]))[0]
    assert (await second.check("anna", codes[1]))[0]


async def test_nobody_opens_with_somebody_elses_code(second, desk, codes):
    """Nor does one who has no second factor, with any."""
    await desk.keep_factor(new_factor(KEY, "boris", b"another secret of 20", 0, recovery_codes()))
    for given in (code(NOW), codes[0], "", "000000", "x" * 10_000):
        assert not (await second.check("boris", given))[0]
    assert not (await second.check("vera", code(NOW)))[0]


async def test_codes_cannot_be_guessed(second, clock):
    """F83: the delay doubles, and is remembered for a day; the right code within it is not
    looked at."""
    tries = 0
    began = clock.time
    while clock.time - began < REMEMBERED_S:
        fits, wait_s = await second.check("anna", "000000")
        assert not fits
        tries += 1
        if tries > FAILURES_FREE:
            assert wait_s > 0
            assert await second.check("anna", code(clock.time)) == (False, wait_s)
        clock.time += wait_s
    assert tries < 110


async def test_a_factor_that_cannot_be_read_lets_nobody_in(desk, clock, codes):
    """Another key, none, a row of another user: no code and no recovery code helps."""
    for key in ("z" * 32, "", KEY[:-1]):
        with pytest.raises(Sealed):
            await SecondFactor(desk, key, now=clock).check("anna", code(NOW))
        with pytest.raises(Sealed):
            await SecondFactor(desk, key, now=clock).check("anna", codes[0])
    sealed = seal(KEY, "anna", SECRET)
    assert unseal(KEY, "anna", sealed) == SECRET
    for name, kept in (("boris", sealed), ("anna", sealed[:-4]), ("anna", "v1.я"), ("anna", "")):
        with pytest.raises(Sealed):
            unseal(KEY, name, kept)


def test_the_store_gets_nothing_that_opens(codes):
    """Neither the secret nor a code; the same secret is sealed differently each time."""
    kept = new_factor(KEY, "anna", SECRET, 7, codes)
    shown = repr(kept)
    assert base64.b32encode(SECRET).decode() not in shown
    assert not any(each in shown or each.replace("-", "") in shown for each in codes)
    assert seal(KEY, "anna", SECRET) != kept.sealed
    assert mark_of(KEY, "anna", codes[0]) != mark_of(KEY, "boris", codes[0])


def test_an_app_gets_the_secret_as_it_wants_it():
    """Typed in groups of four, or by the address that a picture would hold."""
    found = urlsplit(address(SECRET, "анна@halo"))
    assert (found.scheme, found.netloc) == ("otpauth", "totp")
    assert parse_qs(found.query)["secret"] == [typed(SECRET).replace(" ", "")]
    assert base64.b32decode(typed(SECRET).replace(" ", "")) == SECRET
    assert key_fault("x" * 31)
    assert key_fault(KEY) == ""
