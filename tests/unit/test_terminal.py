"""What the terminal shows of a call, and how it reads what is typed."""

from __future__ import annotations

import asyncio
import io
import json
import os
from types import SimpleNamespace

import pytest
from rich.console import Console

from halo_voice.simulator import TraceLine
from halo_voice.terminal import Conversation, Keyboard, answered, clock, cost


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


def ended(reply: object, code: int = 200) -> SimpleNamespace:
    """A finished call whose report was answered with this."""
    request = SimpleNamespace(url="http://x/call/end", code=code, text=json.dumps(reply))
    return SimpleNamespace(requests=[request])


def test_what_the_call_cost_is_told():
    """The sum, its parts, and the tokens, as the backend answers to the report."""
    roubles = {"total": 1.934, "model": 1.2, "asr": 0.32, "tts": 0.3, "line": 0.114}
    reply = {"tokens": {"in": 1200, "out": 80}, "roubles": roubles}
    assert cost(ended(reply)) == [
        "cost 1.93 ₽ (model 1.20, asr 0.32, tts 0.30, line 0.11)",
        "tokens 1200 in, 80 out",
    ]
    free = {"tokens": {"in": 5, "out": 6}, "roubles": dict.fromkeys(roubles, 0.0)}
    assert cost(ended(free)) == ["cost: no price is set", "tokens 5 in, 6 out"]


@pytest.mark.parametrize(
    "call", [SimpleNamespace(requests=[]), ended({"stored": True}), ended([]), ended({}, 503)]
)
def test_a_backend_that_tells_no_cost_is_no_fault(call):
    """An older one, another one, or none."""
    assert cost(call) == []


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


def sent(ms, **message):
    """A message of the scenario, as the trace has it."""
    text = json.dumps(message, ensure_ascii=False)
    return TraceLine(ms, "backend", f"→ «{text}»", {"socket": "socket:1", "message": text})


def came(ms, **message):
    """A message of the backend."""
    text = json.dumps(message, ensure_ascii=False)
    data = {"event": "WebSocket.Message", "unit": "socket:1", "text": text}
    return TraceLine(ms, "backend", f"← «{text}»", data)


def turn_on_a_stream(at, *, turn=1, **answered):
    """A turn whose answer has three phrases, until the first one sounds."""
    return [
        TraceLine(at, "caller", "says «Где вы?»", {"text": "Где вы?"}),
        TraceLine(at + 1000, "caller", "stops speaking"),
        sent(at + 1700, type="final", turn=turn, text="Где вы?"),
        came(at + 1710, type="accepted", turn=turn),
        came(at + 2000, type="say", turn=turn, phrase=1, text="В Москве,"),
        came(at + 2050, type="say", turn=turn, phrase=2, text="на Лесной."),
        came(at + 2080, type="say", turn=turn, phrase=3, text="Дом пять."),
        TraceLine(at + 2200, "voice", "speaks «В Москве,»"),
        sent(at + 2200, type="phrase_started", turn=turn, phrase=1, voice_ms=200),
        came(at + 2400, type="answered", turn=turn, outcome="answered", **answered),
    ]


def finished(trace=(), requests=()):
    """A call that is over, as far as the terminal looks at it."""
    return SimpleNamespace(
        trace=list(trace),
        requests=list(requests),
        failures=[],
        connected_ms=1,
        disconnected_ms=9001,
    )


def test_the_steps_of_a_streamed_turn_are_told(console):
    """To the first phrase, with the model's first token where the backend tells it."""
    conversation = Conversation(console)
    for line in turn_on_a_stream(1000, latency={"first_token_ms": 240, "asr_ms": 700}):
        conversation.see(line)
    assert (
        "recognised 0.70 s · first token 0.24 s · first phrase 0.30 s · voiced 0.20 s"
        " · the caller waited 1.20 s" in shown(console)
    )


def test_phrases_are_shown_one_by_one_and_what_was_cut(console):
    """An interruption says how far each phrase was heard, and which were not at all."""
    conversation = Conversation(console)
    for line in [
        *turn_on_a_stream(1000),
        TraceLine(4000, "voice", "speaks «на Лесной.»"),
        sent(4000, type="phrase_started", turn=1, phrase=2),
        TraceLine(4500, "caller", "says «Стойте»", {"text": "Стойте"}),
        TraceLine(4900, "voice", "is cut after «на» (stopped)"),
        sent(4900, type="phrase_interrupted", turn=1, phrase=2, heard="на"),
    ]:
        conversation.see(line)
    text = shown(console)
    assert "assistant  В Москве," in text
    assert "assistant  на Лесной." in text
    assert "(interrupts phrase 2: heard «на»; dropped «Дом пять.»)" in text
    conversation.close(finished())
    assert "interruptions: 1" in shown(console)


