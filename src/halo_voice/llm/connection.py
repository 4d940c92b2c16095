"""The connections to one model's server: kept warm, signed in, given back after each answer."""

from __future__ import annotations

import asyncio
import ssl

import aiohttp
from yarl import URL

from halo_voice import __version__
from halo_voice.core.errors import ConfigurationError, ModelError, ModelUnreachable
from halo_voice.llm.body import read_body
from halo_voice.llm.endpoint import Endpoint
from halo_voice.llm.gigachat import Token

_IDLE_S = 60.0
_NAMES_LIVE_S = 300
_ENDING_S = 0.2
_WARM_UP_S = 3.0
_WARM_UP_BYTES_MAX = 1024 * 1024


class Connection:
    """Sends requests to an `Endpoint`. May be made before the event loop runs.

    `ConfigurationError` if the endpoint's `ca_file` cannot be read.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        base = endpoint.url.rstrip("/")
        self._answers_url = URL(f"{base}/chat/completions")
        self._models_url = URL(f"{base}/models")
        self._tls = _tls(endpoint)
        self._token = Token(endpoint.sign_in, self._open) if endpoint.sign_in else None
        self._session: aiohttp.ClientSession | None = None
        self._ending: dict[aiohttp.ClientResponse, asyncio.TimerHandle] = {}
        self._closed = False

    async def post(self, body: bytes) -> aiohttp.ClientResponse:
        """Send one request; back when the answer's head is there.

        Raises `ModelError` for the sign-in, else what aiohttp raises.
        """
        session = self._open()
        headers = await self._sign_in()
        return await session.post(
            self._answers_url, data=body, headers=headers, allow_redirects=False
        )

    def refused(self, status: int) -> bool:
        """A server that refuses the token makes it worthless, whatever its age.

        True when another token is on its way.
        """
        if status != 401 or self._token is None:
            return False
        self._token.discard()
        return True

    def finish(self, response: aiohttp.ClientResponse) -> None:
        """Keep the connection if the body's end comes soon, without anybody waiting for it.

        When the end comes, aiohttp gives the connection back by itself, and closing the response
        later does nothing.
        """
        timer = asyncio.get_running_loop().call_later(_ENDING_S, self._end, response)
        self._ending[response] = timer

    async def warm_up(self) -> None:
        """Sign in and open a connection by asking for the list of models. Never raises."""
        try:
            async with asyncio.timeout(_WARM_UP_S):
                session = self._open()
                headers = await self._sign_in()
                async with session.get(
                    self._models_url, headers=headers, allow_redirects=False
                ) as response:
                    await read_body(response, _WARM_UP_BYTES_MAX)
        except (ModelError, aiohttp.ClientError, OSError, ValueError):
            return  # the first turn will find out and say so

    async def close(self) -> None:
        """End everything; answers under way end with `ModelUnreachable`."""
        self._closed = True
        for response in list(self._ending):
            self._end(response)
        if self._token is not None:
            await self._token.close()
        if self._session is not None:
            await self._session.close()

    def _end(self, response: aiohttp.ClientResponse) -> None:
        timer = self._ending.pop(response, None)
        if timer is not None:
            timer.cancel()
            response.close()

    async def _sign_in(self) -> dict[str, str] | None:
        if self._token is None:
            return None
        return {"Authorization": f"Bearer {await self._token.get()}"}

    def _open(self) -> aiohttp.ClientSession:
        if self._closed:
            raise ModelUnreachable("The client of the model is closed.")
        if self._session is None:
            endpoint = self._endpoint
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=endpoint.connections_max,
                    keepalive_timeout=_IDLE_S,
                    ttl_dns_cache=_NAMES_LIVE_S,
                    ssl=self._tls,
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers=_headers(endpoint),
                timeout=aiohttp.ClientTimeout(total=None, connect=endpoint.limits.connect_s),
            )
        return self._session


def _headers(endpoint: Endpoint) -> dict[str, str]:
    """What every request carries. No compression: it holds tokens back."""
    headers = {
        "Accept": "text/event-stream, application/json",
        "Accept-Encoding": "identity",
        "Content-Type": "application/json",
        "User-Agent": f"halo-voice/{__version__}",
    }
    if endpoint.key and endpoint.sign_in is None:
        headers["Authorization"] = f"{endpoint.key_style} {endpoint.key}"
    return {**headers, **endpoint.headers}


def _tls(endpoint: Endpoint) -> ssl.SSLContext | bool:
    ca_file = endpoint.ca_file
    if not ca_file:
        return True
    context = ssl.create_default_context()
    try:
        context.load_verify_locations(cafile=ca_file)
    except OSError as error:  # ssl.SSLError is one
        raise ConfigurationError(
            [f"{endpoint.prefix}_CA_FILE: {ca_file} holds no certificates that can be read."]
        ) from error
    return context
