"""An MCP server of another author (the protocol's reference server for time) over stdio, in calls;
and one of our own over streamable HTTP, which can be stopped."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import sys
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from halo_voice.core.errors import ConfigurationError, ToolError, ToolMisused
from halo_voice.core.tools import Use
from halo_voice.tools.mcp import McpServer
from tests.halo import ROOT
from tests.standins.model_server import ModelServer, Reply, chunk, event, spoken
from tests.streams import served

pytest.importorskip("mcp")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

COMMAND = [sys.executable, "-m", "mcp_server_time", "--local-timezone", "Europe/Moscow"]
USE = Use(key="k" * 32, call_id="c-1", turn=1, caller="", now=datetime(2026, 11, 27, tzinfo=UTC))
PATIENCE_S = 30.0


@asynccontextmanager
async def started(**table: object):
    server = McpServer({"name": "time", **table}, secrets={"t": "Bearer-x"}, private=["127.0.0.1"])
    await server.start()
    try:
        async with asyncio.timeout(PATIENCE_S):
            await server._first.wait()
        yield server
    finally:
        await server.close()


async def test_a_reference_server_is_used_over_stdio():
    """Its tools with their schemas; read-only as it says; wrong arguments never reach it."""
    async with started(command=COMMAND, only=["get_current_time"]) as server:
        [tool] = server.tools
        assert (tool.spec.name, tool.spec.effect) == ("time_get_current_time", False)
        assert tool.spec.parameters["required"] == ["timezone"]
        result = await tool.run(tool.check('{"timezone": "Asia/Omsk"}'), USE)
        assert json.loads(result.text)["timezone"] == "Asia/Omsk"
        with pytest.raises(ToolError, match="Invalid timezone"):
            await tool.run(tool.check('{"timezone": "Europe/Nowhere"}'), USE)
        with pytest.raises(ToolMisused):
            tool.check("{}")


async def test_its_tool_is_used_in_a_call(tmp_path: Path):
    """A real server, a real model's protocol, a real stream: asked, used, told, spoken."""
    (tmp_path / "halo.toml").write_text(
        'name = "halo"\ncompany = "HALO"\ndefault = true\n'
        f'[[tools.mcp]]\nname = "time"\ncommand = {json.dumps(COMMAND)}\n'
    )
    asked: list[dict] = []

    def reply(request) -> Reply:
        body = request.json()
        asked.append(body)
        if body["messages"][-1]["role"] == "tool":
            return spoken(["Сейчас в Омске вечер."])
        function = {"name": "time_get_current_time", "arguments": '{"timezone": "Asia/Omsk"}'}
        call = {"index": 0, "id": "call_1", "type": "function", "function": function}
        calls = event(chunk(None, tool_calls=[call]))
        return Reply([calls, event(chunk(finish="tool_calls")), event("[DONE]")])

    async with ModelServer(reply) as model:
        values = {"model_url": model.url, "model_name": "m", "assistants": tmp_path}
        async with served(**values) as halo, halo.stream() as scenario, asyncio.timeout(PATIENCE_S):
            box = halo.halo.switchboard._toolboxes["halo"]
            while box.offer() is None:  # noqa: ASYNC110 - the server may start more slowly
                await asyncio.sleep(0.05)
            await scenario.ask(1, "Который час в Омске?")
            done = await scenario.hear("answered", "failed")
            [row] = await halo.halo.store.tools("c-1")
    assert done["text"] == "Сейчас в Омске вечер."
    names = [each["function"]["name"] for each in asked[0]["tools"]]
    assert names == ["time_get_current_time", "time_convert_time"]
    assert '"timezone": "Asia/Omsk"' in asked[1]["messages"][-1]["content"]
    assert (row.tool, row.state.value, row.effect) == ("time_get_current_time", "done", False)


SERVER = """
import sys
from mcp.server.mcpserver import MCPServer
server = MCPServer("diary")
@server.tool()
def book(day: str) -> str:
    "Book a visit"
    return f"Booked {day}"
@server.tool()
def dies() -> str:
    "Dies"
    import os
    os._exit(1)
if sys.argv[1] == "stdio":
    server.run("stdio")
else:
    server.run("streamable-http", host="127.0.0.1", port=int(sys.argv[1]))
"""


@pytest.fixture
def program(tmp_path: Path) -> str:
    path = tmp_path / "diary.py"
    path.write_text(SERVER)
    return str(path)


async def test_streamable_http_is_spoken_too(program: str):
    """The same server behind an address of this network, with a header from the secrets."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, program, str(port)),
        cwd=ROOT,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        table = {"url": f"http://127.0.0.1:{port}/mcp", "headers": {"Authorization": "{t}"}}
        async with started(**table) as server:
            book = next(tool for tool in server.tools if tool.spec.name == "time_book")
            assert book.spec.effect is True
            assert (await book.run(book.check('{"day": "завтра"}'), USE)).text == "Booked завтра"
    finally:
        process.kill()
        await process.wait()


async def test_a_server_that_dies_is_unsure_then_gone_then_back(program: str):
    """F41, F42: what it was doing is unknown; its tools are offered again when it is there."""
    async with started(command=[sys.executable, program, "stdio"]) as server:
        dies = next(tool for tool in server.tools if tool.spec.name == "time_dies")
        version = server.version
        with pytest.raises(ToolError) as caught:
            await dies.run(dies.check("{}"), USE)
        assert caught.value.code == "tool_unsure"
        async with asyncio.timeout(PATIENCE_S):
            while server.version < version + 2 or not server.tools:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        book = next(tool for tool in server.tools if tool.spec.name == "time_book")
        assert (await book.run(book.check('{"day": "x"}'), USE)).text == "Booked x"


async def test_a_server_that_is_not_there_holds_up_nobody():
    """It is tried again in the background; nothing is offered meanwhile, and nothing raises."""
    server = McpServer({"name": "x", "command": ["/nonexistent/program"]}, secrets={})
    async with asyncio.timeout(10):
        await server.start()
    assert server.tools == ()
    with pytest.raises(ToolError):
        await server.call("x", {}, USE, 1.0)
    await server.close()


async def test_nothing_of_a_server_is_left_after_its_close(program: str):
    """Its process has ended."""
    async with started(command=[sys.executable, program, "stdio"]):
        found = [
            int(pid)
            for pid in os.listdir("/proc")  # noqa: PTH208
            if pid.isdigit() and _runs(pid, program)
        ]
        assert found
    async with asyncio.timeout(PATIENCE_S):
        while any(_alive(pid) for pid in found):  # noqa: ASYNC110
            await asyncio.sleep(0.05)


def _runs(pid: str, program: str) -> bool:
    try:
        return program.encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, signal.SIG_DFL)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize(
    ("table", "fault"),
    [
        ({}, "needs a command or a url"),
        ({"url": "http://mcp.example.ru/mcp"}, "must begin with https://"),
        ({"command": ["x"], "env": {"A B": "x"}}, "env.A B: must be a name"),
        ({"command": ["x"], "env": {"A": "{no}"}}, "HALO_TOOL_SECRETS has no no"),
    ],
)
def test_a_wrong_table_is_told_at_the_start(table, fault):
    """Each with words that say what to do."""
    with pytest.raises(ConfigurationError, match=re.escape(fault)):
        McpServer({"name": "x", **table}, secrets={})


def test_without_the_package_it_is_told_how_to_get_it(monkeypatch):
    """The SDK is an extra: only who names a server needs it."""
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(ConfigurationError, match=r"requirements/mcp\.txt"):
        McpServer({"name": "x", "command": ["x"]}, secrets={})
