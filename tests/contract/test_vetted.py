"""Hosts that were vetted, over a real connection: by their own names only, whoever wrote them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from ipaddress import ip_address

import aiohttp
import pytest
from aiohttp import web

from halo_voice.outgoing.http import connector_to
from halo_voice.outgoing.public import NoAddress, vetted

HOME = [ip_address("127.0.0.1")]


@pytest.fixture
async def port() -> AsyncIterator[int]:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(text=request.host)

    app = web.Application()
    app.router.add_get("/", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield runner.addresses[0][1]
    await runner.cleanup()


@pytest.mark.parametrize("written", ["хало.рф", "ХАЛО.рф", "xn--80awjz.xn--p1ai"])
async def test_a_host_in_russian_is_reached(port, written):
    """A profile has its name as people write it, aiohttp asks for it as DNS has it."""
    async with aiohttp.ClientSession(connector=connector_to(written, HOME, False)) as session:
        async with session.get(f"http://{written}:{port}/") as reply:
            assert await reply.text() == f"xn--80awjz.xn--p1ai:{port}"
        with pytest.raises(aiohttp.ClientConnectorError):
            await session.get(f"http://хало.онлайн:{port}/")


@pytest.mark.parametrize("host", ["halo..ru", "хало..рф", "a" * 64 + ".ru"])
async def test_a_name_that_dns_cannot_have_has_no_address(host):
    """Not another fault, which nobody expects."""
    with pytest.raises(NoAddress):
        await vetted(host)
