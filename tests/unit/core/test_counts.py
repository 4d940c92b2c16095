"""Counts as they are printed for operators."""

from __future__ import annotations

from halo_voice.core.counts import counted, verb


def test_one_is_no_plural():
    """One call is, none and several are."""
    told = [f"{counted(n, 'call')} {verb(n, 'is', 'are')}" for n in range(3)]
    assert told == ["0 calls are", "1 call is", "2 calls are"]
    assert counted(2, "order to call it", "orders to call it") == "2 orders to call it"
