"""A recording is fetched from the vetted address of a listed host, or not at all."""

import asyncio
import socket
import sys

import pytest

from halo_voice.core.errors import ConfigurationError, RecordingRefused, RecordingUnavailable
from halo_voice.outgoing.public import is_public
from halo_voice.speech.recordings import HttpRecordingSource
from tests.standins.recording_server import RecordingServer, reply
from tests.unit.speech.hostile_urls import HOSTILE, HOSTS

HOST = "records.example.com"
URL = f"https://{HOST}/2026/a%20b.mp3?id=1&sig=%2B"

_packets: list[str] = []


def _watch(event, args):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto", "socket.gethostbyname"):
        _packets.append(event)


sys.addaudithook(_watch)


class Names:
    """A resolver that answers from a table and counts how often it is asked."""

    def __init__(self, *addresses):
        self.addresses = list(addresses)
        self.asked = []

    async def resolve(self, host):
        self.asked.append(host)
        return self.addresses


def on_loopback(address):
    return str(address) == "127.0.0.1" or is_public(address)


@pytest.fixture
async def server(tmp_path):
    async with RecordingServer(host=HOST) as standing:
        standing.authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
        yield standing


@pytest.fixture
def source_of(server, tmp_path):
    def make(names=None, **changes):
        options = {
            "resolve": (names or Names("127.0.0.1")).resolve,
            "allowed": on_loopback,
            "port": server.port,
            "ca_file": str(tmp_path / "ca.pem"),
            "total_s": 5.0,
        }
        return HttpRecordingSource([HOST], **(options | changes))

    return make


async def test_fetches_the_recording(server, source_of):
    """The audio comes back whole with its type; the request is plain and says nothing of us."""
    server.answer = reply(b"ID3" + bytes(100_000), content_type="Audio/MPEG; charset=x")
    source = source_of()
    assert await source.fetch(URL) == (b"ID3" + bytes(100_000), "audio/mpeg")
    await source.close()
    (request,) = server.requests
    assert request.startswith("GET /2026/a%20b.mp3?id=1&sig=%2B HTTP/1.1\r\n")
    assert "Accept-Encoding: identity\r\n" in request
    for name in ("Cookie", "Authorization", "Referer", "Proxy"):
        assert name not in request
    assert server.names == [HOST]


async def test_resolves_once_and_connects_to_that_answer(server, source_of):
    """The name is looked up one time, so that a second answer cannot lead elsewhere (rebinding)."""

    class Rebinding(Names):
        async def resolve(self, host):
            self.addresses, answer = ["10.0.0.1"], self.addresses
            self.asked.append(host)
            return answer

    names = Rebinding("127.0.0.1")
    _packets.clear()
    await source_of(names).fetch(URL)
    assert names.asked == [HOST]
    assert "socket.getaddrinfo" not in _packets
    with pytest.raises(RecordingRefused):
        await source_of(names).fetch(URL)
    assert server.connections == 1


async def test_environment_proxies_are_not_used(server, source_of, monkeypatch):
    """A proxy would connect wherever it resolves the name to."""
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    await source_of().fetch(URL)
    assert server.connections == 1


async def test_no_packet_is_sent_for_a_hostile_address():
    """For each address of the corpus nothing is resolved, connected or sent (F75)."""
    names = Names("127.0.0.1")
    ours = HttpRecordingSource(HOSTS, resolve=names.resolve, allowed=lambda _: True)
    systems = HttpRecordingSource(HOSTS)
    _packets.clear()
    for url in HOSTILE:
        for source in (ours, systems):
            with pytest.raises(RecordingRefused):
                await source.fetch(url)
    assert names.asked == []
    assert _packets == []


async def test_the_watch_sees_packets(server, source_of):
    """The proof above can fail: a real fetch is seen by the same watch."""
    _packets.clear()
    await source_of().fetch(URL)
    assert "socket.connect" in _packets


