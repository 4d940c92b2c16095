"""The mark of a turn survives whatever JSON a client writes."""

from __future__ import annotations

import json

import pytest

from halo_voice.bench.mark import last_mark, mark


@pytest.mark.parametrize("number", [0, 7, 12_345_678, 99_999_999])
@pytest.mark.parametrize("escaped", [False, True])
def test_the_newest_turn_is_found_in_a_request(number, escaped):
    """Also behind older ones, with letters as they are or escaped."""
    said = [f"Где {mark(3)} сейчас?", f"А когда {mark(number)} будет?"]
    messages = [{"role": "user", "content": text} for text in said]
    body = json.dumps({"messages": messages}, ensure_ascii=escaped).encode()
    assert last_mark(body) == number
    assert mark(number).isalpha()


def test_a_request_without_a_mark_is_nobody_s():
    """And one that only begins like a mark."""
    assert last_mark(b"{}") == -1
    assert last_mark("щюа".encode()) == -1
