"""Operations as lines of the spool, and the shadow's memory."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from halo_voice.core.money import Cost
from halo_voice.core.ports import CallEnd, CallStart, Outcome, Spent
from halo_voice.store import shadow as shadow_module
from halo_voice.store.memory import MemoryStore
from halo_voice.store.operation import Operation
from halo_voice.store.shadow import NonceMemory, Shadow

AT = datetime(2026, 11, 22, 12, 0, 0, 7, tzinfo=UTC)
TURN = {"call_id": "c-1", "turn": 1}
END = CallEnd("c-1", "terminated", 9, 1, ("поздно",), Cost(1, 2, 3, 4, 5, 6))
OPERATIONS = [
    Operation("open_call", "c-1", AT, {"start": CallStart("c-1", "+79990000001", "+7", "halo")}),
    Operation("accept_turn", "c-1", AT, TURN | {"user_text": "Ёж\n\u2028😀", "confidence": None}),
    Operation(
        "settle_turn",
        "c-1",
        AT,
        TURN
        | {
            "outcome": Outcome.APOLOGISED,
            "reply": "Да.",
            "action": "hangup",
            "source": "m",
            "model_ms": 4,
            "reply_cut": True,
            "spent": Spent(2, 40, 600),
            "cost": Cost(120, 30, 4_500),
        },
    ),
    Operation("end_call", "c-1", AT, {"end": END}),
    Operation("keep_recording_text", "c-1", AT, {"call_id": "c-1", "text": "слова"}),
]


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_an_operation_comes_back_from_its_line(operation: Operation) -> None:
    """Every field and type survives, in one line whatever the words hold."""
    line = operation.line()
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert Operation.read(line) == operation


def test_a_line_of_a_version_that_counted_no_money_is_read() -> None:
    """What an older process left in the spool is brought in, as costing nothing."""
    settle = b'{"do":"settle_turn","call":"c-1","at":"2026-11-22T12:00:00+00:00","with":{"call_id":'
    settle += b'"c-1","turn":1,"outcome":"answered","reply":"a","action":"listen","source":"m"}}'
    assert Operation.read(settle).arguments["cost"] == Cost()
    end = (
        b'{"do":"end_call","call":"c-1","at":"2026-11-22T12:00:00+00:00","with":{"end":{"call_id":'
    )
    end += b'"c-1","reason":"no_input","duration_ms":1,"turns":0,"late_texts":[]}}}'
    assert Operation.read(end).arguments["end"].cost == Cost()


def test_hostile_words_make_a_line_all_the_same() -> None:
    """Lone surrogates and NUL neither break the line nor raise."""
    operation = Operation("keep_recording_text", "c", AT, {"call_id": "c", "text": "\x00\ud800"})
    assert Operation.read(operation.line()).arguments["text"] == "\x00\ufffd"


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\xff\x00",
        b"[]",
        b"{}",
        b'{"do":"close","call":"c","at":"2026-11-22T12:00:00+00:00","with":{}}',
        b'{"do":"open_call","call":"c","at":"2026-11-22T12:00:00+00:00","with":{"start":{"x":1}}}',
        b'{"do":"end_call","call":"c","at":"2026-11-22T12:00:00+00:00","with":[]}',
        b'{"do":"accept_turn","call":[],"at":"2026-11-22T12:00:00+00:00","with":{}}',
        b'{"do":"accept_turn","call":"c","at":"yesterday","with":{}}',
    ],
)
def test_a_line_that_is_none_says_so_without_quoting(line: bytes) -> None:
    """Only the five writes are ever done from a file; the words of a bad line stay in it."""
    with pytest.raises(ValueError, match="not an operation") as fault:
        Operation.read(line)
    assert fault.value.__context__ is None
    assert "yesterday" not in str(fault.value)


async def test_an_operation_is_done_as_of_its_time() -> None:
    """A replay an hour later leaves the time at which it was asked for."""
    store = MemoryStore(now=lambda: AT + timedelta(hours=1))
    for operation in OPERATIONS[:3]:
        await operation.apply(store)
    (turn,) = await store.turns("c-1")
    assert (turn.accepted_at, turn.settled_at) == (AT, AT)
    assert (await store.open_call(CallStart("c-2"))).started_at == AT + timedelta(hours=1)


async def test_what_was_learnt_late_takes_nothing_back() -> None:
    """An older picture of a call neither reopens it nor makes a settled turn pending."""
    store, shadow = MemoryStore(), Shadow(set(), now=lambda: AT)
    call = await store.open_call(CallStart("c-1"))
    pending = await store.accept_turn("c-1", 1, "раз", None)
    shadow.learn_call(call)
    shadow.learn_turn(pending)
    await shadow.end_call(CallEnd("c-1", "terminated", 1, 1))
    shadow.learn_call(call)
    shadow.learn_turn(pending)
    known = await shadow.find_call("c-1")
    assert known is not None
    assert not known.open
    assert [turn.outcome for turn in await shadow.turns("c-1")] == [Outcome.CALLER_GONE]


async def test_the_shadow_is_bounded_and_keeps_who_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest call is forgotten first, but never one that waits for the store."""
    monkeypatch.setattr(shadow_module, "CALLS_MAX", 3)
    shadow, store = Shadow({"c-0"}, now=lambda: AT), MemoryStore()
    for number in range(5):
        shadow.learn_call(await store.open_call(CallStart(f"c-{number}")))
    assert [number for number in range(5) if shadow.knows(f"c-{number}")] == [0, 3, 4]


def test_remembered_nonces_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Expired nonces go, and at the limit the oldest ones."""
    monkeypatch.setattr(shadow_module, "NONCES_MAX", 10)
    seconds = count()
    nonces = NonceMemory(now=lambda: AT + timedelta(seconds=next(seconds)))
    assert all(nonces.claim(f"n-{number}", 1000) for number in range(30))
    assert not nonces.claim("n-29", 1000)
    assert nonces.claim("n-0", 1000)
    assert len(nonces._expiry) == 10
