"""The reader of server-sent events, on bytes alone."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from halo_voice.llm.sse import EventReader, EventTooLarge

STREAM = (
    "data: один\n\n: ping\r\n\r\ndata:два\rdata: три\r\r\n"
    "event: x\n\ndata\n\ndata: 4\r\ndata: 5\r\n\r\n"
)
EVENTS = ["один".encode(), "два\nтри".encode(), b"", b"4\n5"]


def read(*parts: bytes, limit: int = 1000) -> list[bytes]:
    reader = EventReader(limit)
    return [event for part in parts for event in reader.feed(part)]


@given(st.lists(st.integers(0, len(STREAM.encode())), max_size=12))
def test_cuts_change_nothing(places: list[int]) -> None:
    """However the bytes are cut, the same events come out."""
    stream = STREAM.encode()
    edges = [0, *sorted(places), len(stream)]
    parts = [stream[a:b] for a, b in pairwise(edges)]
    assert read(*parts) == EVENTS


@given(st.lists(st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]))))
def test_every_value_survives(values: list[str]) -> None:
    """Any text without line ends comes out as it went in, whatever ends the lines."""
    for end in ("\n", "\r", "\r\n"):
        stream = "".join(f"data: {value}{end}{end}" for value in values)
        assert read(stream.encode()) == [value.encode() for value in values]


@pytest.mark.parametrize("cut", range(1, 12))
def test_a_byte_order_mark_costs_no_event(cut: int) -> None:
    """One may stand before the first line, wherever the bytes are cut; another is no field."""
    stream = b"\xef\xbb\xbfdata: a\n\ndata: b\n\n\xef\xbb\xbfdata: c\n\n"
    assert read(stream[:cut], stream[cut:]) == [b"a", b"b"]


def test_an_event_without_its_end_is_dropped() -> None:
    """What the end of the stream cuts off is not an event."""
    assert read(b"data: a\n\ndata: b\n") == [b"a"]


def test_only_one_space_is_taken_off() -> None:
    """The format has one optional space after the colon; others are data."""
    assert read(b"data:  a\n\ndata:b\n\n") == [b" a", b"b"]


@pytest.mark.parametrize("stream", [b"x" * 99, b"data: " + b"x" * 99, b"data: xx\n" * 20])
def test_an_event_has_a_limit(stream: bytes) -> None:
    """Neither one long line nor many short ones are collected past the limit."""
    with pytest.raises(EventTooLarge):
        read(*(stream[i : i + 5] for i in range(0, len(stream), 5)), limit=40)


def test_many_small_events_have_none() -> None:
    """The limit is for one event, not for the stream."""
    assert len(read(b"data: xx\n\n" * 500, limit=40)) == 500


def test_it_knows_whether_anything_came() -> None:
    """White space is not a beginning."""
    reader = EventReader(100)
    reader.feed(b" \r\n")
    assert not reader.begun
    reader.feed(b":")
    assert reader.begun
