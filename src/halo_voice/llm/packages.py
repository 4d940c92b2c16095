"""What is left of the tokens that were bought beforehand, so that somebody hears of it in time.

GigaChat sells packages and tells under `/balance` what is left of each, by the model's name without
its generation; who pays for tokens as they are used is answered 403. Source: GigaChat's
documentation, "Получить остаток токенов", 2026-02-19.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec
import structlog

from halo_voice.core.errors import ModelBroken, ModelError, ModelTimeout
from halo_voice.llm.connection import Connection
from halo_voice.llm.faults import fault_of_status

LOOK_S = 600.0
"""Between two looks, in seconds: an alarm is shown for longer."""

ASK_S = 10.0

_log = structlog.get_logger(__name__)


class _Package(msgspec.Struct):
    usage: str
    value: float


class _Packages(msgspec.Struct):
    balance: list[_Package]


_decode = msgspec.json.Decoder(_Packages).decode


class Bought(Protocol):
    """A model whose tokens may have been bought beforehand."""

    name: str
    tokens_left: int | None

    async def count_tokens(self) -> None:
        """Ask for `tokens_left`; None where they are not told. Raises `ModelError`."""


def package_of(model: str) -> str:
    """The package that pays for this model: "GigaChat-Pro" for "GigaChat-2-Pro"."""
    return re.sub(r"-(\d+|preview)(?=-|$)", "", model)


async def tokens_left(connection: Connection, model: str) -> int | None:
    """What is left for this model; None where nothing is told of it. Raises `ModelError`."""
    try:
        async with asyncio.timeout(ASK_S):
            told = await connection.ask("balance")
    except TimeoutError:
        raise ModelTimeout("The server did not tell in time what tokens are left.") from None
    if told.status == 403:
        return None
    # A 401 may be of this path alone: the token that the turns use is left to them.
    if told.status != 200:
        raise fault_of_status(told.status, told.headers, told.body)
    try:
        packages = _decode(told.body).balance
    except ValueError:
        raise ModelBroken("The server's answer does not tell what tokens are left.") from None
    known = {each.usage.lower(): int(each.value) for each in packages}
    return known.get(package_of(model).lower())


async def watch_tokens(
    models: Sequence[Bought], least: int, few: Callable[[], None], look_s: float = LOOK_S
) -> None:
    """Until cancelled: `few` is called at each look while a model has less than `least` (F64)."""
    unseen: set[str] = set()
    while True:
        for each in models:
            try:
                await each.count_tokens()
            except ModelError as error:
                if each.name not in unseen:
                    _log.warning("tokens_unknown", model=each.name, code=error.code)
                unseen.add(each.name)
                continue
            unseen.discard(each.name)
            left = each.tokens_left
            if left is not None and left < least:
                _log.error("tokens_low", alarm=True, model=each.name, left=left, least=least)
                few()
        await asyncio.sleep(look_s)
