"""A store lent to somebody who closes what he is given, by its owner who goes on using it."""

from __future__ import annotations

from typing import Any

from halo_voice.core.ports import Store


class Shared:
    """`core.ports.Store`: everything is the lender's; `close` only gives it back."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def close(self) -> None:
        """The lender closes it."""
