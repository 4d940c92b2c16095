"""The lines to a model's server: how many, how long they live, what makes them unfit."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
import trustme
from yarl import URL

from halo_voice.core.errors import ConfigurationError, ModelBroken, ModelTimeout, ModelUnreachable
from halo_voice.llm.endpoint import Endpoint
from halo_voice.llm.fetch import fetch
from halo_voice.llm.line import Line
from halo_voice.llm.openai_client import OpenAIClient
from halo_voice.llm.pool import Pool
from tests.standins.model_server import ModelServer, Reply, Request, Step, plain, spoken

YES = Reply([b"".join(spoken(["Да."]).steps)], framing="length")
"""Its end comes with its last word, so that the line is free for the next turn."""

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


@asynccontextmanager
async def lines_to(server: ModelServer, **more: float) -> AsyncIterator[Pool]:
    pool = Pool(URL(server.url), None, **{"connect_s": 60.0, "lines_max": 9, **more})
    try:
        async with asyncio.timeout(60):
            yield pool
    finally:
        await pool.close()


async def get(pool: Pool, path: str = "/v1/x") -> bytes:
    request = f"GET {path} HTTP/1.1\r\nHost: h\r\n\r\n".encode()
    return (await fetch(pool, request, bytes_max=100)).body


@asynccontextmanager
async def answering(*answers: bytes) -> AsyncIterator[str]:
    """A server that sends these bytes, one after the other, for each request on a connection."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer in answers:
            if not await reader.read(9999):
                break
            writer.write(answer)
        await reader.read()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


async def test_turns_of_many_calls_share_the_lines() -> None:
    """Eighty calls open eighty lines, and their next turns not one more."""
    async with ModelServer(YES) as server:
        client = OpenAIClient(Endpoint(url=server.url, model="m"))
        for _ in range(3):
            answers = await asyncio.gather(*(client.get_ai_response("Алло") for _ in range(80)))
            assert answers == ["Да."] * 80
            assert server.opened <= 80
        await client.close()


async def test_a_dead_line_costs_a_turn_nothing() -> None:
    """The server broke the idle line off while the question was on its way: it is asked over a
    new one, once."""
    replies = iter([YES, Step.CUT, YES])
    async with ModelServer(lambda _: next(replies)) as server:
        client = OpenAIClient(Endpoint(url=server.url, model="m"))
        assert await client.get_ai_response("Алло") == "Да."
        assert await client.get_ai_response("Алло") == "Да."
        assert (len(server.requests), server.opened) == (3, 2)
        await client.close()


async def test_a_new_line_that_breaks_is_a_failure() -> None:
    """Nobody is asked a second time because he failed."""
    async with ModelServer(lambda _: Step.CUT) as server:
        client = OpenAIClient(Endpoint(url=server.url, model="m"))
        with pytest.raises(ModelUnreachable):
            await client.get_ai_response("Алло")
        assert len(server.requests) == 1
        await client.close()


async def test_an_idle_line_is_closed_in_time() -> None:
    """Lines that nobody needs any more go, those in use stay."""
    async with ModelServer(plain({})) as server, lines_to(server, idle_s=0.05) as pool:
        await asyncio.gather(*(get(pool) for _ in range(3)))
        assert server.opened == 3
        await server.idle()
        assert pool.warm() is None
        assert await get(pool) == b"{}"


async def test_a_handshake_is_done_ahead() -> None:
    """Over TLS, who takes the last line leaves another one to the next caller."""
    authority = trustme.CA()
    ours, theirs = ssl.create_default_context(), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.configure_trust(ours)
    authority.issue_cert("127.0.0.1").configure_cert(theirs)
    async with ModelServer(plain({}), tls=theirs) as server:
        pool = Pool(URL(server.url), ours, connect_s=60.0, lines_max=9)
        assert await get(pool) == b"{}"
        assert server.opened == 1
        assert await get(pool) == b"{}"
        await server.connected(2)
        assert await get(pool) == b"{}"
        assert None not in (pool.warm(), pool.warm())
        await pool.close()  # with the third one on its way
        await server.idle()


async def test_who_comes_when_all_lines_are_busy_waits_for_one() -> None:
    """No more than the limit is ever open."""
    async with ModelServer(plain({})) as server, lines_to(server, lines_max=2) as pool:
        assert await asyncio.gather(*(get(pool) for _ in range(20))) == [b"{}"] * 20
        assert server.opened == 2


async def got_at_last(pool: Pool) -> bytes:
    """However often a slow machine makes it come too late."""
    while True:
        with suppress(ModelTimeout):
            return await get(pool)


