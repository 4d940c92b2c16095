"""One person to be called: whether they may be, and the order that is kept. Pure."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from halo_voice.core.context import one_line
from halo_voice.core.dials import (
    DATA_CHARS_MAX,
    DATA_KEYS_MAX,
    Dial,
    digest_of,
    new_token,
)
from halo_voice.core.profile import Profile
from halo_voice.core.telephones import callable_number


@dataclass(frozen=True, slots=True)
class Order:
    """`token` is told to the platform alone; the dial has its digest. "": nobody is called."""

    dial: Dial
    token: str = ""


@dataclass(frozen=True, slots=True)
class Whom:
    """Somebody, as the operator wrote it. `clock`: hours east of Greenwich, where it is known."""

    number: str
    data: Mapping[str, str]
    clock: float | None = None


class NotCalled(Exception):
    """Nobody can be called as it is written; the words say what to do."""


def number_of(written: str) -> str:
    """Digits. Raises `NotCalled`."""
    number = callable_number(written)
    if number is None:
        raise NotCalled(
            f"{written!r} is no telephone number that can be called: write it with a plus and its "
            "country's code, as +74951234567."
        )
    return number


def data_of(given: Mapping[str, str]) -> dict[str, str]:
    """What a model is told of them, within limits. Raises `NotCalled`."""
    data = {one_line(name): one_line(value) for name, value in given.items() if value.strip()}
    if len(data) > DATA_KEYS_MAX:
        raise NotCalled(f"has {len(data)} values; a call may have {DATA_KEYS_MAX}.")
    for name, value in data.items():
        if not name or len(name) > 50 or len(value) > DATA_CHARS_MAX:
            raise NotCalled(
                f"the name of a value has 1 to 50 characters, a value {DATA_CHARS_MAX} at most."
            )
    return data


def caller_id_of(profile: Profile, numbers: tuple[str, ...]) -> str:
    """The number that they see. Raises `NotCalled`."""
    shown = profile.outbound.caller_id or callable_number(numbers[0] if numbers else "")
    if not shown:
        raise NotCalled(
            "there is no number to show: set HALO_VOX_NUMBERS, or caller_id in the profile's "
            "[outbound]."
        )
    return shown


def order_of(
    whom: Whom,
    profile: Profile,
    caller_id: str,
    now: datetime,
    *,
    attempts_max: int = 1,
    campaign: str = "",
    row: int = 0,
    outcome: str = "",
) -> Order:
    """With `outcome` it is kept and never called."""
    token = "" if outcome else new_token()
    dial = Dial(
        dial_id=secrets.token_hex(8),
        token=digest_of(token) if token else "",
        number=whom.number,
        profile=profile.name,
        caller_id=caller_id,
        made_at=now,
        data=whom.data,
        clock=whom.clock,
        attempts_max=attempts_max,
        campaign=campaign,
        row=row,
        outcome=outcome,
    )
    return Order(dial, token)
