"""Tools of MCP servers, through the official SDK: over stdio, or streamable HTTP.

One task holds a server's connection, and makes it anew when it is lost; meanwhile its tools are not
offered. What a server says of its tools are hints: a tool counts as one with an effect, and as one
that does not know its key, unless the server or the profile says otherwise. The SDK is imported
when there is a server, and not before.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import json
import logging
import os
import re
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import structlog

from halo_voice.core.errors import ConfigurationError, ToolError, ToolUnsure
from halo_voice.core.tools import Tool, ToolResult, ToolSpec, Use, within
from halo_voice.outgoing.public import vetted
from halo_voice.tools.function import result_of
from halo_voice.tools.http import HEADER, filled, marks_of
from halo_voice.tools.schema import Schema

START_S = 5.0
"""The start waits so long for a server, in seconds; one that comes later is offered later."""

CONNECT_S = 10.0
LOOK_S = 15.0
"""So often, in seconds, a server is asked for its tools again, which tells that it lives."""

PAUSE_S = (0.5, 30.0)
"""Before a lost server is tried again, at first and at most."""

DESCRIPTION_CHARS_MAX = 1_000
PAGES_MAX = 10

MISSING = (
    "needs the package mcp: .venv/bin/python -m pip install --require-hashes "
    "-r requirements/mcp.txt"
)
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_UNFIT = re.compile(r"[^a-zA-Z0-9_-]")
_log = structlog.get_logger(__name__)


class McpServer:
    """A `Source` of tools. `table`: of the profile. Raises `ConfigurationError` with all faults."""

    def __init__(
        self,
        table: Mapping[str, Any],
        *,
        secrets: Mapping[str, str],
        private: Collection[str] = (),
    ) -> None:
        self.name: str = table["name"]
        self.version = 0
        self.tools: Sequence[Tool] = ()
        self._command: list[str] | None = table.get("command")
        self._url: str = table.get("url") or ""
        self._only: list[str] | None = table.get("only")
        self._marks: Mapping[str, Mapping[str, Any]] = table.get("tools", {})
        self._headers, faults = filled(table.get("headers", {}), secrets, "headers", HEADER)
        self._env, more = filled(table.get("env", {}), secrets, "env", _VARIABLE)
        faults += more
        parts = urlsplit(self._url)
        self._private = bool({parts.hostname, parts.netloc} & set(private))
        faults += self._faults(parts.scheme, parts.hostname)
        if faults:
            raise ConfigurationError(faults)
        self._client: Any = None
        self._broken = asyncio.Event()
        self._first = asyncio.Event()
        self._serving: asyncio.Task[None] | None = None

    def _faults(self, scheme: str, host: str | None) -> list[str]:
        faults = []
        if importlib.util.find_spec("mcp") is None:
            faults.append(MISSING)
        if self._command is None and not self._url:
            faults.append("needs a command or a url")
        if self._url and (not host or scheme not in ("https", *(["http"] * self._private))):
            faults.append(
                "url must begin with https://, or its host stand in HALO_TOOL_PRIVATE_HOSTS"
            )
        return faults

    async def start(self) -> None:
        """Connect, or go on trying in the background. Never raises."""
        logging.getLogger("mcp").setLevel(logging.CRITICAL)  # it logs what servers say
        self._serving = asyncio.create_task(self._serve(), name=f"mcp-{self.name}")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(START_S):
                await self._first.wait()

    async def close(self) -> None:
        if self._serving is not None:
            self._serving.cancel()
            await asyncio.gather(self._serving, return_exceptions=True)

    async def call(
        self, tool: str, arguments: Mapping[str, Any], use: Use, longest_s: float
    ) -> Any:
        """The server's result. Raises `ToolError` if nothing was sent, else what the SDK raises."""
        client = self._client
        if client is None:
            raise ToolError("Система сейчас недоступна.")
        try:
            return await client.call_tool(
                tool,
                dict(arguments),
                read_timeout_seconds=longest_s,
                meta={"halo-voice/idempotency-key": use.key},
            )
        except Exception:
            self._broken.set()  # whether it lives is found out at once
            raise

    async def _serve(self) -> None:
        pause_s, pause_s_max = PAUSE_S
        while True:
            try:
                async with AsyncExitStack() as stack:
                    async with asyncio.timeout(CONNECT_S):
                        client = await stack.enter_async_context(self._connected())
                        self._adopt(client, await _listed(client))
                    pause_s = PAUSE_S[0]
                    await self._watch(client)
            except Exception as error:
                # The top of a server's connection: whatever ended it, it is made again.
                _log.warning("mcp_lost", server=self.name, fault=_fault(error))
            finally:
                self._lose()
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, pause_s_max)

    async def _watch(self, client: Any) -> None:
        """Return never; raises when the server is gone."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._broken.wait()
            self._broken.clear()
            async with asyncio.timeout(CONNECT_S):
                self._adopt(client, await _listed(client))

    def _adopt(self, client: Any, listed: Sequence[Any]) -> None:
        self._client = client
        tools = [
            self._tool(each) for each in listed if self._only is None or each.name in self._only
        ]
        known = [each.spec for each in self.tools]
        if [each.spec for each in tools if each is not None] != known or not self._first.is_set():
            self.tools = tuple(each for each in tools if each is not None)
            self.version += 1
            _log.info("mcp_tools", server=self.name, tools=len(self.tools))
        self._first.set()

    def _lose(self) -> None:
        self._client = None
        if self.tools:
            self.tools = ()
            self.version += 1

    def _tool(self, listed: Any) -> McpTool | None:
        """None for one whose schema nobody could check."""
        try:
            return McpTool(self, listed, self._marks.get(listed.name, {}))
        except ConfigurationError:
            _log.warning("mcp_tool_unusable", server=self.name)
            return None

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[Any]:
        from mcp import Client, StdioServerParameters
        from mcp.client.stdio import stdio_client
        from mcp.client.streamable_http import streamable_http_client

        async with AsyncExitStack() as stack:
            if self._command is not None:
                program, *given = self._command
                nowhere = Path(os.devnull).open("w")  # noqa: ASYNC230, SIM115 (closed by the stack)
                stack.callback(nowhere.close)
                parameters = StdioServerParameters(command=program, args=given, env=self._env)
                transport: Any = stdio_client(parameters, errlog=nowhere)
            else:
                http = await stack.enter_async_context(_http(self._headers, self._private))
                transport = streamable_http_client(self._url, http_client=http)
            yield await stack.enter_async_context(Client(transport, cache=None))


class McpTool:
    """One tool of a server, as `server_tool`."""

    def __init__(self, server: McpServer, listed: Any, marks: Mapping[str, Any]) -> None:
        self._server = server
        self._tool: str = listed.name
        self._schema = Schema(listed.input_schema or {})
        hints = listed.annotations
        effect = not (hints is not None and hints.read_only_hint is True)
        repeatable = hints is not None and hints.idempotent_hint is True
        self.spec = ToolSpec(
            name=_UNFIT.sub("_", f"{server.name}_{listed.name}")[:64],
            description=within(listed.description or listed.name, DESCRIPTION_CHARS_MAX),
            parameters=self._schema.parameters,
            **{"effect": effect, "repeatable": repeatable, **marks_of(marks)},
        )

    def check(self, arguments: str) -> dict[str, Any]:
        return self._schema.check(arguments)

    async def run(self, arguments: Mapping[str, Any], use: Use) -> ToolResult:
        try:
            result = await self._server.call(self._tool, arguments, use, self.spec.longest_s)
        except ToolError:
            raise
        except Exception as error:
            # The SDK's errors have no common kind, and a broken stream raises anyio's.
            _log.warning("tool_unanswered", tool=self.spec.name, fault=type(error).__name__)
            kind = ToolUnsure if self.spec.effect else ToolError
            raise kind("Система не ответила.") from None
        text = _text(result)
        if result.is_error:
            raise ToolError(within(text, 500))
        return result_of(text)


def _text(result: Any) -> str:
    """The result's texts, or what it holds as JSON."""
    texts = [each.text for each in result.content if getattr(each, "type", "") == "text"]
    if texts or result.structured_content is None:
        return "\n".join(texts)
    return json.dumps(result.structured_content, ensure_ascii=False, default=str)


