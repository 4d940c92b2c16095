"""The stream's frames on a real connection: cut anywhere, joined, in pieces, broken, unread."""

from __future__ import annotations

import asyncio
import base64
import gc
import json
import random
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
import structlog
from websockets.frames import Close, Frame, Opcode
from websockets.server import ServerProtocol

from halo_voice.api.outbox import Outbox
from halo_voice.api.routes_stream import Stream
from halo_voice.api.websocket import AsgiSocket, HttpProtocol, StreamProtocol
from halo_voice.calls.call import Call
from halo_voice.calls.playback import Playback
from tests.streams import START, Served, SteppingModel, served

HANDSHAKE = (
    b"GET /stream HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: halo.v1\r\n"
    b"Sec-WebSocket-Key: " + base64.b64encode(bytes(16)) + b"\r\n\r\n"
)
CALL = {"type": "call", "seq": 1, "version": 1, "call_id": "c-1", "start": START}


@pytest.fixture
def model():
    return SteppingModel()


@pytest.fixture
async def halo(model):
    async with served(model) as whole:
        yield whole


def frame(data: bytes, opcode: Opcode = Opcode.TEXT, *, fin: bool = True, mask: bool = True):
    return Frame(opcode, data, fin).serialize(mask=mask)


def ping(number: int, size: int = 0) -> bytes:
    """A message that is answered, of at least so many bytes."""
    return json.dumps({"type": "ping", "seq": number}).encode().ljust(size)


class Raw:
    """A connection whose bytes a test chooses."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    def send(self, *pieces: bytes) -> None:
        self._writer.write(b"".join(pieces))

    async def send_apart(self, *pieces: bytes) -> None:
        """Each piece in a segment of its own, as far as the kernel lets it."""
        for piece in pieces:
            self._writer.write(piece)
            await self._writer.drain()
            await asyncio.sleep(0)

    async def frame(self) -> tuple[int, bytes]:
        first, size = await self._reader.readexactly(2)
        if size == 126:
            size = int.from_bytes(await self._reader.readexactly(2), "big")
        return first, await self._reader.readexactly(size)

    async def hear(self) -> str:
        first, text = await self.frame()
        assert first == 0x81
        return json.loads(text)["type"]

    async def closed(self) -> int:
        while (got := await self.frame())[0] != 0x88:
            pass
        return Close.parse(got[1]).code


@asynccontextmanager
async def raw(halo: Served) -> AsyncIterator[Raw]:
    """A stream that is ready."""
    reader, writer = await asyncio.open_connection("127.0.0.1", halo.port)
    writer.write(HANDSHAKE)
    assert b"101" in await reader.readuntil(b"\r\n\r\n")
    line = Raw(reader, writer)
    line.send(frame(json.dumps(CALL).encode()))
    assert await line.hear() == "ready"
    yield line
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()


async def test_a_scenario_is_served_without_a_queue(halo: Served, monkeypatch):
    """uvicorn's connection is the socket; over plain ASGI the stream would work too, at a price."""
    monkeypatch.setattr(AsgiSocket, "__init__", None)
    async with raw(halo) as line:
        line.send(frame(ping(2)))
        assert await line.hear() == "pong"


@pytest.mark.parametrize("size", [0, 125, 126, 127, 65_535, 65_536])
async def test_every_length_is_read(halo: Served, size):
    """Whatever form the frame's header has."""
    async with raw(halo) as line:
        line.send(frame(ping(2, size)), frame(ping(3)))
        assert [await line.hear(), await line.hear()] == ["pong", "pong"]


@pytest.mark.parametrize("seed", range(8))
async def test_frames_are_read_wherever_they_are_cut(halo: Served, seed):
    """Segments of TCP know no frames."""
    rng = random.Random(seed)
    sizes = [rng.choice([0, 60, 125, 126, 300, 3000]) for _ in range(20)]
    stream = b"".join(frame(ping(number, size)) for number, size in enumerate(sizes, 2))
    cuts = sorted(rng.sample(range(1, len(stream)), 40))
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    async with raw(halo) as line:
        await line.send_apart(*pieces)
        assert [await line.hear() for _ in sizes] == ["pong"] * len(sizes)


async def test_a_message_in_pieces_is_one_message(halo: Served):
    """With a ping of the protocol in between; whole ones before and after it."""
    whole = ping(3)
    async with raw(halo) as line:
        line.send(frame(ping(2)), frame(whole[:9], fin=False))
        assert await line.hear() == "pong"
        line.send(frame(b"there?", Opcode.PING))
        assert await line.frame() == (0x8A, b"there?")
        line.send(frame(whole[9:], Opcode.CONT), frame(ping(4)), frame(ping(5)))
        assert [await line.hear() for _ in range(3)] == ["pong"] * 3


