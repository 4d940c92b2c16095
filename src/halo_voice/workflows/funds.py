"""Looks at the account's money on the platform, so that somebody hears of it before callers do."""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog

from halo_voice.core.errors import PlatformError

LOOK_S = 600.0
"""Between two looks, in seconds."""

_log = structlog.get_logger(__name__)


class Funds:
    """`ask` tells the balance, in the account's currency; None where the key may not see it. Under
    `least` it is told in the log, once, and once more when there is enough again (F64)."""

    def __init__(
        self,
        ask: Callable[[], float | None],
        least: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ask = ask
        self._least = least
        self._clock = clock
        self._next = float("-inf")
        self._low = self._unseen = False
        self.balance: float | None = None

    def look(self) -> None:
        """Once in a while. Who cannot be asked now may be later: nothing is raised."""
        if self._clock() < self._next:
            return
        self._next = self._clock() + LOOK_S
        try:
            self.balance = self._ask()
        except PlatformError as error:
            self.balance = None
            if not self._unseen:
                _log.warning("balance_unknown", fault=error.message)
            self._unseen = True
            return
        self._unseen = False
        if self.balance is None:
            return
        low = self.balance < self._least
        if low != self._low:
            figures = {"balance": self.balance, "least": self._least}
            if low:
                _log.error("balance_low", alarm=True, **figures)
            else:
                _log.info("balance_back", **figures)
        self._low = low
