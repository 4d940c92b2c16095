"""Whatever comes up a stream, it ends with a code that is documented, and others do not notice.

`HALO_TEST_EXAMPLES` is the number of streams of each kind, 50 if it is not set.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.frames import Close, Frame, Opcode

from halo_voice.api import routes_stream
from tests.fuzz.messages import framed, numbered, opening
from tests.halo import TalkingModel, backend
from tests.strangers import HERE, Asked
from tests.streams import served

EXAMPLES = int(os.environ.get("HALO_TEST_EXAMPLES", "50"))
HANDSHAKE = (
    b"GET /stream HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: halo.v1\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
TOLD = {1000, 1002, 1003, 1005, 1007, 1009, 4400, 4404, 4409, 4429}
"""All that is documented or of the protocol, but for 1011 (unforeseen) and 1012 (a stop)."""

PATIENCE_S = 30.0
often = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
_calls = itertools.count()


@pytest.fixture
def impatient(monkeypatch):
    """The stream's own limits, shorter: a stream that says nothing ends by itself."""
    monkeypatch.setattr(routes_stream, "GAP_S_MAX", 0.05)
    monkeypatch.setattr(routes_stream, "SILENT_S_MAX", 0.2)
    return monkeypatch


@contextmanager
def without_faults() -> Iterator[None]:
    """Nothing is logged as a fault meanwhile: what was sent is refused, not survived by luck."""
    with structlog.testing.capture_logs() as lines:
        yield
    faults = [line for line in lines if line["log_level"] in ("error", "critical")]
    assert [line for line in faults if not line.get("alarm")] == []  # that it was refused is told


def checked(messages: list[bytes]) -> None:
    """What came down is whole JSON, numbered without a gap."""
    said = [json.loads(message) for message in messages]
    assert [message["seq"] for message in said] == list(range(1, len(said) + 1))


async def exchanged(port: int, sent: bytes) -> tuple[list[bytes], int | None]:
    """The messages that come back, and the code with which the server ends; None: it hung up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    heard = []
    try:
        writer.write(HANDSHAKE)
        assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
        writer.write(sent)
        while True:
            first, size = await reader.readexactly(2)
            if size == 126:
                size = int.from_bytes(await reader.readexactly(2), "big")
            body = await reader.readexactly(size)
            if first == 0x88:
                return heard, Close.parse(body).code
            if first == 0x81:
                heard.append(body)
    except (asyncio.IncompleteReadError, ConnectionError):
        return heard, None
    finally:
        writer.close()


async def healthy(halo) -> None:
    """A call on a new stream is answered as ever."""
    async with halo.stream(f"healthy-{next(_calls)}") as scenario:
        await scenario.ask(1, "Где вы?")
        assert (await scenario.hear("answered"))["text"] == "Ответ: Где вы?"


@pytest.fixture
def model():
    return TalkingModel()


@pytest.fixture
async def halo(impatient, model):
    async with served(model) as whole:
        yield whole
        impatient.undo()
        await healthy(whole)  # whatever a test has done to it


@pytest.mark.timeout(900)
@often
@given(data=st.data())
async def test_no_frames_break_a_connection(halo, data):
    """F37, F49, F63: a connection that says anything at all is ended with a told code, in time,
    without a fault in the log; the next call is answered."""
    messages = data.draw(numbered())
    if data.draw(st.sampled_from([True, True, True, False])):
        messages.insert(0, opening(f"fuzz-{next(_calls):06}"))
    frames = b"".join(data.draw(framed(message)) for message in messages)
    with without_faults():
        async with asyncio.timeout(PATIENCE_S):
            heard, code = await exchanged(halo.port, frames)
    checked(heard)
    assert code is None or code in TOLD, code


@pytest.fixture
async def app(impatient):
    """The app over ASGI's events, as servers other than ours have it."""
    async with backend(model=TalkingModel()) as whole:
        yield whole.web


@pytest.mark.timeout(900)
@often
@given(messages=numbered(), begun=st.booleans(), binary=st.integers(0, 40))
async def test_no_messages_break_a_stream(app, messages, begun, binary):
    """F37, F49, F63: the same without a connection, where frames are whole and only words can be
    wrong."""
    if begun:
        messages.insert(0, opening(f"fuzz-{next(_calls):06}"))
    events = [{"type": "websocket.receive", "text": m.decode("utf-8", "replace")} for m in messages]
    if binary < len(messages):
        events[binary] = {"type": "websocket.receive", "bytes": messages[binary]}
    coming = iter([{"type": "websocket.connect"}, *events])
    sent = []

    async def receive():
        event = next(coming, None)
        return event or await asyncio.Event().wait()  # then it is silent, and must be ended

    async def send(message):
        sent.append(message)

    with without_faults():
        async with asyncio.timeout(PATIENCE_S):
            await app(Asked("GET", "/stream", client=HERE).scope("websocket"), receive, send)
    checked([m["text"].encode() for m in sent if m["type"] == "websocket.send"])
    assert sent[-1]["type"] == "websocket.close"
    assert sent[-1]["code"] in TOLD


async def test_a_flood_of_questions_holds_nothing(halo, model):
    """F63: who asks for more turns at once than a call could have is let go."""
    model.gate = asyncio.Event()
    questions = [
        json.dumps({"type": "final", "seq": seq, "turn": 1, "text": "Где вы?"}).encode()
        for seq in range(2, 2_000)
    ]
    frames = [Frame(Opcode.TEXT, each).serialize(mask=True) for each in (opening("f"), *questions)]
    with without_faults():
        heard, code = await exchanged(halo.port, b"".join(frames))
    assert code == 4400
    assert len(heard) <= 1 + routes_stream.ASKING_MAX
    assert len(model.asked) <= 1
    model.gate.set()