def test_a_cough_is_a_false_interruption(console):
    """The voice pauses and goes on: its phrase is not shown twice, and nobody waited."""
    conversation = Conversation(console)
    for line in [
        *turn_on_a_stream(1000),
        TraceLine(3300, "voice", "is cut after «В» (paused)"),
        TraceLine(4500, "voice", "speaks «В Москве,»"),
    ]:
        conversation.see(line)
    conversation.close(finished())
    text = shown(console)
    assert text.count("assistant  В Москве,") == 1
    assert "(goes on)" in text
    assert "false interruptions: 1" in text
    assert conversation.waits_ms == [1200]


def test_a_nod_while_the_assistant_speaks_is_no_wait(console):
    """What is said over the answer and asks nothing has no steps."""
    conversation = Conversation(console)
    for line in [
        *turn_on_a_stream(1000),
        TraceLine(3300, "caller", "says «угу»", {"text": "угу"}),
        TraceLine(3500, "caller", "stops speaking"),
        TraceLine(4500, "voice", "speaks «на Лесной.»"),
    ]:
        conversation.see(line)
    assert shown(console).count("the caller waited") == 1
    assert conversation.waits_ms == [1200]


def test_a_lost_stream_and_the_way_around_it_are_named(console):
    """The turn is asked over HTTP then; its steps begin with the first asking."""
    conversation = Conversation(console)
    for line in [
        came(500, type="ready", version=1),
        TraceLine(1000, "caller", "says «Где вы?»", {"text": "Где вы?"}),
        TraceLine(2000, "caller", "stops speaking"),
        sent(2700, type="final", turn=1, text="Где вы?"),
        TraceLine(
            2800, "backend", "socket closes: 1006", {"event": "WebSocket.Close", "code": 1006}
        ),
        TraceLine(2801, "backend", "→ POST http://x/process_text", {"sent": 1}),
        TraceLine(3000, "backend", "← 200 in 199 ms", {"request": 1, "code": 200}),
        TraceLine(3300, "voice", "speaks «Здесь.»"),
    ]:
        conversation.see(line)
    conversation.close(finished())
    text = shown(console)
    assert "(stream: socket closes: 1006)" in text
    assert "recognised 0.70 s · answered 0.30 s · voiced 0.30 s" in text
    assert "failovers: 1" in text


def test_a_stream_that_closes_with_its_call_is_no_loss(console):
    """Code 1000 is the ordinary end."""
    end = {"event": "WebSocket.Close", "code": 1000}
    Conversation(console).see(TraceLine(9, "backend", "socket closes: 1000", end))
    assert shown(console) == ""


def test_the_whole_call_is_summed_up(console):
    """Median and worst of every step, fillers, late results."""
    conversation = Conversation(console)
    trace = [
        *turn_on_a_stream(1000),
        sent(3000, type="revised", turn=1, text="Где вы там?"),
        *turn_on_a_stream(11_000, turn=2),
        TraceLine(20_000, "caller", "says «А?»", {"text": "А?"}),
        TraceLine(21_000, "caller", "stops speaking"),
        sent(21_900, type="final", turn=3, text="А?"),
        TraceLine(24_000, "voice", "speaks «Секунду.»"),
        came(25_000, type="say", turn=3, phrase=1, text="Да."),
        TraceLine(25_500, "voice", "speaks «Да.»"),
    ]
    for line in trace:
        conversation.see(line)
    conversation.close(finished(trace))
    text = shown(console)
    assert "0:09.0 min · 2 turns · the caller waited 1.20 s at median · 3.00 s at most" in text
    assert "recognised 0.70 s, at most 0.90 s · first phrase 0.30 s, at most 3.10 s" in text
    assert "late results: 1 · fillers: 1" in text


def test_a_turn_answered_on_both_ways_is_one(console):
    """Answers of the stream and of HTTP are counted by turn."""
    trace = [
        came(1, type="answered", turn=1, outcome="answered"),
        came(2, type="answered", turn=2, outcome="apologised"),
    ]
    requests = [
        asked(1, turn=2, outcome="answered"),
        asked(2, turn=3, outcome="answered"),
        asked(3, turn=4, outcome="", code=503),
    ]
    outcomes = [json.loads(answer)["outcome"] for answer in answered(finished(trace, requests))]
    assert outcomes == ["answered", "apologised", "answered"]


def asked(number, *, turn, outcome, code=200):
    """A turn over HTTP."""
    return SimpleNamespace(
        number=number,
        url="http://x/process_text",
        body=json.dumps({"turn": turn}),
        code=code,
        text=json.dumps({"outcome": outcome}),
    )


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


async def test_who_interrupts_has_no_more_lines_and_who_insists_ends_it_all(console):
    """While a line is waited for, and with lines that nobody has read yet."""
    reading, writing = os.pipe()
    keyboard = Keyboard(console, reading)
    os.write(writing, "раз\nдва\nтр".encode())
    assert await keyboard.read() == "раз"
    keyboard.interrupt()
    assert await keyboard.read() is None
    waiting = Keyboard(console, reading)
    read = asyncio.create_task(waiting.read())
    await asyncio.sleep(0)
    waiting.interrupt()
    assert await read is None
    with pytest.raises(KeyboardInterrupt):
        waiting.interrupt()
    os.close(writing)
    os.close(reading)
