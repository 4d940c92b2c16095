"""The stream's messages: their page, their order, and what waits for a slow reader."""

from __future__ import annotations

import asyncio
import itertools
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from halo_voice.api import wire
from halo_voice.api.outbox import WAITING_MAX, Outbox
from halo_voice.api.sequence import HELD_MAX, Sequence, TooManyHeld

PAGE = Path(__file__).parents[3] / "docs" / "wire.md"


def test_the_page_of_messages_is_the_generated_one():
    """docs/wire.md is what `halo docs` writes."""
    assert PAGE.read_text(encoding="utf-8") == wire.wire_page()


def test_every_field_has_its_meaning():
    """Each row of the page ends with words."""
    rows = [line for line in wire.wire_page().splitlines() if line.startswith("| `")]
    assert len(rows) > 30
    assert all(len(row.split("|")[3].strip()) > 3 for row in rows)


def test_every_message_has_a_name_of_its_own():
    """In both directions together."""
    tags = [each.__struct_config__.tag for each in (*get_args(wire.Up), *get_args(wire.Down))]
    assert len(set(tags)) == len(tags)


@given(st.text() | st.binary().map(lambda raw: raw.decode("latin-1")))
def test_whatever_comes_is_read_or_refused(text):
    """No other error leaves the reading."""
    try:
        number, _ = wire.decode(text)
    except wire.BadMessage:
        return
    assert number >= 1


@given(st.permutations(range(1, 9)), st.lists(st.integers(1, 8), max_size=5))
def test_messages_leave_in_the_order_in_which_they_were_numbered(order, again):
    """Swapped and doubled, each comes out once."""
    sequence = Sequence[int]()
    out = [sequence.take(number, number) for number in (*order, *again)]
    assert list(itertools.chain(*out)) == list(range(1, 9))
    assert not sequence.gap


def test_a_wide_gap_is_not_waited_for():
    """So many are held, and no more."""
    sequence = Sequence[int]()
    for number in range(2, 2 + HELD_MAX):
        assert sequence.take(number, number) == []
    with pytest.raises(TooManyHeld):
        sequence.take(2 + HELD_MAX, 0)


async def sent(outbox: Outbox) -> list[wire.Down]:
    outbox.close()
    messages = []
    while (message := await outbox.get()) is not None:
        messages.append(message)
    return messages


async def test_when_nobody_reads_the_newest_turn_has_room():
    """F50: phrases of older turns go first, all else stays in order."""
    outbox = Outbox()
    assert outbox.put(wire.Accepted(turn=1))
    for number in range(1, WAITING_MAX):
        assert outbox.put(wire.Say(turn=1, phrase=number, text="раз"))
    assert outbox.put(wire.Say(turn=2, phrase=1, text="два"))
    assert [type(m).__name__ + str(m.turn) for m in await sent(outbox)] == ["Accepted1", "Say2"]


async def test_when_nothing_is_stale_the_reader_is_too_slow():
    """The phrases of the newest turn are not dropped one by one."""
    outbox = Outbox()
    for number in range(1, WAITING_MAX + 1):
        assert outbox.put(wire.Say(turn=1, phrase=number, text="раз"))
    assert not outbox.put(wire.Say(turn=1, phrase=WAITING_MAX + 1, text="раз"))


async def test_pings_of_a_reader_that_does_not_read_are_answered_once():
    """They are no reason to fill the memory."""
    outbox = Outbox()
    for _ in range(WAITING_MAX * 2):
        assert outbox.put(wire.Pong())
    assert len(await sent(outbox)) == 1


async def test_a_reader_that_waits_is_woken():
    """By a message, and by the end."""
    outbox = Outbox()
    waiting = asyncio.create_task(outbox.get())
    await asyncio.sleep(0)
    outbox.put(wire.Pong())
    assert await waiting == wire.Pong()
    waiting = asyncio.create_task(outbox.get())
    await asyncio.sleep(0)
    outbox.close()
    assert await waiting is None
