"""When no test question is asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from halo_voice.core.editions import Content
from halo_voice.core.workshop import TooMuch
from halo_voice.store.memory import MemoryStore
from halo_voice.workshop import SHARE_MAX, Workshop


class Budget:
    share = SHARE_MAX


async def test_the_rest_of_the_days_money_is_the_callers():
    """F77: nothing is read, nothing is asked."""
    shop = Workshop(Path("/nowhere"), None, None, MemoryStore(), Budget())
    with pytest.raises(TooMuch, match="spent"):
        await shop.ask_both("shop", [Content("")], "Где вы?")