async def _listed(client: Any) -> list[Any]:
    """All tools of a server, page by page."""
    found: list[Any] = []
    cursor = None
    for _ in range(PAGES_MAX):
        page = await client.list_tools(cursor=cursor)
        found += page.tools
        cursor = page.next_cursor
        if not cursor:
            break
    return found


@asynccontextmanager
async def _http(headers: Mapping[str, str], private: bool) -> AsyncIterator[Any]:
    """A client that connects to vetted addresses only; the certificate is checked for the name."""
    import httpx2

    class Vetting(httpx2.AsyncHTTPTransport):
        async def handle_async_request(self, request: Any) -> Any:
            if not private:
                host = request.url.host
                address = (await vetted(host))[0]
                request.extensions = {**request.extensions, "sni_hostname": host}
                request.url = request.url.copy_with(host=str(address))
            return await super().handle_async_request(request)

    timeout = httpx2.Timeout(CONNECT_S, read=300.0)
    async with httpx2.AsyncClient(
        transport=Vetting(trust_env=False), headers=headers, timeout=timeout, trust_env=False
    ) as client:
        yield client


def _fault(error: BaseException) -> str:
    """The kind of what went wrong; of a group of faults, the first one's."""
    while isinstance(error, BaseExceptionGroup) and error.exceptions:
        error = error.exceptions[0]
    return type(error).__name__
