"""What the terminal shows of a call, and how it reads what is typed."""

from __future__ import annotations

import io
import os

import pytest
from rich.console import Console

from halo_voice.simulator import TraceLine
from halo_voice.terminal import Conversation, Keyboard, clock


@pytest.fixture
def console():
    return Console(file=io.StringIO(), width=200, highlight=False)


def shown(console: Console) -> str:
    return console.file.getvalue()


def test_the_steps_of_a_turn_are_told(console):
    """Recognised, answered, voiced, and the whole wait from the caller's last sound."""
    conversation = Conversation(console)
    for line in [
        TraceLine(1000, "caller", "says «Где вы?»", {"text": "Где вы?"}),
        TraceLine(2000, "caller", "stops speaking"),
        TraceLine(2600, "asr", "Result «Где вы?»", {"event": "ASR.Result"}),
        TraceLine(2600, "backend", "→ POST http://x/process_text", {"sent": 1}),
        TraceLine(2700, "backend", "← 200 in 100 ms", {"request": 1, "code": 200}),
        TraceLine(3000, "voice", "speaks «Здесь.»"),
    ]:
        conversation.see(line)
    text = shown(console)
    assert "0:01.0  caller     Где вы?" in text
    assert "0:03.0  assistant  Здесь." in text
    assert "recognised 0.60 s · answered 0.10 s · voiced 0.30 s · the caller waited 1.00 s" in text


def test_a_filler_ends_the_silence_but_not_the_turn(console):
    """The steps are told with the answer; the wait counted is the one to the filler."""
    conversation = Conversation(console)
    for line in [
        TraceLine(1000, "caller", "says «Где вы?»", {"text": "Где вы?"}),
        TraceLine(2000, "caller", "stops speaking"),
        TraceLine(2600, "asr", "Result «Где вы?»", {"event": "ASR.Result"}),
        TraceLine(2600, "backend", "→ POST http://x/process_text", {"sent": 1}),
        TraceLine(4800, "voice", "speaks «Секунду.»"),
        TraceLine(5600, "backend", "← 200 in 3000 ms", {"request": 1, "code": 200}),
        TraceLine(6000, "voice", "speaks «Здесь.»"),
    ]:
        conversation.see(line)
    text = shown(console)
    assert text.count("recognised") == 1
    assert "recognised 0.60 s · answered 3.00 s · voiced 0.40 s · the caller waited 4.00 s" in text
    assert conversation.waits_ms == [2800]


def test_a_failed_turn_is_shown(console):
    """What the backend answered instead."""
    conversation = Conversation(console)
    conversation.see(TraceLine(1, "backend", "→ POST http://x/process_text", {"sent": 1}))
    conversation.see(TraceLine(9, "backend", "← 503 in 8 ms", {"request": 1, "code": 503}))
    assert "(503 in 8 ms)" in shown(console)


def test_callers_words_are_no_markup(console):
    """Square brackets are rich's markup: hostile words are shown as they are."""
    line = TraceLine(1, "caller", "says", {"text": "[red]да[/red] [bold"})
    Conversation(console).see(line)
    assert "[red]да[/red] [bold" in shown(console)


@pytest.mark.parametrize(("ms", "text"), [(0, "0:00.0"), (65_300, "1:05.3"), (600_000, "10:00.0")])
def test_times_are_minutes_and_seconds(ms, text):
    """`1:05.3`."""
    assert clock(ms) == text


async def test_typed_lines_come_one_by_one(console):
    """However they arrive: two at once, half a line, without an end; then None."""
    reading, writing = os.pipe()
    keyboard = Keyboard(console, reading)
    os.write(writing, "раз\nдва\r\n\nтр".encode())
    lines = [await keyboard.read() for _ in range(3)]
    os.write(writing, "и".encode())
    os.close(writing)
    lines += [await keyboard.read(), await keyboard.read()]
    os.close(reading)
    assert lines == ["раз", "два", "", "три", None]
