"""The way to one model's server: its lines, its requests' heads, its sign-in."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from typing import NamedTuple

from yarl import URL

from halo_voice import __version__
from halo_voice.core.errors import ConfigurationError, ModelError
from halo_voice.llm.endpoint import Endpoint
from halo_voice.llm.faults import fault_of_connection
from halo_voice.llm.fetch import Fetched, fetch
from halo_voice.llm.gigachat import Token
from halo_voice.llm.line import Line
from halo_voice.llm.pool import Pool

_WARM_UP_S = 3.0
_TOLD_BYTES_MAX = 1024 * 1024
_SIGN_IN_LINES_MAX = 2


class Signed(NamedTuple):
    """A whole request for an answer. `token`: the short-lived one that it carries, else ""."""

    written: bytes
    token: str = ""


class Connection:
    """Lines and requests for an `Endpoint`. May be made before the event loop runs.

    `ConfigurationError` if the endpoint's `ca_file` cannot be read, or a header cannot be sent.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self._base = URL(endpoint.url.rstrip("/"))
        url = self._base / "chat/completions"
        tls = _tls(endpoint)
        connect_s = endpoint.limits.connect_s
        self._pool = _pool(url, tls, connect_s, endpoint.connections_max)
        self._headers = _headers(endpoint)
        self._answers_head = request_head("POST", url, self._headers, endpoint.prefix)
        self._prefix = endpoint.prefix
        self._token: Token | None = None
        self._token_pool: Pool | None = None
        if endpoint.sign_in is not None:
            token_url = URL(endpoint.sign_in.url)
            self._token_pool = _pool(token_url, tls, connect_s, _SIGN_IN_LINES_MAX)
            head = request_head("POST", token_url, {"User-Agent": _AGENT}, endpoint.prefix)
            self._token = Token(endpoint.sign_in, head, self._token_pool)

    def request(self, body: bytes) -> Signed | None:
        """The request for an answer; None while there is no live token."""
        head, token = self._answers_head, ""
        if self._token is not None:
            token = self._token.live
            if not token:
                return None
            head = b"%bAuthorization: Bearer %b\r\n" % (head, token.encode())
        return Signed(b"%bContent-Length: %d\r\n\r\n%b" % (head, len(body), body), token)

    async def sign_in(self) -> None:
        """Wait for a live token. Raises `ModelError`."""
        if self._token is not None:
            await self._token.get()

    def warm_line(self) -> Line | None:
        """A line that is open and free, None if there is none."""
        return self._pool.warm()

    async def line(self, *, new: bool = False) -> Line:
        """A line for one answer; `new`: never used before. Raises `ModelError`."""
        try:
            return await self._pool.line(new=new)
        except (OSError, ValueError) as error:
            raise fault_of_connection(error) from None

    def refused(self, status: int, token: str) -> bool:
        """A server that refuses the token makes it worthless, whatever its age.

        True when another token is on its way, or here.
        """
        if status != 401 or self._token is None:
            return False
        self._token.discard(token)
        return True

    async def ask(self, name: str) -> Fetched:
        """What the server tells under this name, beside its answers. Raises `ModelError`."""
        request = request_head("GET", self._base / name, self._headers, self._prefix)
        if self._token is not None:
            token = await self._token.get()
            request += b"Authorization: Bearer %b\r\n" % token.encode()
        return await fetch(self._pool, request + b"\r\n", bytes_max=_TOLD_BYTES_MAX)

    async def warm_up(self) -> None:
        """Sign in and open a line by asking for the list of models. Never raises."""
        try:
            async with asyncio.timeout(_WARM_UP_S):
                await self.ask("models")
        except (ModelError, TimeoutError):
            return  # the first turn will find out and say so

    async def close(self) -> None:
        """End everything; answers under way end with `ModelUnreachable`."""
        if self._token is not None:
            await self._token.close()
        if self._token_pool is not None:
            await self._token_pool.close()
        await self._pool.close()


_AGENT = f"halo-voice/{__version__}"


def request_head(method: str, url: URL, headers: Mapping[str, str], prefix: str) -> bytes:
    """The head of a request up to its last header's line end. Raises `ConfigurationError`."""
    lines = [f"{method} {url.raw_path_qs} HTTP/1.1", f"Host: {_host(url)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    head = "\r\n".join(lines)
    if not head.isascii() or any(not line.isprintable() for line in lines):
        raise ConfigurationError([f"{prefix}_HEADERS: key and headers must be lines of ASCII."])
    return f"{head}\r\n".encode()


def _host(url: URL) -> str:
    host = url.host_subcomponent or ""
    return host if url.is_default_port() else f"{host}:{url.port}"


def _pool(url: URL, tls: ssl.SSLContext | None, connect_s: float, lines_max: int) -> Pool:
    wanted = tls if url.scheme == "https" else None
    return Pool(url, wanted, connect_s=connect_s, lines_max=lines_max)


def _headers(endpoint: Endpoint) -> dict[str, str]:
    """What every request carries. No compression: it holds tokens back."""
    headers = {
        "Accept": "text/event-stream, application/json",
        "Accept-Encoding": "identity",
        "Content-Type": "application/json",
        "User-Agent": _AGENT,
    }
    if endpoint.key and endpoint.sign_in is None:
        headers["Authorization"] = f"{endpoint.key_style} {endpoint.key}"
    theirs = {name.lower() for name in endpoint.headers}
    ours = {name: value for name, value in headers.items() if name.lower() not in theirs}
    return {**ours, **endpoint.headers}


def _tls(endpoint: Endpoint) -> ssl.SSLContext | None:
    """Reading the system's authorities takes a while: only for who needs them."""
    urls = [endpoint.url, endpoint.ca_file and "https:"]
    urls += [endpoint.sign_in.url] if endpoint.sign_in is not None else []
    if not any(url.lower().startswith("https:") for url in urls):
        return None
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    ca_file = endpoint.ca_file
    if not ca_file:
        return context
    try:
        context.load_verify_locations(cafile=ca_file)
    except OSError as error:  # ssl.SSLError is one
        raise ConfigurationError(
            [f"{endpoint.prefix}_CA_FILE: {ca_file} holds no certificates that can be read."]
        ) from error
    return context
