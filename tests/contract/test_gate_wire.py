"""Strangers on a real connection: what a server in front could let through, and floods."""

from __future__ import annotations

import asyncio
import re
import time
from contextlib import suppress

import pytest

from halo_voice.api import gate
from halo_voice.store.memory import MemoryStore
from tests.halo import TalkingModel
from tests.strangers import KEYS, Asked, signed
from tests.streams import Served, served

BODY = b'{"user_text":"a"}'
LENGTH = b"Content-Length: %d\r\n" % len(BODY)
POST = b"POST /process_text HTTP/1.1\r\nHost: localhost\r\n"
JSON = b"Content-Type: application/json\r\n"


@pytest.fixture
def model():
    return TalkingModel()


@pytest.fixture
def store():
    return MemoryStore()


@pytest.fixture
async def halo(model, store):
    async with served(model, store=store, keys=KEYS) as whole:
        yield whole


@pytest.fixture
def brief(halo, monkeypatch):
    """A server that soon hangs up on whoever says nothing more."""
    monkeypatch.setattr(gate, "HEAD_S_MAX", 0.2)
    monkeypatch.setattr(gate, "BODY_S_MAX", 0.2)
    halo.server.config.timeout_keep_alive = 0.2
    return halo


async def said(halo: Served, request: bytes) -> bytes:
    """All that comes back until the server hangs up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", halo.port)
    writer.write(request)
    try:
        return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


def statuses(answer: bytes) -> list[int]:
    return [int(found) for found in re.findall(rb"^HTTP/1\.1 (\d{3})", answer, re.MULTILINE)]


def head_of(asked: Asked) -> bytes:
    return "".join(f"{name}: {value}\r\n" for name, value in asked.headers).encode()


GOOD = head_of(signed(Asked("POST", "/process_text", BODY), nonce="never.sent"))
ODD = {
    "unsigned": POST + LENGTH + b"\r\n" + BODY,
    "two in one segment": 2 * (POST + LENGTH + b"\r\n" + BODY),
    "in chunks": POST + b"Transfer-Encoding: chunked\r\n\r\n11\r\n" + BODY + b"\r\n0\r\n\r\n",
    "length and chunks": POST + LENGTH + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + BODY,
    "two lengths": POST + LENGTH + b"Content-Length: 0\r\n\r\n" + BODY,
    "an odd coding": POST + b"Transfer-Encoding: xchunked\r\n\r\n" + BODY,
    "a folded header": POST + b"X-Halo-Key: k1\r\n k2\r\n" + LENGTH + b"\r\n" + BODY,
    "an absolute target": b"POST http://localhost/process_text HTTP/1.1\r\nHost: x\r\n"
    + LENGTH
    + b"\r\n"
    + BODY,
    "a method in small letters": b"post /process_text HTTP/1.1\r\n" + LENGTH + b"\r\n" + BODY,
    "HTTP/1.0": b"GET /process_text?user_text=a HTTP/1.0\r\n\r\n",
    "HTTP/0.9": b"GET /process_text?user_text=a\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "lines without CR": b"GET /process_text?user_text=a HTTP/1.1\nHost: localhost\n\n",
    "NUL in a header": POST + b"X-Halo-Key: k\x001\r\n" + LENGTH + b"\r\n" + BODY,
    "a blank before the colon": POST + b"X-Halo-Key : k1\r\n" + LENGTH + b"\r\n" + BODY,
    "go on?": POST + LENGTH + b"Expect: 100-continue\r\n\r\n" + BODY,
    "an upgrade to the stream": b"GET /stream HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
    b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
    "an upgrade elsewhere": b"GET /process_text?user_text=a HTTP/1.1\r\nHost: x\r\n"
    b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
    "an upgrade to h2c": POST
    + b"Upgrade: h2c\r\nConnection: Upgrade\r\n"
    + LENGTH
    + b"\r\n"
    + BODY,
    "health through a proxy": b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
    b"X-Forwarded-For: 203.0.113.5\r\n\r\n",
    "health for another host": b"GET /healthz HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    "doubled headers": POST + GOOD + GOOD + LENGTH + b"\r\n" + BODY,
    "a doubled key id": POST + b"x-halo-key: k2\r\n" + GOOD + LENGTH + b"\r\n" + BODY,
    "signed for less": POST + GOOD + b"Content-Length: 18\r\n\r\n" + BODY + b" ",
    "a tail that is not signed": POST + GOOD + b"Content-Length: 5\r\n\r\n" + BODY,
    "no HTTP": bytes(range(256)),
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(100),
}


@pytest.mark.parametrize("how", ODD)
async def test_nothing_odd_on_the_wire_gets_in(brief, store, model, how):
    """F72, F74, F78, invariant 16: refused or hung up on, whatever two parsers might make of it."""
    found = statuses(await said(brief, ODD[how]))
    assert found
    assert set(found) <= {100, 400, 401, 403, 408, 426}, found
    assert store._nonces == {}
    assert model.asked == []


async def test_the_same_bytes_with_a_good_signature_get_in(brief, model):
    """Otherwise the test above would prove nothing."""
    good = signed(Asked("POST", "/process_text", BODY))
    answer = await said(brief, POST + JSON + head_of(good) + LENGTH + b"\r\n" + BODY)
    assert statuses(answer) == [200]
    assert len(model.asked) == 1


@pytest.mark.parametrize("line", [b"X-A: ", b"X", b"X-A: b\r\n"], ids=["value", "name", "lines"])
async def test_an_endless_head_is_given_up(halo, line):
    """F63: the server hangs up while it comes in, keeps nothing of it, and serves others."""
    _, writer = await asyncio.open_connection("127.0.0.1", halo.port)
    chunk = (line if line.endswith(b"\n") else b"b") * 16_384
    writer.write(POST + line)
    sent, most = 0, 64 * 1024 * 1024  # far more than sockets buffer
    with suppress(ConnectionError):
        while sent < most:
            writer.write(chunk)
            sent += len(chunk)
            await writer.drain()
    writer.close()
    assert sent < most
    async with halo.http() as http:
        assert (await http.get("/healthz")).status_code == 200


async def test_a_head_of_ten_thousand_lines_is_answered(halo):
    """F63: 413 in words, where the client still listens."""
    reader, writer = await asyncio.open_connection("127.0.0.1", halo.port)
    writer.write(POST + b"X-A: b\r\n" * 10_000)
    answer = await reader.read()
    writer.close()
    assert statuses(answer) == [413]
    assert b'"too_large"' in answer


@pytest.mark.parametrize("begun", [b"", b"POST /proc", POST, b"\r\n" * 5])
async def test_a_head_that_does_not_come_is_given_up(halo, monkeypatch, begun):
    """F63: a connection that says nothing, or half of something, is not held."""
    monkeypatch.setattr(gate, "HEAD_S_MAX", 0.05)
    reader, writer = await asyncio.open_connection("127.0.0.1", halo.port)
    writer.write(begun)
    answer = await reader.read()
    writer.close()
    assert statuses(answer) == ([408] if begun.strip() else [])


async def test_a_second_request_that_stays_half_is_given_up(halo, monkeypatch):
    """F63: on a connection that was good once as well."""
    monkeypatch.setattr(gate, "HEAD_S_MAX", 0.05)
    reader, writer = await asyncio.open_connection("127.0.0.1", halo.port)
    writer.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert b"200" in await reader.readuntil(b"}")
    writer.write(b"GET /heal")
    answer = await reader.read()
    writer.close()
    assert statuses(answer) == [408]


async def test_a_slow_turn_is_not_cut_by_the_limit_of_heads(halo, monkeypatch, model):
    """The limit is for heads: who has sent one may wait for the answer."""
    monkeypatch.setattr(gate, "HEAD_S_MAX", 0.05)
    model.gate = asyncio.Event()
    good = signed(Asked("POST", "/process_text", BODY))
    asking = asyncio.create_task(
        said_whole(halo, POST + JSON + head_of(good) + LENGTH + b"\r\n" + BODY)
    )
    await model.was_asked(1)
    asyncio.get_running_loop().call_later(0.2, model.gate.set)
    began = time.monotonic()
    assert statuses(await asking) == [200]
    assert time.monotonic() - began > 0.1


async def said_whole(halo: Served, request: bytes) -> bytes:
    """The answer's head and body; the client's side stays open meanwhile."""
    reader, writer = await asyncio.open_connection("127.0.0.1", halo.port)
    writer.write(request)
    answer = await reader.readuntil(b"}")
    writer.close()
    return answer
