"""One try at a store, bounded in time: an answer, or the reason why there is none now."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

from halo_voice.core.errors import StoreBusy, StoreError, StoreUnavailable

AWAY = (StoreBusy, StoreUnavailable)
"""Errors that mean "not now". Every other `StoreError` is an answer, and a final one."""


async def attempt(answer: Awaitable[Any], patience_s: float) -> tuple[Any, StoreError | None]:
    """The answer or an error of `AWAY`, also after `patience_s` seconds. Raises final errors.

    What was given up may still happen in the store: the port's methods may be done twice.
    """
    try:
        async with asyncio.timeout(patience_s):
            return await answer, None
    except AWAY as error:
        return None, type(error)(error.message)  # without the frames that it holds
    except TimeoutError:
        return None, StoreBusy("The store did not answer in time.")
