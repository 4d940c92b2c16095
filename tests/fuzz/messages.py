"""What may come up a stream, as hypothesis draws it: valid messages, nearly valid ones, garbage."""

from __future__ import annotations

import json
from typing import Any, get_args

from hypothesis import strategies as st
from websockets.frames import Frame, Opcode

from halo_voice.api import wire

TURNS = st.sampled_from([1, 1, 1, 2, 2, 3, 7, 10_000])
WORDS = st.one_of(
    st.sampled_from(["Да", "Где вы?", "До свидания", "пять три два", " ", "", "a" * 16_000]),
    st.text(max_size=30),
)
MILLIS = st.one_of(st.none(), st.integers(0, 3_600_000))
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "version": st.just(1),
    "call_id": st.sampled_from(["c-1", "c-2", "fuzz"]),
    "turn": TURNS,
    "start": st.one_of(
        st.none(), st.fixed_dictionaries({"call_id": st.sampled_from(["c-1", "c-2", "fuzz"])})
    ),
    "text": WORDS,
    "quiet": st.booleans(),
    "confidence": st.one_of(st.none(), st.floats(0, 1)),
    "deadline_ms": st.sampled_from([200, 1000, 60_000]),
    "closed": st.sampled_from(["final", "stable"]),
    "have": st.sampled_from([0, 0, 1, 1000]),
    "asr_ms": MILLIS,
    "voice_ms": MILLIS,
    "audible_ms": MILLIS,
    "phrase": st.sampled_from([1, 1, 2, 1000]),
    "heard_ms": st.integers(0, 3_600_000),
    "heard": WORDS,
    "cut": st.booleans(),
    "notes": st.lists(
        st.fixed_dictionaries({"turn": TURNS, "heard": st.none() | WORDS, "voice_ms": MILLIS}),
        max_size=2,
    ),
    "digit": st.sampled_from("0123456789*#ABCD"),
    "count": st.integers(1, 1000),
    "reason": st.sampled_from(["", "caller_hung_up"]),
}
"""A good value of each field, by its name."""

SHAPES = {
    shape.__struct_config__.tag: [f for f in shape.__struct_fields__ if f != "seq"]
    for shape in get_args(wire.Up)
}
KINDS = st.sampled_from([*sorted(set(SHAPES) - {"call", "ended"}), "final", "interim", "final"])

HOSTILE = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from(
        [0, -1, 2**31, 2**53, 2**64, 10**400, 1.5, -0.0, "", "1", "\ud800", "\x00", "null", [], {}]
    ),
    st.text(max_size=20),
    st.recursive(
        st.one_of(st.none(), st.integers(), st.text(max_size=5)),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
        max_leaves=6,
    ),
)


@st.composite
def valid(draw: st.DrawFn) -> dict[str, Any]:
    kind = draw(KINDS)
    return {"type": kind, **{name: draw(FIELDS[name]) for name in SHAPES[kind]}}


@st.composite
def nearly_valid(draw: st.DrawFn) -> dict[str, Any]:
    """One field is something else, is gone, or is one too many."""
    message = draw(valid())
    name = draw(st.sampled_from([*message, "more"]))
    if draw(st.booleans()):
        message[name] = draw(HOSTILE)
    else:
        message.pop(name, None)
    return message


GARBAGE = st.one_of(
    st.binary(max_size=60),
    st.text(max_size=40).map(lambda text: text.encode("utf-8", "replace")),
    HOSTILE.map(lambda value: json.dumps(value).encode()),
    st.sampled_from(
        [
            b"",
            b"{",
            b'{"type":"ping","seq":1e3}',
            b'{"type":"ping","type":"final","seq":2}',
            b'{"type":"' + b"x" * 60_000 + b'","seq":2}',
            b"[" * 30_000,
            b'{"a":' * 10_000,
            b" " * wire.FRAME_BYTES_MAX,
            b" " * (wire.FRAME_BYTES_MAX + 1),
            b'{"type":"ping","seq":' + b"9" * 5_000 + b"}",
            '{"type":"ping","seq":2}'.encode("utf-16"),
            b"\xef\xbb\xbf" + b'{"type":"ping","seq":2}',
        ]
    ),
)

NUMBERS = st.sampled_from([*["next"] * 12, "again", "next but one", 0, -1, 2**53, 2**53 + 1, 2**70])


@st.composite
def numbered(draw: st.DrawFn) -> list[bytes]:
    """Messages in order, each with its number or with another one; garbage now and then."""
    seq, found = 1, []
    kinds = st.sampled_from([valid(), valid(), valid(), valid(), nearly_valid(), GARBAGE])
    for _ in range(draw(st.integers(0, 12))):
        message = draw(draw(kinds))
        if isinstance(message, bytes):
            found.append(message)
            continue
        number = draw(NUMBERS)
        seq += {"next": 1, "next but one": 2}.get(number, 0) if isinstance(number, str) else 0
        message.setdefault("seq", seq if isinstance(number, str) else number)
        found.append(json.dumps(message).encode())
    return found


@st.composite
def framed(draw: st.DrawFn, message: bytes) -> bytes:
    """The message in a frame, or in several, or in one that is not as it should be."""
    how = draw(
        st.sampled_from([*["whole"] * 10, "pieces", "pinged", "binary", "bare", "odd", "cut"])
    )
    half = len(message) // 2
    whole = Frame(Opcode.TEXT, message).serialize(mask=True)
    match how:
        case "pieces" | "pinged":
            first = Frame(Opcode.TEXT, message[:half], fin=False).serialize(mask=True)
            last = Frame(Opcode.CONT, message[half:]).serialize(mask=True)
            ping = Frame(Opcode.PING, b"?").serialize(mask=True)
            return first + (ping if how == "pinged" else b"") + last
        case "binary":
            return Frame(Opcode.BINARY, message).serialize(mask=True)
        case "bare":
            return Frame(Opcode.TEXT, message).serialize(mask=False)
        case "odd":
            return bytes([draw(st.integers(0, 255))]) + whole[1:]
        case "cut":
            return whole[: len(whole) * draw(st.integers(0, 99)) // 100]
    return whole


def opening(call_id: str) -> bytes:
    message = {"type": "call", "seq": 1, "version": 1, "call_id": call_id}
    return json.dumps({**message, "start": {"call_id": call_id}}).encode()
