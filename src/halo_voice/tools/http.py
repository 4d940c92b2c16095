"""HTTP tools: declared in the profile, guarded like every address that HALO asks.

Host, method and headers are the profile's; of the model are values only, each escaped where it
stands. The host must be public and is asked over https, unless the settings list it as one of this
network (F75). Nothing is followed, nothing larger than the limit is read.
"""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import Collection, Mapping
from dataclasses import fields
from typing import Any, Literal
from urllib.parse import quote, urlsplit

import aiohttp
import structlog
from yarl import URL

from halo_voice.core.errors import ConfigurationError, ToolError, ToolMisused, ToolUnsure
from halo_voice.core.tools import ToolResult, ToolSpec, Use, within
from halo_voice.outgoing.http import beginning, connector_to
from halo_voice.outgoing.public import NoAddress, NotPublic, vetted
from halo_voice.outgoing.tls import tls_context
from halo_voice.tools.function import result_of
from halo_voice.tools.schema import Schema

CONNECT_S = 3.0
BODY_BYTES_MAX = 256 * 1024
REFUSAL_CHARS = 300

_SLOT = re.compile(r"\{(\w+)\}")
HEADER = re.compile(r"[A-Za-z0-9-]{1,64}")
_log = structlog.get_logger(__name__)


class HttpTool:
    """A `Tool` behind an address. `table`: of the profile; `secrets`: by name; `private`: hosts of
    this network, `host` or `host:port`. Raises `ConfigurationError` with all faults.

    What has an effect carries the header `Idempotency-Key`, the same for every try.
    """

    def __init__(
        self,
        table: Mapping[str, Any],
        *,
        secrets: Mapping[str, str],
        private: Collection[str] = (),
    ) -> None:
        self._method: str = table["method"]
        self._url: str = table["url"]
        marks = marks_of(table)
        marks.setdefault("effect", self._method != "GET")
        self._schema = Schema(table.get("parameters", {}))
        self.spec = ToolSpec(
            name=table["name"],
            description=table["description"],
            parameters=self._schema.parameters,
            **marks,
        )
        parts = urlsplit(_SLOT.sub("x", self._url))
        self._host = parts.hostname or ""
        self._private = bool({self._host, parts.netloc} & set(private))
        self._headers, faults = filled(table.get("headers", {}), secrets, "headers", HEADER)
        faults += self._faults(parts.scheme, self._url.partition("://")[2])
        if faults:
            raise ConfigurationError(faults)
        self._tls: ssl.SSLContext | Literal[False] = (
            tls_context(None) if parts.scheme == "https" else False
        )

    def check(self, arguments: str) -> dict[str, Any]:
        given = self._schema.check(arguments)
        self._address(given)
        return given

    async def run(self, arguments: Mapping[str, Any], use: Use) -> ToolResult:
        url, body = self._address(arguments)
        headers = dict(self._headers)
        if self.spec.effect:
            headers["Idempotency-Key"] = use.key
        connector = await self._connector()
        timeout = aiohttp.ClientTimeout(total=self.spec.longest_s, connect=CONNECT_S)
        try:
            async with (
                aiohttp.ClientSession(
                    connector=connector,
                    cookie_jar=aiohttp.DummyCookieJar(),
                    trust_env=False,
                    timeout=timeout,
                    headers={"Accept": "application/json, text/*", "Accept-Encoding": "identity"},
                ) as session,
                session.request(
                    self._method, url, json=body, headers=headers, allow_redirects=False
                ) as reply,
            ):
                body, _ = await beginning(reply, BODY_BYTES_MAX)
                return self._result(reply.status, body.decode("utf-8", "replace"))
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
            raise ToolError("Система не отвечает.") from None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            # The request may have arrived: the error's own words hold the address.
            _log.warning("tool_unanswered", tool=self.spec.name, fault=type(error).__name__)
            raise self._unsure("Система не ответила.") from None

    def _result(self, status: int, text: str) -> ToolResult:
        if 200 <= status < 300:
            return result_of(text)
        if 400 <= status < 500:
            raise ToolError(f"Система отказала ({status}). {within(text, REFUSAL_CHARS)}".strip())
        if 300 <= status < 400:
            raise ToolError("Система отвечает перенаправлением.")
        raise self._unsure(f"Ошибка системы ({status}).")

    def _unsure(self, message: str) -> ToolError:
        return (ToolUnsure if self.spec.effect else ToolError)(message)

    async def _connector(self) -> aiohttp.TCPConnector:
        try:
            addresses = None if self._private else await vetted(self._host)
            return connector_to(self._host, addresses, self._tls)
        except NoAddress:
            raise ToolError("Система не отвечает.") from None
        except NotPublic:
            _log.error("tool_host_not_public", tool=self.spec.name)
            raise ToolError("Адрес системы не разрешён.") from None

    def _address(self, arguments: Mapping[str, Any]) -> tuple[URL, Any]:
        """The address with the values in it, and the body: what has no place in the address."""

        def value(slot: re.Match[str]) -> str:
            given = arguments.get(slot[1])
            written = "" if given is None or isinstance(given, list | dict) else _plain(given)
            if not written or written in (".", ".."):
                raise ToolMisused(f"{slot[1]}: пустое или недопустимое значение.")
            return quote(written, safe="")

        url = _SLOT.sub(value, self._url)
        placed = {*_SLOT.findall(self._url)}
        given = {n: v for n, v in arguments.items() if v is not None and n not in placed}
        if self._method in ("GET", "DELETE"):
            pairs = [(n, each) for n, v in given.items() for each in _each(v)]
            query = "&".join(f"{quote(n)}={quote(_plain(v), safe='')}" for n, v in pairs)
            sign = "&" if "?" in url else "?"
            return URL(url + (sign + query if query else ""), encoded=True), None
        return URL(url, encoded=True), given

    def _faults(self, scheme: str, rest: str) -> list[str]:
        faults = []
        if scheme not in (("https", "http") if self._private else ("https",)):
            faults.append(
                "url must begin with https://, or its host stand in HALO_TOOL_PRIVATE_HOSTS"
            )
        authority = rest.split("/")[0].split("?")[0]
        if not self._host or "{" in authority or "@" in authority:
            faults.append("url must have a host of its own, without a user or a {value} in it")
        unknown = set(_SLOT.findall(self._url)) - set(self._schema.parameters["properties"])
        if unknown:
            faults.append(f"url has {{{', '.join(sorted(unknown))}}}, which parameters do not know")
        return faults


def marks_of(table: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of `ToolSpec` that a table sets."""
    own = {"name", "description", "parameters"}
    known = {field.name for field in fields(ToolSpec)} - own
    return {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in table.items()
        if name in known
    }


def filled(
    written: Mapping[str, str], secrets: Mapping[str, str], place: str, name: re.Pattern[str]
) -> tuple[dict[str, str], list[str]]:
    """Named lines with their `{secret}`s, and what is wrong with them."""
    lines, faults = {}, []
    for key, value in written.items():
        missing = [each for each in _SLOT.findall(value) if each not in secrets]
        if missing:
            faults.append(f"{place}.{key}: HALO_TOOL_SECRETS has no {', '.join(missing)}")
            continue
        lines[key] = line = _SLOT.sub(lambda slot: secrets[slot[1]], value)
        if not name.fullmatch(key) or not (line.isascii() and line.isprintable()):
            faults.append(f"{place}.{key}: must be a name and a line of ASCII")
    return lines, faults


def _each(value: Any) -> list[Any]:
    """A list is said value by value, under the same name."""
    return value if isinstance(value, list) else [value]


def _plain(value: Any) -> str:
    """As it stands in an address: a text as it is, anything else as JSON has it."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
