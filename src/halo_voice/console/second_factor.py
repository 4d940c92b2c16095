"""The second factor: codes that an app makes of a secret and the time, and recovery codes.

RFC 6238 with what every app takes: SHA-1, six digits, steps of 30 s. The secret is sealed for the
store, with a key that the store does not have.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode

from halo_voice.console.sign_in import Failures
from halo_voice.core.desk import Desk, Factor

STEP_S = 30
AROUND = 1  # so many steps may an app's clock be off
DIGITS = 6
SECRET_BYTES = 20
RECOVERY_CODES = 10
RECOVERY_CHARS = 10  # of base32: 50 bits
KEY_BYTES_MIN = 32
REMEMBERED_S = 24 * 3600
_SEAL = "v1."
_NONCE_BYTES = 12


class Sealed(Exception):
    """The second factor cannot be read: `HALO_CONSOLE_KEY` is another one, or there is none."""


def code_at(secret: bytes, step: int) -> str:
    """The code of a step of the time (RFC 4226, section 5.3)."""
    mac = hmac.digest(secret, step.to_bytes(8, "big"), "sha1")
    offset = mac[-1] & 15
    number = int.from_bytes(mac[offset : offset + 4], "big") & 0x7FFF_FFFF
    return f"{number % 10**DIGITS:0{DIGITS}}"


def step_of(secret: bytes, code: str, now_s: float) -> int | None:
    """The step near now (Unix time) whose code this is; None if it is of none."""
    middle = int(now_s) // STEP_S
    found = None
    for step in range(middle - AROUND, middle + AROUND + 1):
        if hmac.compare_digest(code_at(secret, step).encode(), code.encode()):
            found = step
    return found


def typed(secret: bytes) -> str:
    """The secret as one types it into an app: groups of four."""
    return " ".join(re.findall("....", base64.b32encode(secret).decode()))


def address(secret: bytes, name: str) -> str:
    """The secret as apps take it from a link or a picture."""
    given = {"secret": base64.b32encode(secret).decode(), "issuer": "HALO"}
    return f"otpauth://totp/{quote('HALO:' + name)}?{urlencode(given)}"


def key_fault(key: str) -> str:
    """What is wrong with HALO_CONSOLE_KEY; "" if nothing."""
    fine = len(key.encode()) >= KEY_BYTES_MIN
    return "" if fine else f"HALO_CONSOLE_KEY has less than {KEY_BYTES_MIN} bytes"


def seal(key: str, name: str, secret: bytes) -> str:
    """The secret for the store; it can be read with this key and for this user only."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    hidden = _cipher(key).encrypt(nonce, secret, name.encode())
    return _SEAL + base64.b64encode(nonce + hidden).decode()


def unseal(key: str, name: str, sealed: str) -> bytes:
    """The secret. Raises `Sealed`."""
    from cryptography.exceptions import InvalidTag

    if key_fault(key) or not sealed.startswith(_SEAL):
        raise Sealed
    try:
        kept = base64.b64decode(sealed.removeprefix(_SEAL), validate=True)
        return bytes(_cipher(key).decrypt(kept[:_NONCE_BYTES], kept[_NONCE_BYTES:], name.encode()))
    except (InvalidTag, ValueError, binascii.Error):
        raise Sealed from None


def recovery_codes() -> list[str]:
    """New ones, as they are shown: two groups of five."""
    bits = [base64.b32encode(secrets.token_bytes(10)).decode() for _ in range(RECOVERY_CODES)]
    half = RECOVERY_CHARS // 2
    return [f"{each[:half]}-{each[half:RECOVERY_CHARS]}" for each in bits]


def mark_of(key: str, name: str, code: str) -> str:
    """What is kept of a recovery code, however it is typed."""
    plain = re.sub(r"[\s-]", "", code).upper()
    return hmac.digest(_of(key, "recovery"), f"{name}\n{plain}".encode(), "sha256").hex()


def new_factor(key: str, name: str, secret: bytes, step: int, codes: list[str]) -> Factor:
    """What is kept of a factor that was shown to work at `step`."""
    marks = tuple(mark_of(key, name, code) for code in codes)
    return Factor(name, seal(key, name, secret), step, marks)


class SecondFactor:
    """Checks codes. `now` gives the Unix time in seconds; `key` is HALO_CONSOLE_KEY."""

    def __init__(
        self,
        desk: Desk,
        key: str,
        *,
        now: Callable[[], float] = time.time,
        failures: Failures | None = None,
    ) -> None:
        self._desk = desk
        self._key = key
        self._now = now
        # A day long: who gets here has the password already.
        self._failures = failures or Failures(remembered_s=REMEMBERED_S)
        self._one_at_a_time = asyncio.Lock()

    async def find(self, name: str) -> Factor | None:
        return await self._desk.find_factor(name)

    async def check(self, name: str, given: str) -> tuple[bool, float]:
        """Whether this is a code of the user's that was not taken before, or a recovery code; if
        not, for how many seconds no other try is looked at. Raises `Sealed`.
        """
        async with self._one_at_a_time:
            wait_s = self._failures.wait_s(name)
            if wait_s > 0:
                return False, wait_s
            factor = await self._desk.find_factor(name)
            if factor is not None and await self._taken(factor, given.strip()[:64]):
                self._failures.forget(name)
                return True, 0.0
            self._failures.add(name)
            return False, self._failures.wait_s(name)

    async def _taken(self, factor: Factor, given: str) -> bool:
        secret = unseal(self._key, factor.name, factor.sealed)
        digits = re.sub(r"\s", "", given)
        if re.fullmatch(rf"[0-9]{{{DIGITS}}}", digits):
            step = step_of(secret, digits, self._now())
            return step is not None and await self._desk.use_step(factor.name, step)
        mark = mark_of(self._key, factor.name, given)
        return await self._desk.use_mark(factor.name, mark)


def _of(key: str, use: str) -> bytes:
    """A key for one use."""
    return hmac.digest(key.encode(), f"halo console {use}".encode(), hashlib.sha256)


def _cipher(key: str) -> Any:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(_of(key, "seal"))
