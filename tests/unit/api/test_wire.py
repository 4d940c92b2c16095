"""The stream's messages: their page, their order, and what waits for a slow reader."""

from __future__ import annotations

import asyncio
import itertools
import json
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


@given(st.text() | st.binary())
def test_whatever_comes_is_read_or_refused(text):
    """No other error leaves the reading."""
    try:
        number, _ = wire.decode(text)
    except wire.BadMessage:
        return
    assert number >= 1


@pytest.mark.parametrize("number", [0, -1, 2**53 + 1, "1", None, 1.5])
@pytest.mark.parametrize("kind", ["ping", "from_the_future"])
def test_a_number_is_counted_from_one(kind, number):
    """Known type or not."""
    with pytest.raises(wire.BadMessage):
        wire.decode(json.dumps({"type": kind, "seq": number}))
    with pytest.raises(wire.BadMessage):
        wire.decode(json.dumps({"type": kind}))


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


class Reading:
    """A socket whose other side reads, or does not."""

    def __init__(self, *, ready: bool) -> None:
        self.ready = ready
        self.sent: list[dict] = []

    def write(self, text: bytes) -> None:
        assert self.ready
        self.sent.append(json.loads(text))


def sent(outbox: Outbox, socket: Reading) -> list[dict]:
    """What is sent once the other side reads again: numbered without a gap."""
    socket.ready = True
    outbox.resume()
    assert [message["seq"] for message in socket.sent] == list(range(1, len(socket.sent) + 1))
    return socket.sent


def test_what_is_read_at_once_is_sent_at_once():
    """No queue, no task in between."""
    socket = Reading(ready=True)
    outbox = Outbox(socket)
    assert outbox.put(wire.Accepted(turn=1))
    assert socket.sent == [{"type": "accepted", "seq": 1, "turn": 1}]


def test_when_nobody_reads_the_newest_turn_has_room():
    """F50: phrases of older turns go first, all else stays in order."""
    socket = Reading(ready=False)
    outbox = Outbox(socket)
    assert outbox.put(wire.Accepted(turn=1))
    for number in range(1, WAITING_MAX):
        assert outbox.put(wire.Say(turn=1, phrase=number, text="раз"))
    assert outbox.put(wire.Say(turn=2, phrase=1, text="два"))
    left = [(message["type"], message["turn"]) for message in sent(outbox, socket)]
    assert left == [("accepted", 1), ("say", 2)]


def test_when_nothing_is_stale_the_reader_is_too_slow():
    """The phrases of the newest turn are not dropped one by one."""
    outbox = Outbox(Reading(ready=False))
    for number in range(1, WAITING_MAX + 1):
        assert outbox.put(wire.Say(turn=1, phrase=number, text="раз"))
    assert not outbox.put(wire.Say(turn=1, phrase=WAITING_MAX + 1, text="раз"))


def test_pings_of_a_reader_that_does_not_read_are_answered_once():
    """They are no reason to fill the memory."""
    socket = Reading(ready=False)
    outbox = Outbox(socket)
    for _ in range(WAITING_MAX * 2):
        assert outbox.put(wire.Pong())
    assert len(sent(outbox, socket)) == 1


def test_what_waits_goes_out_before_what_comes_later():
    """Also when the other side reads again in between."""
    socket = Reading(ready=False)
    outbox = Outbox(socket)
    outbox.put(wire.Accepted(turn=1))
    socket.ready = True
    outbox.put(wire.Accepted(turn=2))
    assert [message["turn"] for message in sent(outbox, socket)] == [1, 2]


async def test_the_end_waits_for_what_is_not_sent_yet():
    """And nothing is taken after it."""
    socket = Reading(ready=False)
    outbox = Outbox(socket)
    outbox.put(wire.Pong())
    outbox.close()
    flushing = asyncio.create_task(outbox.flush())
    await asyncio.sleep(0)
    assert not flushing.done()
    outbox.put(wire.Accepted(turn=1))
    assert len(sent(outbox, socket)) == 1
    await flushing