@pytest.mark.parametrize(
    "addresses",
    [
        ["10.0.0.1"],
        ["169.254.169.254"],
        ["127.0.0.2"],
        ["8.8.8.8", "10.0.0.1"],
        ["127.0.0.1", "8.8.8.8", "::1"],
        ["127.0.0.1", "64:ff9b::a9fe:a9fe"],
        ["127.0.0.1", "2002:7f00:1::"],
        ["127.0.0.1", "::ffff:10.0.0.1"],
        ["127.0.0.1", "fe80::1%eth0"],
        ["127.0.0.1", "not an address"],
        ["127.0.0.1", "0x7f.1"],
    ],
)
async def test_one_bad_address_spoils_the_answer(server, source_of, addresses):
    """If any of the addresses is not public, none is connected to."""
    _packets.clear()
    with pytest.raises(RecordingRefused):
        await source_of(Names(*addresses)).fetch(URL)
    assert server.connections == 0
    assert "socket.connect" not in _packets


async def test_the_default_lets_no_loopback_through(server, source_of):
    """Without the test's permission even the stand-in cannot be reached."""
    with pytest.raises(RecordingRefused):
        await source_of(allowed=is_public).fetch(URL)
    assert server.connections == 0


@pytest.mark.parametrize("failure", [socket.gaierror(-2, "unknown"), OSError("down"), None])
async def test_a_host_without_address_is_unavailable(source_of, failure):
    """A name that does not resolve is a failed fetch, not a refusal."""

    async def resolve(host):
        if failure:
            raise failure
        return []

    with pytest.raises(RecordingUnavailable):
        await source_of(resolve=resolve).fetch(URL)


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 x", "307 x", "308 x", "304 x"])
async def test_redirects_are_refused_and_not_followed(server, source_of, status):
    """Wherever a redirect points, it is not gone to."""
    target = (f"Location: https://{HOST}:{server.port}/elsewhere",)
    server.answer = reply(b"", status=status, headers=target)
    with pytest.raises(RecordingRefused):
        await source_of().fetch(URL)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "answer",
    [
        reply(content_type="text/html"),
        reply(content_type="application/octet-stream"),
        reply(content_type="audio/"),
        reply(content_type="text/html; audio/mpeg"),
        reply(content_type="audio/mpeg, text/html"),
        reply(content_type=None),
        reply(headers=("Content-Type: text/html",)),
        reply(content_type="audio/mpeg\r\nContent-Type: text/html"),
        reply(headers=("Content-Encoding: gzip",)),
        reply(headers=("Content-Encoding: br",)),
        reply(headers=("Content-Encoding: identity, gzip",)),
        reply(headers=("Content-Encoding: identity", "Content-Encoding: deflate")),
        reply(headers=("Content-Encoding: x-unknown",)),
    ],
)
async def test_what_is_not_plain_audio_is_refused(server, source_of, answer):
    """Other types, doubled types and compressed bodies are not read."""
    server.answer = answer
    with pytest.raises(RecordingRefused):
        await source_of().fetch(URL)


@pytest.mark.parametrize(
    "answer",
    [
        reply(status="404 Not Found"),
        reply(status="403 Forbidden"),
        reply(status="500 Broken"),
        reply(status="206 Partial Content"),
        reply(status="204 No Content", length=None),
        reply(b""),
        reply(b"cut", length=1000),
        b"not http at all\r\n\r\n",
        b"",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
    ],
)
async def test_failed_answers_are_unavailable(server, source_of, answer):
    """Errors, torn answers and what is not HTTP are a failed fetch without the address in it."""
    server.answer = answer
    with pytest.raises(RecordingUnavailable) as failure:
        await source_of().fetch(URL)
    assert "sig" not in str(failure.value)
    assert HOST not in str(failure.value)
    assert failure.value.__cause__ is None


