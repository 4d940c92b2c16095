"""What waits for a slow reader: in order, bounded, the newest turn's phrases before older ones."""

from __future__ import annotations

import json

import pytest

from halo_voice.api.outbox import WAITING_MAX, Outbox
from halo_voice.api.wire import Accepted, Pong, Say


class Slow:
    """A socket that takes messages only when it is told to."""

    ready = False

    def __init__(self) -> None:
        self.written: list[dict] = []

    def write(self, text: bytes) -> None:
        self.written.append(json.loads(text))


@pytest.fixture
def socket():
    return Slow()


def phrases(turn: int, count: int) -> list[Say]:
    return [Say(turn=turn, phrase=number, text="Да.") for number in range(1, count + 1)]


def test_what_waits_is_sent_in_its_order(socket):
    """F49: numbered from 1 as it is sent, not as it was handed in."""
    outbox = Outbox(socket)
    assert all(outbox.put(phrase) for phrase in phrases(1, 3))
    assert socket.written == []
    socket.ready = True
    outbox.resume()
    assert [(m["seq"], m["phrase"]) for m in socket.written] == [(1, 1), (2, 2), (3, 3)]


def test_where_there_is_no_room_phrases_of_older_turns_go(socket):
    """F50: the newest phrase wins, and no other kind of message is lost for it."""
    outbox = Outbox(socket)
    outbox.put(Accepted(turn=1))
    assert all(outbox.put(phrase) for phrase in phrases(1, WAITING_MAX - 1))
    assert outbox.put(Say(turn=2, phrase=1, text="Новое."))
    socket.ready = True
    outbox.resume()
    assert [(m["type"], m["turn"]) for m in socket.written] == [("accepted", 1), ("say", 2)]


def test_a_reader_who_takes_nothing_is_told_of(socket):
    """F50: beyond the bound a message is refused; pongs are not heaped up."""
    outbox = Outbox(socket)
    assert all(outbox.put(phrase) for phrase in phrases(1, WAITING_MAX - 1))
    assert outbox.put(Pong())
    assert outbox.put(Pong())
    assert not outbox.put(Say(turn=1, phrase=WAITING_MAX, text="Да."))
