"""The whole corpus of hostile addresses through the running app: refused, and nobody is visited."""

from __future__ import annotations

import asyncio
import json
import sys

import pytest

from tests.halo import backend, client_of
from tests.unit.speech.hostile_urls import HOSTILE, OK

_sent: list[str] = []
_EVENTS = {
    f"socket.{name}" for name in ("connect", "getaddrinfo", "gethostbyname", "sendto", "sendmsg")
}


def _watch(event, args):
    if event in _EVENTS:
        _sent.append(event)


sys.addaudithook(_watch)


class Trap:
    """A server on this machine, which nobody should ever visit."""

    visits = 0

    async def visited(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.visits += 1
        writer.close()


@pytest.fixture
async def trap():
    found = Trap()
    server = await asyncio.start_server(found.visited, "127.0.0.1", 0)
    found.port = server.sockets[0].getsockname()[1]
    yield found
    server.close()
    await server.wait_closed()


def pointed_at(port: int) -> list[str]:
    """Ways to write the trap's address, some of them behind a good host's name."""
    hosts = ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "0177.0.0.1", "127.1", "0"]
    hosts += ["[::ffff:127.0.0.1]", "[::1]", f"{OK}@127.0.0.1", f"127.0.0.1\\@{OK}"]
    urls = [f"{scheme}://{host}:{port}/a.mp3" for scheme in ("http", "https") for host in hosts]
    return [
        *urls,
        f"https://{OK}:{port}/a.mp3",
        f"//127.0.0.1:{port}/",
        f"https://{OK}#@127.0.0.1:{port}/",
    ]


async def test_the_corpus_is_refused_without_a_packet(trap):
    """F75: at least 60 addresses, each 403 with the same words; nothing is looked up or opened."""
    urls = [*HOSTILE, *pointed_at(trap.port)]
    assert len(set(urls)) >= 60
    settings = {"transcription_url": f"http://127.0.0.1:{trap.port}"}
    async with backend(**settings) as halo, client_of(halo) as client:
        await client.post("/call/start", json={"call_id": "c-1"})
        _sent.clear()
        told = set()
        for url in urls:
            asked = json.dumps({"call_id": "c-1", "url": url})
            reply = await client.post("/process_audio", content=asked)
            # Half a character is no text, and what is longer than any address is no address.
            wanted = 400 if "\ud800" in url else 422 if len(url) > 2048 else 403
            assert (reply.status_code, url[:80]) == (wanted, url[:80])
            told |= {reply.content} if wanted == 403 else set()
        assert len(told) == 1
        assert _sent == []
    assert trap.visits == 0


async def test_the_trap_and_the_watch_notice_a_visit(trap):
    """The test above can fail: a real visit is seen by both."""
    _sent.clear()
    reader, writer = await asyncio.open_connection("127.0.0.1", trap.port)
    await reader.read()
    writer.close()
    assert trap.visits == 1
    assert "socket.connect" in _sent