@pytest.mark.parametrize("body", [b"x" * 1000, b"x" * 1001])
@pytest.mark.parametrize("length", [-1, None])
async def test_the_size_is_capped(server, source_of, body, length):
    """The limit itself still passes, one byte more does not, announced or not."""
    server.answer = reply(body, length=length)
    source = source_of(bytes_max=1000)
    if len(body) == 1000:
        assert await source.fetch(URL) == (body, "audio/mpeg")
        return
    with pytest.raises(RecordingUnavailable, match="larger than 1000"):
        await source.fetch(URL)


async def test_an_announced_size_over_the_cap_is_not_waited_for(server, source_of):
    """What says that it is too large is refused before its body comes."""
    server.answer, server.hangs = reply(b"x", length=10**9), True
    with pytest.raises(RecordingUnavailable, match="larger"):
        await source_of().fetch(URL)


async def test_an_endless_recording_is_stopped_while_reading(server, source_of):
    """Reading ends at the limit: most of what the server has is never taken."""
    server.answer = None
    with pytest.raises(RecordingUnavailable, match="larger"):
        await source_of(bytes_max=100_000).fetch(URL)
    assert server.sent_bytes < 32 * 1024 * 1024


@pytest.mark.parametrize("answer", [b"", reply(b"cut", length=1000), b"HTTP/1.1 200 OK\r\n"])
async def test_a_slow_host_is_given_up(server, source_of, answer):
    """The limit holds for the whole fetch, wherever it hangs."""
    server.answer, server.hangs = answer, True
    with pytest.raises(RecordingUnavailable, match=r"within 0\.2 s"):
        await source_of(total_s=0.2).fetch(URL)


async def test_a_slow_name_server_is_given_up(source_of):
    """Looking up the name counts as well."""

    async def resolve(host):
        await asyncio.Event().wait()

    with pytest.raises(RecordingUnavailable):
        await source_of(resolve=resolve, total_s=0.01).fetch(URL)


async def test_a_certificate_of_another_host_is_not_accepted(tmp_path):
    """The address alone proves nothing: the certificate must name the host."""
    async with RecordingServer(host=HOST, certified="other.example.com") as impostor:
        impostor.authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
        source = HttpRecordingSource(
            [HOST],
            resolve=Names("127.0.0.1").resolve,
            allowed=on_loopback,
            port=impostor.port,
            ca_file=str(tmp_path / "ca.pem"),
        )
        with pytest.raises(RecordingUnavailable):
            await source.fetch(URL)
        assert impostor.requests == []


async def test_an_unknown_authority_is_not_accepted(server, source_of):
    """The system's authorities do not know the stand-in's, so nothing is asked of it."""
    with pytest.raises(RecordingUnavailable):
        await source_of(ca_file=None).fetch(URL)
    assert server.requests == []


async def test_a_closed_port_is_unavailable(server, source_of):
    """Nobody listening is a failed fetch."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(RecordingUnavailable):
            await source_of(port=taken.getsockname()[1]).fetch(URL)


async def test_only_so_many_fetches_run_together(server, source_of):
    """A flood of recordings waits in line instead of filling the memory."""
    running, peak = 0, 0
    gate = asyncio.Event()

    async def resolve(host):
        nonlocal running, peak
        running += 1
        peak = max(peak, running)
        gate.set()
        await asyncio.sleep(0)
        running -= 1
        return ["127.0.0.1"]

    source = source_of(resolve=resolve, at_once=2)
    found = await asyncio.gather(*(source.fetch(URL) for _ in range(6)))
    assert len(found) == 6
    assert peak <= 2


@pytest.mark.parametrize("host", ["127.0.0.1", "*.example.com", "Records.example.com"])
def test_unusable_hosts_are_faults_of_the_configuration(host):
    """A list that could never match, or match too much, is found at the start."""
    with pytest.raises(ConfigurationError, match="recording hosts"):
        HttpRecordingSource([HOST, host])
