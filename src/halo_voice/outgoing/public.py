"""Which addresses are public, and connections to those alone (server-side request forgery).

A host is resolved once, every address of the answer must be allowed, and the connection goes to one
of those very addresses: nothing is resolved a second time.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

Address = IPv4Address | IPv6Address
Resolve = Callable[[str], Awaitable[Sequence[str]]]

_NEVER = tuple(
    ip_network(net)
    for net in (
        "192.0.0.0/24",  # protocol assignments
        "192.88.99.0/24",  # 6to4 relays
        "2001::/23",  # Teredo, ORCHID and other assignments
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: carries any IPv4 address
        "3fff::/20",  # documentation
    )
)
# Everything else of IPv6 that a public host may have; leaves out mapped, compatible and NAT64.
_GLOBAL_UNICAST = ip_network("2000::/3")


class NoAddress(OSError):
    """The host has no address."""


class NotPublic(OSError):
    """An address of the host is not allowed, or cannot be read."""


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether packets to `address` leave for the public internet, whatever translates them."""
    if isinstance(address, IPv6Address) and (
        address.scope_id is not None or address not in _GLOBAL_UNICAST
    ):
        return False
    return (
        address.is_global and not address.is_multicast and not any(address in net for net in _NEVER)
    )


async def resolve_by_system(host: str) -> list[str]:
    """The addresses of `host` as the operating system resolves them."""
    found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


async def vetted(
    host: str,
    *,
    resolve: Resolve = resolve_by_system,
    allowed: Callable[[Address], bool] = is_public,
) -> list[Address]:
    """What `host` resolves to, if all of it is allowed: one bad address spoils the answer.

    Raises `NoAddress`, `NotPublic`.
    """
    try:
        found = await resolve(host)
    except (OSError, UnicodeError):  # the second of a name that DNS cannot have
        raise NoAddress from None
    if not found:
        raise NoAddress
    try:
        addresses = [ip_address(text) for text in found]
    except ValueError:
        raise NotPublic("unreadable") from None
    if not all(allowed(address) for address in addresses):
        raise NotPublic
    return list(dict.fromkeys(addresses))


class Vetted(AbstractResolver):
    """Gives aiohttp the addresses that were vetted; nothing is resolved a second time."""

    def __init__(self, host: str, addresses: Iterable[Address]) -> None:
        self._host = _in_dns(host)
        self._addresses = list(addresses)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        if _in_dns(host) != self._host:
            raise OSError("not the vetted host")
        del family  # the answer was vetted as a whole and stays whole
        return [
            ResolveResult(
                hostname=host,
                host=str(address),
                port=port,
                family=socket.AF_INET if address.version == 4 else socket.AF_INET6,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST,
            )
            for address in self._addresses
        ]

    async def close(self) -> None: ...


def _in_dns(host: str) -> str:
    """As aiohttp asks for it, whoever wrote it: «хало.рф» is `xn--80awjz.xn--p1ai` there."""
    try:
        return URL.build(scheme="https", host=host).raw_host or host
    except ValueError:
        return host