async def test_pings_of_the_protocol_are_answered(halo: Served):
    """Between messages, whole or cut."""
    async with raw(halo) as line:
        line.send(frame(ping(2)), frame(b"1", Opcode.PING), frame(ping(3)), frame(b"", Opcode.PONG))
        assert [(await line.frame())[0] for _ in range(3)] == [0x81, 0x8A, 0x81]
        cut = frame(b"2", Opcode.PING)
        await line.send_apart(cut[:1], cut[1:4], cut[4:])
        assert await line.frame() == (0x8A, b"2")


@pytest.mark.parametrize(
    ("broken", "code"),
    [
        (frame(ping(2), mask=False), 1002),
        (bytes((0xC1,)) + frame(ping(2))[1:], 1002),  # a compressed one, which nobody agreed to
        (frame(ping(2), Opcode.CONT), 1002),
        (bytes((0x89, 0xFE, 0, 126)) + bytes(130), 1002),
        (frame(bytes(65_537)), 1009),
        (bytes((0x81, 0xFF)) + (2**62).to_bytes(8, "big") + bytes(4), 1009),
        (frame(ping(2), Opcode.BINARY), 4400),
        (frame(b'{"type": "final", "seq": 2, "turn": 1, "text": "\xff"}'), 4400),
        (frame((3001).to_bytes(2, "big") + b"bye", Opcode.CLOSE), 3001),
    ],
    ids=["unmasked", "reserved", "continued", "long ping", "large", "huge", "binary", "utf", "bye"],
)
@pytest.mark.parametrize("cut", [False, True])
async def test_what_is_no_frame_of_ours_ends_the_stream(halo: Served, broken, code, cut):
    """With the code that the protocol wants; what follows it is not read."""
    async with raw(halo) as line:
        if cut:
            await line.send_apart(broken[:1], broken[1:3], broken[3:])
        else:
            line.send(broken, frame(ping(2)))
        assert await line.closed() == code


async def test_two_mistakes_at_once_are_one_close_and_no_fault(halo: Served):
    """F37: a message that is refused, and right behind it a frame that is none: the library has
    closed before the stream does, and the log has no fault of ours."""
    with structlog.testing.capture_logs() as lines:
        async with raw(halo) as line:
            line.send(frame(b"no JSON"), frame(ping(2), mask=False))
            assert await line.closed() in (1002, 4400)
        while halo.server.server_state.tasks:  # noqa: ASYNC110 (uvicorn tells by this set)
            await asyncio.sleep(0)
    assert [each["event"] for each in lines if each["log_level"] == "error"] == ["message_unusable"]


async def test_a_scenario_that_does_not_read_is_let_go(halo: Served):
    """F50: the connection takes some, the outbox some, and then it is over."""
    async with raw(halo) as line:
        for connection in halo.server.server_state.connections:
            kernel = connection.transport.get_extra_info("socket")
            kernel.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        line._writer.transport.pause_reading()
        for number in range(2, 60_000):
            blank = b'{"type": "final", "seq": %d, "turn": 1, "text": " "}' % number
            line.send(frame(blank))
            if number % 500 == 0:
                await asyncio.sleep(0)
        line._writer.transport.resume_reading()
        assert await line.closed() == 4429


async def test_an_ended_stream_leaves_nothing_to_the_collector(halo: Served, model):
    """A collection stops every call of the process; whoever ends the stream, it is not needed."""
    ours = (HttpProtocol, StreamProtocol, ServerProtocol, Stream, Outbox, Call, Playback)
    ended = json.dumps({"type": "ended", "seq": 3}).encode()
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        for last in (frame(ended), frame(b"", Opcode.CLOSE), frame(b"no JSON"), b"\x81\x05", b""):
            async with raw(halo) as line:
                line.send(frame(ping(2)), last)
                assert await line.hear() == "pong"
        async with halo.stream("c-2") as scenario, halo.http() as http:
            await scenario.ask(1, "Где вы?")
            await model.give("Здесь.", None)
            await scenario.hear("answered")
            await http.post("/call/end", json={"call_id": "c-2", "reason": "no_input"})
            assert await scenario.closed() == 4409
        del scenario, http
        state = halo.server.server_state
        while state.connections or state.tasks:  # noqa: ASYNC110 (uvicorn tells by these sets)
            await asyncio.sleep(0)
        gc.collect()
        left = [type(each).__name__ for each in gc.garbage if isinstance(each, ours)]
        assert left == []
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


@pytest.mark.parametrize("size", [0, 80, 200, 70_000])
async def test_every_length_is_written(halo: Served, size):
    """Short, long, and longer than any message of ours."""
    async with halo.stream() as scenario:
        [connection] = halo.server.server_state.connections
        text = json.dumps({"type": "pong", "seq": 2, "more": "я" * size}, ensure_ascii=False)
        connection.write(text.encode())
        assert (await scenario.next())["more"] == "я" * size