async def test_waiting_for_a_line_has_an_end() -> None:
    """A place that never comes is a timeout, and those who gave up block nobody."""

    def reply(request: Request) -> Reply:
        return Reply([Step.HANG]) if request.path == "/hang" else plain({})

    async with (
        ModelServer(reply) as server,
        lines_to(server, lines_max=1, connect_s=0.1) as pool,
    ):
        busy = asyncio.create_task(get(pool, "/hang"))
        await server.received(1)
        with pytest.raises(ModelTimeout):
            await get(pool)
        next_one = asyncio.create_task(got_at_last(pool))
        busy.cancel()
        await asyncio.wait([busy])
        assert await next_one == b"{}"


@pytest.mark.parametrize(
    "answer",
    [
        ANSWER.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"),
        ANSWER + b"HTTP/1.1 200 OK\r\n",
        ANSWER.replace(b"1.1", b"1.0"),
    ],
    ids=["close", "too much", "HTTP/1.0"],
)
async def test_an_unfit_line_is_not_kept(answer: bytes) -> None:
    """The server says so, sends more than an answer, or speaks a language without keeping."""
    async with answering(answer) as url:
        pool = Pool(URL(url), None, connect_s=60.0, lines_max=9)
        assert await get(pool) == b"{}"
        assert pool.warm() is None
        await pool.close()


async def test_an_interim_answer_is_passed_over() -> None:
    """«100 Continue» is no answer, and the line is kept."""
    async with answering(b"HTTP/1.1 100 Continue\r\n\r\n" + ANSWER, ANSWER) as url:
        pool = Pool(URL(url), None, connect_s=60.0, lines_max=1)
        assert [await get(pool), await get(pool)] == [b"{}", b"{}"]
        assert pool.warm() is not None
        await pool.close()


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n", ModelBroken),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n" + b"x" * 5 + b"garbage", None),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n", ModelBroken),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n" + b"x" * 500, ModelBroken),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 9000 + b"Content-Length: 0\r\n\r\n", None),
    ],
    ids=["upgrade", "trailing", "length", "larger than the limit", "many headers"],
)
async def test_strange_answers_do_no_harm(answer: bytes, error: type[Exception] | None) -> None:
    """An error of ours or an answer, in any case an end."""
    async with answering(answer) as url:
        pool = Pool(URL(url), None, connect_s=60.0, lines_max=9)
        async with asyncio.timeout(60):
            if error is None:
                await get(pool)
            else:
                with pytest.raises(error):
                    await get(pool)
        await pool.close()


@pytest.fixture
async def two_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every name has an address where nobody is, and then ours."""
    kinds = (socket.AF_INET, socket.SOCK_STREAM, 6, "")

    async def names(*_: object, **__: object) -> list:
        return [(*kinds, (address, 0)) for address in ("192.0.2.1", "127.0.0.1")]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", names)


@pytest.mark.usefixtures("two_addresses")
async def test_a_host_s_second_address_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """An address that does not answer costs a quarter of a second, once, whatever names say."""
    async with ModelServer(plain({})) as server:
        url = URL(server.url).with_host("model.example")
        pool = Pool(url, None, connect_s=60.0, lines_max=9)
        tried: list[str] = []
        connect = pool._connect_to

        async def noted(family: int, address: str) -> Line:
            tried.append(address)
            return await connect(family, address)

        monkeypatch.setattr(pool, "_connect_to", noted)
        assert await get(pool) == b"{}"
        (await pool.line(new=True)).abort()
        pool._addresses_until = 0.0
        (await pool.line(new=True)).abort()
        await pool.close()
    assert tried == ["192.0.2.1", "127.0.0.1", "127.0.0.1", "127.0.0.1"]


@pytest.mark.usefixtures("two_addresses")
async def test_calls_at_once_reach_a_host_s_second_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is still at the dead address goes on to the one that another call has found."""
    monkeypatch.setattr("halo_voice.llm.pool._ADDRESS_S", 0.02)
    async with ModelServer(plain({})) as server:
        url = URL(server.url).with_host("model.example")
        pool = Pool(url, None, connect_s=2.0, lines_max=9)
        later: list[asyncio.Task[Line]] = []
        second = asyncio.Event()
        connect = pool._connect_to

        async def held(family: int, address: str) -> Line:
            if address == "192.0.2.1":
                if later:
                    second.set()
                await asyncio.get_running_loop().create_future()
            if not later:
                later.append(asyncio.create_task(pool.line(new=True)))
                await second.wait()
            return await connect(family, address)

        monkeypatch.setattr(pool, "_connect_to", held)
        (await pool.line(new=True)).abort()
        (await later[0]).abort()
        await pool.close()


@pytest.mark.parametrize("value", ["a\r\nX: y", "ключ", "a\x00"])
def test_a_header_that_cannot_be_sent_is_a_configuration_error(value: str) -> None:
    """It is found when the client is made, and no header can smuggle in another."""
    with pytest.raises(ConfigurationError, match="HALO_MODEL_HEADERS"):
        OpenAIClient(Endpoint(url="http://127.0.0.1/v1", model="m", headers={"X-A": value}))
