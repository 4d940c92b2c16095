"""Fetches recordings from the platform's hosts and from nowhere else.

The address comes from outside, so it is hostile (F75): it is checked as text, its host is resolved
once, every address of the answer must be public, and the connection goes to one of those very
addresses with the certificate checked against the host's name.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence

import aiohttp
from yarl import URL

from halo_voice.core.errors import ConfigurationError, RecordingRefused, RecordingUnavailable
from halo_voice.outgoing.http import beginning, connector_to
from halo_voice.outgoing.public import (
    Address,
    NoAddress,
    NotPublic,
    Resolve,
    is_public,
    resolve_by_system,
    vetted,
)
from halo_voice.outgoing.tls import tls_context
from halo_voice.speech.addresses import RECORDING_HOSTS, host_and_target, host_fault

_AUDIO = re.compile(r"audio/[a-z0-9][a-z0-9.+-]{0,40}")


class HttpRecordingSource:
    """The `RecordingSource` over https.

    `hosts` are exact names; empty: `RECORDING_HOSTS`. `total_s` bounds a whole fetch, name look-up
    included; `bytes_max` is enforced while reading; at most `at_once` fetches run together.
    `ca_file` (PEM) replaces the system's certificate authorities. `resolve`, `allowed` and `port`
    are for tests.

    Raises `ConfigurationError` for an unusable host or `ca_file`.
    """

    def __init__(
        self,
        hosts: Sequence[str] = (),
        *,
        total_s: float = 10.0,
        bytes_max: int = 25 * 1024 * 1024,
        at_once: int = 4,
        ca_file: str | None = None,
        resolve: Resolve = resolve_by_system,
        allowed: Callable[[Address], bool] = is_public,
        port: int = 443,
    ) -> None:
        if faults := [fault for host in hosts if (fault := host_fault(host))]:
            raise ConfigurationError([f"recording hosts: {fault}" for fault in faults])
        self._hosts = frozenset(hosts or RECORDING_HOSTS)
        self._total_s = total_s
        self._bytes_max = bytes_max
        self._turnstile = asyncio.Semaphore(at_once)
        self._tls = tls_context(ca_file)
        self._resolve = resolve
        self._allowed = allowed
        self._port = port

    def check(self, url: str) -> None:
        """Raises `RecordingRefused`. Looks nothing up."""
        host_and_target(url, self._hosts)

    async def fetch(self, url: str) -> tuple[bytes, str]:
        """The audio at `url` and its content type, lower case and without parameters.

        Raises `RecordingRefused` where the address, what it resolves to, or what answers there is
        not a recording of the platform, `RecordingUnavailable` where the fetch fails. No message
        holds anything of the address: it is a capability.
        """
        host, target = host_and_target(url, self._hosts)
        async with self._turnstile:
            try:
                async with asyncio.timeout(self._total_s):
                    addresses = await self._vetted(host)
                    return await self._get(host, target, addresses)
            except TimeoutError:
                raise RecordingUnavailable(
                    f"The recording did not arrive within {self._total_s:g} s."
                ) from None
            except aiohttp.ClientError as error:
                # The error's own words and its chain hold the address.
                raise RecordingUnavailable(
                    f"The recording could not be fetched: {type(error).__name__}."
                ) from None

    async def close(self) -> None:
        """Nothing stays open between fetches."""

    async def _vetted(self, host: str) -> list[Address]:
        """What `host` resolves to, if all of it is allowed."""
        try:
            return await vetted(host, resolve=self._resolve, allowed=self._allowed)
        except NoAddress:
            raise RecordingUnavailable("The recording's host has no address.") from None
        except NotPublic as error:
            fault = "has an unreadable address"
            which = fault if error.args else "resolves to an address that is not public"
            raise RecordingRefused(f"The recording's host {which}.") from None

    async def _get(self, host: str, target: str, addresses: list[Address]) -> tuple[bytes, str]:
        connector = connector_to(host, addresses, self._tls)
        url = URL(f"https://{host}:{self._port}{target}", encoded=True)
        async with (
            aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
                auto_decompress=False,
                headers={"Accept": "audio/*", "Accept-Encoding": "identity"},
            ) as session,
            session.get(url, allow_redirects=False) as reply,
        ):
            content_type = _content_type(reply)
            return await self._read(reply), content_type

    async def _read(self, reply: aiohttp.ClientResponse) -> bytes:
        """The whole body, if it is not larger than the limit."""
        whole = (reply.content_length or 0) <= self._bytes_max
        audio, whole = await beginning(reply, self._bytes_max) if whole else (b"", False)
        if not whole:
            raise RecordingUnavailable(f"The recording is larger than {self._bytes_max} bytes.")
        if not audio:
            raise RecordingUnavailable("The recording is empty.")
        return audio


def _content_type(reply: aiohttp.ClientResponse) -> str:
    """The audio type of a good answer; raises for any other answer before its body is read."""
    if 300 <= reply.status < 400:
        raise RecordingRefused("The recording's host answers with a redirect.")
    if reply.status != 200:
        raise RecordingUnavailable(f"The recording's host answers with status {reply.status}.")
    encodings = {value.strip().lower() for value in reply.headers.getall("Content-Encoding", ())}
    if encodings - {"identity"}:
        raise RecordingRefused("The recording is sent compressed.")
    types = reply.headers.getall("Content-Type", ())
    kind = types[0].partition(";")[0].strip().lower() if len(types) == 1 else ""
    if not _AUDIO.fullmatch(kind):
        raise RecordingRefused("What is at the recording's address is not audio.")
    return kind
